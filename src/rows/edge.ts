/** What stands for a missing value where a tensor leaves for a format that has no word for it. */
import { fail } from '../ir/diagnostic.ts';
import { type Datum, isTensor } from '../tensor/datum.ts';
import { column, dtypeInfo } from '../tensor/dtype.ts';
import { type Tensor, tensor } from '../tensor/tensor.ts';

export const atEdge = (name: string, d: Datum): Datum => (isTensor(d) ? tensorAtEdge(name, d) : d);

/** NaN for a number, `""` for a string; refuses where the dtype has neither. */
export const tensorAtEdge = (name: string, t: Tensor): Tensor => {
  if (!t.missing) return t;
  const { dtype, dims, data, missing } = t;
  if (!missing.includes(1)) return tensor(dtype, dims, data);
  if (dtype !== 'string' && dtypeInfo(dtype).kind !== 'float') {
    return fail('rows/missing-value', `'${name}' is ${dtype}, which has no word for a missing value`);
  }
  const out = column(dtype, missing.length);
  for (let i = 0; i < missing.length; i++) {
    (out as unknown[])[i] = missing[i] ? (dtype === 'string' ? '' : Number.NaN) : data[i];
  }
  return tensor(dtype, dims, out);
};
