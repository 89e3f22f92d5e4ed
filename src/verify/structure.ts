/** How two graphs of one format differ as graphs, beside what they compute: interface, operators, weights, nodes. */

import {
  type Attribute,
  type Model,
  type Node,
  opName,
  type Parameter,
  type Region,
  type Value,
} from '../ir/model.ts';
import { attributeInWords } from '../ir/printer.ts';
import { formatType } from '../ir/shape.ts';
import type { Data } from '../tensor/data.ts';
import { isBig, isNumeric } from '../tensor/dtype.ts';
import { figure } from './result.ts';

/** One difference; `a` and `b` say what stands on each side, null: nothing. */
export interface StructuralDifference {
  readonly kind: 'opset' | 'input' | 'output' | 'operator' | 'weight' | 'node';
  readonly name: string;
  readonly a: string | null;
  readonly b: string | null;
}

export interface Structure {
  /** All there are; the list ends at a thousand of each kind. */
  readonly count: number;
  readonly differences: readonly StructuralDifference[];
}

const most = 1000;

export const compareStructure = (a: Model, b: Model): Structure => {
  const all = [
    ...opsets(a, b),
    ...inputsAndOutputs(a, b),
    ...operators(a, b),
    ...weights(a, b),
    ...nodes(a.graph, b.graph, ''),
  ];
  const seen = new Map<string, number>();
  const differences = all.filter(({ kind }) => {
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    return (seen.get(kind) as number) <= most;
  });
  return { count: all.length, differences };
};

/** Entries of two maps that are not the same text. */
const changes = (
  kind: StructuralDifference['kind'],
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string>,
): StructuralDifference[] =>
  [...new Set([...a.keys(), ...b.keys()])].flatMap((name) => {
    const [x, y] = [a.get(name) ?? null, b.get(name) ?? null];
    return x === y ? [] : [{ kind, name, a: x, b: y }];
  });

const opsets = (a: Model, b: Model): StructuralDifference[] => {
  const of = ({ opsets: all }: Model) =>
    new Map([...all].map(([domain, version]) => [domain || 'ai.onnx', String(version)]));
  return changes('opset', of(a), of(b));
};

const inputsAndOutputs = (a: Model, b: Model): StructuralDifference[] => {
  const types = (values: readonly Value[]) => new Map(values.map((v) => [v.name, formatType(v.type)]));
  return [
    ...changes('input', types(a.graph.params), types(b.graph.params)),
    ...changes('output', types(a.graph.results), types(b.graph.results)),
  ];
};

const operators = (a: Model, b: Model): StructuralDifference[] => {
  const counts = ({ graph }: Model): Map<string, string> => {
    const n = new Map<string, number>();
    for (const { op } of nodesOf(graph)) {
      const key = `${opName(op)} ${op.since}`;
      n.set(key, (n.get(key) ?? 0) + 1);
    }
    return new Map(
      [...n]
        .sort(([x], [y]) => (x < y ? -1 : 1))
        .map(([key, count]) => [key, `${count} ${count === 1 ? 'node' : 'nodes'}`]),
    );
  };
  return changes('operator', counts(a), counts(b));
};

const bodiesOf = (n: Node): [string, Region][] =>
  [...n.attributes].flatMap(([name, a]) =>
    a.kind === 'region' ? [[name, a.region] as [string, Region]] : [],
  );

function* nodesOf(region: Region): Generator<Node> {
  for (const n of region.nodes) {
    yield n;
    for (const [, body] of bodiesOf(n)) yield* nodesOf(body);
  }
}

/** Weights are paired by name; what is left over by its contents, and then it was only renamed. */
const weights = (a: Model, b: Model): StructuralDifference[] => {
  const named = ({ graph }: Model) => new Map(graph.parameters.map((p) => [p.value.name, p]));
  const [left, right] = [named(a), named(b)];
  const out: StructuralDifference[] = [];
  const gone: Parameter[] = [];
  for (const [name, p] of left) {
    const q = right.get(name);
    if (!q) gone.push(p);
    else if (!sameData(p.data, q.data)) out.push({ kind: 'weight', name, ...elements(p.data, q.data) });
  }
  const fresh = new Map([...right].filter(([name]) => !left.has(name)).map(([, q]) => [q.data.digest(), q]));
  for (const p of gone) {
    const q = fresh.get(p.data.digest());
    if (q) fresh.delete(p.data.digest());
    out.push({
      kind: 'weight',
      name: p.value.name,
      a: shapeOf(p.data),
      b: q ? `the same, called '${q.value.name}'` : null,
    });
  }
  for (const q of fresh.values())
    out.push({ kind: 'weight', name: q.value.name, a: null, b: shapeOf(q.data) });
  return out;
};

