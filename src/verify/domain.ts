/**
 * What is tried in every slot: a finite list of values that holds, for every constant that something depending on the
 * slot alone is compared with, the neighbouring inputs between which the comparison flips.
 */
import type { Model, Value } from '../ir/model.ts';
import { type DType, isFloat } from '../tensor/dtype.ts';
import { fromOrder32, fromOrder64, order32, order64, rounder } from '../tensor/float.ts';
import { countOf, numbers as numbersOf, type Tensor } from '../tensor/tensor.ts';
import type { Critical } from './critical.ts';
import { evaluatorOf, isWithin, type Probe, type Slot } from './probe.ts';
import { type SlotValue, tensorsOf } from './rowset.ts';

export interface Domain {
  readonly slot: Slot;
  /** Numbers ascending (-0 before 0), or strings; then NaN, then null (missing). */
  readonly values: readonly SlotValue[];
  /** How many of the first are numbers in order; 0 for strings. */
  readonly numeric: number;
  /** Least and greatest finite number that comes from the model itself; null where there is none. */
  readonly span: readonly [low: number, high: number] | null;
}

/** What a value inside the graph is when its one slot takes each value of its domain. */
export interface Response {
  readonly slot: Slot;
  /** Exactly one of the two. */
  readonly numbers: ArrayLike<number> | null;
  readonly strings: readonly string[] | null;
  readonly missing: Uint8Array | null;
  /** Never falls, and is never missing or NaN, over the numbers of the domain. */
  readonly ascending: boolean;
}

export interface Domains {
  readonly domains: readonly Domain[];
  /** By value and element; undefined where it depends on several slots, or on none. */
  response(value: Value, element: number): Response | undefined;
}

/** Representable numbers of a dtype in order, one apart. */
interface Order {
  to(x: number): bigint;
  from(n: bigint): number;
  readonly least: number;
  readonly greatest: number;
}

const integerOrder = (least: number, greatest: number): Order => ({
  to: (x) => BigInt(Math.round(x)),
  from: Number,
  least,
  greatest,
});

const orderOf = (dtype: DType): Order => {
  if (dtype === 'float64') return { to: order64, from: fromOrder64, least: -Infinity, greatest: Infinity };
  if (isFloat(dtype)) {
    return {
      to: (x) => BigInt(order32(Math.fround(x))),
      from: (n) => fromOrder32(Number(n)),
      least: -Infinity,
      greatest: Infinity,
    };
  }
  const bits = Number(/\d+/.exec(dtype)?.[0] ?? 1);
  if (dtype === 'bool') return integerOrder(0, 1);
  // Beyond 2^53 a double cannot count.
  if (dtype.startsWith('uint')) return integerOrder(0, 2 ** Math.min(bits, 53) - 1);
  return integerOrder(-(2 ** Math.min(bits - 1, 53)), 2 ** Math.min(bits - 1, 53) - 1);
};

/** A string that is none of the given. */
const unseen = (known: ReadonlySet<string>): string => {
  let s = 'unseen';
  while (known.has(s)) s += '?';
  return s;
};

export const domainsOf = (probe: Probe, criticals: readonly Critical[]): Domains => {
  const { slots, dependence } = probe;
  const single = (value: Value, element: number): Slot | undefined => {
    const set = dependence.slots(value, element);
    return set.size === 1 ? slots[[...set][0] as number] : undefined;
  };
  const watched = criticals.flatMap((c) => {
    const slot = single(c.value, c.element);
    return slot ? [{ ...c, slot }] : [];
  });
  let domains = slots.map((slot) => domainOf(slot, startingValues(slot, watched), explored(slot)));
  let responses = respond(probe.model, domains, watched);
  const found = bisect(probe.model, domains, watched, responses);
  if (found.some((f) => f.length > 0)) {
    domains = slots.map((slot) =>
      domainOf(slot, [...startingValues(slot, watched), ...(found[slot.index] as number[])], explored(slot)),
    );
    responses = respond(probe.model, domains, watched);
  }
  const byValue = new Map<Value, (Response | undefined)[]>();
  watched.forEach((w, i) => {
    const list = byValue.get(w.value) ?? [];
    list[w.element] = responses[i] as Response;
    byValue.set(w.value, list);
  });
  return { domains, response: (value, element) => byValue.get(value)?.[element] };
};

interface Watched extends Critical {
  readonly slot: Slot;
}

