/**
 * Computes what depends on constants alone, puts the branch of an If whose condition is constant in its place, makes one of equal constants and equal nodes, and takes out what changes
 * nothing (NaN put where NaN is, columns split and joined again). Keeps values bit for bit; never touches state
 * or operators that are not pure. Results larger than `limit` bytes are left to the target.
 */
import { intOf, regionOf } from '../ir/attributes.ts';
import type { Builder, Known } from '../ir/builder.ts';
import { inlineRegion } from '../ir/copy.ts';
import { type Attribute, type Model, type Node, opName, type Region, type Value } from '../ir/model.ts';
import { find } from '../ops/registry.ts';
import { constant, type Data, dataOf, load } from '../tensor/data.ts';
import { dtypeInfo, isFloat } from '../tensor/dtype.ts';
import { dead } from './dead.ts';
import { settled } from './expand.ts';
import { operatorsAt, type Rewrite, rebuild } from './rebuild.ts';

const defaultLimit = 1 << 20;

export const fold = (model: Model, limit = defaultLimit): Model => {
  const known = operatorsAt(model.opsets);
  const folded = rebuild(settled(model), folding(limit), known);
  return dead(shareNodes(shareConstants(rebuild(folded, simplifying(folded), known))));
};

/** Bytes that elements take; strings by their length. */
const bytesOf = (data: Data): number =>
  data.dtype === 'string'
    ? (data.read(0, data.count) as string[]).reduce((n, s) => n + 16 + 2 * s.length, 0)
    : (data.count * Math.max(8, dtypeInfo(data.dtype).bits)) / 8;

const folding = (limit: number): Rewrite =>
  Object.assign(
    (node: Node, b: Builder, inputs: readonly (Value | null)[]) => {
      const branch = chosen(node, b.known(inputs[0]));
      if (branch) {
        const results = inlineRegion(regionOf(node, branch), b);
        return node.outputs.map((o, i) => o && (results[i] ?? null));
      }
      const folded = computed({ ...node, inputs }, b.known, limit);
      return (
        folded &&
        node.outputs.map((o, i) => {
          const d = folded[i];
          return o && d ? b.constant(d, o.name) : null;
        })
      );
    },
    {
      wants: (node: Node, attribute: string, b: Builder, inputs: readonly (Value | null)[]): boolean =>
        (chosen(node, b.known(inputs[0])) ?? attribute) === attribute,
    },
  );

/** The branch of an If whose condition is constant. */
const chosen = (node: Node, condition: Data | undefined): string | undefined => {
  if (opName(node.op) !== 'If' || condition?.dtype !== 'bool' || condition.count !== 1) return undefined;
  return load(condition).data[0] ? 'then_branch' : 'else_branch';
};

/** What a node gives, where it reads constants alone and neither they nor its outputs are larger than `limit` bytes. */
export const computed = (
  node: Node,
  known: Known,
  limit = defaultLimit,
): readonly (Data | null)[] | undefined => {
  const operator = find(node.op);
  if (!operator?.evaluate || operator.pure === false || node.inputs.length === 0) return undefined;
  if ([...node.attributes.values()].some((a) => a.kind === 'region')) return undefined;
  const data = node.inputs.map((v) => (v === null ? null : known(v)));
  if (data.some((d) => d === undefined || (d !== null && bytesOf(d) > limit))) return undefined;
  if (staticBytes(node) > limit) return undefined;
  const results = operator.evaluate(
    (data as (Data | null)[]).map((d) => d && load(d)),
    node,
  );
  const folded = results.map((t) => t && dataOf(t));
  return folded.some((d, i) => d && (results[i]?.missing || bytesOf(d) > limit)) ? undefined : folded;
};

/** Bytes of the outputs as far as inference knows them: a huge Expand is not computed only to be thrown away. */
const staticBytes = (node: Node): number =>
  node.outputs.reduce((most, o) => {
    if (o?.type.kind !== 'tensor' || o.type.dims === null) return most;
    const count = o.type.dims.reduce<number>((n, d) => n * (typeof d === 'number' ? d : 1), 1);
    return Math.max(most, (count * Math.max(8, dtypeInfo(o.type.dtype).bits)) / 8);
  }, 0);

