/**
 * Brings rows to the front. Converters stack what estimators give along an axis of its own (`[estimators, N, classes]`,
 * `[classes, N]`, `[3 N, 1]`) and take it together there; what works row by row asks for rows on axis 0. Values whose
 * rows stand elsewhere are computed once more with their rows in front, as far as the operators behind them allow, and
 * what comes back to rows in front is taken from there. Keeps values.
 */
import { attr, intOf, intsOf } from '../ir/attributes.ts';
import type { Builder } from '../ir/builder.ts';
import { PortolanError } from '../ir/diagnostic.ts';
import { type Dim, type Model, type Node, opName, type Type, type Value } from '../ir/model.ts';
import { literal } from '../ops/ml/build.ts';
import { load } from '../tensor/data.ts';
import { dead } from './dead.ts';
import { rebuild } from './rebuild.ts';

/** An extent, or the rows. */
type Factor = number | 'rows';

/** A value told by another that has the same elements, rows in front: the rest of the factors, in order, behind them. */
interface Laid {
  readonly value: Value;
  /** Each axis as the product of its factors. */
  readonly axes: readonly (readonly Factor[])[];
}

const pointwise = new Set(
  `Abs Add And Cast Ceil Clip Div Equal Erf Exp Floor Greater GreaterOrEqual Identity IsInf IsNaN Less LessOrEqual Log Max
  Mean Min Mod Mul Neg Not Or Pow Reciprocal Relu Round Sigmoid Sign Sqrt Sub Sum Tanh Where Xor`.split(
    /\s+/,
  ),
);
const shaping = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
const reducing = new Set(
  `ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
  ReduceSumSquare`.split(/\s+/),
);
/** Operators along one axis that keeps its place. */
const along = new Set(['ArgMax', 'ArgMin', 'CumSum', 'LogSoftmax', 'Softmax', 'TopK']);

export const rowsFirst = (model: Model): Model => {
  const { rows } = model;
  if (rows === null) return model;
  const known = new Map<Value, Laid>();
  const laid = (v: Value): Laid | undefined => known.get(v) ?? infront(v, rows);
  const rewritten = rebuild(model, (node, b, inputs) => {
    // What has its rows in front, and keeps them there, stays as it is.
    if (!inputs.some((v) => v && known.has(v)) && !leaves(node, inputs, rows)) return undefined;
    const again = (): readonly (Value | null)[] =>
      b.call(node.op, inputs, {
        attributes: node.attributes,
        name: node.name,
        from: node.from,
        outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
        types: node.outputs.map((o) => o?.type),
      });
    const made = computed({ ...node, inputs }, b, laid);
    if (!made) return undefined;
    if (made.every((m) => m === null || inOrder(m))) {
      return made.map((m, i) => (node.outputs[i] && m ? m.value : null));
    }
    const outputs = again();
    outputs.forEach((o, i) => {
      const m = made[i];
      if (o && m) known.set(o, m);
    });
    return outputs;
  });
  return dead(rewritten);
};

const dimsOf = (type: Type): readonly Dim[] | null => (type.kind === 'tensor' ? type.dims : null);

/** A value with rows on axis 0 and nowhere else. */
const infront = (v: Value, rows: string): Laid | undefined => {
  const dims = dimsOf(v.type);
  const [first, ...rest] = dims ?? [];
  if (first !== rows || !rest.every((d): d is number => typeof d === 'number' && d > 0)) return undefined;
  return { value: v, axes: [['rows'], ...rest.map((d) => [d])] };
};

const inOrder = ({ axes: [first, ...rest] }: Laid): boolean =>
  first?.length === 1 && first[0] === 'rows' && rest.every((a) => a.length === 1 && a[0] !== 'rows');

/** Do rows, in front of an input, stand elsewhere in the output? */
const leaves = (node: Node, inputs: readonly (Value | null)[], rows: string): boolean => {
  const before = inputs.some((v) => v && dimsOf(v.type)?.[0] === rows);
  return before && node.outputs.some((o) => o && dimsOf(o.type)?.[0] !== rows && dimsOf(o.type) !== null);
};

