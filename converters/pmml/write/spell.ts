/**
 * The row language in PMML's expressions. Rows know no missing values: a plane says where one is. PMML knows them, and
 * arithmetic over them: so a field is read as it is where it cannot be missing, or where the plane was asked before,
 * and filled elsewhere; what is spelled here is never missing but where it is NaN.
 */
import { fail } from '../../../src/ir/diagnostic.ts';
import { dtypeOf, type Program, type Row, type Slot, type TestedColumn } from '../../../src/kernel/row.ts';
import { load } from '../../../src/tensor/data.ts';
import { type DType, isFloat, isInteger } from '../../../src/tensor/dtype.ts';
import type { Part } from './elements/part.ts';
import {
  all,
  any,
  apply,
  choose,
  constantOf,
  dataTypeOf,
  depthOf,
  type Expression,
  type Field,
  type Literal,
  mayMiss,
  not,
  present,
  ref,
  truth,
  typeName,
} from './expression.ts';
import { type ByOutcome, Outcomes, type Tree } from './outcomes.ts';
import { at, Elements } from './program.ts';
import { isNonzero, Signs } from './signs.ts';
import { type Columns, Tests } from './tests.ts';
import type { Attributes } from './xml.ts';

/** A tree as a segment that puts out what its outcomes are worth. */
export interface TreeSegment {
  readonly k: 'tree';
  readonly tree: Tree;
  readonly columns: { readonly field: Field; readonly values: ByOutcome }[];
}

/** The sum over trees of what their outcomes are worth. */
export interface SumSegment {
  readonly k: 'sum';
  readonly trees: readonly { readonly tree: Tree; readonly values: ByOutcome }[];
  /** Where the sum begins. */
  readonly start: number;
  readonly field: Field;
}

/** A part of the graph that has an element of its own. */
export interface ElementSegment {
  readonly k: 'element';
  readonly part: Part;
  /** One for each element of what the part reads. Filled once they are spelled. */
  readonly reads: Field[];
  /** What it gives, with the attributes of the OutputField. */
  readonly gives: { readonly field: Field; readonly as: Attributes }[];
}

export type Segment = TreeSegment | SumSegment | ElementSegment;

/** Planes that are known to be false where an expression stands. */
type Present = ReadonlySet<string>;

const nowhere: Present = new Set();

/** Expressions are cut into fields where they nest deeper. */
const deepest = 40;
/** And a document has so many expressions at most. */
const most = 250_000;
/** A sum in single precision is written addition by addition up to so many trees. */
const mostRounded = 4000;

const key = (slot: Slot, i: number): string => `${slot.name}\0${i}`;

const refuse = (rule: string, message: string): never => fail(`pmml/${rule}`, message);

export class Speller {
  readonly segments: Segment[] = [];
  readonly outcomes: Outcomes;
  readonly elements: Elements;
  /** Sums of single precision that are added up in double precision. */
  widened = 0;
  private readonly inputs = new Map<string, Field>();
  private readonly planes = new Map<string, Slot>();
  private readonly made = new Map<string, Expression>();
  private readonly filled = new Map<Field, Field>();
  private readonly rounded = new Map<string, Field>();
  private readonly trees = new Map<string, TreeSegment>();
  private readonly tested = new Map<string, Field>();
  private readonly names: (stem: string) => string;
  private readonly wide: boolean;
  private readonly tests: Tests;
  private count = 0;
  private readonly signs = new Signs();

  /** `input`: the field of an element of an input. `wide`: single precision is computed in double. */
  constructor(
    program: Program,
    planeOf: (name: string) => string,
    input: (slot: Slot, i: number) => Field,
    names: (stem: string) => string,
    wide: boolean,
  ) {
    this.names = names;
    this.wide = wide;
    this.elements = new Elements(program);
    this.outcomes = new Outcomes(this.elements);
    this.tests = new Tests(this.column.bind(this));
    const slots = new Map(program.inputs.map((s) => [s.name, s]));
    for (const slot of program.inputs) {
      const plane = slots.get(planeOf(slot.name));
      if (plane) this.planes.set(plane.name, slot);
    }
    for (const slot of program.inputs) {
      if (this.planes.has(slot.name)) continue;
      for (let i = 0; i < slot.size; i++) this.inputs.set(key(slot, i), input(slot, i));
    }
    this.withPlane = new Set([...this.planes.values()].map((s) => s.name));
  }

  private readonly withPlane: ReadonlySet<string>;

