import { attr, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, type Type, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { dtypeInfo, isFloat } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { axisOf } from './axes.ts';
import { cast, type Said } from './earlier.ts';
import { attributesBut, vector } from './expansion.ts';
import { quotient } from './extents.ts';
import { counting, extents, reshaped, spelling } from './spelling.ts';
import { take, walk } from './take.ts';

/**
 * The elements that differ, or the slices along `axis`, ascending or (`sorted` = 0) as they first come; where each first
 * stands, which of them each element is, how often each comes. ONNX Operators, Unique. As in numpy.unique, which it
 * names, NaN is equal to NaN and above all numbers, slices are compared element by element from the first on, and
 * complex numbers by their real part first; strings by code points.
 */
export const Unique: Operator = {
  domain: '',
  name: 'Unique',
  since: [11, 28],
  infer: (node): readonly Type[] => {
    const { dtype, dims } = tensorInput(node, 0);
    const axis = node.attributes.has('axis') && dims !== null ? axisOf(node, dims.length) : undefined;
    const all: Dim = axis === undefined ? dims && quotient(dims) : (dims?.[axis] ?? null);
    // One alone differs from none.
    const left: Dim = all === 0 || all === 1 ? all : null;
    const slices = dims && axis !== undefined ? dims.map((d, i) => (i === axis ? left : d)) : null;
    const found = tensorType('int64', [left]);
    return [
      tensorType(dtype, node.attributes.has('axis') ? slices : [left]),
      found,
      tensorType('int64', [node.attributes.has('axis') && dims === null ? null : all]),
      found,
    ].slice(0, node.outputs.length);
  },
  evaluate: ([x], node) => {
    const t = x as Tensor;
    const axis = node.attributes.has('axis') ? axisOf(node, t.dims.length) : undefined;
    const [starts, offsets] = slicesOf(t, axis);
    const groups = grouped(t, starts, offsets, intOf(node, 'sorted', 1) !== 0);
    const inverse = new BigInt64Array(starts.length);
    groups.forEach((members, g) => {
      for (const m of members) inverse[m] = BigInt(g);
    });
    const first = groups.map(([m]) => m as number);
    const whole = (values: readonly number[]) => tensorOf('int64', [values.length], values);
    return [
      chosen(t, axis, first),
      whole(first),
      { dtype: 'int64', dims: [inverse.length], data: inverse } satisfies Tensor,
      whole(groups.map((members) => members.length)),
    ];
  },
  express: (node, b, opsets) => {
    const [x] = node.inputs as readonly [Value];
    const { dtype } = tensorInput(node, 0);
    if (dtype === 'string')
      return refuse(
        'express/no-operator',
        'before opset 11 no operator tells which of two strings comes first',
      );
    if ((opsets.get('') ?? 0) < 11) return compared(node, b, x);
    if (dtype !== 'bfloat16') return undefined;
    const [y, ...places] = b.call(['', 'Unique'], [cast(b, x, 'float32')], {
      attributes: attributesBut(node, []),
      outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
    });
    return [y ? cast(b, y, dtype) : null, ...places];
  },
};

/** Where each slice begins, and where its elements lie from there. */
const slicesOf = ({ dims }: Tensor, axis: number | undefined): readonly [Int32Array, Int32Array] => {
  if (axis === undefined) return [Int32Array.from({ length: countOf(dims) }, (_, i) => i), new Int32Array(1)];
  const inner = countOf(dims.slice(axis + 1));
  const extent = dims[axis] as number;
  return [walk([extent], [inner]), walk([countOf(dims.slice(0, axis)), inner], [extent * inner, 1])];
};

/** The slices that are equal, each group in index order. */
const grouped = (
  t: Tensor,
  starts: Int32Array,
  offsets: Int32Array,
  sorted: boolean,
): readonly (readonly number[])[] => {
  const { width } = dtypeInfo(t.dtype);
  const order = typeof t.data[0] === 'string' ? byCodePoints : byValue;
  const compare = (a: number, b: number): number => {
    for (const o of offsets) {
      for (let part = 0; part < width; part++) {
        const [i, j] = [(starts[a] as number) + o, (starts[b] as number) + o];
        const c = order(t.data[i * width + part] as never, t.data[j * width + part] as never);
        if (c !== 0) return c;
      }
    }
    return 0;
  };
  // Sorting is stable: of equal slices the first stays first.
  const inOrder = Array.from(starts, (_, i) => i).sort(compare);
  const groups: number[][] = [];
  let last: number[] | undefined;
  for (const i of inOrder) {
    if (last && compare(last[0] as number, i) === 0) last.push(i);
    else {
      last = [i];
      groups.push(last);
    }
  }
  return sorted ? groups : groups.sort(([a], [b]) => (a as number) - (b as number));
};

const byValue = (a: number | bigint, b: number | bigint): number => {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
};

/** JavaScript compares 16-bit units, where surrogates stand below U+E000 to U+FFFF. */
const byCodePoints = (a: string, b: string): number => {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [p, q] = [x, y].map((c) => (c >= 0xe000 ? c - 0x2000 : c >= 0xd800 ? c + 0x2000 : c));
    return (p as number) - (q as number);
  }
  return a.length - b.length;
};

