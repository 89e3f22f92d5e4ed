/** Predicates into the graph's table of three-valued tests. PMML 4.4.1, Tree Models (predicates) and General Structure. */

import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { PredicateTable } from '../../src/ir/predicates.ts';
import { constant, type Data } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf, type Real } from './algebra.ts';
import { arrayValues } from './arrays.ts';
import { parts, type Tag, toNumber } from './document.ts';
import type { Scope, Variable } from './scope.ts';
import type { TreeCursor } from './treeCursor.ts';
import { kindOf, literal } from './types.ts';

export const isPredicate = (name: string): boolean =>
  name === 'SimplePredicate' ||
  name === 'SimpleSetPredicate' ||
  name === 'CompoundPredicate' ||
  name === 'True' ||
  name === 'False';

/** A predicate that is collected. */
export interface Test {
  /** Row of the table. */
  readonly row: number;
  /** What it always is, where that is known. */
  readonly always?: boolean;
}

const kinds = {
  isMissing: 'isMissing',
  isNotMissing: 'isNotMissing',
  equal: 'eq',
  notEqual: 'ne',
  lessThan: 'lt',
  lessOrEqual: 'le',
  greaterThan: 'gt',
  greaterOrEqual: 'ge',
} as const;

type Operator = keyof typeof kinds;

const operators = Object.keys(kinds) as Operator[];

const junctions = ['or', 'and', 'xor', 'surrogate'] as const;

/** Types whose literals are plain numbers. */
const plain = new Set(['double', 'float', 'integer']);

/** A column that is compared with numbers. */
interface Plain {
  readonly column: number;
  /** A float holds single precision, and so do the literals that it is compared with. */
  readonly single: boolean;
}

const depthLimit = 256;

/** Collects the predicates and the columns they test. */
export class Tests {
  readonly table = new PredicateTable();
  readonly columns: Value[] = [];
  private readonly a: Algebra;
  private readonly real: Real;
  private readonly columnAt = new Map<Value, number>();
  private readonly ranks = new Map<Value, Value>();

  constructor(a: Algebra, real: Real) {
    this.a = a;
    this.real = real;
  }

  private column(value: Value): number {
    let at = this.columnAt.get(value);
    if (at === undefined) {
      at = this.columns.push(dtypeOf(value) === 'bool' ? this.a.cast(value, this.real) : value) - 1;
      this.columnAt.set(value, at);
    }
    return at;
  }

  /** A predicate element, compound ones included. */
  predicate(element: Element, scope: Scope): Test {
    return this.known(this.row(element, scope, 0));
  }

  private known(row: number): Test {
    const always = this.table.always(row);
    return always === undefined ? { row } : { row, always };
  }

  /** Always TRUE or always FALSE. */
  constant(truth: boolean): number {
    return this.table.constant(truth ? 'true' : 'false');
  }

  /** Row of a predicate element. */
  row(element: Element, scope: Scope, depth: number): number {
    const { doc } = scope.world;
    switch (element.name) {
      case 'True':
        return this.constant(true);
      case 'False':
        return this.constant(false);
      case 'SimplePredicate':
        return this.simple(element, scope);
      case 'SimpleSetPredicate':
        return this.set(element, scope);
      case 'CompoundPredicate': {
        this.bounded(element, scope, depth);
        const args = parts(element).map((part) => this.row(part, scope, depth + 1));
        return this.compound(element, scope, args);
      }
      default:
        return doc.refuse(element, 'this is no predicate that is supported');
    }
  }

  bounded(tag: Tag, scope: Scope, depth: number): void {
    if (depth < depthLimit) return;
    scope.world.doc.fail(tag, 'pmml/too-deep', `predicates are nested more than ${depthLimit} deep`);
  }

  /** A compound, its constant parts folded away. */
  compound(tag: Tag, scope: Scope, args: readonly number[]): number {
    const { doc } = scope.world;
    doc.need(tag, 'booleanOperator');
    const kind = doc.choice(tag, 'booleanOperator', junctions, 'and');
    if (args.length === 0) doc.fail(tag, 'pmml/missing-element', 'it holds no predicate');
    return this.joined(kind, args);
  }