  /** What an element of a slot is; missing where the element of `plane` is true. */
  result(slot: Slot, plane: Slot | undefined, i: number): Expression {
    const row: Row = { k: 'element', of: slot, index: { k: 'const', dtype: 'int32', value: i } };
    if (!plane) {
      const put = this.putOut(row);
      if (put) return ref(put);
      const tree = this.outcomes.treeOf(row);
      return tree ? this.tabulated(row, tree, null) : this.spell(row, nowhere);
    }
    const gone: Row = { k: 'element', of: plane, index: row.index };
    const whole: Row = { k: 'choose', when: [gone], then: [row], otherwise: row };
    const tree = this.outcomes.treeOf(whole);
    if (tree && this.outcomes.treeOf(row)) return this.tabulated(row, tree, gone);
    const when = not(this.spell(gone, nowhere));
    const origin = this.elements.origin(slot, i);
    if (origin.k !== 'body') return choose(when, this.spell(row, this.assume(gone, false, nowhere)), null);
    let { body } = origin;
    // What stands under the plane means nothing.
    while (body.k === 'choose' && body.when.length === 1 && this.sameElement(body.when[0] as Row, gone)) {
      body = body.otherwise;
    }
    return choose(when, this.spell(body, this.assume(gone, false, nowhere)), null);
  }

  /** The field of an element of the document that the row hands on as it is. */
  private putOut(row: Row): Field | null {
    if (row.k !== 'element' || row.index.k !== 'const') return null;
    const i = Number(row.index.value);
    const origin = this.elements.origin(row.of, i);
    if (origin.k === 'body') return this.putOut(origin.body);
    const field = this.inputs.get(key(row.of, i));
    return field?.segment ? field : null;
  }

  private sameElement(a: Row, b: Row): boolean {
    return (
      a.k === 'element' &&
      b.k === 'element' &&
      a.of === b.of &&
      a.index.k === 'const' &&
      b.index.k === 'const' &&
      Number(a.index.value) === Number(b.index.value)
    );
  }

  /** A field that holds the expression. */
  field(e: Expression, stem: string, dataType = dataTypeOf(e)): Field {
    if (e.k === 'field' && e.field.dataType === dataType) return e.field;
    const field: Field = {
      name: this.names(stem),
      dataType,
      mayMiss: mayMiss(e),
      expression: e,
      segment: null,
    };
    return field;
  }

  /** The same field for the same expression. */
  private once(e: Expression, stem: string, dataType: string): Field {
    if (e.k === 'field' && e.field.dataType === dataType) return e.field;
    const code = `${dataType} ${codeOf(e)}`;
    let field = this.rounded.get(code);
    if (!field) {
      field = this.field(e, stem, dataType);
      this.rounded.set(code, field);
    }
    return field;
  }

  private asField(e: Expression, stem = 'value'): Expression {
    return e.k === 'field' ? e : ref(this.once(e, stem, dataTypeOf(e)), !mayMiss(e));
  }

  /** Cut off where it nests too deep. */
  private shallow(e: Expression): Expression {
    return depthOf(e) > deepest ? this.asField(e) : e;
  }

  // Rows

  spell(row: Row, here: Present): Expression {
    if (++this.count > most) refuse('too-large', 'the model would take too many expressions');
    return this.shallow(this.spelled(row, here));
  }

  private spelled(row: Row, here: Present): Expression {
    switch (row.k) {
      case 'const':
        return constantOf(literalOf(row.value, row.dtype), typeName(row.dtype));
      case 'element':
        return this.element(row, here);
      case 'index':
        return refuse('loop', 'the index of a loop stands outside of it');
      case 'apply':
        return this.apply(row, here);
      case 'choose':
        return this.chosen(row, here);
      case 'at':
        return this.looked(row, here);
      case 'find':
        return this.found(row, here);
      case 'fold':
        return this.folded(row, here);
      case 'intrinsic':
        return refuse('intrinsic', `PMML has no '${row.name}'`);
    }
  }

