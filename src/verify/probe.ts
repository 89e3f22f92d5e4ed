/**
 * A model laid open for looking inside: bodies of segments brought to the top level (every operator is total and pure,
 * so what a guard would hide can still be computed), the elements that a row of input has, and what depends on which.
 */
import { type Evaluator, evaluator } from '../evaluate/evaluate.ts';
import { intOf, intsOf, predicatesOf, treesOf } from '../ir/attributes.ts';
import type { Attribute, Field, Interval, Model, Node, Region, Value } from '../ir/model.ts';
import { OWN } from '../ir/model.ts';
import type { Predicates } from '../ir/predicates.ts';
import type { Trees } from '../ir/trees.ts';
import { expand } from '../passes/expand.ts';
import type { DType } from '../tensor/dtype.ts';

/** One element of one row of input. */
export interface Slot {
  readonly index: number;
  /** The graph's input it belongs to, and where it stands in a row of it. */
  readonly value: Value;
  readonly element: number;
  /** What its values are representable in: the input's dtype, or a narrower one that the other side takes. */
  readonly dtype: DType;
  /** May it be missing (else NaN and `""` stand for that)? */
  readonly absent: boolean;
  readonly field: Field | undefined;
  /** What the other side gives no result for is not tried: outside of these, and missing, where it says so. */
  readonly limits: Limits | undefined;
  readonly name: string;
}

/** What the other side demands of a field beyond what the model does itself. */
export interface Limits {
  readonly present: boolean;
  /** null: any value. */
  readonly intervals: readonly Interval[] | null;
}

/** May the slot hold it? `null`: missing. */
export const isWithin = (limits: Limits | undefined, v: number | string | null): boolean => {
  if (!limits) return true;
  if (v === null || Number.isNaN(v)) return !limits.present;
  return (
    limits.intervals === null ||
    limits.intervals.some(
      ({ low, high, closure }) =>
        (closure[0] === 'o' ? (v as number) > low : (v as number) >= low) &&
        (closure[1] === 'o' ? (v as number) < high : (v as number) <= high),
    )
  );
};

/** A node that holds a predicate table. */
export interface TestTable {
  readonly node: Node;
  readonly predicates: Predicates;
  /** null: a `Test`, whose predicates `rows` are results by themselves. */
  readonly trees: Trees | null;
  readonly rows: readonly number[];
  readonly columns: readonly Value[];
}

export interface Probe {
  readonly model: Model;
  readonly slots: readonly Slot[];
  readonly tables: readonly TestTable[];
  readonly dependence: Dependence;
}

/** Inputs that are no table of cells: rows of them are sampled as a whole. */
export const isTabular = (model: Model): boolean =>
  model.rows !== null &&
  model.graph.params.every(
    ({ type }) =>
      type.kind === 'tensor' &&
      type.dims !== null &&
      type.dims[0] === model.rows &&
      type.dims.length <= 2 &&
      (type.dims.length === 1 || typeof type.dims[1] === 'number'),
  );

/** What the other side takes. */
export interface Taken {
  /** Input fields whose values are to be float32 numbers. */
  readonly narrow?: ReadonlySet<string>;
  readonly limits?: ReadonlyMap<string, Limits>;
}

/** Opens a tabular model. */
export const probe = (source: Model, taken: Taken = {}): Probe => {
  const model = flatten(expand(source));
  const slots = slotsOf(model, taken);
  return { model, slots, tables: tablesOf(model), dependence: new Dependence(model, slots) };
};

const slotsOf = (model: Model, { narrow, limits }: Taken): Slot[] => {
  const slots: Slot[] = [];
  for (const value of model.graph.params) {
    const { type } = value;
    if (type.kind !== 'tensor') continue;
    const width = Number(type.dims?.[1] ?? 1);
    for (let element = 0; element < width; element++) {
      const field = model.fields.find(
        (f) => f.role === 'input' && f.value.name === value.name && (f.column ?? 0) === element,
      );
      slots.push({
        index: slots.length,
        value,
        element,
        dtype: type.dtype === 'float64' && field && narrow?.has(field.name) ? 'float32' : type.dtype,
        absent: type.absent === 'missing',
        field,
        limits: field && limits?.get(field.name),
        name: field && (width === 1 || field.column !== undefined) ? field.name : `${value.name}_${element}`,
      });
    }
  }
  return slots;
};

