/** Predicates in plain ONNX logic: every one a plane that says TRUE beside one that says UNKNOWN. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Value } from '../../ir/model.ts';
import { ABSENT, nearZero, type Predicates, predicateKinds } from '../../ir/predicates.ts';
import { constant, load } from '../../tensor/data.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { numbers } from '../../tensor/tensor.ts';
import { cast, literal, ML } from '../ml/build.ts';
import type { Plane } from '../operator.ts';
import { dtypeOf, everywhere, not, orAll, reduce, where } from '../own/where.ts';

export interface Truth {
  /** bool `[N, 1]`; false where the predicate is UNKNOWN. */
  readonly truth: Value;
  /** bool `[N, 1]`; null: never UNKNOWN. */
  readonly unknown: Value | null;
}

/** Elements that a test takes for missing, and the column with them made zero where they read as 0. */
export const absence = (
  b: Builder,
  { data, missing }: Plane,
  absent: number,
): { readonly column: Value; readonly missing: Value | null } => {
  const dtype = dtypeOf(data) as DType;
  const float = isFloat(dtype);
  const nan = float && absent & (ABSENT.nan | ABSENT.asZero) ? b.op('IsNaN', [data]) : null;
  if (absent & ABSENT.asZero) {
    const gone = orAll(b, [missing, nan]);
    return { column: gone ? where(b, gone, zero(b, dtype), data) : data, missing: null };
  }
  return {
    column: data,
    missing: orAll(b, [missing, nan, absent & ABSENT.zero ? nearlyZero(b, data) : null]),
  };
};

/** Is a number zero, or as good as zero to LightGBM? */
const nearlyZero = (b: Builder, x: Value): Value | null => {
  const dtype = dtypeOf(x) as DType;
  if (dtype === 'string') return null;
  if (dtype === 'bool') return not(b, x);
  return isFloat(dtype)
    ? b.op('LessOrEqual', [b.op('Abs', [x]), literal(b, dtype, nearZero)])
    : b.op('Equal', [x, literal(b, dtype, 0)]);
};

const zero = (b: Builder, dtype: DType): Value => literal(b, dtype, 0);

/** Writes the predicates asked for, and those they are made of, each once. */
export class Truths {
  private readonly b: Builder;
  private readonly predicates: Predicates;
  private readonly columns: readonly Plane[];
  private readonly opsets: ReadonlyMap<string, number>;
  private readonly values: ArrayLike<number>;
  private readonly done = new Map<number, Truth>();
  private readonly absences = new Map<string, ReturnType<typeof absence>>();

  constructor(
    b: Builder,
    predicates: Predicates,
    columns: readonly Plane[],
    opsets: ReadonlyMap<string, number>,
  ) {
    this.b = b;
    this.predicates = predicates;
    this.columns = columns;
    this.opsets = opsets;
    this.values = numbers(load(predicates.numbers));
  }

  of(p: number): Truth {
    let t = this.done.get(p);
    if (!t) {
      t = this.make(p);
      this.done.set(p, t);
    }
    return t;
  }

  private make(p: number): Truth {
    const { b } = this;
    const { kind, from, to } = this.predicates;
    const name = predicateKinds[kind[p] as number] ?? 'false';
    const args = () =>
      [...this.predicates.args.subarray(from[p] as number, to[p] as number)].map((a) => this.of(a));
    switch (name) {
      case 'true':
      case 'false':
        return { truth: this.everywhere(name === 'true'), unknown: null };
      case 'and':
        return this.conjunction(args());
      case 'or':
        return this.disjunction(args());
      case 'xor': {
        const all = args();
        const unknown = orAll(
          b,
          all.map((a) => a.unknown),
        );
        const parity = all.map((a) => a.truth).reduce((x, y) => b.op('Xor', [x, y]));
        return { truth: unknown ? b.op('And', [parity, not(b, unknown)]) : parity, unknown };
      }
      case 'surrogate':
        return args().reduceRight((rest, first) =>
          first.unknown
            ? {
                truth: b.op('Or', [first.truth, b.op('And', [first.unknown, rest.truth])]),
                unknown: rest.unknown && b.op('And', [first.unknown, rest.unknown]),
              }
            : first,
        );
      default:
        return this.simple(p, name);
    }
  }

  private conjunction(args: readonly Truth[]): Truth {
    const { b } = this;
    const truth = args.map((a) => a.truth).reduce((x, y) => b.op('And', [x, y]));
    if (args.every((a) => !a.unknown)) return { truth, unknown: null };
    // No one is FALSE, and not all are TRUE.
    const notFalse = args
      .map((a) => (a.unknown ? b.op('Or', [a.truth, a.unknown]) : a.truth))
      .reduce((x, y) => b.op('And', [x, y]));
    return { truth, unknown: b.op('And', [notFalse, not(b, truth)]) };
  }

