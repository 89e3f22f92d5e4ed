import { dataOfAttribute } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { constant, type Data, load } from '../../tensor/data.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { countOf } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, ints, knownExtents, rowShape } from './axes.ts';
import { computedElements } from './elements.ts';
import { take, whole } from './take.ts';

/** The one element: the attribute `value`, or 0 in single precision. */
const element = (node: Node): Data => {
  const data = dataOfAttribute(node, 'value') ?? constant('float32', [0]);
  return data.count === 1 ? data : refused(node, `its value has ${data.count} elements, not one`);
};

/** One value in a given shape. ONNX Operators, ConstantOfShape. */
export const ConstantOfShape: Operator = {
  domain: '',
  name: 'ConstantOfShape',
  since: [9, 20, 21, 23, 24, 25],
  infer: (node, known) => {
    const { dtype } = element(node);
    tensorInput(node, 0, ['int64']);
    return [tensorType(dtype, knownExtents(node, 0, known) ?? null)];
  },
  elements: computedElements,
  evaluate: ([shape], node) => {
    const dims = ints(shape as Tensor) as number[];
    return [take(load(element(node)), dims, new Uint8Array(countOf(dims)))];
  },
  lower: (node) => {
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const table = element(node);
    return [{ dtype: table.dtype, dims, element: () => ({ k: 'at', table, key: whole(0) }) }];
  },
  // As many rows as the shape says; all are the same.
  rows: (node) => (typeof dimsOf(node.outputs[0])?.[0] === 'string' ? 'each' : 'all'),
};