const tablesOf = (model: Model): TestTable[] => {
  const tables: TestTable[] = [];
  for (const node of model.graph.nodes) {
    const { domain, name } = node.op;
    if (domain !== OWN || !(name === 'Test' || name === 'Route' || name === 'Spread')) continue;
    const planes = node.attributes.has('planes') && intOf(node, 'planes') === 1;
    const columns = node.inputs.slice(0, planes ? node.inputs.length / 2 : node.inputs.length);
    tables.push({
      node,
      predicates: predicatesOf(node),
      trees: name === 'Test' ? null : treesOf(node),
      rows: intsOf(node, 'rows') ?? [],
      columns: columns as Value[],
    });
  }
  return tables;
};

const regionsOf = (node: Node): Region[] =>
  [...node.attributes.values()].flatMap((a: Attribute) => (a.kind === 'region' ? [a.region] : []));

/** Copies the nodes of bodies before the node that has them; results of the model stay what they are. */
const flatten = (model: Model): Model => {
  if (!model.graph.nodes.some((n) => regionsOf(n).length > 0)) return model;
  const taken = new Set<string>();
  const parameters = [...model.graph.parameters];
  const nodes: Node[] = [];
  const fresh = (v: Value): Value => {
    let name = v.name;
    for (let i = 1; taken.has(name); i++) name = `${v.name}#${i}`;
    taken.add(name);
    return name === v.name ? v : { ...v, name };
  };
  const walk = (region: Region, map: ReadonlyMap<Value, Value> | null) => {
    const inner = new Map(map ?? []);
    const to = (v: Value | null) => (v === null ? null : (inner.get(v) ?? v));
    if (map !== null) {
      for (const p of region.parameters) {
        const value = fresh({ ...p.value });
        inner.set(p.value, value);
        parameters.push({ ...p, value });
      }
    }
    for (const n of region.nodes) {
      // Bodies with parameters of their own (loops) are computed by their operator alone.
      for (const r of regionsOf(n)) if (r.params.length === 0) walk(r, inner);
      if (map === null) nodes.push(n);
      else if (regionsOf(n).length === 0) {
        const outputs = n.outputs.map((o) => {
          if (o === null) return null;
          const value = fresh({ ...o });
          inner.set(o, value);
          return value;
        });
        nodes.push({ ...n, inputs: n.inputs.map(to), outputs });
      }
    }
  };
  for (const v of model.graph.params) taken.add(v.name);
  for (const n of model.graph.nodes) for (const o of n.outputs) if (o) taken.add(o.name);
  walk(model.graph, null);
  return { ...model, graph: { ...model.graph, nodes, parameters } };
};

/** An evaluator of just what `wanted` needs. Its results are named as the values are. */
export const evaluatorOf = (model: Model, wanted: Iterable<Value>): Evaluator => {
  const results = [...new Set(wanted)];
  const needed = new Set<Value>(results);
  const nodes: Node[] = [];
  for (let i = model.graph.nodes.length - 1; i >= 0; i--) {
    const node = model.graph.nodes[i] as Node;
    if (!node.outputs.some((o) => o && needed.has(o))) continue;
    nodes.push(node);
    for (const v of node.inputs) if (v) needed.add(v);
    for (const r of regionsOf(node)) for (const v of r.captures) needed.add(v);
  }
  nodes.reverse();
  const { graph } = model;
  return evaluator({
    ...model,
    fields: [],
    graph: {
      ...graph,
      params: graph.params.filter((p) => needed.has(p)),
      parameters: graph.parameters.filter((p) => needed.has(p.value)),
      nodes,
      results,
    },
  });
};

/** Operators that make element j of a row of `[N, K]` from the elements j (or the only one) of their inputs. */
const elementwise = new Set(
  `Add Sub Mul Div Pow Mod Neg Abs Sign Sqrt Exp Log Floor Ceil Round Reciprocal Sigmoid Tanh Relu Erf Clip Cast CastLike
  Identity Not And Or Xor Less LessOrEqual Greater GreaterOrEqual Equal Where Max Min IsNaN IsInf Sin Cos Tan Asin Acos
  Atan Sinh Cosh Asinh Acosh Atanh Softplus IsMissing Fill Mask Choose Kleene Lookup Interpolate Bin Text`.split(
    /\s+/,
  ),
);

