/** The shape shared by ArgMax and ArgMin. */
import { intOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, reduced, rowShape, rowsUnless } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { attributesBut, finish, vector } from './expansion.ts';
import { type FoldRow, lowerReduction, reduce } from './reduce.ts';

/**
 * Where along `axis` the best element stands: of equal ones the first, or the last under `select_last_index`. The
 * standard says nothing of NaN: here it is never better and never worse, so that it is found only where it stands first.
 */
export const argument = (
  name: string,
  fold: 'argmin' | 'argmax',
  better: (x: number | bigint, y: number | bigint) => boolean,
): Operator => ({
  domain: '',
  name,
  since: [1, 11, 12, 13],
  infer: (node) => {
    const { dims } = tensorInput(node, 0, numeric);
    if (dims === null) return [tensorType('int64', null)];
    const axis = axisOf(node, dims.length, 0);
    return [tensorType('int64', reduced(dims, [axis], intOf(node, 'keepdims', 1) !== 0))];
  },
  evaluate: ([x], node) => {
    const t = x as Tensor;
    const last = intOf(node, 'select_last_index', 0) !== 0;
    const axis = axisOf(node, t.dims.length, 0);
    const reducer = (data: Tensor['data'], base: number, offsets: Int32Array): bigint => {
      let best = 0;
      let value = data[base] as number | bigint;
      for (let i = 1; i < offsets.length; i++) {
        const e = data[base + (offsets[i] as number)] as number | bigint;
        if (better(e, value) || (last && e === value)) {
          best = i;
          value = e;
        }
      }
      return BigInt(best);
    };
    return [reduce(t, [axis], intOf(node, 'keepdims', 1) !== 0, reducer, 'int64')];
  },
  lower: (node, inputs) => {
    const dims = rowShape(node);
    if (isRefusal(dims)) return dims;
    const x = inputs[0] as Lowered;
    const axis = axisOf(node, x.dims.length + 1, 0) - 1;
    const last = intOf(node, 'select_last_index', 0) !== 0;
    const make: FoldRow = (element, loop, over) => {
      const found: Row = {
        k: 'fold',
        loop,
        over,
        with: fold,
        start: null,
        last,
        body: element({ k: 'index', loop }),
        dtype: 'int32',
        ordered: true,
      };
      return { k: 'apply', fn: 'cast', dtype: 'int64', args: [found] };
    };
    return [lowerReduction(x, [axis], dims, make, 'int64')];
  },
  express: (node, b) => {
    // The last of equal ones is the first from the end.
    const [x] = node.inputs as readonly [Value];
    const dims = dimsOf(x);
    const extent = dims?.[axisOf(node, dims.length, 0)];
    if (intOf(node, 'select_last_index', 0) === 0) return undefined;
    if (typeof extent !== 'number') {
      return refuse(
        'express/extent',
        'before opset 12 the last of equal elements is found where the extent is known',
      );
    }
    const axis = vector(b, [intOf(node, 'axis', 0)]);
    const turned = b.op('Slice', [x, vector(b, [-1]), vector(b, [-extent - 1]), axis, vector(b, [-1])]);
    const found = b.op(name, [turned], attributesBut(node, ['select_last_index']));
    return finish(node, b, 'Sub', [vector(b, [extent - 1]), found]);
  },
  carriers: whereHeld,
  rows: (node) => rowsUnless(node, dimsOf(node.inputs[0]) && [intOf(node, 'axis', 0)]),
});
