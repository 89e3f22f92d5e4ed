/**
 * Predicates as branches on columns of numbers. TreeEnsemble tests one number a node, with NaN for "missing"; a
 * `Feature` is such a column, made from a tested one, and a `Branch` is what a predicate says about it.
 */
import { ABSENT, type Predicates, predicateKinds } from '../../ir/predicates.ts';
import { load } from '../../tensor/data.ts';
import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { numbers } from '../../tensor/tensor.ts';

export interface Feature {
  /**
   * number: the column itself · code: the index of a string among the table's strings, unseen ones all alike ·
   * truth: 1 and 0 for a predicate that no single branch can say.
   */
  readonly kind: 'number' | 'code' | 'truth';
  /** The tested column; for `truth` the predicate. */
  readonly of: number;
  /** What is made NaN beside missing elements: `ABSENT` bits. */
  readonly absent: number;
}

export type Truth = 'yes' | 'no' | 'unknown';

/** On a number the test that it is; on NaN the truth `nan`. */
export type Test =
  | { readonly k: 'below'; readonly value: number; readonly inclusive: boolean }
  | { readonly k: 'among'; readonly values: readonly number[] }
  | { readonly k: 'always' };

export interface Branch {
  /** Index into the features; -1 where the predicate is a constant. */
  readonly feature: number;
  readonly test: Test;
  /** The predicate is TRUE where the test fails, and FALSE where it holds. */
  readonly negated: boolean;
  /** What the predicate is where the feature is NaN. */
  readonly nan: Truth;
}

export interface Column {
  readonly dtype: DType;
  /** May elements be missing beside NaN? */
  readonly plane: boolean;
}

/** Largest magnitude of a whole number that BRANCH_MEMBER takes in onnxruntime: it casts members to int32. */
const memberLimit = 2 ** 31 - 1;

/** Collects the features that the predicates of a table need; equal ones become one. */
export class Branches {
  readonly features: Feature[] = [];
  private readonly at = new Map<string, number>();
  private readonly twins = new Map<number, number>();
  private readonly known = new Map<number, Branch>();
  private readonly values: ArrayLike<number>;
  private readonly predicates: Predicates;
  private readonly columns: readonly Column[];
  private readonly sets: boolean;

  /** `sets`: may a branch ask for several values at once? */
  constructor(predicates: Predicates, columns: readonly Column[], sets: boolean) {
    this.predicates = predicates;
    this.columns = columns;
    this.sets = sets;
    this.values = numbers(load(predicates.numbers));
  }

  of(predicate: number): Branch {
    let branch = this.known.get(predicate);
    if (!branch) {
      branch = this.simple(predicate) ?? {
        feature: this.feature({ kind: 'truth', of: predicate, absent: 0 }),
        test: { k: 'among', values: [1] },
        negated: false,
        nan: 'unknown',
      };
      this.known.set(predicate, branch);
    }
    return branch;
  }

  /** Can the feature be NaN at all? */
  mayBeNaN(feature: number): boolean {
    const { kind, of, absent } = this.features[feature] as Feature;
    if (kind === 'truth') return true;
    const { dtype, plane } = this.columns[of] as Column;
    return !(absent & ABSENT.asZero) && (plane || isFloat(dtype) || (absent & ABSENT.zero) !== 0);
  }

  /** The number of a second column that is the same. */
  readonly twin = (feature: number): number => {
    let twin = this.twins.get(feature);
    if (twin === undefined) {
      twin = this.features.push(this.features[feature] as Feature) - 1;
      this.twins.set(feature, twin);
    }
    return twin;
  };

  private feature(f: Feature): number {
    const key = `${f.kind} ${f.of} ${f.absent}`;
    let at = this.at.get(key);
    if (at === undefined) {
      at = this.features.push(f) - 1;
      this.at.set(key, at);
    }
    return at;
  }

  /** The branch that a predicate is by itself; undefined where it must be computed first. */
  private simple(p: number): Branch | undefined {
    const { kind, literal, from, to, members } = this.predicates;
    const name = predicateKinds[kind[p] as number];
    if (name === 'true' || name === 'false') {
      return { feature: -1, test: { k: 'always' }, negated: name === 'false', nan: 'unknown' };
    }
    const column = this.predicates.column[p] as number;
    if (column < 0) return undefined;
    const { dtype, plane } = this.columns[column] as Column;
    const absent = this.predicates.absent[p] as number;
    const strings = dtype === 'string';
    const nanIsMissing = (absent & (ABSENT.nan | ABSENT.asZero)) !== 0 || !isFloat(dtype);
    // NaN that compares as a number beside elements that are missing: one NaN cannot say both.
    if (!nanIsMissing && (plane || absent & ABSENT.zero)) return undefined;
    const feature = () =>
      this.feature({
        kind: strings ? 'code' : 'number',
        of: column,
        absent: isFloat(dtype) || absent & ABSENT.asZero ? absent : absent & ABSENT.zero,
      });
    // Comparisons happen in the dtype of the column: so a float's literal is rounded to it.
    const round = isFloat(dtype) ? rounder(dtype) : (x: number) => x;
    const number = (i: number) => (strings ? i : round(this.values[i] as number));
    // A double does not tell the 64-bit integers past 2⁵³ apart.
    const lost = (v: number) => Number.isNaN(v) || (isBig(dtype) && Math.abs(v) >= 2 ** 53);
    if (name === 'isMissing' || name === 'isNotMissing') {
      return {
        feature: feature(),
        test: { k: 'always' },
        negated: name === 'isMissing',
        nan: nanIsMissing === (name === 'isMissing') ? 'yes' : 'no',
      };
    }
    const nan = (other: boolean): Truth => (nanIsMissing ? 'unknown' : other ? 'yes' : 'no');
    const below = (inclusive: boolean, negated: boolean): Branch | undefined =>
      strings || lost(number(literal[p] as number))
        ? undefined
        : {
            feature: feature(),
            test: { k: 'below', value: number(literal[p] as number), inclusive },
            negated,
            nan: nan(false),
          };
    const among = (values: readonly number[], negated: boolean): Branch | undefined => {
      // A set that BRANCH_MEMBER cannot hold, or a literal equal to nothing.
      const held =
        values.length === 1 ||
        (this.sets && values.every((v) => Number.isInteger(v) && Math.abs(v) <= memberLimit));
      if (!held || values.length === 0 || values.some(lost)) return undefined;
      return { feature: feature(), test: { k: 'among', values }, negated, nan: nan(negated) };
    };
    switch (name) {
      case 'lt':
        return below(false, false);
      case 'le':
        return below(true, false);
      case 'ge':
        return below(false, true);
      case 'gt':
        return below(true, true);
      case 'eq':
      case 'ne':
        return among([number(literal[p] as number)], name === 'ne');
      case 'in':
      case 'notIn':
        return among([...members.subarray(from[p] as number, to[p] as number)].map(number), name === 'notIn');
      default:
        return undefined;
    }
  }
}
