/**
 * Reverse-mode differentiation: what each operator passes on of the derivative of a scalar (the sum of what is differentiated)
 * by its output to those by its inputs. Written from the calculus of the operators' definitions.
 */
import { attr, intOf, intsOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { refused } from '../operator.ts';

/** A derivative for each input that has one; null: it has none. `dy` is that by the first output `y`. */
type Derivative = (at: Site) => readonly (Value | null)[];

interface Site {
  readonly node: Node;
  readonly b: Builder;
  readonly x: readonly Value[];
  readonly y: Value;
  readonly dy: Value;
}

const op = (b: Builder, name: string, ...inputs: readonly Value[]): Value => b.op(name, inputs);

/** A number in the dtype of `like`, without axes. */
export const numberLike = (b: Builder, like: Value, value: number): Value => {
  const given = b.constant(constant('float64', [value], []));
  return op(b, 'CastLike', given, like);
};

const unary =
  (derivative: (b: Builder, x: Value, y: Value) => Value): Derivative =>
  ({ b, x, y, dy }) => [op(b, 'Mul', dy, derivative(b, x[0] as Value, y))];

/** Two inputs that are broadcast: what each gets is summed over the axes that it was spread along. */
const binary =
  (each: (site: Site, x: Value, z: Value) => readonly [Value, Value]): Derivative =>
  (site) => {
    const [x, z] = site.x as [Value, Value];
    const [dx, dz] = each(site, x, z);
    return [summedTo(site, dx, x), summedTo(site, dz, z)];
  };

const dimsOf = ({ type }: Value) => (type.kind === 'tensor' ? type.dims : null);

const summedTo = ({ node, b }: Site, d: Value, like: Value): Value => {
  const [from, to] = [dimsOf(d), dimsOf(like)];
  if (!from || !to || to.includes(null))
    return refused(node, `the shape of '${like.name}' is not known, so that its derivative is not`);
  const lead = from.length - to.length;
  const axes = from.flatMap((dim, i) => (i < lead || (to[i - lead] === 1 && dim !== 1) ? [i] : []));
  if (from.some((dim, i) => i >= lead && !axes.includes(i) && dim !== to[i - lead])) {
    return refused(node, `'${like.name}' is broadcast along a dimension that is not known`);
  }
  if (axes.length === 0) return d;
  const summed = b.op('ReduceSum', [d, b.constant(constant('int64', axes))], { keepdims: attr.int(1) });
  return op(b, 'Reshape', summed, op(b, 'Shape', like));
};

const transposed = (b: Builder, x: Value): Value => {
  const rank = dimsOf(x)?.length ?? 2;
  const order = Array.from({ length: rank }, (_, i) => i);
  [order[rank - 1], order[rank - 2]] = [rank - 2, rank - 1];
  return b.op('Transpose', [x], { perm: attr.ints(order) });
};

/** Sums and means over axes: the derivative spreads again over what was reduced. */
const reduction =
  (scale: boolean): Derivative =>
  ({ node, b, x, y, dy }) => {
    const [given] = x as [Value];
    const kept = intOf(node, 'keepdims', 1);
    const rank = dimsOf(given)?.length;
    const axes = b.known(node.inputs[1] ?? null);
    // Axes as an attribute are those of older versions, which are expanded before.
    if (rank === undefined || node.attributes.has('axes') || (node.inputs[1] && !axes))
      return refused(node, 'its axes are not known');
    const all = axes
      ? Array.from(axes.read(0, axes.count) as ArrayLike<bigint>, Number)
      : Array.from({ length: rank }, (_, i) => i);
    const wide = kept ? dy : b.op('Unsqueeze', [dy, b.constant(constant('int64', all))]);
    const spread = op(b, 'Expand', wide, op(b, 'Shape', given));
    if (!scale) return [spread];
    const count = (v: Value) => op(b, 'CastLike', op(b, 'Size', v), dy);
    return [op(b, 'Div', spread, op(b, 'Div', count(given), count(y)))];
  };

/** By operator of the default domain. */
export const derivatives: Readonly<Record<string, Derivative>> = {
  __proto__: null as never,
  Identity: ({ dy }) => [dy],
  Neg: ({ b, dy }) => [op(b, 'Neg', dy)],
  Add: binary(({ dy }) => [dy, dy]),
  Sub: binary(({ b, dy }) => [dy, op(b, 'Neg', dy)]),
  Mul: binary(({ b, dy }, x, z) => [op(b, 'Mul', dy, z), op(b, 'Mul', dy, x)]),
  Div: binary(({ b, y, dy }, _, z) => {
    const dx = op(b, 'Div', dy, z);
    return [dx, op(b, 'Neg', op(b, 'Mul', dx, y))];
  }),
  Pow: binary(({ b, y, dy }, x, z) => {
    const less = op(b, 'Pow', x, op(b, 'Sub', z, numberLike(b, z, 1)));
    return [op(b, 'Mul', dy, op(b, 'Mul', z, less)), op(b, 'Mul', dy, op(b, 'Mul', y, op(b, 'Log', x)))];
  }),
  // What they give does not change with what they take, but where it jumps.
  Shape: () => [],
  Size: () => [],
  Sign: () => [],
  Greater: () => [],
  Expand: (site) => [summedTo(site, site.dy, site.x[0] as Value), null],
  Unsqueeze: ({ b, x, dy }) => [op(b, 'Reshape', dy, op(b, 'Shape', x[0] as Value)), null],
  CastLike: ({ b, x, dy }) => [op(b, 'CastLike', dy, x[0] as Value), null],
  Reciprocal: unary((b, _, y) => op(b, 'Neg', op(b, 'Mul', y, y))),
  Exp: unary((_, __, y) => y),
  Log: unary((b, x) => op(b, 'Reciprocal', x)),
  Sqrt: unary((b, _, y) => op(b, 'Div', numberLike(b, y, 0.5), y)),
  Sin: unary((b, x) => op(b, 'Cos', x)),
  Cos: unary((b, x) => op(b, 'Neg', op(b, 'Sin', x))),
  Tanh: unary((b, _, y) => op(b, 'Sub', numberLike(b, y, 1), op(b, 'Mul', y, y))),
  Sigmoid: unary((b, _, y) => op(b, 'Mul', y, op(b, 'Sub', numberLike(b, y, 1), y))),
  Softplus: unary((b, x) => op(b, 'Sigmoid', x)),
  // 0 at 0, where there is no derivative: the usual choice.
  Relu: unary((b, x) => op(b, 'CastLike', op(b, 'Greater', x, numberLike(b, x, 0)), x)),
  Abs: unary((b, x) => op(b, 'Sign', x)),
  MatMul: ({ node, b, x, dy }) => {
    const [m, n] = x as [Value, Value];
    if (dimsOf(m)?.length !== 2 || dimsOf(n)?.length !== 2)
      return refused(node, 'only products of matrices are differentiated');
    return [op(b, 'MatMul', dy, transposed(b, n)), op(b, 'MatMul', transposed(b, m), dy)];
  },
  Transpose: ({ node, b, dy }) => {
    const perm = intsOf(node, 'perm');
    if (!perm) return [b.op('Transpose', [dy])];
    const back = perm.map((_, i) => perm.indexOf(i));
    return [b.op('Transpose', [dy], { perm: attr.ints(back) })];
  },
  Reshape: ({ b, x, dy }) => [op(b, 'Reshape', dy, op(b, 'Shape', x[0] as Value)), null],
  ReduceSum: reduction(false),
  ReduceMean: reduction(true),
};
