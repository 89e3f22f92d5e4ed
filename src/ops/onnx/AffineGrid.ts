import { attr, intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { column } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { ints, knownInts } from './axes.ts';
import { floats } from './constraints.ts';
import { number, vector } from './expansion.ts';
import { castTo } from './normalization.ts';

/**
 * Matrices theta `[N, r, r + 1]` applied to the places of an image of `size` `[N, C, D…]`, r = 2 or 3: `[N, D…, r]`, the
 * coordinates of a place counting from -1 to 1, the last axis first. ONNX Operators, AffineGrid.
 */
export const AffineGrid: Operator = {
  domain: '',
  name: 'AffineGrid',
  since: [20],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    const size = tensorInput(node, 1, ['int64']).dims;
    const extents: readonly Dim[] | undefined = knownInts(node, 1, known) ?? known.elements?.(node.inputs[1]);
    const axes = [dims?.[1], extents ? extents.length - 2 : undefined, minus(size?.[0], 2)].find(
      (d) => typeof d === 'number',
    );
    if (dims && dims.length !== 3) refused(node, `theta has rank ${dims.length}; it takes [N, r, r + 1]`);
    if (typeof axes !== 'number') return [tensorType(dtype, null)];
    if (axes !== 2 && axes !== 3) refused(node, `theta is for ${axes} axes; it takes 2 or 3`);
    const spatial = extents?.slice(2) ?? new Array<null>(axes).fill(null);
    return [tensorType(dtype, [dims?.[0] ?? extents?.[0] ?? null, ...spatial, axes])];
  },
  evaluate: ([theta, size], node) => [grid(node, theta as Tensor, ints(size) as number[])],
  express: (node, b) => {
    const [theta, size] = node.inputs as readonly [Value, Value];
    const { dtype, dims } = tensorInput(node, 0, floats);
    const rank = dims?.[1];
    if (typeof rank !== 'number') return refuse('express/rank', 'the shape of theta must be known');
    const aligned = intOf(node, 'align_corners', 0) !== 0;
    const [one, two] = [number(b, dtype, 1), number(b, dtype, 2)];
    const extent = (axis: number): Value =>
      b.op('Gather', [size, b.constant(scalarIndex(axis + 2))], { axis: attr.int(0) });
    // The coordinates along every axis, each on its own axis of a common shape, the last axis first.
    const spread = b.op('Slice', [size, vector(b, [2]), vector(b, [rank + 2]), vector(b, [0])]);
    const columns = Array.from({ length: rank }, (_, i) => rank - 1 - i).map((axis) => {
      const length = extent(axis);
      const steps = castTo(
        b,
        b.op('Range', [b.constant(scalarIndex(0)), length, b.constant(scalarIndex(1))]),
        dtype,
      );
      const count = castTo(b, length, dtype);
      const single = b.op('Equal', [length, b.constant(scalarIndex(1))]);
      const width = aligned
        ? b.op('Where', [single, number(b, dtype, 0), b.op('Div', [two, b.op('Sub', [count, one])])])
        : b.op('Div', [two, count]);
      const start = aligned
        ? number(b, dtype, -1)
        : b.op('Add', [number(b, dtype, -1), b.op('Div', [width, two])]);
      const along = b.op('Add', [start, b.op('Mul', [steps, width])]);
      const shape = Array.from({ length: rank + 1 }, (_, i) => (i === axis ? -1 : 1));
      const whole = b.op('Concat', [spread, vector(b, [1])], { axis: attr.int(0) });
      return b.op('Expand', [b.op('Reshape', [along, vector(b, shape)]), whole]);
    });
    const ones = b.op('Add', [b.op('Sub', [columns[0] as Value, columns[0] as Value]), one]);
    const places = b.op('Concat', [...columns, ones], { axis: attr.int(rank) });
    const flat = b.op('Reshape', [places, vector(b, [-1, rank + 1])]);
    const moved = b.op('MatMul', [flat, b.op('Transpose', [theta], { perm: attr.ints([0, 2, 1]) })]);
    const shape = b.op(
      'Concat',
      [b.op('Slice', [size, vector(b, [0]), vector(b, [1]), vector(b, [0])]), spread, vector(b, [rank])],
      { axis: attr.int(0) },
    );
    return [b.op('Reshape', [moved, shape])];
  },
  rows: () => 'all',
};

const minus = (d: Dim | undefined, by: number): Dim => (typeof d === 'number' ? d - by : null);

const scalarIndex = (value: number) => constant('int64', [value], []);

const grid = (node: Node, theta: Tensor, size: readonly number[]): Tensor => {
  const [n, rank] = theta.dims as [number, number];
  const spatial = size.slice(2);
  const fits = theta.dims[2] === rank + 1 && spatial.length === rank && (rank === 2 || rank === 3);
  if (!fits || size[0] !== n) refused(node, `theta [${theta.dims}] does not fit the size [${size}]`);
  const places = countOf(spatial);
  if (!(places >= 0 && places * n * rank <= 2 ** 28)) refused(node, `an image of [${spatial}] is too large`);
  const aligned = intOf(node, 'align_corners', 0) !== 0;
  const [step, round] = [stepRounder(theta.dtype), rounder(theta.dtype)];
  const along = spatial.map((length) => {
    const width = aligned ? (length === 1 ? 0 : 2 / (length - 1)) : 2 / length;
    return Float64Array.from({ length }, (_, i) => step((aligned ? -1 : width / 2 - 1) + i * width));
  });
  const out = column(theta.dtype, n * places * rank) as Float64Array;
  const at = theta.data as Float64Array;
  const place = new Float64Array(rank + 1).fill(1);
  for (let p = 0; p < places; p++) {
    let rest = p;
    for (let axis = rank - 1; axis >= 0; axis--) {
      const length = spatial[axis] as number;
      place[rank - 1 - axis] = along[axis]?.[rest % length] as number;
      rest = Math.floor(rest / length);
    }
    for (let s = 0; s < n; s++) {
      for (let r = 0; r < rank; r++) {
        let sum = 0;
        for (let k = 0; k <= rank; k++) {
          sum = step(sum + step((at[(s * rank + r) * (rank + 1) + k] as number) * (place[k] as number)));
        }
        out[(s * places + p) * rank + r] = round(sum);
      }
    }
  }
  return tensor(theta.dtype, [n, ...spatial, rank], out);
};