  private element(row: Extract<Row, { k: 'element' }>, here: Present): Expression {
    const { of, index } = row;
    if (index.k !== 'const') {
      // One of a few elements, by a computed index.
      const i = this.asField(this.spell(index, here), 'index');
      const last = this.spell(elementAt(of, of.size - 1), here);
      let e = last;
      for (let k = of.size - 2; k >= 0; k--) {
        const is = apply('equal', [i, constantOf(k, 'integer')], 'boolean', false);
        e = this.shallow(choose(is, this.spell(elementAt(of, k), here), e));
      }
      return e;
    }
    const i = Number(index.value);
    const name = key(of, i);
    const data = this.planes.get(of.name);
    if (data) {
      if (here.has(name)) return truth(false);
      return apply('isMissing', [ref(this.input(data, i))], 'boolean', false);
    }
    const input = this.inputs.get(name);
    if (input) return this.given(of, i, input, here);
    const known = this.made.get(name);
    if (known) return known;
    const origin = this.elements.origin(of, i);
    if (origin.k === 'test') {
      const predicate = origin.test.rows[i] as number;
      const { truth: yes, unknown } = this.tests.of(origin.test.predicates, predicate, origin.test.columns);
      const e = origin.of === 'truth' ? yes : unknown;
      const kept = depthOf(e) > 2 ? ref(this.field(e, nameOf(of, i))) : e;
      this.made.set(name, kept);
      return kept;
    }
    const tree = this.outcomes.treeOf(row);
    if (tree) {
      const e = this.tabulated(row, tree, null);
      this.made.set(name, e);
      return e;
    }
    if (origin.k === 'unknowns') {
      return refuse('unknowns', 'how often a test of a tree was UNKNOWN has no field in PMML');
    }
    if (origin.k !== 'body') return refuse('element', `'${of.name}' is filled by nothing`);
    // What is read once stands where it is read, and knows what is known there.
    if (this.elements.once(of) && here !== nowhere) return this.spell(origin.body, here);
    const e = this.spell(origin.body, nowhere);
    const kept =
      e.k !== 'apply' && e.k !== 'map' ? e : this.elements.once(of) ? e : ref(this.field(e, nameOf(of, i)));
    this.made.set(name, kept);
    return kept;
  }

  private input(slot: Slot, i: number): Field {
    return this.inputs.get(key(slot, i)) ?? refuse('input', `there is no field for '${slot.name}'`);
  }

  private given(slot: Slot, i: number, field: Field, here: Present): Expression {
    if (this.withPlane.has(slot.name)) {
      if (here.has(key(this.planeOf(slot), i))) return ref(field, true);
    } else if (isFloat(slot.dtype)) return field.segment ? this.round(ref(field), slot.dtype) : ref(field);
    if (!field.mayMiss) return ref(field);
    let filled = this.filled.get(field);
    if (!filled) {
      const nothing = constantOf(
        slot.dtype === 'string' ? '' : slot.dtype === 'bool' ? false : 0,
        field.dataType,
      );
      const missing = apply('isMissing', [ref(field)], 'boolean', false);
      filled = this.field(choose(missing, nothing, ref(field, true)), `${field.name}.filled`, field.dataType);
      this.filled.set(field, filled);
    }
    return ref(filled);
  }

  private planeOf(slot: Slot): Slot {
    for (const [name, data] of this.planes) {
      if (data === slot) return { name, dtype: 'bool', size: slot.size };
    }
    return slot;
  }

  /** What is known to be present where `row` is true, or false. */
  private assume(row: Row, value: boolean, here: Present): Present {
    const found = new Set(here);
    const visit = (r: Row, v: boolean): void => {
      if (r.k === 'element' && r.index.k === 'const') {
        const i = Number(r.index.value);
        if (this.planes.has(r.of.name)) {
          if (!v) found.add(key(r.of, i));
          return;
        }
        const origin = this.elements.origin(r.of, i);
        if (origin.k === 'body') visit(origin.body, v);
      } else if (r.k === 'apply') {
        if (r.fn === 'not') visit(r.args[0] as Row, !v);
        else if ((r.fn === 'or' && !v) || (r.fn === 'and' && v)) for (const a of r.args) visit(a, v);
      }
    };
    visit(row, value);
    return found.size === here.size ? here : found;
  }

  private chosen(row: Extract<Row, { k: 'choose' }>, here: Present): Expression {
    const branches: [Expression, Expression][] = [];
    let inside = here;
    row.when.forEach((w, i) => {
      const when = this.spell(w, inside);
      branches.push([when, this.spell(row.then[i] as Row, this.assume(w, true, inside))]);
      inside = this.assume(w, false, inside);
    });
    let e = this.spell(row.otherwise, inside);
    for (const [when, then] of branches.reverse()) {
      e = dtypeOf(row) === 'bool' ? boolean(when, then, e) : this.shallow(choose(when, then, e));
    }
    return e;
  }

