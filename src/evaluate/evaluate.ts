/** The reference evaluator: what a graph means, computed plainly. Everything else is held against this. */
import { fail } from '../ir/diagnostic.ts';
import { type Model, type Node, opName, type Region, type Value } from '../ir/model.ts';
import { formatType } from '../ir/shape.ts';
import type { Operator, Scope } from '../ops/operator.ts';
import { find } from '../ops/registry.ts';
import { expand } from '../passes/expand.ts';
import { load } from '../tensor/data.ts';
import { type Column, column, dtypeInfo, isFloat } from '../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../tensor/tensor.ts';

interface Step {
  readonly node: Node;
  readonly operator: Operator & { evaluate: NonNullable<Operator['evaluate']> };
  /** Values read here for the last time: their memory goes. */
  readonly release: readonly Value[];
}

export interface Evaluator {
  readonly model: Model;
  /**
   * Evaluates the graph. `inputs` by name of the graph's inputs; rows on axis 0 where the model knows rows.
   * `watch` names further values to return. Throws a PortolanError where an input is absent or of another type.
   */
  run(inputs: ReadonlyMap<string, Tensor>, watch?: readonly string[]): ReadonlyMap<string, Tensor>;
}

/** Rows worked on at once: columns of a block stay in the cache, and memory stays bounded by it. */
const block = 2048;

/** Prepares a model: operators are resolved once, and refused by name where there is no evaluation. */
export const evaluator = (source: Model): Evaluator => {
  const model = expand(source);
  const { graph } = model;
  const plan = planOf(graph);
  const independent = rowsIndependent(model, plan);

  return {
    model,
    run: (named, watch = []) => {
      const inputs = bind(graph, named);
      const wanted = new Set<Value>(graph.results);
      for (const n of graph.nodes) {
        for (const o of n.outputs) if (o && watch.includes(o.name)) wanted.add(o);
      }
      const rows = independent ? rowCount(model, inputs) : null;
      const results =
        rows === null || rows <= block
          ? runRegion(plan, inputs, wanted)
          : inBlocks(rows, model, inputs, (part) => runRegion(plan, part, wanted));
      return new Map([...results].map(([v, t]) => [v.name, t]));
    },
  };
};

/** A region made ready: its steps, its constants, and the same for the bodies inside. */
interface Plan {
  readonly region: Region;
  readonly steps: readonly Step[];
  readonly constants: ReadonlyMap<Value, Tensor>;
  readonly bodies: ReadonlyMap<Region, Plan>;
}

const bodiesOf = (node: Node): Region[] =>
  [...node.attributes.values()].flatMap((a) => (a.kind === 'region' ? [a.region] : []));

/** All that a node reads: its inputs, and what its bodies capture. */
const readsOf = (node: Node): Value[] => [
  ...new Set(
    [...node.inputs, ...bodiesOf(node).flatMap((r) => r.captures)].filter((v): v is Value => v !== null),
  ),
];

const planOf = (region: Region): Plan => {
  const last = new Map<Value, Node>();
  for (const n of region.nodes) for (const v of readsOf(n)) last.set(v, n);
  const kept = new Set(region.results);
  const bodies = new Map<Region, Plan>();
  const steps = region.nodes.map((node) => {
    const operator = find(node.op);
    if (!operator?.evaluate) {
      return fail(
        'evaluate/not-supported',
        `operator ${opName(node.op)} version ${node.op.since} cannot be evaluated yet`,
        node.from[0],
      );
    }
    for (const body of bodiesOf(node)) bodies.set(body, planOf(body));
    return {
      node,
      operator: operator as Step['operator'],
      release: readsOf(node).filter((v) => last.get(v) === node && !kept.has(v)),
    };
  });
  return { region, steps, constants: new Map(region.parameters.map((p) => [p.value, load(p.data)])), bodies };
};

/** The wanted values of a region. `given`: what its params and captures are; a param given wins over its default. */
const runRegion = (
  { steps, constants, bodies }: Plan,
  given: ReadonlyMap<Value, Tensor>,
  wanted: ReadonlySet<Value>,
): Map<Value, Tensor> => {
  const values = new Map<Value, Tensor>([...constants, ...given]);
  const scope: Scope = {
    run: (region, params = []) => {
      const inner = new Map<Value, Tensor>();
      for (const c of region.captures) inner.set(c, values.get(c) as Tensor);
      region.params.forEach((p, i) => {
        const t = params[i];
        if (t) inner.set(p, t);
      });
      const results = runRegion(bodies.get(region) as Plan, inner, new Set(region.results));
      return region.results.map((r) => results.get(r) as Tensor);
    },
  };
  for (const { node, operator, release } of steps) {
    const inputs = node.inputs.map((v) => (v === null ? null : (values.get(v) ?? null)));
    const out = operator.evaluate(inputs, node, scope);
    node.outputs.forEach((o, i) => {
      if (o && out[i]) values.set(o, out[i] as Tensor);
    });
    for (const v of release) if (!wanted.has(v)) values.delete(v);
  }
  const results = new Map<Value, Tensor>();
  for (const w of wanted) {
    const t = values.get(w);
    if (t) results.set(w, t);
  }
  return results;
};

