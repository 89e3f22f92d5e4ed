import { attr, intOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType } from '../../ir/model.ts';
import type { Loop, Lowered, Row } from '../../kernel/row.ts';
import { column, type DType, isFloat } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { apply, int, loop, slotFor } from '../own/rows.ts';
import { axisOf, dimsOf, knownExtents, knownInts, rowsUnless } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { numeric } from './constraints.ts';
import { constantInts, earlier } from './earlier.ts';
import { attributesBut, finish, vector } from './expansion.ts';

const types = (node: Node, dtype: DType, dims: readonly Dim[] | null, k: Dim) => {
  const shape = dims === null ? null : dims.with(axisOf(node, dims.length, -1), k);
  return [tensorType(dtype, shape), tensorType('int64', shape)];
};

/**
 * The k largest elements along an axis (the smallest under `largest` = 0) in order, and where they stood; of equal ones
 * the lower index is first. NaN, of which the standard says nothing, is above every number, as NumPy sorts it. What
 * `sorted` = 0 leaves undefined is sorted. ONNX Operators, TopK.
 */
export const TopK: readonly Operator[] = [
  {
    domain: '',
    name: 'TopK',
    since: [10, 11, 24],
    infer: (node, known) => {
      const { dtype, dims } = tensorInput(node, 0, numeric);
      tensorInput(node, 1, ['int64']);
      const [k = null] = knownExtents(node, 1, known) ?? [];
      return types(node, dtype, dims, k);
    },
    evaluate: (inputs, node) => {
      const [x, count] = inputs as readonly [Tensor, Tensor];
      const axis = axisOf(node, x.dims.length, -1);
      const extent = x.dims[axis] as number;
      const k = Number(count.data[0]);
      if (k < 0 || k > extent) refused(node, `it asks for ${k} of ${extent} elements`);
      const inner = countOf(x.dims.slice(axis + 1));
      const outer = countOf(x.dims.slice(0, axis));
      const sign = intOf(node, 'largest', 1) ? 1 : -1;
      const dims = x.dims.with(axis, k);
      const values = column(x.dtype, countOf(dims)) as unknown as (number | bigint)[];
      const places = new BigInt64Array(countOf(dims));
      const order = new Uint32Array(extent);
      for (let o = 0; o < outer; o++) {
        for (let n = 0; n < inner; n++) {
          const element = (i: number) => x.data[(o * extent + i) * inner + n] as number | bigint;
          for (let i = 0; i < extent; i++) order[i] = i;
          // Sorting is stable: equal elements keep the order of their indices.
          order.sort((i, j) => sign * compare(element(j), element(i)));
          for (let i = 0; i < k; i++) {
            const to = (o * k + i) * inner + n;
            values[to] = element(order[i] as number);
            places[to] = BigInt(order[i] as number);
          }
        }
      }
      return [tensor(x.dtype, dims, values as unknown as Tensor['data']), tensor('int64', dims, places)];
    },
    lower: (node, inputs, to) => {
      const x = inputs[0] as Lowered;
      const [extent] = x.dims;
      const [k] = knownInts(node, 1, to.known) ?? [];
      if (k === undefined) return refuse('ops/count-constant', 'how many it finds is not constant');
      if (x.dims.length !== 1 || extent === undefined) {
        return refuse('ops/rank', 'only the elements of one vector a row are sorted');
      }
      if (k < 0 || k > extent) refused(node, `it asks for ${k} of ${extent} elements`);
      // An element's place is how many stand before it; then each place looks for its element.
      const place = slotFor(node, 1, 'int32', extent, '.place');
      const order = slotFor(node, 1, 'int32', k, '.order');
      const [i, j, at] = [loop(), loop(), loop()];
      const index = (of: Loop): Row => ({ k: 'index', loop: of });
      const before = standsBefore(node, x, index(j), index(i));
      to.statement({
        k: 'define',
        slot: place,
        loop: i,
        body: {
          k: 'fold',
          loop: j,
          over: extent,
          with: 'sum',
          start: int(0),
          body: { k: 'choose', when: [before], then: [int(1)], otherwise: int(0) },
          dtype: 'int32',
          ordered: false,
        },
      });
      const own = loop();
      const here = apply('eq', 'bool', { k: 'element', of: place, index: index(own) }, index(at));
      to.statement({
        k: 'define',
        slot: order,
        loop: at,
        body: {
          k: 'fold',
          loop: own,
          over: extent,
          with: 'argmax',
          start: null,
          body: { k: 'choose', when: [here], then: [int(1)], otherwise: int(0) },
          dtype: 'int32',
          ordered: true,
        },
      });
      const found = (to: Row): Row => ({ k: 'element', of: order, index: to });
      return [
        { dtype: x.dtype, dims: [k], element: (to) => x.element(found(to)) },
        { dtype: 'int64', dims: [k], element: (to) => apply('cast', 'int64', found(to)) },
      ];
    },
    carriers: whereHeld,
    express: (node, b, opsets) => {
      const k = constantInts(node, b, 1);
      if (isRefusal(k)) return k;
      if (intOf(node, 'largest', 1) === 0) {
        return refuse('express/attribute', 'before opset 11 it finds the largest elements only');
      }
      const attributes = attributesBut(node, ['largest', 'sorted'], { k: attr.int(k?.[0] ?? 0) });
      return (opsets.get('') ?? 0) < 10
        ? earlier(node, b, opsets, node.inputs.slice(0, 1), attributes)
        : undefined;
    },
    rows: (node) => rowsUnless(node, dimsOf(node.inputs[0]) && [intOf(node, 'axis', -1)]),
  },
  {
    domain: '',
    name: 'TopK',
    since: [1],
    infer: (node) => {
      const { dtype, dims } = tensorInput(node, 0, numeric);
      return types(node, dtype, dims, intOf(node, 'k'));
    },
    expand: (node, b) =>
      finish(
        node,
        b,
        'TopK',
        [node.inputs[0] ?? null, vector(b, [intOf(node, 'k')])],
        attributesBut(node, ['k'], { axis: attr.int(intOf(node, 'axis', -1)) }),
      ),
  },
];

/** Whether the element at j comes before the one at i, by the order of `compare`. */
const standsBefore = (node: Node, x: Lowered, j: Row, i: Row): Row => {
  const [a, b] = [x.element(j), x.element(i)];
  const largest = intOf(node, 'largest', 1) !== 0;
  const and = (p: Row, q: Row) => apply('and', 'bool', p, q);
  const or = (p: Row, q: Row) => apply('or', 'bool', p, q);
  const nan = (v: Row) => apply('isNaN', 'bool', v);
  const not = (v: Row) => apply('not', 'bool', v);
  const beyond = apply(largest ? 'gt' : 'lt', 'bool', a, b);
  const same = apply('eq', 'bool', a, b);
  const first = apply('lt', 'bool', j, i);
  if (!isFloat(x.dtype)) return or(beyond, and(same, first));
  const [above, below] = largest ? [a, b] : [b, a];
  return or(or(beyond, and(nan(above), not(nan(below)))), and(or(same, and(nan(a), nan(b))), first));
};

/** Above 0 where x is above y. */
const compare = (x: number | bigint, y: number | bigint): number => {
  if (x === y) return 0;
  if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1;
  return Number.isNaN(y) || x < y ? -1 : 1;
};
