/** Are tensors what their types and shapes say? Elements stay unread but for what only they can tell, within a bound. */
import { fail, type Place } from '../../../src/ir/diagnostic.ts';
import { dtypeInfo } from '../../../src/tensor/dtype.ts';
import type { SparseTensorProto, TensorProto } from '../schema.ts';
import { SparseData, TensorData } from '../tensors.ts';
import type { Context } from './context.ts';

/** Elements read of one tensor, and of all, where the check is not exact; where it is, of all. */
const mostRead = 1 << 20;
export const quickBudget = 1 << 22;
export const exactBudget = 1 << 27;

/** May `count` elements be read? Takes them off the budget. */
const affords = ({ exact, budget }: Context, count: number, at: Place): boolean => {
  if (!exact && count > Math.min(mostRead, budget.elements)) return false;
  if (count > budget.elements) {
    fail(
      'onnx/too-many-elements',
      `more than ${exactBudget} elements would have to be read to check the model`,
      at,
      'store sparse tensors densely',
    );
  }
  budget.elements -= count;
  return true;
};

/** False where the tensor is not sound. */
export const checkTensor = (proto: TensorProto, at: Place, context: Context): boolean =>
  context.findings.attempt(() => {
    const data = new TensorData(proto, at, context.external);
    if (context.exact) data.checkCount();
    if (dtypeInfo(data.dtype).bits === 6) checkSixBits(data, at, context);
  });

/** Codes of 6 bits do not fill their bytes: what is left over is zero. */
const checkSixBits = (data: TensorData, at: Place, context: Context): void => {
  const { raw, count } = data;
  if (!raw) {
    // Reading refuses a code of more than 6 bits.
    if (affords(context, count, at)) data.read(0, count);
    return;
  }
  const used = (count * 6) % 8;
  if (used === 0) return;
  const [last = 0] = raw.read(raw.length - 1, raw.length);
  if (last >> used !== 0) {
    fail('onnx/tensor-padding', 'the bits behind the last element are not zero', at, 'write zeros there');
  }
};

export const checkSparse = (proto: SparseTensorProto, at: Place, context: Context): void => {
  context.findings.attempt(() => {
    const data = new SparseData(proto, at, context.external);
    if (data.dims.length === 0 || data.dims.includes(0)) {
      fail(
        'onnx/sparse',
        `a sparse tensor of shape [${data.dims}]; it takes at least one extent, none of them 0`,
        at,
        'write it as a dense tensor',
      );
    }
    if (affords(context, data.indexCount, at)) data.check();
  });
};
