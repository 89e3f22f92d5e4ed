/** From a graph without missing values to the row language: what one row's outputs are in terms of its inputs. */
import type { Known } from '../ir/builder.ts';
import { isRefusal, PortolanError, type Refusal, refuse } from '../ir/diagnostic.ts';
import { type Model, type Node, opName, type Region, type Value } from '../ir/model.ts';
import { formatType } from '../ir/shape.ts';
import { inline } from '../kernel/inline.ts';
import {
  children,
  dtypeOf,
  type Loop,
  type Lowered,
  type Program,
  type Row,
  type Slot,
  type Statement,
} from '../kernel/row.ts';
import { greatest, int, simplify, substitute } from '../kernel/simplify.ts';
import type { Operator } from '../ops/operator.ts';
import { find } from '../ops/registry.ts';
import { type Data, dataOf, load } from '../tensor/data.ts';
import { type DType, isInteger } from '../tensor/dtype.ts';
import { countOf } from '../tensor/tensor.ts';

/** Why an operator cannot be lowered. */
export type Obstacle = Refusal & { readonly operator: string };

/** Vectors up to this size are written element by element, so that each can be made smaller on its own. */
const unrolled = 8;
/** Vectors whose elements differ in more than their index (a concatenation) are, up to this size. */
const unrolledIfChosen = 4096;

/**
 * Lowers a model whose values are all plain (after `expand` and `plain`) to a program over its graph inputs and
 * results, by their names. Rows are taken one at a time; whatever mixes rows is an obstacle. All obstacles are found,
 * one for each kind of reason and operator.
 */
export const lower = (model: Model): Program | readonly Obstacle[] => {
  const lowering = new GraphLowering(model);
  const shapes = spreadShapes(model.graph);
  for (const node of model.graph.nodes)
    if (!node.outputs.some((o) => o && shapes.has(o))) lowering.node(node);
  const program = lowering.finish();
  return lowering.obstacles.size > 0 ? [...lowering.obstacles.values()] : inline(program);
};

/** Inputs that say a shape, which the type of the output tells: its operator, and which one it is. */
const shapeInputs: ReadonlyMap<string, number> = new Map([
  ['Expand', 1],
  ['Reshape', 1],
  ['ConstantOfShape', 0],
]);

/** Values that only say shapes: what they shape knows its own extents by then. */
const spreadShapes = (graph: Region): ReadonlySet<Value> => {
  const otherwise = new Set<Value>(graph.results);
  const shapes = new Set<Value>();
  for (const n of [...graph.nodes].reverse()) {
    const said = n.outputs.every((o) => !o || !otherwise.has(o));
    if (said) for (const o of n.outputs) if (o) shapes.add(o);
    n.inputs.forEach((v, i) => {
      if (v && !said && shapeInputs.get(opName(n.op)) !== i) otherwise.add(v);
    });
  }
  return shapes;
};

class GraphLowering {
  readonly obstacles = new Map<string, Obstacle>();
  private readonly model: Model;
  private readonly constants = new Map<Value, Data>();
  /** Values that a row's inputs decide. */
  private readonly values = new Map<Value, Lowered>();
  /** Values that nothing is known of, since what makes them was refused. */
  private readonly unknown = new Set<Value>();
  private readonly inputs: Slot[] = [];
  private readonly statements: Statement[] = [];
  /** Slots whose elements are indices, and how many there are. */
  private readonly indices = new Map<Loop | Slot, number>();

  constructor(model: Model) {
    this.model = model;
    for (const p of model.graph.parameters) {
      if (p.role === 'constant') this.constants.set(p.value, p.data);
    }
    for (const v of model.graph.params) this.input(v);
  }

  /** `kind`: the reason, where `why` names the first node that it stops. */
  private refuse(
    operator: string,
    { rule, why }: Refusal,
    values: readonly (Value | null)[] = [],
    kind = why,
  ): void {
    const key = `${operator}\0${rule}\0${kind}`;
    if (!this.obstacles.has(key)) this.obstacles.set(key, { operator, rule, why });
    for (const v of values) if (v) this.unknown.add(v);
  }

  /** Extents of one row; null where they are not all known, or rows are not the first axis alone. */
  private rowDims(v: Value): readonly number[] | null {
    const { type } = v;
    if (type.kind !== 'tensor' || type.dims === null || type.dims[0] !== this.model.rows) return null;
    const [, ...rest] = type.dims;
    return rest.every((d) => typeof d === 'number') ? (rest as number[]) : null;
  }