  // Functions

  /** Of single precision, every operation is a field of its own: a field of type float is rounded to it. */
  private round(e: Expression, dtype: DType, stem = 'float'): Expression {
    if (dtype === 'float32')
      return this.wide ? retyped(e, 'double') : ref(this.once(e, stem, 'float'), !mayMiss(e));
    return e;
  }

  private apply(row: Extract<Row, { k: 'apply' }>, here: Present): Expression {
    const { fn, dtype } = row;
    const args = row.args.map((a) => this.spell(a, here));
    const [x, y] = args as [Expression, Expression];
    const operand = dtypeOf(row.args[0] as Row);
    if (dtype !== 'bool' && dtype !== 'string' && !isFloat(dtype) && !isInteger(dtype)) {
      return refuse('dtype', `PMML has no ${dtype}`);
    }
    if (isFloat(dtype) && dtype !== 'float32' && dtype !== 'float64')
      return refuse('dtype', `PMML has no ${dtype}`);
    const type = typeName(dtype);
    const plain = arithmetic[fn];
    if (plain !== undefined) {
      if (isInteger(dtype) && fn === 'div')
        return ref(this.once(apply(plain, args, 'double'), 'quotient', 'integer'));
      const e = this.total(fn, apply(plain, args, dtype === 'float32' ? 'double' : type));
      return exact.has(fn) ? retyped(e, type) : this.round(e, dtype);
    }
    switch (fn) {
      case 'and':
        return all(args);
      case 'or':
        return any(args);
      case 'not':
        return not(x);
      case 'xor':
        return apply('notEqual', args, 'boolean');
      case 'lt':
      case 'le':
      case 'gt':
      case 'ge':
      case 'eq':
      case 'ne':
        if (operand === 'string' && fn !== 'eq' && fn !== 'ne')
          return refuse('order', 'PMML does not order text');
        return this.compared(fn, x, y, operand);
      case 'neg':
        return retyped(apply('*', [constantOf(-1, type), x], type), type);
      case 'sign':
        return this.signed(this.asField(x), type);
      case 'trunc': {
        const f = this.asField(x);
        const below = this.compared('lt', f, constantOf(0, type), dtype);
        return choose(below, apply('ceil', [f], type), apply('floor', [f], type));
      }
      case 'min':
      case 'max': {
        if (!args.some(mayMiss)) return apply(fn, args, type);
        return this.extreme(fn, x, y);
      }
      case 'isNaN':
        return mayMiss(x) ? apply('isMissing', [this.asField(x)], 'boolean', false) : truth(false);
      case 'isInf':
        return this.compared('eq', apply('abs', [x], 'double'), constantOf(Infinity, 'double'), 'float64');
      case 'cast':
        return this.cast(x, operand, dtype);
      case 'substring': {
        const [text, from, to] = args as [Expression, Expression, Expression];
        const start = apply('+', [from, constantOf(1, 'integer')], 'integer');
        return apply('substring', [text, start, apply('-', [to, from], 'integer')], 'string');
      }
      default:
        return refuse('function', `PMML has no function '${fn}'`);
    }
  }

  /** PMML calls invalid what IEEE 754 calls infinite or NaN, and with it the whole result: it is taken as it is. */
  private total(fn: string, e: Expression): Expression {
    if (e.k !== 'apply') return e;
    const [x, y] = e.args as [Expression, Expression];
    const safe =
      fn === 'div'
        ? this.signs.of(y) === 'positive' || isNonzero(y)
        : fn === 'log' || fn === 'log10'
          ? this.signs.of(x) === 'positive'
          : fn === 'sqrt'
            ? this.signs.of(x) !== null
            : fn === 'pow'
              ? this.signs.of(x) === 'positive'
              : !partial.has(fn);
    // And NaN, where it is one, is missing to whoever reads it.
    return safe ? e : { ...e, asIs: true, mayMiss: true };
  }

  private signed(x: Expression, type: string): Expression {
    const zero = constantOf(0, type);
    const below = apply('lessThan', [x, zero], 'boolean', false);
    const above = apply('greaterThan', [x, zero], 'boolean', false);
    const e = choose(below, constantOf(-1, type), choose(above, constantOf(1, type), zero));
    return mayMiss(x) ? choose(present(x), e, null) : e;
  }