const computed = (
  node: Node,
  b: Builder,
  laid: (v: Value) => Laid | undefined,
): readonly (Laid | null)[] | undefined => {
  const name = opName(node.op);
  try {
    if (shaping.has(name)) return reshaped(node, b, laid);
    if (name === 'Transpose') return transposed(node, b, laid);
    if (name === 'Concat') return joined(node, b, laid);
    if (name === 'Gather') return gathered(node, b, laid);
    if (reducing.has(name)) return reduced(node, b, laid);
    if (along.has(name)) return alongAxis(node, b, laid);
    if (pointwise.has(name)) return elementwise(node, b, laid);
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
  }
  return undefined;
};

const shape = (b: Builder, v: Value, dims: readonly number[]): Value => {
  const own = dimsOf(v.type);
  if (own && own.length === dims.length && dims.every((d, i) => d === own[i] || (i === 0 && d === -1)))
    return v;
  return b.op('Reshape', [v, literal(b, 'int64', dims)]);
};

const numbers = (factors: readonly Factor[]): number[] => factors.filter((f) => f !== 'rows');
const flat = (axes: Laid['axes']): readonly Factor[] => axes.flat();
const product = (factors: readonly Factor[]): number => numbers(factors).reduce((n, f) => n * f, 1);

/** Rows in front, then these extents. */
const withRows = (b: Builder, v: Value, axes: Laid['axes']): Laid => ({
  value: shape(b, v, [-1, ...numbers(flat(axes))]),
  axes,
});

const input = (node: Node, laid: (v: Value) => Laid | undefined, i = 0): Laid | undefined => {
  const v = node.inputs[i];
  return v ? laid(v) : undefined;
};

type Result = readonly (Laid | null)[] | undefined;
type Look = (v: Value) => Laid | undefined;

/** The one extent that is not asked for holds the rows, and what is left on either side of them. */
const reshaped = (node: Node, b: Builder, look: Look): Result => {
  const x = input(node, look);
  const wanted = x && shapeOf(node, b);
  if (!x || !wanted) return undefined;
  const open = wanted.indexOf(-1);
  const factors = flat(x.axes);
  const at = factors.indexOf('rows');
  const before = product(wanted.slice(0, open).map(Number));
  const after = product(wanted.slice(open + 1).map(Number));
  const head = product(factors.slice(0, at)) / before;
  const tail = product(factors.slice(at + 1)) / after;
  if (open < 0 || !Number.isInteger(head) || !Number.isInteger(tail)) return undefined;
  const one = (n: number): Factor[] => (n === 1 ? [] : [n]);
  const axes = wanted.map((d, i) => (i === open ? [...one(head), 'rows' as const, ...one(tail)] : [d]));
  return [withRows(b, x.value, axes)];
};

/** What a shape is, -1 where the rows are; undefined where more is open. */
const shapeOf = (node: Node, b: Builder): readonly number[] | undefined => {
  const own = node.outputs[0] && dimsOf(node.outputs[0].type);
  const data = opName(node.op) === 'Reshape' ? b.known(node.inputs[1]) : undefined;
  const asked = data && Array.from(load(data).data as BigInt64Array, Number);
  const dims = asked && !asked.includes(0) ? asked : own?.map((d) => (typeof d === 'number' ? d : -1));
  return dims && !dims.includes(0) && dims.filter((d) => d === -1).length === 1 ? dims : undefined;
};

const transposed = (node: Node, b: Builder, look: Look): Result => {
  const x = input(node, look);
  if (!x) return undefined;
  const perm = intsOf(node, 'perm') ?? x.axes.map((_, i) => x.axes.length - 1 - i);
  // Where each factor but the rows stands in the value.
  let place = 0;
  const places = x.axes.map((axis) => axis.map((f) => (f === 'rows' ? 0 : ++place)));
  const order = perm.flatMap((p) => places[p] ?? []).filter((p) => p !== 0);
  const sorted = order.every((p, i) => p === i + 1);
  const value = sorted ? x.value : b.op('Transpose', [x.value], { perm: attr.ints([0, ...order]) });
  return [{ value, axes: perm.map((p) => x.axes[p] as readonly Factor[]) }];
};

