import { attr, stringOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import { countOf, strides, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { earlier } from './earlier.ts';
import { movedElements } from './elements.ts';
import { attributesBut, finish, vector } from './expansion.ts';
import { sliceStart } from './GatherND.ts';
import { copyOf, meeting } from './meeting.ts';
import { meets, oneByOne } from './scattering.ts';
import { extents, fromTheFront, reshaped, spelling, whole } from './spelling.ts';

/**
 * A copy of `data` with slices replaced, each named by a tuple of indices; `reduction` says how it meets what stands
 * there. ONNX Operators, ScatterND.
 */
const newest: Operator = {
  domain: '',
  name: 'ScatterND',
  since: [18],
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
  express: (node, b, opsets) => {
    const opset = opsets.get('') ?? 0;
    const reduction = stringOf(node, 'reduction', 'none');
    if (opset >= 16 && ['none', 'add', 'mul'].includes(reduction)) {
      return earlier(node, b, opsets, node.inputs, attributesBut(node, []));
    }
    if (opset >= 11 && reduction === 'none')
      return earlier(node, b, opsets, node.inputs, attributesBut(node, ['reduction']));
    // The slices become entries of one axis, and the tuples their places.
    const [data, at, updates] = node.inputs as readonly [Value, Value, Value];
    const [own, tuples] = [extents(data), extents(at)];
    if (isRefusal(own)) return own;
    if (isRefusal(tuples)) return tuples;
    const width = tuples.at(-1) as number;
    const [named, rest] = [own.slice(0, width), countOf(own.slice(width))];
    const count = countOf(tuples.slice(0, -1));
    const s = spelling(b, 'int64');
    const terms = s.mul(fromTheFront(b, at, whole(b, named)), whole(b, strides(named)));
    const sums = b.op('ReduceSum', [terms, vector(b, [-1])], { keepdims: attr.int(0) });
    const flat = reshaped(b, data, [countOf(named), rest]);
    const slices = reshaped(b, updates, [count, rest]);
    const meet = meets.get(reduction);
    const set = meet
      ? oneByOne(b, flat, reshaped(b, sums, [count]), slices, meet)
      : b.op('ScatterElements', [
          flat,
          b.op('Expand', [reshaped(b, sums, [count, 1]), vector(b, [count, rest])]),
          slices,
        ]);
    return finish(node, b, 'Reshape', [set, vector(b, own)]);
  },
};

/** Version 11 had no reductions, 16 no max and min. */
export const ScatterND: readonly Operator[] = [
  newest,
  {
    domain: '',
    name: 'ScatterND',
    since: [11, 13, 16],
    infer: newest.infer,
    expand: (node, b) => finish(node, b, 'ScatterND', node.inputs, attributesBut(node, [])),
  },
];