  private input(v: Value): void {
    const dims = this.model.rows === null ? null : this.rowDims(v);
    if (dims === null || v.type.kind !== 'tensor') {
      const why = `the input '${v.name}' is ${formatType(v.type)}, not so many values for each row`;
      this.refuse('input', refuse('lower/input-shape', why), [v]);
      return;
    }
    const slot: Slot = { name: v.name, dtype: v.type.dtype, size: countOf(dims) };
    this.inputs.push(slot);
    this.values.set(v, read(slot, dims));
  }

  private readonly known: Known = (v) => (v ? this.constants.get(v) : undefined);

  node(node: Node): void {
    const operator = find(node.op);
    const name = opName(node.op);
    if (node.inputs.some((v) => v && this.unknown.has(v))) {
      for (const o of node.outputs) if (o) this.unknown.add(o);
      // What it reads was refused already; whether it could be lowered itself is still worth saying.
      if (operator?.lower) return;
    }
    if (node.inputs.every((v) => v === null || this.constants.has(v)) && operator?.evaluate) {
      this.fold(node, operator.evaluate);
      return;
    }
    if (!operator?.lower) {
      const why = operator ? 'has no form in the row language' : 'is not supported yet';
      this.refuse(name, refuse('lower/not-supported', `${called(node)} ${why}`), node.outputs, why);
      return;
    }
    if (operator.rows?.(node, this.known) !== 'each') {
      const [out] = node.outputs;
      const gives = out ? `: it gives ${formatType(out.type)}` : '';
      this.refuse(
        name,
        refuse('lower/rows', `${called(node)} does not treat rows one by one${gives}`),
        node.outputs,
        '',
      );
      return;
    }
    this.lowerNode(node, operator as Operator & { lower: NonNullable<Operator['lower']> }, name);
  }

  /** Evaluates a node whose inputs are all constant. */
  private fold(node: Node, evaluate: NonNullable<Operator['evaluate']>): void {
    const inputs = node.inputs.map((v) => (v === null ? null : load(this.constants.get(v) as Data)));
    evaluate(inputs, node).forEach((t, i) => {
      const o = node.outputs[i];
      if (o && t) this.constants.set(o, dataOf(t));
    });
  }

  private lowerNode(
    node: Node,
    operator: Operator & { lower: NonNullable<Operator['lower']> },
    name: string,
  ): void {
    const inputs = node.inputs.map((v) => (v === null ? null : this.lowered(v)));
    const ahead = this.statements.length;
    let result: ReturnType<typeof operator.lower>;
    try {
      result = operator.lower(node, inputs, {
        known: this.known,
        statement: (s) => this.statements.push(this.simplified(s)),
      });
    } catch (error) {
      if (!(error instanceof PortolanError)) throw error;
      result = refuse(error.diagnostic.rule, error.diagnostic.message);
    }
    if (isRefusal(result)) {
      this.statements.length = ahead;
      this.refuse(name, result, node.outputs);
      return;
    }
    for (const [i, out] of node.outputs.entries()) {
      const value = (result as readonly (Lowered | null)[])[i];
      if (out && value) this.values.set(out, this.materialise(out, value));
    }
  }

  private lowered(v: Value): Lowered {
    const data = this.constants.get(v);
    return data ? table(data) : (this.values.get(v) as Lowered);
  }

  private simplified(s: Statement): Statement {
    if (s.k === 'route') this.indices.set(s.slot, s.trees.outcomes);
    switch (s.k) {
      case 'define':
        return { ...s, body: simplify(s.body, this.over(s.loop, s.slot.size)) };
      case 'elements':
        return { ...s, bodies: s.bodies.map((b) => simplify(b, this.indices)) };
      case 'route':
      case 'test':
        return {
          ...s,
          columns: s.columns.map((c) => ({
            ...c,
            value: simplify(c.value, this.indices),
            missing: c.missing && simplify(c.missing, this.indices),
          })),
        };
    }
  }

  /** What is known of indices inside a loop. */
  private over(loop: Loop, count: number): ReadonlyMap<Loop | Slot, number> {
    return new Map(this.indices).set(loop, count);
  }