const chosen = (t: Tensor, axis: number | undefined, first: readonly number[]): Tensor => {
  if (axis === undefined) return take(t, [first.length], first);
  const inner = countOf(t.dims.slice(axis + 1));
  const extent = t.dims[axis] as number;
  const outer = countOf(t.dims.slice(0, axis));
  const index = new Int32Array(outer * first.length * inner);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const f of first) for (let n = 0; n < inner; n++) index[at++] = (o * extent + f) * inner + n;
  }
  return take(
    t,
    t.dims.map((d, i) => (i === axis ? first.length : d)),
    index,
  );
};

/** Before 11: every slice held against every other one, element by element, NaN above all numbers. */
const compared = (node: Node, b: Builder, x: Value): Said => {
  const dims = extents(x);
  if (isRefusal(dims)) return dims;
  const { dtype } = tensorInput(node, 0);
  const axis = node.attributes.has('axis') ? axisOf(node, dims.length) : undefined;
  const count = axis === undefined ? countOf(dims) : (dims[axis] as number);
  const perm = dims.map((_, i) => i);
  const front = axis === undefined ? perm : [axis, ...perm.filter((i) => i !== axis)];
  const rows = reshaped(b, b.op('Transpose', [x], { perm: attr.ints(front) }), [count, -1]);
  const [down, across] = [vector(b, [1]), vector(b, [0])];
  const [p, q] = [b.op('Unsqueeze', [rows, down]), b.op('Unsqueeze', [rows, across])];
  const nan = (v: Value): Value | undefined => (isFloat(dtype) ? b.op('IsNaN', [v]) : undefined);
  const less = (v: Value, w: Value): Value => {
    const plain = b.op('Less', [v, w]);
    const [first, second] = [nan(v), nan(w)];
    return first && second ? b.op('Or', [plain, b.op('And', [b.op('Not', [first]), second])]) : plain;
  };
  const s = spelling(b, 'float32');
  const w = spelling(b, 'int64');
  const float = (v: Value): Value => cast(b, v, 'float32');
  // 1, 0 or -1 for each pair and element; what counts is the first that is not 0.
  const signs = s.sub(float(less(q, p)), float(less(p, q)));
  const width = countOf(dims) / Math.max(count, 1);
  const before = Float32Array.from({ length: width * width }, (_, i) =>
    Math.floor(i / width) < i % width ? 1 : 0,
  );
  const differed = b.op('MatMul', [
    s.one('Abs', signs),
    b.constant(constant('float32', before, [width, width])),
  ]);
  const decides = float(b.op('Not', [s.greater(differed, 0)]));
  const order = b.op('ReduceSum', [s.mul(signs, decides), vector(b, [2])], { keepdims: attr.int(0) });
  const same = float(b.op('Not', [s.greater(s.one('Abs', order), 0)]));
  const last = { axis: attr.int(1), keepdims: attr.int(0) };
  const first = b.op('ArgMax', [same], last);
  const firsts = b.op('Equal', [first, counting(b, [count])]);
  // How many different slices stand before: below it, or first met before it.
  const above = Float32Array.from({ length: count * count }, (_, i) =>
    i % count < Math.floor(i / count) ? 1 : 0,
  );
  const earlierOnes = intOf(node, 'sorted', 1)
    ? float(s.greater(order, 0))
    : b.op('Gather', [b.constant(constant('float32', above, [count, count])), first]);
  const ranks = cast(
    b,
    b.op('ReduceSum', [s.mul(earlierOnes, float(firsts)), down], { keepdims: attr.int(0) }),
    'int64',
  );
  const found = reshaped(b, b.op('NonZero', [firsts]), [-1]);
  const own = b.op('Gather', [ranks, found]);
  const each = b.op('Range', [w.number(0), b.op('Size', [found]), w.number(1)]);
  const which = b.op('ArgMax', [float(b.op('Equal', [b.op('Unsqueeze', [each, down]), own]))], last);
  const indices = b.op('Gather', [found, which]);
  const counts = cast(b, b.op('ReduceSum', [same, down], { keepdims: attr.int(0) }), 'int64');
  const y =
    axis === undefined
      ? b.op('Gather', [reshaped(b, x, [-1]), indices])
      : b.op('Gather', [x, indices], { axis: attr.int(axis) });
  return [y, indices, ranks, b.op('Gather', [counts, indices])]
    .map((v, i) => (node.outputs[i] ? v : null))
    .slice(0, node.outputs.length);
};