  private joined(kind: (typeof junctions)[number], args: readonly number[]): number {
    const { table } = this;
    const open = args.filter((row) => table.always(row) === undefined);
    if (kind === 'and' || kind === 'or') {
      const deciding = kind === 'or';
      if (args.some((row) => table.always(row) === deciding)) return this.constant(deciding);
      if (open.length === 0) return this.constant(!deciding);
      return open.length === 1 ? (open[0] as number) : table.compound(kind, open);
    }
    if (kind === 'xor') {
      if (open.length > 0) return table.compound(kind, args);
      return this.constant(args.filter((row) => table.always(row)).length % 2 === 1);
    }
    // What follows a test that is never UNKNOWN is never reached.
    const last = args.findIndex((row) => table.always(row) !== undefined);
    const reached = last < 0 ? args : args.slice(0, last + 1);
    return reached.length === 1 ? (reached[0] as number) : table.compound(kind, reached);
  }

  private simple(tag: Tag, scope: Scope): number {
    const { doc } = scope.world;
    const variable = scope.read(doc.need(tag, 'field'), tag);
    doc.need(tag, 'operator');
    const kind = kinds[doc.choice(tag, 'operator', operators, 'equal')];
    if (kind === 'isMissing' || kind === 'isNotMissing') {
      return this.table.presence(kind, this.column(variable.value));
    }
    const ordered = kind !== 'eq' && kind !== 'ne';
    const text = doc.need(tag, 'value');
    if (ordered && kindOf(variable.dataType) === 'string') {
      return this.ranked(tag, variable, kind, text, scope);
    }
    const column = this.column(variable.value);
    const threshold = ordered && variable.dataType === 'boolean' ? toNumber(text) : undefined;
    if (threshold !== undefined) {
      doc.warn(tag, 'pmml/boolean-order', 'booleans have no order; false is taken as 0 and true as 1');
      return this.table.compare(kind, column, threshold);
    }
    return this.table.compare(kind, column, literal(doc, tag, text, variable.dataType));
  }

  /** Order among the declared values of an ordinal string field. */
  private ranked(
    tag: Tag,
    variable: Variable,
    kind: 'lt' | 'le' | 'gt' | 'ge',
    text: string,
    scope: Scope,
  ): number {
    const { doc } = scope.world;
    const order = variable.order ?? [];
    const rank = order.indexOf(text);
    if (variable.optype !== 'ordinal' || order.length === 0) {
      return doc.fail(
        tag,
        'pmml/not-ordered',
        'strings have an order only in an ordinal field that lists its values',
      );
    }
    if (rank < 0)
      return doc.fail(tag, 'pmml/not-ordered', `"${text}" is not among the values that the field lists`);
    let ranks = this.ranks.get(variable.value);
    if (!ranks) {
      ranks = this.a.own('Lookup', [variable.value], {
        keys: attr.data(constant('string', order)),
        values: attr.data(
          constant(
            this.real,
            order.map((_, i) => i),
          ),
        ),
      });
      this.ranks.set(variable.value, ranks);
    }
    return this.table.compare(kind, this.column(ranks), rank);
  }

  private set(element: Element, scope: Scope): number {
    const { doc } = scope.world;
    const variable = scope.read(doc.need(element, 'field'), element);
    const operator = doc.choice(element, 'booleanOperator', ['isIn', 'isNotIn', ''], '');
    if (operator === '') doc.need(element, 'booleanOperator');
    const array = parts(element)[0];
    if (array?.name !== 'Array') return doc.fail(element, 'pmml/missing-element', 'it holds no Array');
    const values = arrayValues(doc, array).map((t) => literal(doc, array, t, variable.dataType));
    const kind = operator === 'isIn' ? 'in' : 'notIn';
    return this.table.membership(kind, this.column(variable.value), values);
  }

