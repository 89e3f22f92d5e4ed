import { intOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { column, isBig } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { dimsOf, fromFront, knownExtents, knownInts, rowShape } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { cast } from './earlier.ts';
import { finish, vector } from './expansion.ts';
import { fromTheFront, reshaped, whole as wholes } from './spelling.ts';
import { chooseRow, intRow, whole } from './take.ts';

/** Where the new axis stands in the result. */
const newAxis = (node: Node, rank: number): number => fromFront(node, intOf(node, 'axis', -1), rank + 1);

/** values[1] where the new axis is at the index, else values[0]; negative indices count from the back. ONNX Operators, OneHot. */
export const OneHot: Operator = {
  domain: '',
  name: 'OneHot',
  // Version 9 gave no meaning to negative indices.
  since: [9, 11, 28],
  infer: (node, known) => {
    const { dims } = tensorInput(node, 0, numeric);
    tensorInput(node, 1, numeric);
    const { dtype } = tensorInput(node, 2);
    const [depth = null] = knownExtents(node, 1, known) ?? [];
    return [tensorType(dtype, dims === null ? null : dims.toSpliced(newAxis(node, dims.length), 0, depth))];
  },
  evaluate: (inputs, node) => {
    const [at, size, values] = inputs as readonly [Tensor, Tensor, Tensor];
    const depth = Math.trunc(Number(size.data[0]));
    const axis = newAxis(node, at.dims.length);
    const dims = at.dims.toSpliced(axis, 0, depth);
    const out = column(values.dtype, countOf(dims)) as unknown[];
    out.fill(values.data[0]);
    const inner = countOf(at.dims.slice(axis));
    for (let i = 0; i < at.data.length; i++) {
      const index = Math.trunc(Number(at.data[i]));
      const hot = index < 0 ? index + depth : index;
      if (hot >= 0 && hot < depth) {
        out[(Math.floor(i / inner) * depth + hot) * inner + (i % inner)] = values.data[1];
      }
    }
    return [tensor(values.dtype, dims, out as unknown as Tensor['data'])];
  },
  lower: (node, inputs, to) => {
    const [at, , values] = inputs as readonly [Lowered, unknown, Lowered];
    const [depth] = knownInts(node, 1, to.known) ?? [];
    if (depth === undefined) return refuse('ops/depth-constant', 'the depth is not constant');
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const axis = newAxis(node, dims.length) - 1;
    const inner = countOf(dims.slice(axis + 1));
    const value = (i: number): Row => values.element(whole(i));
    const element = (index: Row): Row => {
      const outer = intRow('div', index, whole(depth * inner));
      const hot = intRow('div', intRow('mod', index, whole(depth * inner)), whole(inner));
      const own =
        inner === 1
          ? outer
          : intRow('add', intRow('mul', outer, whole(inner)), intRow('mod', index, whole(inner)));
      const given = at.element(own);
      // Compared as whole numbers: int64 where that is what they are.
      const dtype = isBig(at.dtype) ? 'int64' : 'int32';
      const asked: Row = at.dtype === dtype ? given : { k: 'apply', fn: 'cast', dtype, args: [given] };
      const is = (place: Row): Row => ({
        k: 'apply',
        fn: 'eq',
        dtype: 'bool',
        args: [asked, dtype === 'int32' ? place : { k: 'apply', fn: 'cast', dtype, args: [place] }],
      });
      return chooseRow([is(hot), is(intRow('sub', hot, whole(depth)))], [value(1), value(1)], value(0));
    };
    return [{ dtype: values.dtype, dims, element }];
  },
  express: (node, b, opsets) => {
    // Before 9: the places along the new axis, compared.
    if ((opsets.get('') ?? 0) >= 9) return undefined;
    const [at, size, values] = node.inputs as readonly [Value, Value, Value];
    const rank = dimsOf(at)?.length;
    if (rank === undefined) return refuse('express/extent', 'before opset 9 the rank must be known');
    const axis = newAxis(node, rank);
    const depth = dimsOf(node.outputs[0])?.[axis];
    if (typeof depth !== 'number') return refuse('express/extent', 'before opset 9 the depth must be known');
    const index = fromTheFront(b, cast(b, at, 'int64'), reshaped(b, cast(b, size, 'int64'), [1]));
    const places = wholes(
      b,
      Array.from({ length: depth }, (_, i) => i),
      [depth, ...new Array<number>(rank - axis).fill(1)],
    );
    const hot = b.op('Equal', [b.op('Unsqueeze', [index, vector(b, [axis])]), places]);
    const value = (i: number) => b.op('Gather', [values, wholes(b, [i])]);
    return finish(node, b, 'Where', [hot, value(1), value(0)]);
  },
  carriers: whereHeld,
  rows: (node) => {
    const rank = dimsOf(node.inputs[0])?.length;
    const still = node.inputs.slice(1).every((v) => typeof dimsOf(v)?.[0] !== 'string');
    return rank !== undefined && rank > 0 && still && newAxis(node, rank) !== 0 ? 'each' : 'all';
  },
};
