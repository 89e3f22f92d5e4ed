import { attr } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Elements, elementsOf } from '../../ir/elements.ts';
import { type Dim, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { countOf, strides, type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { cast } from './earlier.ts';
import { computedElements } from './elements.ts';
import { finish, vector } from './expansion.ts';
import { counting, extents, reshaped, whole } from './spelling.ts';

const countOfKnown = (elements: Elements | undefined): Dim =>
  elements?.every((e) => typeof e === 'number') ? elements.filter((e) => e !== 0).length : null;

/**
 * Where the elements are that are not zero: [rank, count], in row-major order. A string is zero where it is empty, NaN
 * is not zero. ONNX Operators, NonZero.
 */
export const NonZero: Operator = {
  domain: '',
  name: 'NonZero',
  since: [9, 13],
  infer: (node, known) => {
    const { dims } = tensorInput(node, 0);
    const count = countOfKnown(elementsOf(node.inputs[0], known));
    return [tensorType('int64', [dims === null ? null : dims.length, count])];
  },
  express: (node, b, opsets) => {
    // Before 9: a Loop that takes one place after the other, the first that is left.
    if ((opsets.get('') ?? 0) >= 9) return undefined;
    const [x] = node.inputs as readonly [Value];
    const dims = extents(x);
    if (isRefusal(dims)) return dims;
    if (tensorInput(node, 0).dtype === 'string')
      return refuse('express/no-operator', 'before opset 9 no operator tells whether a string is empty');
    const truth = cast(b, reshaped(b, cast(b, x, 'bool'), [-1]), 'float32');
    const count = cast(b, b.op('ReduceSum', [truth, vector(b, [0])], { keepdims: attr.int(0) }), 'int64');
    const inner = b.inner();
    inner.input(inner.unique('i'), tensorType('int64', []));
    const going = inner.input(inner.unique('going'), tensorType('bool', []));
    const left = inner.input(inner.unique('left'), tensorType('float32', [countOf(dims)]));
    const place = inner.op('ArgMax', [left], { axis: attr.int(0), keepdims: attr.int(1) });
    const others = inner.op('Not', [inner.op('Equal', [counting(inner, [countOf(dims)]), place])]);
    const next = inner.op('Mul', [left, cast(inner, others, 'float32')]);
    const body = inner.finish([inner.op('Identity', [going]), next, place]);
    const yes = b.constant(constant('bool', [true], []));
    const [, places] = b.call(['', 'Loop'], [count, yes, truth], {
      attributes: { body: attr.region(body) },
      outputs: [b.unique('left'), b.unique('places')],
    });
    const column = (values: readonly number[]) => whole(b, values, [dims.length, 1]);
    const flat = reshaped(b, places as Value, [1, -1]);
    return finish(node, b, 'Mod', [b.op('Div', [flat, column(strides(dims))]), column(dims)], {
      fmod: attr.int(1),
    });
  },
  elements: computedElements,
  evaluate: ([x]) => {
    const { dims, data } = x as Tensor;
    const found: number[] = [];
    for (let i = 0; i < data.length; i++) {
      const e = data[i];
      if (e !== 0 && e !== 0n && e !== '') found.push(i);
    }
    const own = strides(dims);
    const places = dims.flatMap((d, axis) => found.map((i) => Math.floor(i / (own[axis] as number)) % d));
    return [tensorOf('int64', [dims.length, found.length], places)];
  },
};
