import { attr } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { column } from '../../tensor/dtype.ts';
import { countOf, strides, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, ints, knownInts } from './axes.ts';
import { floats } from './constraints.ts';
import { finish, vector } from './expansion.ts';
import { extents, reshaped, spelling } from './spelling.ts';
import { windowOf } from './window.ts';

/**
 * The elements of X put where MaxPool took them from, 0 elsewhere; input 1 has their places. ONNX Operators, MaxUnpool.
 *
 * With `output_shape` the places still count in the extents that kernel, strides and pads give (so the standard's case), as
 * far as the result reaches; the rest of it is 0.
 */
export const MaxUnpool: Operator = {
  domain: '',
  name: 'MaxUnpool',
  since: [9, 11, 22],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0, floats);
    const places = tensorInput(node, 1, ['int64']).dims;
    if (dims && places && dims.length !== places.length) refused(node, 'X and its places differ in rank');
    const given = node.inputs[2]
      ? (knownInts(node, 2, known) ?? known.elements?.(node.inputs[2]) ?? null)
      : undefined;
    if (given) return [tensorType(dtype, checkShape(node, given, dims))];
    const rank = dims?.length ?? dimsOf(node.inputs[2])?.[0];
    if (given === null) {
      return [tensorType(dtype, typeof rank === 'number' ? new Array<null>(rank).fill(null) : null)];
    }
    return [tensorType(dtype, dims && frame(node, dims))];
  },
  evaluate: ([x, places, shape], node) => [unpool(node, x as Tensor, places as Tensor, ints(shape))],
  express: (node, b, opsets) => {
    // Before 9: scattered over zeros.
    if ((opsets.get('') ?? 0) >= 9) return undefined;
    const [x, places] = node.inputs as readonly [Value, Value];
    const [from, dims] = [extents(x), extents(node.outputs[0])];
    if (isRefusal(from)) return from;
    if (isRefusal(dims)) return dims;
    const counted = (frame(node, from) as number[]).map((d, i) => Math.min(d, dims[i] as number));
    const [own, to] = [strides(counted), strides(dims)];
    const s = spelling(b, 'int64');
    const at = reshaped(b, places, [-1]);
    const coordinate = (k: number): Value =>
      b.op('Mod', [s.div(at, own[k] as number), s.number(counted[k] as number)], { fmod: attr.int(1) });
    const moved = counted.map((_, k) => s.mul(coordinate(k), to[k] as number)).reduce((p, q) => s.add(p, q));
    const { dtype } = tensorInput(node, 0);
    const none = b.constant(constant(dtype, new Float64Array(countOf(dims))));
    const set = b.op('ScatterElements', [none, moved, reshaped(b, x, [-1])]);
    return finish(node, b, 'Reshape', [set, vector(b, dims)]);
  },
};

const checkShape = <D extends Dim>(
  node: Node,
  shape: readonly D[],
  dims: readonly Dim[] | null,
): readonly D[] =>
  dims && shape.length !== dims.length
    ? refused(node, `output_shape [${shape}] does not fit rank ${dims.length}`)
    : shape;

/** The extents that the window makes of X's. */
const frame = <D extends Dim>(node: Node, dims: readonly D[]): (D | number)[] => {
  if (dims.length < 3) refused(node, `the input has rank ${dims.length}; it takes [N, C, D1, …]`);
  const { axes } = windowOf(node, dims.length - 2);
  return dims.map((d, i) => {
    const a = axes[i - 2];
    if (!a || typeof d !== 'number') return a ? (null as D) : d;
    const size = (d - 1) * a.stride - (a.pads?.[0] ?? 0) - (a.pads?.[1] ?? 0) + a.kernel;
    return size >= 0 ? size : refused(node, `it cannot make ${size} elements of ${d}`);
  });
};

const unpool = (node: Node, x: Tensor, places: Tensor, shape: readonly number[] | undefined): Tensor => {
  if (places.dims.join() !== x.dims.join()) refused(node, `places [${places.dims}] do not fit X [${x.dims}]`);
  const own = frame(node, x.dims);
  const dims = shape ? checkShape(node, shape, x.dims) : own;
  if (dims.some((d) => !(d >= 0)) || !(countOf(dims) <= 2 ** 28)) refused(node, `it cannot make [${dims}]`);
  const counted = own.map((d, i) => Math.min(d, dims[i] as number));
  const [from, to] = [strides(counted), strides(dims)];
  const room = countOf(counted);
  const out = column(x.dtype, countOf(dims)) as Float64Array;
  for (let i = 0; i < x.data.length; i++) {
    const place = Number(places.data[i]);
    if (!(place >= 0 && place < room)) refused(node, `place ${place} is outside [${counted}]`);
    let at = 0;
    counted.forEach((d, k) => {
      at += (Math.floor(place / (from[k] as number)) % d) * (to[k] as number);
    });
    out[at] = x.data[i] as number;
  }
  return tensor(x.dtype, dims, out);
};