  private disjunction(args: readonly Truth[]): Truth {
    const { b } = this;
    const truth = args.map((a) => a.truth).reduce((x, y) => b.op('Or', [x, y]));
    const any = orAll(
      b,
      args.map((a) => a.unknown),
    );
    return { truth, unknown: any && b.op('And', [any, not(b, truth)]) };
  }

  private simple(p: number, name: string): Truth {
    const { b } = this;
    const { column, missing } = this.absence(p);
    if (name === 'isMissing') return { truth: missing ?? this.everywhere(false), unknown: null };
    if (name === 'isNotMissing')
      return { truth: missing ? not(b, missing) : this.everywhere(true), unknown: null };
    const truth =
      dtypeOf(column) === 'string' ? this.strings(p, name, column) : this.numbers(p, name, column);
    return { truth: missing ? b.op('And', [truth, not(b, missing)]) : truth, unknown: missing };
  }

  private absence(p: number): ReturnType<typeof absence> {
    const c = this.predicates.column[p] as number;
    const absent = this.predicates.absent[p] as number;
    const key = `${c} ${absent}`;
    let known = this.absences.get(key);
    if (!known) {
      known = absence(this.b, this.columns[c] as Plane, absent);
      this.absences.set(key, known);
    }
    return known;
  }

  /** The same truth in every row. */
  private everywhere(value: boolean): Value {
    const { b } = this;
    const { data } = this.columns[0] as Plane;
    return everywhere(b, data, b.constant(constant('bool', [value], [])));
  }

  private literals(p: number): number[] {
    const { literal: index, from, to, members } = this.predicates;
    const at = index[p] as number;
    return at >= 0 ? [at] : [...members.subarray(from[p] as number, to[p] as number)];
  }

  private strings(p: number, name: string, x: Value): Value {
    const { b } = this;
    const wanted = this.literals(p).map((i) => this.predicates.strings[i] as string);
    const negated = name === 'ne' || name === 'notIn';
    const found =
      wanted.length === 0
        ? this.everywhere(false)
        : wanted.length === 1 && (this.opsets.get('') ?? 0) >= 19
          ? b.op('Equal', [x, literal(b, 'string', wanted)])
          : this.isOneOf(x, wanted);
    return negated ? not(b, found) : found;
  }

  /** Is the element one of these? */
  private isOneOf(x: Value, wanted: readonly string[]): Value {
    const flags = this.b.op([ML, 'LabelEncoder'], [x], {
      keys_strings: attr.strings(wanted),
      values_int64s: attr.ints(wanted.map(() => 1)),
      default_int64: attr.int(0),
    });
    return cast(this.b, flags, 'bool');
  }

  private numbers(p: number, name: string, x: Value): Value {
    const { b } = this;
    const own = dtypeOf(x) as DType;
    const round = isFloat(own) ? rounder(own) : (v: number) => v;
    const wanted = this.literals(p).map((i) => round(this.values[i] as number));
    const dtype = comparedIn(own, wanted);
    const column = cast(b, x, dtype);
    const op = comparisons.get(name);
    if (op) {
      const holds = b.op(op, [column, literal(b, dtype, [wanted[0] as number])]);
      return name === 'ne' ? not(b, holds) : holds;
    }
    const negated = name === 'notIn';
    if (wanted.length === 0) return this.everywhere(negated);
    // [N, 1] beside [1, members]: is any of them equal?
    const equal = b.op('Equal', [column, b.constant(constant(dtype, wanted, [1, wanted.length]))]);
    const counts = reduce(b, 'ReduceMax', cast(b, equal, 'int32'), 1, this.opsets, true);
    const found = cast(b, counts, 'bool');
    return negated ? not(b, found) : found;
  }
}

const comparisons: ReadonlyMap<string, string> = new Map([
  ['lt', 'Less'],
  ['le', 'LessOrEqual'],
  ['gt', 'Greater'],
  ['ge', 'GreaterOrEqual'],
  ['eq', 'Equal'],
  ['ne', 'Equal'],
]);

/** The dtype that holds column and literals both, and that onnxruntime compares in. */
const comparedIn = (dtype: DType, literals: readonly number[]): DType => {
  if (dtype === 'float64' || dtype === 'float32') return dtype;
  if (isFloat(dtype)) return 'float32';
  const whole = (limit: number) => literals.every((v) => Number.isInteger(v) && Math.abs(v) < limit);
  if (dtype === 'int64' || dtype === 'uint32') return whole(2 ** 63) ? 'int64' : 'float64';
  return dtype !== 'uint64' && whole(2 ** 31) ? 'int32' : 'float64';
};