  /** NaN is equal to nothing, above and below nothing. */
  private compared(fn: keyof typeof comparisons, x: Expression, y: Expression, operand: DType): Expression {
    if (operand === 'bool' && (x.k === 'constant' || y.k === 'constant')) {
      const [c, e] = (x.k === 'constant' ? [x, y] : [y, x]) as [
        Extract<Expression, { k: 'constant' }>,
        Expression,
      ];
      if (fn === 'eq' || fn === 'ne') return (c.value === true) === (fn === 'eq') ? e : not(e);
    }
    if (!mayMiss(x) && !mayMiss(y)) return apply(comparisons[fn], [x, y], 'boolean', false);
    const [a, b] = [x, y].map((e) => (mayMiss(e) ? this.asField(e) : e)) as [Expression, Expression];
    const test = apply(comparisons[fn], [a, b], 'boolean', false);
    return fn === 'ne' ? any([not(present(a)), not(present(b)), test]) : all([present(a), present(b), test]);
  }

  private cast(x: Expression, from: DType, to: DType): Expression {
    const type = typeName(to);
    if (from === to) return x;
    if (from === 'bool') {
      if (to === 'string') return choose(x, constantOf('true', type), constantOf('false', type));
      return choose(x, constantOf(1, type), constantOf(0, type));
    }
    if (to === 'bool') return this.compared('ne', x, constantOf(0, typeName(from)), from);
    if (to === 'string') {
      if (isFloat(from)) return refuse('text', 'PMML does not say how a number with a fraction is spelled');
      return ref(this.once(x, 'text', 'string'), !mayMiss(x));
    }
    if (from === 'string') {
      const number = ref(this.once(x, 'number', isInteger(to) ? 'integer' : 'double'));
      return this.round(number, to);
    }
    if (to === 'float32') return this.round(x, to);
    if (isFloat(to)) return retyped(x, type);
    if (isFloat(from)) {
      // Toward zero, in words: what becomes of a fraction PMML leaves to the engine.
      const near = this.asField(x);
      const negative = apply('lessThan', [near, constantOf(0, dataTypeOf(near))], 'boolean');
      const [up, down] = ['ceil', 'floor'].map((fn) => apply(fn, [near], dataTypeOf(near))) as [
        Expression,
        Expression,
      ];
      const cut = mayMiss(near)
        ? choose(present(near), choose(negative, up, down), null)
        : choose(negative, up, down);
      const whole = this.once(cut, 'integer', 'integer');
      return mayMiss(x)
        ? choose(present(ref(whole)), ref(whole, true), constantOf(0, 'integer'))
        : ref(whole);
    }
    return x;
  }

  // Tables

  private looked(row: Extract<Row, { k: 'at' }>, here: Present): Expression {
    const { table } = row;
    const tree = this.outcomes.treeOf(row);
    if (tree) return this.tabulated(row, tree, null);
    const values = Array.from(load(table).data as ArrayLike<number | string | bigint>, (x) =>
      literalOf(x, table.dtype),
    );
    const type = typeName(table.dtype);
    const direct = this.mapped(row.key, values, type, here);
    if (direct) return direct;
    const e = this.spell(row.key, here);
    // A choice between constants becomes one between what they look up.
    const leaves = throughLeaves(e, (k) => constantOf(values[Number(k)] ?? null, type));
    if (leaves) return leaves;
    const field = this.asField(e, 'key');
    if (field.k !== 'field') return refuse('table', 'a table is looked up by no field');
    return {
      k: 'map',
      field: field.field,
      rows: values.map((v, i) => [i, v] as const),
      dataType: type,
      otherwise: null,
      mayMiss: values.includes(null),
    };
  }

  /** A table looked up by where something is found in another. */
  private mapped(index: Row, values: readonly Literal[], type: string, here: Present): Expression | null {
    if (index.k !== 'find') return null;
    const keys = Array.from(load(index.table).data as ArrayLike<number | string | bigint>);
    if (keys.length > values.length) return null;
    const field = this.asField(this.spell(index.key, here), 'key');
    if (field.k !== 'field') return null;
    return {
      k: 'map',
      field: field.field,
      rows: keys.map((k, i) => [typeof k === 'bigint' ? Number(k) : k, values[i] ?? null] as const),
      dataType: type,
      otherwise: null,
      mayMiss: true,
    };
  }