const shapeOf = (d: Data): string => `${d.dtype}[${d.dims}]`;

const sameData = (a: Data, b: Data): boolean =>
  a === b || (a.dtype === b.dtype && a.dims.join() === b.dims.join() && a.digest() === b.digest());

const window = 1 << 18;

/** What differs between two weights of one name: the shape, or how many elements and by how much. */
const elements = (a: Data, b: Data): { a: string; b: string } => {
  if (a.dtype !== b.dtype || a.dims.join() !== b.dims.join()) return { a: shapeOf(a), b: shapeOf(b) };
  let different = 0;
  let most = 0;
  for (let at = 0; at < a.count; at += window) {
    const to = Math.min(at + window, a.count);
    const [x, y] = [a.read(at, to), b.read(at, to)];
    for (let i = 0; i < x.length; i++) {
      if (Object.is(x[i], y[i])) continue;
      different++;
      if (isNumeric(a.dtype)) most = Math.max(most, Math.abs(Number(x[i]) - Number(y[i])) || 0);
    }
  }
  const apart = isNumeric(a.dtype) && !isBig(a.dtype) ? `, at most ${figure(most)} apart` : '';
  return { a: shapeOf(a), b: `${different} of ${a.count} elements differ${apart}` };
};

/** Nodes are paired by the names of what they give. */
const nodes = (a: Region, b: Region, path: string): StructuralDifference[] => {
  const byOutput = (r: Region) =>
    new Map(r.nodes.map((n) => [n.outputs.map((o) => o?.name ?? '').join(', '), n]));
  const [left, right] = [byOutput(a), byOutput(b)];
  const out: StructuralDifference[] = [];
  for (const [name, n] of left) {
    const m = right.get(name);
    const at = `${path}${name}`;
    if (!m) out.push({ kind: 'node', name: at, a: nodeInWords(n), b: null });
    else {
      if (nodeInWords(n) !== nodeInWords(m))
        out.push({ kind: 'node', name: at, a: nodeInWords(n), b: nodeInWords(m) });
      for (const key of new Set([...n.attributes.keys(), ...m.attributes.keys()])) {
        const [x, y] = [n.attributes.get(key), m.attributes.get(key)];
        if (x?.kind === 'region' && y?.kind === 'region')
          out.push(...nodes(x.region, y.region, `${at} · ${key} · `));
        else if (!sameAttribute(x, y)) {
          out.push({
            kind: 'node',
            name: `${at} · ${key}`,
            a: x ? attributeInWords(x) : null,
            b: y ? attributeInWords(y) : null,
          });
        }
      }
    }
  }
  for (const [name, m] of right) {
    if (!left.has(name)) out.push({ kind: 'node', name: `${path}${name}`, a: null, b: nodeInWords(m) });
  }
  return out;
};

/** A node without its attributes: `Gemm 13 (x, w, b)`. */
const nodeInWords = ({ op, inputs }: Node): string =>
  `${opName(op)} ${op.since} (${inputs.map((v) => v?.name ?? '').join(', ')})`;

const sameAttribute = (a: Attribute | undefined, b: Attribute | undefined): boolean => {
  if (!a || !b || a.kind !== b.kind) return a === b;
  if (a.kind === 'data') return sameData(a.data, (b as typeof a).data);
  if (a.kind === 'type') return formatType(a.type) === formatType((b as typeof a).type);
  return same(a, b);
};

/** Equal as plain data: numbers by their bits, lists and typed arrays by their elements. */
const same = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [x, y] = [Object.entries(a), Object.entries(b)];
  return x.length === y.length && x.every(([key, value], i) => y[i]?.[0] === key && same(value, y[i]?.[1]));
};
