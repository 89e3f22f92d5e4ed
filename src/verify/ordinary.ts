/** Which values of the domains are ordinary, and which of the others hide everything else on their row. */
import { isFloat } from '../tensor/dtype.ts';
import { countOf, type Tensor } from '../tensor/tensor.ts';
import type { Critical } from './critical.ts';
import { type Domain, type Domains, lowerBound } from './domain.ts';
import { evaluatorOf, type Probe } from './probe.ts';
import type { Random } from './random.ts';
import { all, complement, isEmpty, nth, type Ranges, sizeOf, where } from './ranges.ts';
import { tensorsOf } from './rowset.ts';

/** Valid, present and of a usual size, as far as the field says; every value where none is. */
export const ordinaryOf = ({ slot, values, numeric, span }: Domain): Ranges => {
  const { field } = slot;
  const categories = field?.categories && new Set<string | number>(field.categories);
  const intervals = field?.intervals;
  const usual = where(values.length, (i) => {
    const v = values[i];
    if (v === null || v === undefined) return false;
    if (numeric === 0) return categories ? categories.has(v) : v !== '' && !String(v).startsWith('unseen');
    if (i >= numeric || !Number.isFinite(v)) return false;
    const x = v as number;
    if (categories && categories.size > 0) return categories.has(x);
    if (intervals && intervals.length > 0) {
      return intervals.some(
        ({ low, high, closure }) =>
          (closure[0] === 'c' ? x >= low : x > low) && (closure[1] === 'c' ? x <= high : x < high),
      );
    }
    return span ? x >= span[0] && x <= span[1] : Math.abs(x) <= 1000;
  });
  return isEmpty(usual) ? all(values.length) : usual;
};

/** An element of a result that says something: present, finite, not empty. */
const speaks = (t: Tensor, i: number): boolean => {
  if (t.missing?.[i]) return false;
  const x = t.data[i];
  return typeof x === 'string' ? x !== '' : typeof x === 'bigint' || Number.isFinite(x);
};

/** At most this many values are tried; the rest is taken to hide. */
const most = 20_000;

/**
 * Tries every value that is not ordinary on an ordinary row. It hides the rest of the row where a result says nothing
 * any more (PMML's returnInvalid, a NaN), and where it is infinite or huge: then nothing else counts in a sum.
 */
export const hiding = (
  { model, slots }: Probe,
  domains: readonly Domain[],
  ordinary: readonly Ranges[],
  random: Random,
): ((slot: number, value: number) => boolean) => {
  const results = model.graph.results;
  const { run } = evaluatorOf(model, results);
  const bases = Array.from({ length: 16 }, () => ordinary.map((r) => nth(r, random.below(sizeOf(r)))));
  const inputs = (rows: readonly (readonly number[])[]) =>
    tensorsOf(
      slots,
      rows.length,
      (s, i) => (domains[s.index] as Domain).values[rows[i]?.[s.index] ?? 0] ?? null,
    );
  const score = (out: ReadonlyMap<string, Tensor>, row: number): boolean[] =>
    results.flatMap((r) => {
      const t = out.get(r.name) as Tensor;
      const width = countOf(t.dims.slice(1));
      return Array.from({ length: width }, (_, j) => speaks(t, row * width + j));
    });
  const count = (s: readonly boolean[]) => s.filter(Boolean).length;
  const tried = run(inputs(bases));
  let base = bases[0] as number[];
  let best = score(tried, 0);
  bases.forEach((b, i) => {
    const s = score(tried, i);
    if (count(s) > count(best)) {
      base = b;
      best = s;
    }
  });
  const rows: number[][] = [];
  const which: [slot: number, value: number][] = [];
  const hidden = domains.map(() => new Set<number>());
  for (const d of domains) {
    const { index } = d.slot;
    const rest = complement(ordinary[index] as Ranges, d.values.length);
    for (let k = 0; k < sizeOf(rest); k++) {
      const value = nth(rest, k);
      const v = d.values[value];
      const huge = typeof v === 'number' && !(Math.abs(v) < 1e30) && !Number.isNaN(v);
      if (huge || rows.length >= most) (hidden[index] as Set<number>).add(value);
      else {
        rows.push(base.map((b, s) => (s === index ? value : b)));
        which.push([index, value]);
      }
    }
  }
  if (rows.length > 0) {
    const out = run(inputs(rows));
    which.forEach(([slot, value], i) => {
      if (score(out, i).some((ok, j) => !ok && best[j])) (hidden[slot] as Set<number>).add(value);
    });
  }
  return (slot, value) => (hidden[slot] as Set<number>).has(value);
};

/**
 * Values by slot that want a row of their own choosing: specials, every category, and constants that something else
 * than a tree compares with.
 */
export const looseValues = (criticals: readonly Critical[], { domains, response }: Domains): number[][] => {
  const found = domains.map((d) => new Set<number>(specials(d)));
  for (const c of criticals) {
    if (c.loose.size === 0) continue;
    const r = response(c.value, c.element);
    if (!r) continue;
    const own = found[r.slot.index] as Set<number>;
    const { numeric } = domains[r.slot.index] as Domain;
    const { numbers } = r;
    if (!numbers || numeric === 0) continue;
    for (const t of c.loose) {
      if (typeof t !== 'number') continue;
      if (r.ascending) {
        const at = lowerBound(numbers, t, numeric);
        let end = at;
        while (end < numeric && end < at + 3 && numbers[end] === t) end++;
        for (let i = Math.max(0, at - 1); i <= Math.min(end, numeric - 1); i++) own.add(i);
      } else {
        for (let i = 0; i + 1 < numeric; i++) {
          if (Math.sign((numbers[i] as number) - t) !== Math.sign((numbers[i + 1] as number) - t))
            own.add(i).add(i + 1);
        }
      }
    }
  }
  // Categories are tried one by one, up to a bound.
  for (const d of domains) {
    if (d.numeric > 0) continue;
    for (let i = 0; i < Math.min(d.values.length, 1000); i++) found[d.slot.index]?.add(i);
  }
  return found.map((s) => [...s]);
};

/** ±0, ±1, the infinities, the extremes, NaN, missing; the limits that the field declares. */
const specials = ({ slot, values, numeric }: Domain): number[] => {
  if (numeric === 0) return [];
  const out: number[] = [0, numeric - 1];
  const { field, dtype } = slot;
  const limits = new Set<number>([-0, 0, 1, -1]);
  for (const i of field?.intervals ?? []) limits.add(i.low).add(i.high);
  for (const c of field?.categories ?? []) if (typeof c === 'number') limits.add(c);
  if (!isFloat(dtype)) limits.add(0);
  for (let i = 0; i < numeric; i++) {
    if (!limits.has(values[i] as number)) continue;
    for (const j of [i - 1, i, i + 1]) if (j >= 0 && j < numeric) out.push(j);
  }
  for (let i = numeric; i < values.length; i++) out.push(i);
  return out;
};