  /** Computes a value once, into a slot of its own. */
  private materialise(v: Value, value: Lowered, otherwise = value.dims): Lowered {
    // The operator's broadcasting may have left the axes of a constant in front; the type knows better.
    const typed = this.rowDims(v);
    const dims = typed && countOf(typed) === countOf(value.dims) ? typed : otherwise;
    const size = countOf(dims);
    const slot: Slot = { name: v.name, dtype: value.dtype, size };
    const statement = this.define(slot, value);
    if (statement.k === 'define' && isInteger(slot.dtype)) {
      const most = greatest(statement.body, this.over(statement.loop, size));
      if (most !== undefined) this.indices.set(slot, most + 1);
    }
    this.statements.push(statement);
    return read(slot, dims);
  }

  private define(slot: Slot, value: Lowered): Statement {
    const loop: Loop = { loop: true };
    if (slot.size === 1) {
      return { k: 'define', slot, loop, body: simplify(value.element(int(0)), this.indices) };
    }
    const body = simplify(value.element({ k: 'index', loop }), this.over(loop, slot.size));
    if (slot.size <= unrolled || (slot.size <= unrolledIfChosen && choosesBy(body, loop))) {
      const bodies: Row[] = [];
      for (let i = 0; i < slot.size; i++) bodies.push(simplify(substitute(body, loop, int(i)), this.indices));
      return { k: 'elements', slot, bodies };
    }
    return { k: 'define', slot, loop, body };
  }

  finish(): Program {
    const outputs: { name: string; slot: Slot }[] = [];
    for (const v of this.model.graph.results) {
      if (this.unknown.has(v)) continue;
      const data = this.constants.get(v);
      // The same in every row.
      if (data?.dims[0] === 1) this.values.set(v, this.materialise(v, table(data), data.dims.slice(1)));
      if (!this.hasRows(v)) {
        const why = `the result '${v.name}' is ${formatType(v.type)}, not so many values for each row`;
        this.refuse('output', refuse('lower/output-shape', why));
        continue;
      }
      outputs.push({ name: v.name, slot: this.slotOf(v) });
    }
    return { inputs: this.inputs, statements: this.statements, outputs };
  }

  private hasRows(v: Value): boolean {
    return v.type.kind === 'tensor' && this.values.has(v);
  }

  /** The slot that holds a result. */
  private slotOf(v: Value): Slot {
    const value = this.values.get(v) as Lowered;
    const first = value.element(int(0));
    if (first.k === 'element') return first.of;
    throw new Error(`'${v.name}' was not materialised`);
  }
}

/** How a person finds the node. */
const called = (node: Node): string => (node.name === '' ? opName(node.op) : `'${node.name}'`);

/** A slot read as a value. */
const read = (slot: Slot, dims: readonly number[]): Lowered => ({
  dtype: slot.dtype,
  dims,
  element: (index) => ({ k: 'element', of: slot, index: slot.size === 1 ? int(0) : index }),
});

/** A constant read as a value; it has no row axis, so its extents are its own. */
const table = (data: Data): Lowered => ({
  dtype: data.dtype,
  dims: data.dims,
  element: (index) => simplify({ k: 'at', table: data, key: index }, new Map()),
});

/** Does the loop variable itself matter, not only what is read at it? */
const mentions = (row: Row, loop: Loop): boolean =>
  row.k === 'index'
    ? row.loop === loop
    : row.k !== 'element' && row.k !== 'at' && children(row).some((c) => mentions(c, loop));

/** Does the expression branch on the loop variable? */
const choosesBy = (row: Row, loop: Loop): boolean =>
  (row.k === 'choose' && row.when.some((w) => mentions(w, loop))) ||
  children(row).some((c) => choosesBy(c, loop));

/** The dtypes that a program computes in: what a target must have. */
export const dtypesOf = (program: Program): ReadonlySet<DType> => {
  const found = new Set<DType>(program.inputs.map((s) => s.dtype));
  const visit = (row: Row): void => {
    found.add(dtypeOf(row));
    for (const c of children(row)) visit(c);
  };
  for (const s of program.statements) {
    if (s.k === 'define') visit(s.body);
    else if (s.k === 'elements') s.bodies.forEach(visit);
    else for (const c of s.columns) visit(c.value);
  }
  return found;
};
