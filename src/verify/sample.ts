/** Random rows over what the fields may hold: most of them ordinary throughout, some with a value or two that is not. */
import type { Model } from '../ir/model.ts';
import { column, isBig, isFloat, isInteger } from '../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../tensor/tensor.ts';
import type { Domain } from './domain.ts';
import { isWithin, type Slot } from './probe.ts';
import type { Random } from './random.ts';
import { complement, isEmpty, nth, type Ranges, sizeOf } from './ranges.ts';
import { type SlotValue, tensorsOf } from './rowset.ts';

/** One in so many rows holds values that are not ordinary. */
const unusual = 10;

export const sampleRows = (
  slots: readonly Slot[],
  domains: readonly Domain[],
  ordinary: readonly Ranges[],
  rows: number,
  random: Random,
): Map<string, Tensor> => {
  const odd = Array.from({ length: rows }, () =>
    random.below(unusual) === 0 ? new Set([random.below(slots.length), random.below(slots.length)]) : null,
  );
  return tensorsOf(slots, rows, (slot, i) => {
    const domain = domains[slot.index] as Domain;
    const usual = ordinary[slot.index] as Ranges;
    const rest = complement(usual, domain.values.length);
    if (odd[i]?.has(slot.index) && !isEmpty(rest)) return pick(domain, rest, random);
    return sampleValue(domain, usual, random);
  });
};

const pick = ({ values }: Domain, from: Ranges, random: Random): SlotValue =>
  values[nth(from, random.below(sizeOf(from)))] ?? null;

const sampleValue = (domain: Domain, usual: Ranges, random: Random): SlotValue => {
  const { slot, numeric, span } = domain;
  const { field, dtype } = slot;
  if (numeric === 0 || field?.categories?.length || dtype === 'bool' || random.below(4) === 0) {
    return pick(domain, usual, random);
  }
  const x =
    span && span[0] < span[1]
      ? inSpan(span, random)
      : random.normal() * 10 ** random.pick([0, 0, 0, 1, 2, -2]);
  const whole = isInteger(dtype) || field?.logical === 'integer';
  const value = whole ? Math.round(x) : dtype === 'float32' ? Math.fround(x) : x;
  return isWithin(slot.limits, value) ? value : pick(domain, usual, random);
};

/** Within the span and a little beyond, finite at any width. */
const inSpan = ([low, high]: readonly [number, number], random: Random): number => {
  const at = random.next() * 1.1 - 0.05;
  return low * (1 - at) + high * at;
};

/** Rows of whole tensors, for inputs that are no table of cells: zeros, ones, large and small, uniform, normal. */
export const sampleTensors = (model: Model, rows: number, random: Random): Map<string, Tensor> => {
  const out = new Map<string, Tensor>();
  for (const { name, type } of model.graph.params) {
    if (type.kind !== 'tensor') continue;
    // An extent that nothing is known of: one row where it means rows, else small.
    const dims = (type.dims ?? [rows]).map((d) => (typeof d === 'number' ? d : d === model.rows ? rows : 1));
    const count = countOf(dims);
    const data = column(type.dtype, count);
    const perRow = Math.max(1, count / rows);
    for (let i = 0; i < count; i++) {
      const x = elementOf(Math.floor(i / perRow), random);
      if (type.dtype === 'string') (data as string[])[i] = random.pick(['', 'a', 'b', 'unseen']);
      else if (isBig(type.dtype)) (data as BigInt64Array)[i] = BigInt(Math.abs(Math.round(x)) % 8);
      else if (isFloat(type.dtype)) (data as Float64Array)[i] = x;
      else (data as Float64Array)[i] = type.dtype === 'bool' ? random.below(2) : Math.abs(Math.round(x)) % 8;
    }
    out.set(name, tensor(type.dtype, dims, data));
  }
  return out;
};

const elementOf = (row: number, random: Random): number => {
  switch (row) {
    case 0:
      return 0;
    case 1:
      return 1;
    case 2:
      return -1;
    case 3:
      return 1e4 * random.normal();
    case 4:
      return 1e-4 * random.normal();
  }
  return row % 2 === 0 ? random.normal() : random.next();
};