/** Nodes that give back what they were given. */
const simplifying = (model: Model): Parameters<typeof rebuild>[1] => {
  const maker = new Map<Value, Node>();
  for (const n of model.graph.nodes) for (const o of n.outputs) if (o) maker.set(o, n);
  const constants = new Map<Value, Data>();
  for (const p of model.graph.parameters) if (p.role === 'constant') constants.set(p.value, p.data);
  const moved = new Map<Value, Value>();
  const made = (v: Value | null | undefined, name: string): Node | undefined => {
    const node = v ? maker.get(v) : undefined;
    return node && opName(node.op) === name ? node : undefined;
  };

  /** Where(IsNaN(x), NaN, x), x perhaps cast: NaN is there already. */
  const nanForNaN = (node: Node): Value | undefined => {
    const [when, then, otherwise] = node.inputs;
    const tested = made(when, 'IsNaN')?.inputs[0];
    const cast = made(otherwise, 'Cast')?.inputs[0];
    const data = then && constants.get(then);
    if (!tested || !otherwise || (tested !== otherwise && tested !== cast)) return undefined;
    const type = otherwise.type;
    if (data?.count !== 1 || type.kind !== 'tensor' || !isFloat(type.dtype)) return undefined;
    return Number.isNaN((data.read(0, 1) as Float64Array)[0]) ? otherwise : undefined;
  };

  /** The columns of one tensor that are joined here, in their order; undefined where there is anything else. */
  const joinedColumns = (
    node: Node,
  ): { readonly of: Value; readonly index: readonly bigint[] } | undefined => {
    if (intOf(node, 'axis') !== 1 || node.inputs.length < 2) return undefined;
    let of: Value | undefined;
    const index: bigint[] = [];
    for (const v of node.inputs) {
      const gather = made(v, 'Gather');
      const [from, at] = gather?.inputs ?? [];
      const data = at ? constants.get(at) : undefined;
      if (!gather || !from || (of && of !== from) || intOf(gather, 'axis', 0) !== 1) return undefined;
      if (data?.dims.length !== 1) return undefined;
      of = from;
      index.push(...Array.from(data.read(0, data.count) as ArrayLike<number | bigint>, BigInt));
    }
    return of && { of, index };
  };

  return (node, b, inputs) => {
    node.inputs.forEach((v, i) => {
      if (v && inputs[i]) moved.set(v, inputs[i]);
    });
    const name = opName(node.op);
    if (name === 'Identity') return inputs;
    if (name === 'Where') {
      const x = nanForNaN(node);
      return x && [moved.get(x) as Value];
    }
    if (name !== 'Concat') return undefined;
    const joined = joinedColumns(node);
    if (!joined) return undefined;
    const of = moved.get(joined.of) as Value;
    const width = of.type.kind === 'tensor' ? of.type.dims?.[1] : undefined;
    const whole = joined.index.length === width && joined.index.every((c, i) => c === BigInt(i));
    if (whole) return [of];
    const index = b.constant(constant('int64', joined.index));
    return [b.op('Gather', [of, index], { axis: { kind: 'int', value: 1 } })];
  };
};

const shareConstants = (model: Model): Model => {
  const kept = new Map<string, Value>();
  const same = new Map<Value, Value>();
  const results = new Set(model.graph.results);
  const parameters = model.graph.parameters.filter((p) => {
    if (p.role !== 'constant' || results.has(p.value)) return true;
    const key = keyOfData(p.data);
    const first = kept.get(key);
    if (first) same.set(p.value, first);
    else kept.set(key, p.value);
    return first === undefined;
  });
  return replace({ ...model, graph: { ...model.graph, parameters } }, same);
};

const digests = new WeakMap<Data, string>();

const keyOfData = (data: Data): string => {
  let key = digests.get(data);
  if (key === undefined) {
    key = data.digest();
    digests.set(data, key);
  }
  return key;
};

/** Nodes without bodies that compute the same from the same become one. */
const shareNodes = (model: Model): Model => {
  const known = new Map<string, Node>();
  const ids = new Map<Value, number>();
  const same = new Map<Value, Value>();
  const idOf = (v: Value | null): number => {
    if (v === null) return -1;
    const first = same.get(v) ?? v;
    let id = ids.get(first);
    if (id === undefined) {
      id = ids.size;
      ids.set(first, id);
    }
    return id;
  };
  const results = new Set(model.graph.results);
  const nodes = model.graph.nodes.filter((node) => {
    const attributes = [...node.attributes].map(([name, a]) => `${name}=${keyOfAttribute(a)}`);
    if (find(node.op)?.pure === false || attributes.some((a) => a.endsWith('=?'))) return true;
    if (node.outputs.some((o) => o && results.has(o))) return true;
    const shape = node.outputs.map((o) => (o ? 'o' : '_')).join('');
    const key = [opName(node.op), node.op.since, shape, node.inputs.map(idOf), ...attributes.sort()].join(
      '\0',
    );
    const first = known.get(key);
    if (!first) {
      known.set(key, node);
      return true;
    }
    node.outputs.forEach((o, i) => {
      if (o) same.set(o, first.outputs[i] as Value);
    });
    return false;
  });
  return replace({ ...model, graph: { ...model.graph, nodes } }, same);
};

/** Equal keys are equal attributes; `?` is equal to none. */
const keyOfAttribute = (a: Attribute): string => {
  switch (a.kind) {
    case 'int':
    case 'string':
      return `${a.kind} ${a.value}`;
    case 'float':
      return `float ${Object.is(a.value, -0) ? '-0' : a.value}`;
    case 'ints':
      return a.values.length > 64 ? '?' : `ints ${a.values.join(',')}`;
    case 'strings':
      return a.values.length > 64 ? '?' : `strings ${JSON.stringify(a.values)}`;
    case 'data':
      return a.data.count > 1024 ? '?' : `data ${keyOfData(a.data)}`;
    default:
      return '?';
  }
};

/** Reads of a value become reads of another; what stands for itself stays. */
const replace = (model: Model, same: ReadonlyMap<Value, Value>): Model => {
  if (same.size === 0) return model;
  const to = <V extends Value | null>(v: V): V | Value => {
    let at: V | Value = v;
    while (at !== null && same.has(at)) at = same.get(at) as Value;
    return at;
  };
  const region = (r: Region): Region => ({
    ...r,
    captures: [...new Set(r.captures.map(to))],
    nodes: r.nodes.map((n) => ({
      ...n,
      inputs: n.inputs.map(to),
      attributes: new Map(
        [...n.attributes].map(([name, a]) => [
          name,
          a.kind === 'region' ? { ...a, region: region(a.region) } : a,
        ]),
      ),
    })),
    results: r.results.map(to),
  });
  return { ...model, graph: region(model.graph) };
};