  /** The column of a field whose literals are plain numbers, all comparisons alike; undefined for others. */
  plain(name: string, tag: Tag, scope: Scope): Plain | undefined {
    const { value, dataType } = scope.read(name, tag);
    return plain.has(dataType) ? { column: this.column(value), single: dataType === 'float' } : undefined;
  }

  numbers(): (values: ArrayLike<number>) => Data {
    return (values) => constant(this.real, values);
  }

  /** All of the tests at once; TRUE where there is none. */
  every(args: readonly Test[]): Test {
    return this.known(
      this.joined(
        'and',
        args.map((t) => t.row),
      ),
    );
  }

  /** Where each test is TRUE: plain planes [N, 1]. */
  each(tests: readonly Test[]): Value[] {
    const { a } = this;
    const open = tests.filter((t) => t.always === undefined);
    if (open.length === 0) return tests.map((t) => a.constant('bool', t.always === true));
    const all = a.isTrue(this.test(open.map((t) => t.row)));
    const planes = new Map(open.map((t, i) => [t, open.length === 1 ? all : a.column(all, i)]));
    return tests.map((t) => planes.get(t) ?? a.constant('bool', t.always === true));
  }

  /** The given rows of the table, as three-valued columns [N, rows]. */
  test(rows: readonly number[]): Value {
    return this.a.own('Test', this.columns, {
      predicates: attr.predicates(this.table.build(this.numbers())),
      rows: attr.ints(rows),
    });
  }
}

/**
 * Reads the predicates of one tree straight from the cursor: a comparison of a field with a number, which a forest has a
 * million of, makes no object and no text.
 */
export class PredicateReader {
  private readonly tests: Tests;
  private readonly scope: Scope;
  private readonly columns = new Map<string, Plain | undefined>();

  constructor(tests: Tests, scope: Scope) {
    this.tests = tests;
    this.scope = scope;
  }

  /** Row of the predicate whose open tag was read last; it is passed over. */
  read(cursor: TreeCursor, depth = 0): number {
    const row = cursor.name === 'SimplePredicate' ? this.comparison(cursor) : undefined;
    if (row !== undefined) {
      cursor.skip();
      return row;
    }
    const tag = cursor.tag();
    if (tag.name !== 'CompoundPredicate') return this.tests.row(cursor.element(tag), this.scope, depth);
    this.tests.bounded(tag, this.scope, depth);
    const args: number[] = [];
    while (cursor.enter()) {
      if (cursor.name === 'Extension') cursor.skip();
      else args.push(this.read(cursor, depth + 1));
    }
    return this.tests.compound(tag, this.scope, args);
  }

  /** undefined: it is to be looked at as a whole. */
  private comparison(cursor: TreeCursor): number | undefined {
    let kind: ReturnType<typeof comparisons.get>;
    let field: string | undefined;
    let literal: number | undefined;
    for (let i = 0; i < cursor.count; i++) {
      switch (cursor.key(i)) {
        case 'field':
          field = cursor.value(i);
          break;
        case 'operator':
          kind = comparisons.get(cursor.value(i));
          break;
        case 'value':
          literal = cursor.number(i);
      }
    }
    if (kind === undefined || field === undefined || literal === undefined) return undefined;
    let column = this.columns.get(field);
    if (column === undefined && !this.columns.has(field)) {
      column = this.tests.plain(field, cursor.tag(), this.scope);
      this.columns.set(field, column);
    }
    if (column === undefined) return undefined;
    return this.tests.table.compare(kind, column.column, column.single ? Math.fround(literal) : literal);
  }
}

const comparisons = new Map<string, 'lt' | 'le' | 'gt' | 'ge' | 'eq' | 'ne'>([
  ['equal', 'eq'],
  ['notEqual', 'ne'],
  ['lessThan', 'lt'],
  ['lessOrEqual', 'le'],
  ['greaterThan', 'gt'],
  ['greaterOrEqual', 'ge'],
]);