  private found(row: Extract<Row, { k: 'find' }>, here: Present): Expression {
    const all = Array.from(load(row.table).data as ArrayLike<number | string | bigint>);
    const field = this.asField(this.spell(row.key, here), 'key');
    if (field.k !== 'field') return refuse('table', 'a table is searched for no field');
    const seen = new Set<number | string>();
    const rows: [number | string, number][] = [];
    all.forEach((k, i) => {
      const name = typeof k === 'bigint' ? Number(k) : k;
      if (seen.has(name) || Number.isNaN(name)) return;
      seen.add(name);
      rows.push([name, i]);
    });
    return { k: 'map', field: field.field, rows, dataType: 'integer', otherwise: -1, mayMiss: false };
  }

  // Folds

  private folded(row: Extract<Row, { k: 'fold' }>, here: Present): Expression {
    const bodies = Array.from({ length: row.over }, (_, i) => at(row.body, row.loop, i));
    const type = typeName(row.dtype);
    switch (row.with) {
      case 'any':
        return any(bodies.map((b) => this.spell(b, here)));
      case 'all':
        return all(bodies.map((b) => this.spell(b, here)));
      case 'argmin':
      case 'argmax':
        return this.best(row, bodies, here);
      case 'sum': {
        const trees = this.treeSum(row, bodies);
        if (trees) return trees;
      }
    }
    const single = row.dtype === 'float32' && !this.wide;
    const extreme = row.with === 'min' || row.with === 'max';
    // Products of a dot product, whose order is free: rounded once, at the end.
    const loose = single && row.with === 'sum' && bodies.every((b) => b.k === 'apply' && b.fn === 'mul');
    const terms = bodies.map((b) => (loose ? this.product(b, here) : this.spell(b, here)));
    const start = row.start && this.spell(row.start, here);
    const neutral = { sum: 0, product: 1, min: Infinity, max: -Infinity }[
      row.with as 'sum' | 'product' | 'min' | 'max'
    ];
    if (start && !(start.k === 'constant' && start.value === neutral)) terms.unshift(start);
    if (terms.length === 1) return this.round(terms[0] as Expression, loose ? 'float32' : 'float64');
    if (extreme && !terms.some(mayMiss)) return apply(row.with, terms, type);
    if (!terms.some(mayMiss) && (!single || loose)) {
      return this.round(apply(row.with, terms, single ? 'double' : type), row.dtype);
    }
    const fn = { sum: '+', product: '*', min: 'min', max: 'max' }[
      row.with as 'sum' | 'product' | 'min' | 'max'
    ];
    return terms.reduce((acc, t) => {
      if (extreme) return this.extreme(fn as 'min' | 'max', acc, t);
      const sum = apply(fn, [acc, t], single ? 'double' : type);
      return this.shallow(loose ? sum : this.round(sum, row.dtype));
    });
  }

  /** The functions of PMML leave out what is missing; here it is NaN, and the result with it. */
  private extreme(fn: 'min' | 'max', x: Expression, y: Expression): Expression {
    const [a, b] = [this.asField(x), this.asField(y)];
    const [first, other] = fn === 'min' ? ['lessThan', 'greaterOrEqual'] : ['greaterThan', 'lessOrEqual'];
    const test = (name: string) => apply(name, [a, b], 'boolean', false);
    return this.shallow(choose(test(first as string), a, choose(test(other as string), b, null)));
  }

  private product(row: Row, here: Present): Expression {
    const { args } = row as Extract<Row, { k: 'apply' }>;
    return apply(
      '*',
      args.map((a) => this.spell(a, here)),
      'double',
    );
  }

  private best(row: Extract<Row, { k: 'fold' }>, bodies: readonly Row[], here: Present): Expression {
    const terms = bodies.map((b) => this.asField(this.spell(b, here), 'candidate'));
    const least = row.with === 'argmin';
    const test = row.last ? (least ? 'le' : 'ge') : least ? 'lt' : 'gt';
    // The best of those before, and whether the next is better: NaN never is, and never gives way.
    let best = terms[0] as Expression;
    let e: Expression = constantOf(0, 'integer');
    terms.slice(1).forEach((t, k) => {
      const better = this.compared(test, t, best, 'float64');
      e = this.shallow(choose(better, constantOf(k + 1, 'integer'), e));
      if (k + 2 < terms.length) best = this.asField(choose(better, t, best), 'best');
    });
    return e;
  }

  // Trees

