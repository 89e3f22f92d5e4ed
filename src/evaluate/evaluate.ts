/** The reference evaluator: what a graph means, computed plainly. Everything else is held against this. */
import { fail } from '../ir/diagnostic.ts';
import { type Model, type Node, opName, type Region, type Value } from '../ir/model.ts';
import { formatType } from '../ir/shape.ts';
import type { Operator, Scope } from '../ops/operator.ts';
import { find } from '../ops/registry.ts';
import { expand } from '../passes/expand.ts';
import { load } from '../tensor/data.ts';
import { type Datum, isTensor } from '../tensor/datum.ts';
import { isFloat } from '../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { hasRows, inBlocks, rowCount } from './blocks.ts';

interface Step {
  readonly node: Node;
  readonly apply: NonNullable<Operator['apply']>;
  /** Output row i depends on input row i alone. */
  readonly each: boolean;
  /** Values read here for the last time: their memory goes. */
  readonly release: readonly Value[];
}

export interface Evaluator {
  readonly model: Model;
  /**
   * Evaluates the graph. `inputs` by name of the graph's inputs; rows on axis 0 where the model knows rows.
   * `watch` names further values to return. Throws a PortolanError where an input is absent or of another type.
   */
  evaluate(inputs: ReadonlyMap<string, Datum>, watch?: readonly string[]): ReadonlyMap<string, Datum>;
  /** The same where all results are tensors; a PortolanError where one is not. */
  run(inputs: ReadonlyMap<string, Tensor>, watch?: readonly string[]): ReadonlyMap<string, Tensor>;
}

export interface EvaluatorOptions {
  /** How often all bodies that repeat (Loop, Scan, SequenceMap) may run in one evaluation. Default 100,000. */
  readonly iterations?: number;
}

const mostIterations = 100_000;

/** Rows worked on at once: memory stays bounded by them. */
const mostRows = 2048;
const fewestRows = 16;

/** Elements of a value that stay in the cache, with the operands beside it. */
const cached = 1 << 14;

/** Elements that a step should have, on average: it takes as long as a thousand of them before it has begun. */
const worthwhile = 1 << 12;

/** So few rows that the widest value of theirs stays in the cache, but not so few that the steps take more than what they do. */
const blockOf = (model: Model, { steps }: Plan): number => {
  // At a test of a tree many rows are parted at once.
  if (steps.some(({ node }) => [...node.attributes.values()].some((a) => a.kind === 'trees')))
    return mostRows;
  const widths = steps.flatMap(({ node }) => node.outputs.map((v) => (v ? widthOf(model, v) : 0)));
  const widest = widths.reduce((w, x) => Math.max(w, x), 1);
  const average = widths.reduce((w, x) => w + x, 1) / (steps.length + 1);
  const rows = Math.floor(Math.max(cached / widest, worthwhile / average));
  return Math.min(mostRows, Math.max(fewestRows, rows));
};

/** Elements of a row, as far as the type says. */
const widthOf = (model: Model, v: Value): number =>
  hasRows(model, v) && v.type.kind === 'tensor' && v.type.dims !== null
    ? countOf(v.type.dims.slice(1).map((d) => (typeof d === 'number' ? d : 1)))
    : 0;

/** Prepares a model: operators are resolved once, and refused by name where there is no evaluation. */
export const evaluator = (
  source: Model,
  { iterations = mostIterations }: EvaluatorOptions = {},
): Evaluator => {
  const model = expand(source);
  const { graph } = model;
  const plan = planOf(graph);
  const independent = rowsIndependent(model, plan);
  const block = blockOf(model, plan);

  const evaluate: Evaluator['evaluate'] = (named, watch = []) => {
    const inputs = bind(graph, named);
    const wanted = new Set<Value>(graph.results);
    for (const n of graph.nodes) {
      for (const o of n.outputs) if (o && watch.includes(o.name)) wanted.add(o);
    }
    const repeat = counter(iterations);
    const rows = independent ? rowCount(model, inputs as ReadonlyMap<Value, Tensor>) : null;
    const results =
      rows === null || rows <= block
        ? runRegion(plan, inputs, wanted, repeat)
        : inBlocks(
            rows,
            block,
            model,
            inputs as ReadonlyMap<Value, Tensor>,
            (part) => runRegion(plan, part, wanted, repeat) as Map<Value, Tensor>,
          );
    return new Map([...results].map(([v, t]) => [v.name, t]));
  };
  return {
    model,
    evaluate,
    run: (inputs, watch) =>
      new Map([...evaluate(inputs, watch)].map(([name, d]) => [name, asTensor(name, d)])),
  };
};

const counter = (most: number): Scope['repeat'] => {
  let made = 0;
  return (node) => {
    if (++made <= most) return;
    fail(
      'evaluate/iterations',
      `${opName(node.op)} '${node.name}': the bodies of this model have run ${most} times, and do not end`,
      node.from[0],
      'if they would end, evaluate with a higher limit of iterations',
    );
  };
};

const asTensor = (name: string, d: Datum): Tensor =>
  isTensor(d) ? d : fail('evaluate/not-a-tensor', `'${name}' is a ${d.kind}, not a tensor`);

