/** Sparse tensors are read as the dense ones they stand for, elements when they are asked for. */
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import type { SparseTensorProto } from './schema.ts';
import { type External, SparseData } from './tensors.ts';

/** Elements a sparse tensor may stand for. */
const mostDense = 2 ** 28;

export const sparseData = (proto: SparseTensorProto, at: Place, external: External): SparseData => {
  const data = new SparseData(proto, at, external);
  return data.count <= mostDense
    ? data
    : fail(
        'onnx/sparse-size',
        `this sparse tensor stands for ${data.count} elements; ${mostDense} is the limit`,
        at,
      );
};
