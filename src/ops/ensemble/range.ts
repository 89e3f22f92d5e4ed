/** What a path through a tree says about one feature: the numbers it may still be, and whether it may be NaN. */
import type { Branch, Test } from './branches.ts';

/** Between two numbers: before `value`, or after it. */
interface Cut {
  readonly value: number;
  readonly after: boolean;
}

export interface Range {
  readonly nan: boolean;
  /** May it be a number at all? */
  readonly some: boolean;
  readonly low: Cut;
  readonly high: Cut;
  /** Only these numbers; null: any but those excluded. */
  readonly allowed: readonly number[] | null;
  readonly excluded: ReadonlySet<number> | null;
}

export const anything: Range = {
  nan: true,
  some: true,
  low: { value: -Infinity, after: false },
  high: { value: Infinity, after: true },
  allowed: null,
  excluded: null,
};

const less = (a: Cut, b: Cut): boolean => a.value < b.value || (a.value === b.value && !a.after && b.after);

const within = (r: Range, v: number): boolean =>
  !less({ value: v, after: false }, r.low) &&
  !less(r.high, { value: v, after: true }) &&
  (r.allowed?.includes(v) ?? !r.excluded?.has(v));

const nothing = (r: Range): Range => ({ ...r, some: false, nan: false });

interface Split {
  readonly holds: Range;
  readonly fails: Range;
}

const splitNumbers = (r: Range, test: Test): Split => {
  const numbers = { ...r, nan: false };
  if (!r.some) return { holds: nothing(r), fails: nothing(r) };
  if (test.k === 'always') return { holds: numbers, fails: nothing(r) };
  if (test.k === 'below') {
    const cut: Cut = { value: test.value, after: test.inclusive };
    const isBelow = (v: number) => v < cut.value || (v === cut.value && cut.after);
    const part = (bounds: Pick<Range, 'low' | 'high'>, keep: (v: number) => boolean): Range => {
      const allowed = r.allowed?.filter(keep) ?? null;
      return { ...numbers, ...bounds, allowed, some: less(bounds.low, bounds.high) && allowed?.length !== 0 };
    };
    return {
      holds: part({ low: r.low, high: less(cut, r.high) ? cut : r.high }, isBelow),
      fails: part({ low: less(r.low, cut) ? cut : r.low, high: r.high }, (v) => !isBelow(v)),
    };
  }
  const inside = test.values.filter((v) => within(r, v));
  const members = new Set(test.values);
  const rest = r.allowed?.filter((v) => !members.has(v)) ?? null;
  const onlyOne = !r.low.after && r.high.after && r.low.value === r.high.value;
  return {
    holds: { ...numbers, allowed: inside, some: inside.length > 0 },
    fails: {
      ...numbers,
      allowed: rest,
      excluded: rest ? null : new Set([...(r.excluded ?? []), ...test.values]),
      some: rest ? rest.length > 0 : !(onlyOne && members.has(r.low.value)),
    },
  };
};

export interface Outcomes {
  readonly yes: Range;
  readonly no: Range;
  /** NaN is in none of the two; here it is alone. */
  readonly nan: Range;
}

/** What remains where the predicate is TRUE and FALSE of a number, and where there is none. */
export const split = (r: Range, { test, negated }: Branch): Outcomes => {
  const { holds, fails } = splitNumbers(r, test);
  return {
    yes: negated ? fails : holds,
    no: negated ? holds : fails,
    nan: { ...nothing(r), nan: r.nan },
  };
};

export const withNaN = (r: Range): Range => ({ ...r, nan: true });