/** A region made ready: its steps, its constants, and the same for the bodies inside. */
interface Plan {
  readonly results: ReadonlySet<Value>;
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

/** One way to call both kinds of operators. */
const applyOf = (operator: Operator): Step['apply'] | undefined => {
  if (operator.apply) return operator.apply.bind(operator);
  const evaluate = operator.evaluate?.bind(operator);
  return (
    evaluate &&
    ((inputs, node) =>
      evaluate(
        inputs.map((d, i) => d && asTensor(node.inputs[i]?.name ?? '', d)),
        node,
      ))
  );
};

const planOf = (region: Region): Plan => {
  const last = new Map<Value, Node>();
  for (const n of region.nodes) for (const v of readsOf(n)) last.set(v, n);
  const kept = new Set(region.results);
  const bodies = new Map<Region, Plan>();
  const steps = region.nodes.map((node) => {
    const operator = find(node.op);
    const apply = operator && applyOf(operator);
    if (!apply) {
      return fail(
        'evaluate/not-supported',
        `operator ${opName(node.op)} version ${node.op.since} cannot be evaluated yet`,
        node.from[0],
      );
    }
    for (const body of bodiesOf(node)) bodies.set(body, planOf(body));
    return {
      node,
      apply,
      each: operator.rows?.(node) === 'each',
      release: readsOf(node).filter((v) => last.get(v) === node && !kept.has(v)),
    };
  });
  return {
    results: kept,
    steps,
    constants: new Map(region.parameters.map((p) => [p.value, load(p.data)])),
    bodies,
  };
};

/** The wanted values of a region. `given`: what its params and captures are; a param given wins over its default. */
const runRegion = (
  plan: Plan,
  given: ReadonlyMap<Value, Datum>,
  wanted: ReadonlySet<Value>,
  repeat: Scope['repeat'],
): Map<Value, Datum> => {
  const values = new Map<Value, Datum>(plan.constants);
  for (const [v, d] of given) values.set(v, d);
  runSteps(plan, values, wanted, repeat);
  const results = new Map<Value, Datum>();
  for (const w of wanted) {
    const t = values.get(w);
    if (t) results.set(w, t);
  }
  return results;
};

/** Computes what the steps give into `values`. Bodies may run a million times: little is made anew for each. */
const runSteps = (
  { steps, bodies }: Plan,
  values: Map<Value, Datum>,
  wanted: ReadonlySet<Value>,
  repeat: Scope['repeat'],
): void => {
  const scope: Scope = {
    run: (region, params = []) => {
      const plan = bodies.get(region) as Plan;
      const inner = new Map<Value, Datum>(plan.constants);
      for (const c of region.captures) inner.set(c, values.get(c) as Datum);
      region.params.forEach((p, i) => {
        const t = params[i];
        if (t) inner.set(p, t);
      });
      runSteps(plan, inner, plan.results, repeat);
      return region.results.map((r) => inner.get(r) as Datum);
    },
    repeat,
  };
  for (const { node, apply, release } of steps) {
    const inputs = node.inputs.map((v) => (v === null ? null : (values.get(v) ?? null)));
    const out = apply(inputs, node, scope);
    node.outputs.forEach((o, i) => {
      if (o && out[i]) values.set(o, out[i] as Datum);
    });
    for (const v of release) if (!wanted.has(v)) values.delete(v);
  }
};

const bind = (graph: Region, named: ReadonlyMap<string, Datum>): Map<Value, Datum> => {
  const inputs = new Map<Value, Datum>();
  const defaults = new Set(graph.parameters.filter((p) => p.role === 'default').map((p) => p.value));
  for (const p of graph.params) {
    const t = named.get(p.name);
    if (!t) {
      if (defaults.has(p)) continue;
      fail('evaluate/missing-input', `the model's input '${p.name}' is not given`);
      continue;
    }
    inputs.set(p, fitting(p, t));
  }
  return inputs;
};

/** What is given for an input, as the graph takes it. */
const fitting = (p: Value, given: Datum): Datum => {
  const { type } = p;
  if (type.kind === 'unknown') return given;
  const is = isTensor(given) ? 'tensor' : given.kind;
  if (type.kind !== is) {
    return fail('evaluate/input-type', `input '${p.name}' is a ${is}, the model takes ${formatType(type)}`);
  }
  if (type.kind !== 'tensor' || !isTensor(given)) return given;
  const { dtype, dims } = type;
  const fits =
    given.dtype === dtype &&
    (dims === null ||
      (dims.length === given.dims.length &&
        dims.every((d, i) => typeof d !== 'number' || d === given.dims[i])));
  if (!fits) {
    fail(
      'evaluate/input-type',
      `input '${p.name}' is ${given.dtype}[${given.dims}], the model takes ${formatType(type)}`,
    );
  }
  return type.absent === 'missing' ? nanIsMissing(given) : given;
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
    steps.every(({ node, each }) => {
      const touched = [...readsOf(node), ...node.outputs].some((v) => v && hasRows(model, v));
      if (!touched || each) return true;
      return node.op.domain === '' && node.op.name === 'Shape' && spreading(node.outputs[0]);
    }) && [...bodies.values()].every((body) => stepsIndependent(model, body))
  );
};