/** Every constant rounded to the slot's dtype, with its neighbours; the field's own limits; the special numbers. */
const startingValues = (slot: Slot, watched: readonly Watched[]): SlotValue[] => {
  const own = watched.filter((w) => w.slot === slot);
  const out: SlotValue[] = [];
  const { field, dtype } = slot;
  if (dtype === 'string') {
    const known = new Set<string>((field?.categories ?? []).map(String));
    for (const w of own) for (const s of w.strings) known.add(s);
    return [...known, unseen(known), ...(slot.absent ? [null] : known.has('') ? [] : [''])];
  }
  const order = orderOf(dtype);
  const around = (x: number) => {
    if (Number.isNaN(x)) return;
    const n = order.to(Math.min(Math.max(x, order.least), order.greatest));
    for (const m of [n - 1n, n, n + 1n]) {
      const y = order.from(m);
      if (y >= order.least && y <= order.greatest && !Number.isNaN(y)) out.push(y);
    }
    if (x === 0 && isFloat(dtype)) out.push(-0);
  };
  for (const w of own) for (const x of w.numbers) around(x);
  for (const i of field?.intervals ?? []) {
    around(i.low);
    around(i.high);
  }
  for (const c of field?.categories ?? []) if (typeof c === 'number') around(c);
  if (slot.absent) out.push(null);
  return out;
};

/** Numbers that the model does not name: specials, and places to look from for where a function of the slot flips. */
const explored = ({ dtype }: Slot): number[] => {
  if (dtype === 'string') return [];
  const { least, greatest } = orderOf(dtype);
  if (!isFloat(dtype)) return [least, 0, 1, greatest].filter((x) => x >= least && x <= greatest);
  const out = [-Infinity, Infinity, Number.NaN, 0, -0];
  for (const x of [1e-6, 1e-3, 0.1, 0.5, 1, 2, 5, 10, 30, 100, 1e3, 1e4, 1e6, 1e9, 1e15, 1e30])
    out.push(x, -x);
  return out;
};

