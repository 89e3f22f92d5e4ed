/** A value of any kind as JSON: tensors as nested lists, maps as lists of pairs, since their keys may be numbers. */
import { type Datum, isTensor } from '../tensor/datum.ts';
import { dtypeInfo } from '../tensor/dtype.ts';
import { countOf, type Tensor } from '../tensor/tensor.ts';
import { jsonCell } from './jsonl.ts';
import { cellOf } from './unbind.ts';

/** `{"name":"y","type":"float32","shape":[2],"value":[1,2]}`. */
export const jsonOfOutput = (name: string, d: Datum): string => {
  const [type, shape] = isTensor(d) ? [d.dtype, `,"shape":[${d.dims}]`] : [d.kind, ''];
  return `{"name":${JSON.stringify(name)},"type":"${type}"${shape},"value":${jsonOf(d)}}`;
};

const jsonOf = (d: Datum): string => {
  if (isTensor(d)) return nested(d, 0, 0);
  switch (d.kind) {
    case 'sequence':
      return `[${d.items.map(jsonOf).join(',')}]`;
    case 'optional':
      return d.value === null ? 'null' : jsonOf(d.value);
    case 'map':
      return `[${d.values.map((v, i) => `[${element(d.keys, i)},${jsonOf(v)}]`).join(',')}]`;
    case 'sparse':
      return `{"shape":[${d.dims}],"indices":${jsonOf(d.indices)},"values":${jsonOf(d.values)}}`;
  }
};

const nested = (t: Tensor, axis: number, from: number): string => {
  if (axis === t.dims.length) return element(t, from);
  const step = countOf(t.dims.slice(axis + 1));
  return `[${Array.from({ length: t.dims[axis] as number }, (_, i) => nested(t, axis + 1, from + i * step)).join(',')}]`;
};

/** Complex numbers as [real, imaginary]. */
const element = (t: Tensor, i: number): string =>
  dtypeInfo(t.dtype).width === 2
    ? `[${jsonCell(t.data[2 * i] as number)},${jsonCell(t.data[2 * i + 1] as number)}]`
    : jsonCell(cellOf(t, i));
