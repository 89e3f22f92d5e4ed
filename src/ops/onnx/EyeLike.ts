import { attr, intOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { type DType, isBig } from '../../tensor/dtype.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dtypeByNumber, numberOfDtype } from './constraints.ts';
import { finish } from './expansion.ts';
import { extents } from './spelling.ts';

/** The attribute `dtype`, or the type of the input. */
const wanted = (node: Node, own: DType): DType =>
  node.attributes.has('dtype')
    ? (dtypeByNumber(intOf(node, 'dtype')) ?? refused(node, `there is no type ${intOf(node, 'dtype')}`))
    : own;

/** 1 on the diagonal (`k` above it), 0 elsewhere, in the shape of the input. ONNX Operators, EyeLike. */
export const EyeLike: Operator = {
  domain: '',
  name: 'EyeLike',
  since: [9, 22],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (dims !== null && dims.length !== 2) refused(node, 'it takes a matrix');
    return [tensorType(wanted(node, dtype), dims ?? [null, null])];
  },
  evaluate: ([x], node) => {
    const { dtype, dims } = x as Tensor;
    const [m, n] = dims as [number, number];
    const out = zeros(wanted(node, dtype), dims);
    const k = intOf(node, 'k', 0);
    const one = isBig(out.dtype) ? 1n : 1;
    for (let i = Math.max(-k, 0); i < m && i + k < n; i++) {
      (out.data as unknown as (number | bigint)[])[i * n + i + k] = one;
    }
    return [out];
  },
  express: (node, b, opsets) => {
    // Before 9: a constant.
    if ((opsets.get('') ?? 0) >= 9) return undefined;
    const dims = extents(node.inputs[0]);
    if (isRefusal(dims)) return dims;
    const dtype = wanted(node, tensorInput(node, 0).dtype);
    const [m, n] = dims as readonly [number, number];
    const k = intOf(node, 'k', 0);
    const on = Array.from({ length: m * n }, (_, i) => ((i % n) - Math.floor(i / n) === k ? 1 : 0));
    return finish(node, b, 'Cast', [b.constant(constant('float32', on, dims))], {
      to: attr.int(numberOfDtype(dtype)),
    });
  },
};
