/** Predicates into the graph's table of three-valued tests. PMML 4.4.1, Tree Models (predicates) and General Structure. */

import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { type PredicateKind, PredicateTable } from '../../src/ir/predicates.ts';
import { constant, type Data } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf, type Real } from './algebra.ts';
import { arrayValues } from './arrays.ts';
import { parts, type Tag } from './document.ts';
import type { Scope, Variable } from './scope.ts';
import { kindOf, literal } from './types.ts';

export const isPredicate = (name: string): boolean =>
  name === 'SimplePredicate' ||
  name === 'SimpleSetPredicate' ||
  name === 'CompoundPredicate' ||
  name === 'True' ||
  name === 'False';

/** A test of one column with one literal, or a constant: enough to see that two tests exclude each other. */
export interface Test {
  /** Row of the table. */
  readonly row: number;
  readonly always?: boolean;
  /** The column tested, with which literal (of a set: its members joined), and how. */
  readonly column?: number;
  readonly literal?: number | string;
  readonly kind?: PredicateKind;
  /** The operands of a surrogate predicate. */
  readonly surrogates?: readonly Test[];
}

const opposites: Readonly<Partial<Record<PredicateKind, PredicateKind>>> = {
  lt: 'ge',
  ge: 'lt',
  le: 'gt',
  gt: 'le',
  eq: 'ne',
  ne: 'eq',
  in: 'notIn',
  notIn: 'in',
};

/** Is `b` TRUE exactly where `a` is FALSE, and UNKNOWN where `a` is? */
export const excludes = (a: Test, b: Test): boolean =>
  a.kind !== undefined && b.kind === opposites[a.kind] && a.column === b.column && a.literal === b.literal;

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

  /** Always TRUE or always FALSE. */
  constant(truth: boolean): Test {
    return { row: this.table.constant(truth ? 'true' : 'false'), always: truth };
  }

  /** A predicate element, compound ones included. */
  predicate(element: Element, scope: Scope, depth = 0): Test {
    const { doc } = scope.world;
    if (depth > depthLimit) {
      doc.fail(element, 'pmml/too-deep', `predicates are nested more than ${depthLimit} deep`);
    }
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
        const kind = doc.choice(element, 'booleanOperator', ['or', 'and', 'xor', 'surrogate', ''], '');
        const args = parts(element).map((part) => this.predicate(part, scope, depth + 1));
        if (args.length === 0) doc.fail(element, 'pmml/missing-element', 'it holds no predicate');
        return kind === '' ? (doc.need(element, 'booleanOperator') as never) : this.compound(kind, args);
      }
      default:
        return doc.refuse(element, 'this is no predicate that is supported');
    }
  }

  /** A compound, its constant parts folded away. */
  private compound(kind: 'and' | 'or' | 'xor' | 'surrogate', args: readonly Test[]): Test {
    if (kind === 'and' || kind === 'or') {
      const deciding = kind === 'or';
      if (args.some((t) => t.always === deciding)) return this.constant(deciding);
      const open = args.filter((t) => t.always === undefined);
      if (open.length === 0) return this.constant(!deciding);
      if (open.length === 1) return open[0] as Test;
      return {
        row: this.table.compound(
          kind,
          open.map((t) => t.row),
        ),
      };
    }
    const rows = args.map((t) => t.row);
    if (kind === 'xor') {
      if (args.some((t) => t.always === undefined)) return { row: this.table.compound(kind, rows) };
      return this.constant(args.filter((t) => t.always).length % 2 === 1);
    }
    // What follows a test that is never UNKNOWN is never reached.
    const last = args.findIndex((t) => t.always !== undefined);
    const reached = last < 0 ? args : args.slice(0, last + 1);
    if (reached.length === 1) return reached[0] as Test;
    return { row: this.table.compound(kind, rows.slice(0, reached.length)), surrogates: reached };
  }

  private simple(tag: Tag, scope: Scope): Test {
    const { doc } = scope.world;
    const variable = scope.read(doc.need(tag, 'field'), tag);
    doc.need(tag, 'operator');
    const kind = kinds[doc.choice(tag, 'operator', operators, 'equal')];
    if (kind === 'isMissing' || kind === 'isNotMissing') {
      return { row: this.table.presence(kind, this.column(variable.value)) };
    }
    const ordered = kind !== 'eq' && kind !== 'ne';
    const text = doc.need(tag, 'value');
    if (ordered && kindOf(variable.dataType) === 'string') {
      return this.ranked(tag, variable, kind, text, scope);
    }
    const column = this.column(variable.value);
    const value = this.literal(tag, text, variable, scope, !ordered);
    return { row: this.table.compare(kind, column, value), column, literal: value, kind };
  }

  /** Order among the declared values of an ordinal string field. */
  private ranked(
    tag: Tag,
    variable: Variable,
    kind: 'lt' | 'le' | 'gt' | 'ge',
    text: string,
    scope: Scope,
  ): Test {
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
    const column = this.column(ranks);
    return { row: this.table.compare(kind, column, rank), column, literal: rank, kind };
  }

  private set(element: Element, scope: Scope): Test {
    const { doc } = scope.world;
    const variable = scope.read(doc.need(element, 'field'), element);
    const operator = doc.choice(element, 'booleanOperator', ['isIn', 'isNotIn', ''], '');
    if (operator === '') doc.need(element, 'booleanOperator');
    const array = parts(element)[0];
    if (array?.name !== 'Array') return doc.fail(element, 'pmml/missing-element', 'it holds no Array');
    const values = arrayValues(doc, array).map((t) => this.literal(array, t, variable, scope, true));
    const kind = operator === 'isIn' ? 'in' : 'notIn';
    const column = this.column(variable.value);
    return {
      row: this.table.membership(kind, column, values),
      column,
      literal: [...new Set(values)].sort().join('\u0000'),
      kind,
    };
  }

  /** A float field holds single precision: what it is to equal is rounded as it is. */
  private literal(tag: Tag, text: string, variable: Variable, scope: Scope, equal: boolean): string | number {
    const value = literal(scope.world.doc, tag, text, variable.dataType);
    return equal && variable.dataType === 'float' && typeof value === 'number' && variable.field === undefined
      ? Math.fround(value)
      : value;
  }

  numbers(): (values: readonly number[]) => Data {
    return (values) => constant(this.real, values);
  }

  /** All of the tests at once; TRUE where there is none. */
  every(args: readonly Test[]): Test {
    return this.compound('and', args);
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
