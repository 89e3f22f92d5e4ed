/** Predicates as expressions: where one is TRUE, and where it is UNKNOWN. */
import { ABSENT, KIND, type Predicates } from '../../../src/ir/predicates.ts';
import type { TestedColumn } from '../../../src/kernel/row.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { rounder } from '../../../src/tensor/float.ts';
import { all, any, apply, constantOf, type Expression, type Field, not, ref, truth } from './expression.ts';

export type Columns = readonly TestedColumn[];

/** The field of a tested column. */
export type ColumnField = (columns: Columns, c: number, absent: 'asZero' | 'zero' | null) => Field;

/** Where a predicate is TRUE and where FALSE; both are never missing. */
interface Result {
  readonly yes: Expression;
  readonly no: Expression;
}

/** Which form of its column a predicate asks. */
export const absentOf = (bits: number): 'asZero' | 'zero' | null =>
  bits & ABSENT.asZero ? 'asZero' : bits & ABSENT.zero ? 'zero' : null;

/** A literal as the column's dtype holds it. */
export const literalAt = (p: Predicates, at: number, dtype: DType): number | string =>
  dtype === 'string'
    ? (p.strings[at] as string)
    : rounder(dtype === 'float32' ? 'float32' : 'float64')(Number(p.numbers.read(at, at + 1)[0]));

const operators: Readonly<Record<number, readonly [yes: string, no: string]>> = {
  [KIND.lt]: ['lessThan', 'greaterOrEqual'],
  [KIND.le]: ['lessOrEqual', 'greaterThan'],
  [KIND.gt]: ['greaterThan', 'lessOrEqual'],
  [KIND.ge]: ['greaterOrEqual', 'lessThan'],
  [KIND.eq]: ['equal', 'notEqual'],
  [KIND.ne]: ['notEqual', 'equal'],
  [KIND.in]: ['isIn', 'isNotIn'],
  [KIND.notIn]: ['isNotIn', 'isIn'],
};

export class Tests {
  private readonly column: ColumnField;
  private readonly known = new WeakMap<Predicates, Map<number, Result>>();

  constructor(column: ColumnField) {
    this.column = column;
  }

  of(p: Predicates, row: number, columns: Columns): { truth: Expression; unknown: Expression } {
    const { yes, no } = this.result(p, row, columns);
    return { truth: yes, unknown: unknownOf({ yes, no }) };
  }

  private result(p: Predicates, row: number, columns: Columns): Result {
    let own = this.known.get(p);
    if (!own) {
      own = new Map();
      this.known.set(p, own);
    }
    let found = own.get(row);
    if (!found) {
      found = this.made(p, row, columns);
      own.set(row, found);
    }
    return found;
  }

  private made(p: Predicates, row: number, columns: Columns): Result {
    const kind = p.kind[row] as number;
    const [from, to] = [p.from[row] as number, p.to[row] as number];
    const args = () => Array.from(p.args.subarray(from, to), (a) => this.result(p, a, columns));
    switch (kind) {
      case KIND.true:
        return { yes: truth(true), no: truth(false) };
      case KIND.false:
        return { yes: truth(false), no: truth(true) };
      case KIND.and:
        return { yes: all(args().map((a) => a.yes)), no: any(args().map((a) => a.no)) };
      case KIND.or:
        return { yes: any(args().map((a) => a.yes)), no: all(args().map((a) => a.no)) };
      case KIND.xor:
        return args().reduce((x, y) => ({
          yes: any([all([x.yes, y.no]), all([x.no, y.yes])]),
          no: any([all([x.yes, y.yes]), all([x.no, y.no])]),
        }));
      case KIND.surrogate:
        return args().reduceRight((rest, first) => ({
          yes: any([first.yes, all([unknownOf(first), rest.yes])]),
          no: any([first.no, all([unknownOf(first), rest.no])]),
        }));
    }
    const bits = p.absent[row] as number;
    const field = this.column(columns, p.column[row] as number, absentOf(bits));
    const x = ref(field);
    const missing = field.mayMiss ? apply('isMissing', [x], 'boolean', false) : truth(false);
    if (kind === KIND.isMissing) return { yes: missing, no: not(missing) };
    if (kind === KIND.isNotMissing) return { yes: not(missing), no: missing };
    const { dtype, missing: plane } = columns[p.column[row] as number] as TestedColumn;
    const literals =
      kind === KIND.in || kind === KIND.notIn
        ? Array.from(p.members.subarray(from, to), (m) => literalAt(p, m, dtype))
        : [literalAt(p, p.literal[row] as number, dtype)];
    const sure = ref(field, true);
    const test = (fn: string) =>
      literals.length === 0
        ? truth(fn === 'isNotIn')
        : apply(fn, [sure, ...literals.map((v) => constantOf(v, field.dataType))], 'boolean', false);
    const [yes, no] = operators[kind] as readonly [string, string];
    const here = not(missing);
    // Without the bit NaN compares as IEEE 754 says: FALSE, and TRUE of "not equal".
    if (field.mayMiss && plane === null && !(bits & (ABSENT.nan | ABSENT.zero))) {
      const unequal = kind === KIND.ne || kind === KIND.notIn;
      return unequal
        ? { yes: any([missing, test(yes)]), no: all([here, test(no)]) }
        : { yes: all([here, test(yes)]), no: any([missing, test(no)]) };
    }
    return { yes: all([here, test(yes)]), no: all([here, test(no)]) };
  }
}

const unknownOf = ({ yes, no }: Result): Expression => {
  if (yes.k === 'constant' && no.k === 'constant') return truth(yes.value !== true && no.value !== true);
  const always = complementary(yes, no);
  return always ? truth(false) : all([not(yes), not(no)]);
};

const pairs: Readonly<Record<string, string>> = {
  lessThan: 'greaterOrEqual',
  greaterOrEqual: 'lessThan',
  lessOrEqual: 'greaterThan',
  greaterThan: 'lessOrEqual',
  equal: 'notEqual',
  notEqual: 'equal',
  isIn: 'isNotIn',
  isNotIn: 'isIn',
  isMissing: 'isNotMissing',
  isNotMissing: 'isMissing',
};

/** Is one of two simple tests always TRUE? */
const complementary = (yes: Expression, no: Expression): boolean =>
  yes.k === 'apply' && no.k === 'apply' && pairs[yes.fn] === no.fn && !(yes.mayMiss || no.mayMiss);