const domainOf = (slot: Slot, starting: readonly SlotValue[], more: readonly SlotValue[]): Domain => {
  const [own, further] = [starting, more].map((list) => list.filter((v) => isWithin(slot.limits, v))) as [
    SlotValue[],
    SlotValue[],
  ];
  if (slot.dtype === 'string') return { slot, values: [...new Set(own)], numeric: 0, span: null };
  const round = rounder(slot.dtype);
  const finite: number[] = [];
  let nan = false;
  let missing = false;
  let low = Infinity;
  let high = -Infinity;
  for (const v of own) {
    if (typeof v !== 'number' || !Number.isFinite(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  for (const v of [...own, ...further]) {
    if (v === null) missing = true;
    else if (Number.isNaN(v)) nan = true;
    else finite.push(round(v as number));
  }
  const sorted = Float64Array.from(finite).sort();
  const distinct: SlotValue[] = [];
  for (const x of sorted) if (distinct.length === 0 || !Object.is(x, distinct.at(-1))) distinct.push(x);
  const numeric = distinct.length;
  if (nan) distinct.push(Number.NaN);
  if (missing) distinct.push(null);
  return { slot, values: distinct, numeric, span: low <= high ? [low, high] : null };
};

/** All slots run through their domains side by side: what depends on one of them alone does not see the others. */
const respond = (model: Model, domains: readonly Domain[], watched: readonly Watched[]): Response[] => {
  if (watched.length === 0) return [];
  const rows = Math.max(...domains.map((d) => d.values.length));
  const slots = domains.map((d) => d.slot);
  const inputs = tensorsOf(slots, rows, (slot, i) => {
    const { values } = domains[slot.index] as Domain;
    return values[Math.min(i, values.length - 1)] ?? null;
  });
  const out = evaluatorOf(
    model,
    watched.map((w) => w.value),
  ).run(inputs);
  return watched.map((w) => {
    const domain = domains[w.slot.index] as Domain;
    return responseOf(out.get(w.value.name) as Tensor, w, domain);
  });
};

const responseOf = (t: Tensor, { slot, element }: Watched, domain: Domain): Response => {
  const count = domain.values.length;
  const width = countOf(t.dims.slice(1));
  const pick = (i: number) => i * width + element;
  const missing = t.missing ? Uint8Array.from({ length: count }, (_, i) => t.missing?.[pick(i)] ?? 0) : null;
  if (t.dtype === 'string') {
    const strings = Array.from({ length: count }, (_, i) => t.data[pick(i)] as string);
    return { slot, numbers: null, strings, missing, ascending: false };
  }
  const source = numbersOf(t);
  const numbers = Float64Array.from({ length: count }, (_, i) => source[pick(i)] as number);
  let ascending = true;
  for (let i = 0; i < domain.numeric && ascending; i++) {
    const x = numbers[i] as number;
    ascending = !missing?.[i] && !Number.isNaN(x) && (i === 0 || x >= (numbers[i - 1] as number));
  }
  return { slot, numbers, strings: null, missing, ascending };
};

/** Below, at or above the constant; or not comparable. */
const side = (r: { x: number; missing: boolean }, t: number): number =>
  r.missing || Number.isNaN(r.x) ? 2 : r.x < t ? -1 : r.x > t ? 1 : 0;

interface Search {
  readonly watched: number;
  readonly slot: Slot;
  readonly threshold: number;
  low: bigint;
  high: bigint;
  readonly lowSide: number;
}

/**
 * Where a value passes one of its constants between two values of the domain that are not neighbours, the
 * neighbouring inputs between which it does: by bisection over the ordered numbers, all searches side by side.
 * Returns further values for every slot.
 */
const bisect = (
  model: Model,
  domains: readonly Domain[],
  watched: readonly Watched[],
  responses: readonly Response[],
): number[][] => {
  const found: number[][] = domains.map(() => []);
  const searches: Search[] = [];
  watched.forEach((w, k) => {
    const r = responses[k] as Response;
    const { numeric, values } = domains[w.slot.index] as Domain;
    if (!r.numbers || numeric === 0 || w.numbers.size === 0) return;
    const order = orderOf(w.slot.dtype);
    const thresholds = Float64Array.from(w.numbers).sort();
    const limit = 4 * thresholds.length + 64;
    let made = 0;
    const at = (i: number) => ({
      x: (r.numbers as ArrayLike<number>)[i] as number,
      missing: r.missing?.[i] === 1,
    });
    for (let i = 0; i + 1 < numeric && made < limit; i++) {
      const [a, b] = [at(i), at(i + 1)];
      const low = order.to(values[i] as number);
      const high = order.to(values[i + 1] as number);
      if (high - low <= 1n) continue;
      const comparable = !a.missing && !b.missing && !Number.isNaN(a.x) && !Number.isNaN(b.x);
      // Where it turns missing there is a boundary too; one constant stands for all in finding it.
      const near = comparable
        ? between(thresholds, Math.min(a.x, b.x), Math.max(a.x, b.x))
        : thresholds.subarray(0, 1);
      for (const t of near) {
        if (side(a, t) === side(b, t)) continue;
        searches.push({ watched: k, slot: w.slot, threshold: t, low, high, lowSide: side(a, t) });
        made++;
      }
    }
  });
  if (searches.length === 0) return found;
  const slots = domains.map((d) => d.slot);
  const base = domains.map((d) => d.values[Math.floor(d.numeric / 2)] ?? null);
  const { run } = evaluatorOf(
    model,
    searches.map((s) => (watched[s.watched] as Watched).value),
  );
  let active = searches;
  while (active.length > 0) {
    const middles = active.map((s) => (s.low + s.high) >> 1n);
    const current = active;
    const inputs = tensorsOf(slots, active.length, (slot, i) => {
      const s = current[i] as Search;
      return s.slot === slot
        ? orderOf(slot.dtype).from(middles[i] as bigint)
        : (base[slot.index] as SlotValue);
    });
    const out = run(inputs);
    active.forEach((s, i) => {
      const w = watched[s.watched] as Watched;
      const t = out.get(w.value.name) as Tensor;
      const k = i * countOf(t.dims.slice(1)) + w.element;
      const here = side({ x: Number(t.data[k]), missing: t.missing?.[k] === 1 }, s.threshold);
      if (here === s.lowSide) s.low = middles[i] as bigint;
      else s.high = middles[i] as bigint;
    });
    active = active.filter((s) => s.high - s.low > 1n);
  }
  for (const s of searches) {
    const order = orderOf(s.slot.dtype);
    for (const n of [s.low - 1n, s.low, s.high, s.high + 1n]) {
      const x = order.from(n);
      if (x >= order.least && x <= order.greatest) (found[s.slot.index] as number[]).push(x);
    }
  }
  return found;
};

/** The thresholds in the closed interval. */
const between = (sorted: Float64Array, low: number, high: number): Float64Array => {
  const from = lowerBound(sorted, low);
  let to = from;
  while (to < sorted.length && (sorted[to] as number) <= high) to++;
  return sorted.subarray(from, to);
};

/** The first index whose number is not below x. */
export const lowerBound = (sorted: ArrayLike<number>, x: number, end = sorted.length): number => {
  let low = 0;
  let high = end;
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((sorted[mid] as number) < x) low = mid + 1;
    else high = mid;
  }
  return low;
};