  /** A field by the outcome of a tree; `gone`: where it is missing. */
  private tabulated(row: Row, tree: Tree, gone: Row | null): Expression {
    const values = new Map<number, number | string | boolean>();
    const absent = gone && this.outcomes.tabulate(gone, tree);
    for (const [o, v] of this.outcomes.tabulate(row, tree)) {
      if (absent?.get(o) !== true && !Number.isNaN(v)) values.set(o, v);
      else values.set(o, Number.NaN);
    }
    const type = typeName(dtypeOf(row));
    const own = [...values.values()];
    const may = own.some((v) => Number.isNaN(v));
    if (own.every((v) => Object.is(v, own[0]))) return constantOf(may ? null : (own[0] as number), type);
    const id = `${tree.route.slot.name}\0${tree.tree}`;
    let segment = this.trees.get(id);
    if (!segment) {
      segment = { k: 'tree', tree, columns: [] };
      this.trees.set(id, segment);
      this.segments.push(segment);
    }
    const same = segment.columns.find(
      (c) => c.field.dataType === type && [...values].every(([o, v]) => Object.is(c.values.get(o), v)),
    );
    if (same) return ref(same.field);
    const field: Field = {
      name: this.names(
        row.k === 'element' ? nameOf(row.of, indexOf(row)) : nameOf(tree.route.slot, tree.tree),
      ),
      dataType: type,
      mayMiss: may,
      expression: null,
      segment,
    };
    segment.columns.push({ field, values });
    return ref(field);
  }

  private treeSum(row: Extract<Row, { k: 'fold' }>, bodies: readonly Row[]): Expression | null {
    if (row.start?.k !== 'const' || bodies.length < 2) return null;
    const single = row.dtype === 'float32' && !this.wide;
    if (single && bodies.length <= mostRounded) return null;
    const trees: { tree: Tree; values: ByOutcome }[] = [];
    const seen = new Set<string>();
    for (const body of bodies) {
      const tree = this.outcomes.treeOf(body);
      if (!tree) return null;
      const id = `${tree.route.slot.name}\0${tree.tree}`;
      if (seen.has(id)) return null;
      seen.add(id);
      trees.push({ tree, values: this.outcomes.tabulate(body, tree) });
    }
    const field: Field = {
      name: this.names('sum'),
      dataType: 'double',
      mayMiss: trees.some((t) => [...t.values.values()].some((v) => Number.isNaN(v))),
      expression: null,
      segment: null,
    };
    const segment: SumSegment = { k: 'sum', trees, start: Number(row.start.value), field };
    field.segment = segment;
    this.segments.push(segment);
    if (single) this.widened++;
    return this.round(ref(field), row.dtype);
  }

  // Columns of tests

  /** The field that a predicate asks, and whether UNKNOWN can come of it. */
  column(columns: Columns, c: number, absent: 'asZero' | 'zero' | null): Field {
    const column = columns[c] as TestedColumn;
    let field = this.tested.get(`${columnKey(column)} ${absent}`);
    if (!field) {
      field = this.asColumn(column, absent);
      this.tested.set(`${columnKey(column)} ${absent}`, field);
    }
    return field;
  }

  private asColumn({ value, missing, dtype }: TestedColumn, absent: 'asZero' | 'zero' | null): Field {
    let e: Expression;
    if (missing === null) e = this.raw(value) ?? this.spell(value, nowhere);
    else {
      const raw = this.raw(value);
      const plain = raw && missing.k === 'element' && this.planes.get(missing.of.name);
      if (raw && plain && value.k === 'element' && plain === value.of) e = raw;
      else {
        const when = not(this.spell(missing, nowhere));
        e = choose(when, this.spell(value, this.assume(missing, false, nowhere)), null);
      }
    }
    if (dtype === 'bool') e = retyped(this.number(e), 'integer');
    if (absent === 'asZero') {
      const f = this.asField(e);
      if (mayMiss(f)) e = choose(not(present(f)), constantOf(0, dataTypeOf(f)), f);
    } else if (absent === 'zero') {
      const f = this.asField(e);
      const near = apply(
        'lessOrEqual',
        [apply('abs', [f], dataTypeOf(f)), constantOf(1.0000000180025095e-35, 'double')],
        'boolean',
        false,
      );
      e = choose(all([present(f), not(near)]), f, null);
    }
    return this.once(e, 'column', dataTypeOf(e));
  }

  private number(e: Expression): Expression {
    const may = mayMiss(e);
    if (!may) return choose(e, constantOf(1, 'integer'), constantOf(0, 'integer'));
    const f = this.asField(e);
    return choose(present(f), choose(f, constantOf(1, 'integer'), constantOf(0, 'integer')), null);
  }