/** Along the rows: an axis of its own before them. */
const joined = (node: Node, b: Builder, look: Look): Result => {
  const parts = node.inputs.map((v) => (v ? look(v) : undefined));
  const [first] = parts;
  if (!first || parts.some((p) => !p)) return undefined;
  const all = parts as readonly Laid[];
  const rank = first.axes.length;
  const axis = fromFront(intOf(node, 'axis'), rank);
  const same = (a: readonly Factor[] | undefined, c: readonly Factor[] | undefined) =>
    !!a && !!c && a.length === c.length && a.every((f, i) => f === c[i]);
  if (all.some((p) => p.axes.length !== rank || p.axes.some((a, i) => i !== axis && !same(a, first.axes[i]))))
    return undefined;
  const own = first.axes[axis] as readonly Factor[];
  const behind = numbers(flat(first.axes.slice(0, axis))).length + 1;
  if (!own.includes('rows')) {
    if (all.some((p) => (p.axes[axis] as readonly Factor[]).length !== 1)) return undefined;
    const value = b.op(
      'Concat',
      all.map((p) => p.value),
      { axis: attr.int(behind) },
    );
    const extent = all.reduce((n, p) => n + product(p.axes[axis] as readonly Factor[]), 0);
    return [{ value, axes: first.axes.with(axis, [extent]) }];
  }
  if (all.some((p) => !same(p.axes[axis], own))) return undefined;
  const apart = all.map((p) => {
    const dims = numbers(flat(p.axes));
    return shape(b, p.value, [-1, ...dims.toSpliced(behind - 1, 0, 1)]);
  });
  const value = b.op('Concat', apart, { axis: attr.int(behind) });
  return [{ value, axes: first.axes.with(axis, [all.length, ...own]) }];
};

/** Entries of a constant that rows name, and of rows that a constant names. */
const gathered = (node: Node, b: Builder, look: Look): Result => {
  const [data, at] = node.inputs;
  if (!data || !at) return undefined;
  const dims = dimsOf(data.type);
  const axis = fromFront(intOf(node, 'axis', 0), dims?.length ?? 0);
  const indices = look(at);
  if (indices && b.known(data) && dims?.every((d): d is number => typeof d === 'number')) {
    const perm = [axis, ...dims.flatMap((_, i) => (i === axis ? [] : [i]))];
    const table = axis === 0 ? data : b.op('Transpose', [data], { perm: attr.ints(perm) });
    const taken = b.op('Gather', [table, indices.value], { axis: attr.int(0) });
    const count = numbers(flat(indices.axes)).length;
    // Behind the rows stand the indices' own axes, then those of the table: those before `axis` come first.
    const own = Array.from({ length: count }, (_, i) => 1 + i);
    const others = dims.slice(1).map((_, i) => 1 + count + i);
    const order = [...others.slice(0, axis), ...own, ...others.slice(axis)];
    const value = order.every((p, i) => p === i + 1)
      ? taken
      : b.op('Transpose', [taken], { perm: attr.ints([0, ...order]) });
    const one = (d: number) => [d];
    const axes = [...dims.slice(0, axis).map(one), ...indices.axes, ...dims.slice(axis + 1).map(one)];
    return [{ value, axes }];
  }
  const x = look(data);
  const here = x && plainAxis(x, axis);
  if (!x || here === undefined || !b.known(at)) return undefined;
  const value = b.op('Gather', [x.value, at], { axis: attr.int(here) });
  const taken = (dimsOf(at.type) ?? []).map((d) => [d as number]);
  return [{ value, axes: x.axes.toSpliced(axis, 1, ...taken) }];
};

const reduced = (node: Node, b: Builder, look: Look): Result => {
  const x = input(node, look);
  const data = node.inputs[1] ? b.known(node.inputs[1]) : undefined;
  if (!x || (node.inputs[1] && !data)) return undefined;
  const named = data && Array.from(load(data).data as BigInt64Array, Number);
  if (!named || named.length === 0) return undefined;
  const axes = named.map((a) => fromFront(a, x.axes.length));
  const inside = axes.flatMap((a) => (x.axes[a]?.includes('rows') ? [null] : places(x, a)));
  if (!inside.every((p) => p !== null)) return undefined;
  const kept = intOf(node, 'keepdims', 1) !== 0;
  const value = b.op(
    node.op,
    [x.value, literal(b, 'int64', inside)],
    Object.fromEntries(
      [...node.attributes].filter(([name]) => name !== 'keepdims').concat([['keepdims', attr.int(0)]]),
    ),
  );
  const left = x.axes.flatMap((a, i) => (axes.includes(i) ? (kept ? [[1]] : []) : [a]));
  return [withRows(b, value, left)];
};