/** Which slots an element of a row of a value depends on. */
class Dependence {
  /** One set for each element of a row, or one for all of them. */
  private readonly of = new Map<Value, readonly ReadonlySet<number>[]>();
  readonly constants = new Map<Value, ArrayLike<number | bigint | string>>();

  constructor(model: Model, slots: readonly Slot[]) {
    const { graph } = model;
    for (const p of graph.params) {
      this.of.set(
        p,
        slots.filter((s) => s.value === p).map((s) => new Set([s.index])),
      );
    }
    for (const p of graph.parameters) {
      if (p.role === 'constant' && p.data.count <= 1 << 16)
        this.constants.set(p.value, p.data.read(0, p.data.count));
    }
    for (const n of graph.nodes) {
      const sets = this.through(n);
      for (const o of n.outputs) if (o) this.of.set(o, sets);
    }
  }

  /** The slots behind element `j` of a row. */
  slots(v: Value, j = 0): ReadonlySet<number> {
    const sets = this.of.get(v);
    return sets?.[sets.length === 1 ? 0 : j] ?? none;
  }

  /** Elements a row has, as far as is known. */
  width(v: Value): number {
    return this.of.get(v)?.length ?? 1;
  }

  private through(n: Node): readonly ReadonlySet<number>[] {
    const captures = regionsOf(n).flatMap((r) => r.captures);
    const read = [...n.inputs, ...captures].filter((v): v is Value => v !== null && this.of.has(v));
    const [x] = n.inputs;
    if (x && this.of.has(x)) {
      const sets = this.of.get(x) as readonly ReadonlySet<number>[];
      const picked = this.picked(n, sets);
      if (picked) return picked;
    }
    if (n.op.name === 'Concat' && n.inputs.every((v) => v) && axisOf(n) === 1) {
      return read.flatMap((v) => {
        const width = v.type.kind === 'tensor' ? Number(v.type.dims?.[1] ?? 1) : 1;
        return Array.from({ length: width }, (_, j) => this.slots(v, j));
      });
    }
    const width = Math.max(1, ...read.map((v) => this.width(v)));
    if (elementwise.has(n.op.name) && read.every((v) => [1, width].includes(this.width(v)))) {
      return Array.from({ length: width }, (_, j) => unionOf(read.map((v) => this.slots(v, j))));
    }
    return [unionOf(read.flatMap((v) => [...(this.of.get(v) as readonly ReadonlySet<number>[])]))];
  }

  /** Operators that select columns by constant indices. */
  private picked(n: Node, sets: readonly ReadonlySet<number>[]): readonly ReadonlySet<number>[] | undefined {
    const constant = (i: number) => {
      const v = n.inputs[i];
      const c = v ? this.constants.get(v) : undefined;
      return c && Array.from(c as ArrayLike<number | bigint>, Number);
    };
    const { name } = n.op;
    const at = (j: number) => sets[j < 0 ? j + sets.length : j] ?? none;
    if ((name === 'Gather' && axisOf(n) === 1) || name === 'ArrayFeatureExtractor') {
      return constant(1)?.map(at);
    }
    if (name === 'Slice') {
      const [starts, ends, axes, steps] = [1, 2, 3, 4].map(constant);
      if (starts?.length !== 1 || axes?.[0] !== 1 || (steps && steps[0] !== 1)) return undefined;
      return sets.slice(starts[0], ends?.[0]);
    }
    return undefined;
  }
}

const axisOf = (n: Node): number => {
  const a = n.attributes.get('axis');
  const axis = a?.kind === 'int' ? Number(a.value) : 0;
  const type = n.outputs[0]?.type;
  return axis < 0 && type?.kind === 'tensor' && type.dims ? axis + type.dims.length : axis;
};

const none: ReadonlySet<number> = new Set();

const unionOf = (sets: readonly ReadonlySet<number>[]): ReadonlySet<number> => {
  const [first, ...rest] = sets;
  if (!first) return none;
  if (rest.every((s) => s === first)) return first;
  return new Set(sets.flatMap((s) => [...s]));
};