  /** An input as it is given, missing where it is. */
  private raw(row: Row): Expression | null {
    if (row.k !== 'element' || row.index.k !== 'const') return null;
    const field = this.inputs.get(key(row.of, Number(row.index.value)));
    return field ? ref(field) : null;
  }
}

const columnKey = (c: TestedColumn): string => `${rowKey(c.value)}|${c.missing ? rowKey(c.missing) : ''}`;

const ids = new WeakMap<object, number>();
let next = 0;

const rowKey = (row: Row): string => {
  if (row.k === 'element' && row.index.k === 'const') return `${row.of.name}[${row.index.value}]`;
  let id = ids.get(row);
  if (id === undefined) {
    id = next++;
    ids.set(row, id);
  }
  return `#${id}`;
};

const arithmetic: Partial<Record<string, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  mod: 'modulo',
  pow: 'pow',
  abs: 'abs',
  exp: 'exp',
  expm1: 'expm1',
  log: 'ln',
  log1p: 'ln1p',
  log10: 'log10',
  sqrt: 'sqrt',
  floor: 'floor',
  ceil: 'ceil',
  roundEven: 'rint',
  roundUp: 'round',
  sin: 'sin',
  cos: 'cos',
  tan: 'tan',
  asin: 'asin',
  acos: 'acos',
  atan: 'atan',
  sinh: 'sinh',
  cosh: 'cosh',
  tanh: 'tanh',
  erf: 'erf',
  normalCdf: 'stdNormalCDF',
  upper: 'uppercase',
  lower: 'lowercase',
  trim: 'trimBlanks',
  concat: 'concat',
  length: 'stringLength',
};

/** Functions that have no result for some numbers. */
const partial = new Set(['mod', 'log1p', 'asin', 'acos']);

/** Functions that give a number of single precision for one. */
const exact = new Set([
  'abs',
  'floor',
  'ceil',
  'roundEven',
  'roundUp',
  'upper',
  'lower',
  'trim',
  'concat',
  'length',
]);

const comparisons = {
  lt: 'lessThan',
  le: 'lessOrEqual',
  gt: 'greaterThan',
  ge: 'greaterOrEqual',
  eq: 'equal',
  ne: 'notEqual',
} as const;

const literalOf = (value: number | bigint | string | boolean, dtype: DType): Literal => {
  if (dtype === 'bool') return value === true || value === 1;
  if (typeof value !== 'bigint') return Number.isNaN(value) ? null : value;
  const x = Number(value);
  return BigInt(x) === value && Number.isSafeInteger(x)
    ? x
    : refuse('integer', `${value} is beyond the whole numbers of a double`);
};

const elementAt = (of: Slot, i: number): Row => ({
  k: 'element',
  of,
  index: { k: 'const', dtype: 'int32', value: i },
});

const indexOf = (row: Extract<Row, { k: 'element' }>): number =>
  Number((row.index as { value: number }).value);

const nameOf = (slot: Slot, i: number): string => (slot.size === 1 ? slot.name : `${slot.name}[${i}]`);

/** The same expression under another name for its numbers. */
const retyped = (e: Expression, dataType: string): Expression =>
  e.k === 'field' || dataTypeOf(e) === dataType ? e : { ...e, dataType };

const boolean = (when: Expression, then: Expression, otherwise: Expression): Expression =>
  any([all([when, then]), all([not(when), otherwise])]);

/** The expression with every constant that it may give replaced; null where it gives others. */
const throughLeaves = (e: Expression, f: (value: Literal) => Expression): Expression | null => {
  if (e.k === 'constant') return f(e.value);
  if (e.k !== 'apply' || e.fn !== 'if' || e.args.length !== 3) return null;
  const [when, then, otherwise] = e.args as [Expression, Expression, Expression];
  const [a, b] = [throughLeaves(then, f), throughLeaves(otherwise, f)];
  return a && b && choose(when, a, b);
};

/** A text that is the same for the same expression. */
const codeOf = (e: Expression): string => {
  switch (e.k) {
    case 'field':
      return `${e.field.name}${e.sure ? '!' : ''}`;
    case 'constant':
      return JSON.stringify([
        e.dataType,
        Object.is(e.value, -0) ? '-0' : e.value === Infinity ? 'INF' : e.value,
      ]);
    case 'apply':
      return `${e.fn}(${e.args.map(codeOf).join(',')})`;
    case 'map':
      return `map ${e.field.name} ${JSON.stringify(e.rows)} ${e.otherwise}`;
  }
};