const bind = (graph: Region, named: ReadonlyMap<string, Tensor>): Map<Value, Tensor> => {
  const inputs = new Map<Value, Tensor>();
  const defaults = new Set(graph.parameters.filter((p) => p.role === 'default').map((p) => p.value));
  for (const p of graph.params) {
    const t = named.get(p.name);
    if (!t) {
      if (defaults.has(p)) continue;
      fail('evaluate/missing-input', `the model's input '${p.name}' is not given`);
      continue;
    }
    if (p.type.kind === 'tensor') {
      const { dtype, dims } = p.type;
      const fit =
        t.dtype === dtype &&
        (dims === null ||
          (dims.length === t.dims.length && dims.every((d, i) => typeof d !== 'number' || d === t.dims[i])));
      if (!fit) {
        fail(
          'evaluate/input-type',
          `input '${p.name}' is ${t.dtype}[${t.dims}], the model takes ${formatType(p.type)}`,
        );
      }
    }
    inputs.set(p, p.type.kind === 'tensor' && p.type.absent === 'missing' ? nanIsMissing(t) : t);
  }
  return inputs;
};

/** NaN says missing where a value may be missing at all: an artifact cannot tell the two apart at its edge. */
const nanIsMissing = (t: Tensor): Tensor => {
  if (!isFloat(t.dtype)) return t;
  const data = t.data as Float64Array;
  const at = data.findIndex(Number.isNaN);
  if (at < 0) return t;
  const clean = data.slice();
  const missing = t.missing?.slice() ?? new Uint8Array(data.length);
  for (let i = at; i < data.length; i++) {
    if (Number.isNaN(data[i])) {
      missing[i] = 1;
      clean[i] = 0;
    }
  }
  return tensor(t.dtype, t.dims, clean, missing);
};

const hasRows = (model: Model, v: Value): boolean =>
  model.rows !== null && v.type.kind === 'tensor' && v.type.dims !== null && v.type.dims[0] === model.rows;

/** May rows be evaluated in blocks? Every operator must say so, and every result must have rows on axis 0. */
const rowsIndependent = (model: Model, plan: Plan): boolean =>
  model.rows !== null &&
  model.graph.params.every((v) => hasRows(model, v)) &&
  model.graph.results.every((v) => hasRows(model, v)) &&
  stepsIndependent(model, plan);

const stepsIndependent = (model: Model, { steps, bodies }: Plan): boolean => {
  // The shape of a block, if it only says how far something is spread over the block, is as good as that of the whole.
  const spreading = (shape: Value | null | undefined): boolean =>
    steps.every(({ node }) =>
      node.inputs.every((v, i) => v !== shape || (node.op.name === 'Expand' && i === 1)),
    );
  return (
    steps.every(({ node, operator }) => {
      const touched = [...readsOf(node), ...node.outputs].some((v) => v && hasRows(model, v));
      if (!touched || operator.rows?.(node) === 'each') return true;
      return node.op.domain === '' && node.op.name === 'Shape' && spreading(node.outputs[0]);
    }) && [...bodies.values()].every((body) => stepsIndependent(model, body))
  );
};

const rowCount = (model: Model, inputs: ReadonlyMap<Value, Tensor>): number | null => {
  let rows: number | null = null;
  for (const [v, t] of inputs) {
    if (!hasRows(model, v)) continue;
    if (rows !== null && t.dims[0] !== rows) {
      fail('evaluate/row-count', `the inputs have ${rows} and ${t.dims[0]} rows`);
    }
    rows = t.dims[0] as number;
  }
  return rows;
};

/** Rows `from` to `to` of a tensor that has rows on axis 0. */
export const sliceRows = (t: Tensor, from: number, to: number): Tensor => {
  const [, ...rest] = t.dims;
  const step = countOf(rest);
  const { width } = dtypeInfo(t.dtype);
  const cut = (a: Column, w: number): Column =>
    Array.isArray(a) ? a.slice(from * step, to * step) : a.subarray(from * step * w, to * step * w);
  return tensor(
    t.dtype,
    [to - from, ...rest],
    cut(t.data, width),
    t.missing && (cut(t.missing, 1) as Uint8Array),
  );
};

const inBlocks = (
  rows: number,
  model: Model,
  inputs: ReadonlyMap<Value, Tensor>,
  run: (part: Map<Value, Tensor>) => Map<Value, Tensor>,
): Map<Value, Tensor> => {
  const whole = new Map<Value, Tensor & { missing?: Uint8Array }>();
  for (let from = 0; from < rows; from += block) {
    const to = Math.min(from + block, rows);
    const part = new Map<Value, Tensor>();
    for (const [v, t] of inputs) part.set(v, hasRows(model, v) ? sliceRows(t, from, to) : t);
    for (const [v, t] of run(part)) {
      const [, ...rest] = t.dims;
      const step = countOf(rest);
      let target = whole.get(v);
      if (!target) {
        target = tensor(t.dtype, [rows, ...rest], column(t.dtype, rows * step));
        whole.set(v, target);
      }
      if (t.missing && !target.missing) {
        target = { ...target, missing: new Uint8Array(rows * step) };
        whole.set(v, target);
      }
      if (t.missing) target.missing?.set(t.missing, from * step);
      if (Array.isArray(t.data)) {
        for (let i = 0; i < t.data.length; i++)
          (target.data as string[])[from * step + i] = t.data[i] as string;
      } else {
        (target.data as Float64Array).set(t.data as Float64Array, from * step * dtypeInfo(t.dtype).width);
      }
    }
  }
  return whole;
};