const alongAxis = (node: Node, b: Builder, look: Look): Result => {
  const x = input(node, look);
  if (!x) return undefined;
  const cumulative = opName(node.op) === 'CumSum';
  const second = cumulative ? b.known(node.inputs[1]) : undefined;
  if (cumulative && !second) return undefined;
  const given = second
    ? Number(load(second).data[0])
    : intOf(node, 'axis', opName(node.op).startsWith('Arg') ? 0 : -1);
  const axis = fromFront(given, x.axes.length);
  const here = plainAxis(x, axis);
  if (here === undefined) return undefined;
  const attributes = cumulative ? node.attributes : new Map(node.attributes).set('axis', attr.int(here));
  const inputs = cumulative ? [x.value, literal(b, 'int64', here)] : [x.value, ...node.inputs.slice(1)];
  const made = b.call(node.op, inputs, {
    attributes,
    outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
  });
  const gone = opName(node.op).startsWith('Arg') && intOf(node, 'keepdims', 1) === 0;
  return made.map((value) => {
    if (!value) return null;
    const extent = dimsOf(value.type)?.[here];
    return {
      value,
      axes: x.axes.toSpliced(axis, 1, ...(gone ? [] : [[typeof extent === 'number' ? extent : 1]])),
    };
  });
};

/** Each input as the factors of the output; constants have none of its rows. */
const elementwise = (node: Node, b: Builder, look: Look): Result => {
  const parts = node.inputs.map((v) => (v ? axesOf(v, look) : null));
  if (parts.some((p) => p === undefined)) return undefined;
  const rank = Math.max(...parts.map((p) => p?.axes.length ?? 0));
  const axes: (readonly Factor[])[] = [];
  for (let i = 0; i < rank; i++) {
    const said = parts.flatMap((p) => {
      const axis = p?.axes[p.axes.length - rank + i];
      return axis && !isOne(axis) ? [axis] : [];
    });
    const [first = [1]] = said;
    if (said.some((a) => a.length !== first.length || a.some((f, k) => f !== first[k]))) return undefined;
    axes.push(first);
  }
  const inputs = parts.map((p) => {
    if (!p) return null;
    const spread = axes.flatMap((axis, i) => {
      const own = p.axes[p.axes.length - rank + i];
      return own && !isOne(own) ? numbers(own) : numbers(axis).map(() => 1);
    });
    return shape(b, p.value, [p.rows ? -1 : 1, ...spread]);
  });
  const { attributes, name, from } = node;
  const [value] = b.call(node.op, inputs, { attributes, name, from });
  return value ? [{ value, axes }] : undefined;
};

const isOne = (axis: readonly Factor[]): boolean => axis.every((f) => f === 1);

const axesOf = (v: Value, look: Look): (Laid & { readonly rows: boolean }) | undefined => {
  const x = look(v);
  if (x) return { ...x, rows: true };
  const dims = dimsOf(v.type);
  return dims?.every((d): d is number => typeof d === 'number')
    ? { value: v, axes: dims.map((d) => [d]), rows: false }
    : undefined;
};

/** Where the factors of an axis stand in the value. */
const places = (x: Laid, axis: number): number[] => {
  const before = numbers(flat(x.axes.slice(0, axis))).length;
  return numbers(x.axes[axis] ?? []).map((_, i) => 1 + before + i);
};

/** The place of an axis that is one factor, and not the rows. */
const plainAxis = (x: Laid, axis: number): number | undefined => {
  const own = x.axes[axis];
  return own?.length === 1 && own[0] !== 'rows' ? places(x, axis)[0] : undefined;
};

const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
