/** Other data of the same type: witnesses that a shape depends on data. */
import type { Type } from '../../../src/ir/model.ts';
import { type Datum, isTensor, optional, sequence } from '../../../src/tensor/datum.ts';
import { dtypeInfo } from '../../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.ts';

type Element = number | bigint | string;

/** Tensors with more elements are varied as a whole only, not element by element. */
const few = 16;

/** Tensors of the same dtype and shape with other elements. */
function* ofTensor(t: Tensor): Generator<Tensor> {
  const given = Array.from(t.data as ArrayLike<Element>);
  const { kind, width } = dtypeInfo(t.dtype);
  if (given.length === 0 || width > 1) return;
  const as = (elements: readonly Element[]) => tensorOf(t.dtype, t.dims, elements as readonly number[]);
  const all = (element: Element) => as(given.map(() => element));
  const each = (f: (n: number) => number) => as(given.map((e) => f(Number(e))));
  yield as([...given].reverse());
  yield as([...given.slice(1), given[0] as Element]);
  yield all(given[0] as Element);
  if (kind === 'string') {
    for (const text of new Set(given)) yield all(text);
    yield all('');
    yield as(given.map((e) => `${e} ${e}`));
    return;
  }
  for (const n of [0, 1, 2, ...(kind === 'uint' || kind === 'bool' ? [] : [-1])]) yield all(n);
  if (kind === 'bool') {
    yield each((n) => 1 - n);
    return;
  }
  yield each((n) => 2 * n);
  for (const by of [1, -1]) {
    yield each((n) => n + by);
    for (let i = 0; i < Math.min(given.length, few); i++) {
      yield as(given.map((e, k) => Number(e) + (k === i ? by : 0)));
    }
  }
  // The sum is kept, as Split wants it.
  yield as(given.map((e, k) => Number(e) + (k === 0 ? 1 : 0) - (k === given.length - 1 ? 1 : 0)));
}

/** A tensor as the type allows it, one longer along an axis whose extent is open. */
function* longer(t: Tensor, type: Type): Generator<Tensor> {
  if (type.kind !== 'tensor') return;
  for (const axis of t.dims.keys()) {
    if (typeof type.dims?.[axis] === 'number') continue;
    const dims = t.dims.with(axis, (t.dims[axis] as number) + 1);
    const count = dims.reduce((n, d) => n * d, 1);
    const { data } = t;
    if (data.length === 0) continue;
    yield tensorOf(
      t.dtype,
      dims,
      Array.from({ length: count }, (_, i) => data[i % data.length] as number),
    );
  }
}

/** Other values of the type: other elements, other items, an optional that is empty. */
export function* variations(d: Datum, type: Type): Generator<Datum> {
  if (isTensor(d)) {
    yield* ofTensor(d);
    yield* longer(d, type);
  } else if (d.kind === 'sequence') {
    const { items } = d;
    const of = type.kind === 'sequence' ? type.of : { kind: 'unknown' as const };
    yield sequence(items.slice(1));
    yield sequence(items.slice(0, -1));
    yield sequence([...items].reverse());
    for (const [i, item] of items.entries()) {
      for (const other of variations(item, of)) yield sequence(items.with(i, other));
    }
  } else if (d.kind === 'optional') {
    const of = type.kind === 'optional' ? type.of : { kind: 'unknown' as const };
    yield optional(null);
    if (d.value) for (const other of variations(d.value, of)) yield optional(other);
  }
}
