/**
 * One Reshape of each chain of Reshape, Flatten, Squeeze and Unsqueeze, and none of those that come back to the shape they
 * began with. An operator on each element by itself goes in front of a shape that has no rows: converters write labels as
 * `[N, 1]`, `[1, N]` and `[N]` in turn, and what works row by row knows the first and the last. And columns of a table,
 * turned afterwards, are rows of the turned table. Keeps values.
 */
import { intOf, intsOf } from '../ir/attributes.ts';
import type { Builder } from '../ir/builder.ts';
import { type Dim, type Model, opName, type Type, type Value } from '../ir/model.ts';
import { literal } from '../ops/ml/build.ts';
import { constant, load } from '../tensor/data.ts';
import { dead } from './dead.ts';
import { rebuild } from './rebuild.ts';

const shaping = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/** Operators of one input that take each element by itself. */
const pointwise = new Set('Abs Cast Exp Identity Log Neg Not Round Sigmoid Sqrt Tanh'.split(' '));

export const views = (model: Model): Model => {
  /** What holds the same elements, in the same order, in the shape in which they were computed. */
  const origins = new Map<Value, Value>();
  const origin = (v: Value): Value => origins.get(v) ?? v;

  /** `from` in the shape; `from` itself where that is its own. */
  const shaped = (b: Builder, from: Value, shape: readonly number[]): Value => {
    const made = b.op('Reshape', [from, literal(b, 'int64', shape)]);
    if (sameDims(dimsOf(made.type), dimsOf(from.type))) return from;
    origins.set(made, from);
    return made;
  };

  const rewritten = rebuild(model, (node, b, inputs) => {
    const [x] = inputs;
    const [out] = node.outputs;
    if (!x || !out) return undefined;
    const from = origin(x);
    const name = opName(node.op);
    if (shaping.has(name)) {
      const shape = (name === 'Reshape' && asked(b, inputs[1])) || open(dimsOf(out.type));
      return shape && [shaped(b, from, shape)];
    }
    if (name === 'Transpose') {
      const rows = tableRows(b, x, intsOf(node, 'perm'));
      return rows && [rows];
    }
    if (!pointwise.has(name) || from === x || !mislaid(model, x, from)) return undefined;
    const shape = open(dimsOf(x.type));
    if (!shape) return undefined;
    const { attributes, name: called, from: places } = node;
    const [computed] = b.call(node.op, [from], { attributes, name: called, from: places });
    return [shaped(b, computed as Value, shape)];
  });
  return dead(rewritten);
};

/** Gather(table, index, axis 1), turned: rows of the turned table. */
const tableRows = (b: Builder, x: Value, perm: readonly number[] | undefined): Value | undefined => {
  const gather = b.producer(x);
  const [data, index] = gather?.inputs ?? [];
  const table = gather && opName(gather.op) === 'Gather' ? b.known(data) : undefined;
  const flat = index && dimsOf(index.type)?.length === 1 && table?.dims.length === 2;
  if (!gather || !table || !flat || ![1, -1].includes(intOf(gather, 'axis', 0))) return undefined;
  if (perm && (perm[0] !== 1 || perm[1] !== 0)) return undefined;
  const [rows, columns] = table.dims as [number, number];
  const values = load(table).data;
  const turned = Array.from(
    { length: rows * columns },
    (_, i) => values[(i % rows) * columns + Math.floor(i / rows)],
  );
  const entries = b.constant(constant(table.dtype, turned as number[], [columns, rows]));
  return b.op('Gather', [entries, index]);
};

const dimsOf = (type: Type): readonly Dim[] | null => (type.kind === 'tensor' ? type.dims : null);

/** Are all extents known, and equal? */
const sameDims = (a: readonly Dim[] | null, b: readonly Dim[] | null): boolean =>
  !!a && !!b && a.length === b.length && a.every((d, i) => d !== null && d === b[i]);

/** Are the rows, which stood in front, somewhere else now? */
const mislaid = ({ rows }: Model, x: Value, from: Value): boolean =>
  rows !== null && dimsOf(from.type)?.[0] === rows && dimsOf(x.type)?.[0] !== rows;

/** The shape that a Reshape asks for, where it copies no extent. */
const asked = (b: Builder, shape: Value | null | undefined): readonly number[] | undefined => {
  const data = b.known(shape);
  const dims = data && Array.from(load(data).data as BigInt64Array, Number);
  return dims?.includes(0) ? undefined : dims;
};

/** Extents as the shape of a Reshape, which leaves one open. */
const open = (dims: readonly Dim[] | null): readonly number[] | undefined => {
  const shape = dims?.map((d) => (typeof d === 'number' ? d : -1));
  return shape && !shape.includes(0) && shape.filter((d) => d === -1).length <= 1 ? shape : undefined;
};
