import { type Node, tensorType } from '../../ir/model.ts';
import { column, type DType, isBig } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { knownExtents } from './axes.ts';
import { floats } from './constraints.ts';
import { computedElements } from './elements.ts';

const dtypes: readonly DType[] = [...floats, 'int16', 'int32', 'int64'];

type Ends = readonly [start: number, limit: number, delta: number];

/** max(ceil((limit - start) / delta), 0). */
const count = (node: Node, dtype: DType, [start, limit, delta]: Ends): number => {
  if (delta === 0) refused(node, 'the step is 0');
  // float16 and bfloat16 are stashed in single precision, and the quotient is rounded to what it is computed in.
  const round = rounder(dtype === 'float64' || isBig(dtype) ? 'float64' : 'float32');
  return Math.max(Math.ceil(round(round(limit - start) / delta)), 0);
};

/** start, start + delta, … up to but not including the limit. ONNX Operators, Range. */
export const Range: Operator = {
  domain: '',
  name: 'Range',
  since: [11, 27],
  infer: (node, known) => {
    const { dtype } = tensorInput(node, 0, dtypes);
    for (const i of [1, 2]) tensorInput(node, i, [dtype]);
    const ends = [0, 1, 2].map((i) => knownExtents(node, i, known)?.[0] ?? null);
    if (ends.every((e) => typeof e === 'number')) {
      return [tensorType(dtype, [count(node, dtype, ends as unknown as Ends)])];
    }
    const [start, limit = null, delta] = ends;
    return [tensorType(dtype, [start === 0 && delta === 1 ? limit : null])];
  },
  elements: computedElements,
  evaluate: (inputs, node) => {
    const [start, limit, delta] = inputs as readonly [Tensor, Tensor, Tensor];
    const { dtype } = start;
    const [from, to, step] = [start, limit, delta].map((t) => t.data[0]) as unknown as Ends;
    const length = count(node, dtype, [Number(from), Number(to), Number(step)]);
    const out = column(dtype, length) as unknown as (number | bigint)[];
    if (isBig(dtype)) {
      for (let i = 0; i < length; i++) out[i] = BigInt(from) + BigInt(i) * BigInt(step);
    } else {
      const round = rounder(dtype);
      const stash = dtype === 'float64' ? round : Math.fround;
      for (let i = 0; i < length; i++) out[i] = round(stash(from + stash(i * step)));
    }
    return [tensor(dtype, [length], out as unknown as Tensor['data'])];
  },
};
