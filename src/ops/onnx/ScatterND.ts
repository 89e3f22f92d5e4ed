import { tensorType } from '../../ir/model.ts';
import { countOf, strides, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { movedElements } from './elements.ts';
import { sliceStart } from './GatherND.ts';
import { copyOf, meeting } from './meeting.ts';

/**
 * A copy of `data` with slices replaced, each named by a tuple of indices; `reduction` says how it meets what stands
 * there. ONNX Operators, ScatterND.
 */
export const ScatterND: Operator = {
  domain: '',
  name: 'ScatterND',
  // Version 11 had no reductions, 16 no max and min.
  since: [11, 13, 16, 18],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    tensorInput(node, 1, ['int64']);
    tensorInput(node, 2, [dtype]);
    return [tensorType(dtype, dims)];
  },
  elements: movedElements(0, 2),
  evaluate: (inputs, node) => {
    const [data, at, updates] = inputs as readonly [Tensor, Tensor, Tensor];
    const width = at.dims.at(-1) as number;
    const shape = [...at.dims.slice(0, -1), ...data.dims.slice(width)];
    if (width > data.dims.length || shape.join() !== updates.dims.join()) {
      refused(node, `updates [${updates.dims}] at [${at.dims}] do not fit data [${data.dims}]`);
    }
    const own = strides(data.dims);
    const size = countOf(data.dims.slice(width));
    const meet = meeting(node, data.dtype);
    const out = copyOf(data);
    const to = out.data as unknown as unknown[];
    const tuples = countOf(at.dims.slice(0, -1));
    for (let i = 0; i < tuples; i++) {
      const start = sliceStart(node, data.dims, own, at.data as BigInt64Array, i * width, width, 0);
      for (let n = 0; n < size; n++) {
        to[start + n] = meet(to[start + n] as never, updates.data[i * size + n] as never);
      }
    }
    return [out];
  },
};
