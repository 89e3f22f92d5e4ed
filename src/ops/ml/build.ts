/** The few phrases that expansions of ai.onnx.ml operators are made of. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Dim, Node, Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import type { DType } from '../../tensor/dtype.ts';
import { castTo } from '../onnx/normalization.ts';
import { refused, tensorInput } from '../operator.ts';

export const ML = 'ai.onnx.ml';

export { castTo as cast };

/** An unnamed constant; one element without `dims` is a scalar. */
export const literal = (
  b: Builder,
  dtype: DType,
  values: number | string | ArrayLike<number | bigint | string>,
  dims?: readonly number[],
): Value => {
  const scalar = typeof values === 'number' || typeof values === 'string';
  return b.constant(
    scalar ? constant(dtype, [values], dims ?? []) : constant(dtype, values, dims ?? [values.length]),
  );
};

export const squeeze = (b: Builder, x: Value, axis: number): Value =>
  b.op('Squeeze', [x, literal(b, 'int64', [axis])]);

export const concat = (b: Builder, columns: readonly Value[]): Value =>
  columns.length === 1 ? (columns[0] as Value) : b.op('Concat', columns, { axis: attr.int(1) });

export const argMax = (b: Builder, x: Value): Value =>
  b.op('ArgMax', [x], { axis: attr.int(1), keepdims: attr.int(0) });

/** The numeric dtypes that most ai.onnx.ml operators take. */
export const numeric: readonly DType[] = ['float32', 'float64', 'int64', 'int32'];

/** Shape of a [rows, features] input; unknown parts are null. A vector is no table: the specification asks for [N, F]. */
export const tableInput = (node: Node, dtypes: readonly DType[] = numeric): { rows: Dim; features: Dim } => {
  const { dims } = tensorInput(node, 0, dtypes);
  if (dims === null) return { rows: null, features: null };
  if (dims.length !== 2) refused(node, `the input has rank ${dims.length}; it takes [rows, features]`);
  return { rows: dims[0] ?? null, features: dims[1] ?? null };
};

export const rowsEach = (): 'each' => 'each';

/** Integers of an attribute as they were read, undamaged beyond 2^53. */
export const wideInts = (node: Node, name: string): readonly (number | bigint)[] => {
  const a = node.attributes.get(name);
  if (a === undefined) return [];
  return a.kind === 'ints' ? a.values : refused(node, `attribute ${name} is ${a.kind}, not ints`);
};

/** An attribute holds one number, or one a feature: of the last axis. */
export const checkFeatures = (
  node: Node,
  dims: readonly Dim[] | null,
  count: number,
  attribute: string,
): void => {
  const features = dims?.at(-1);
  if (typeof features === 'number' && count !== 1 && count !== features) {
    refused(node, `${attribute} has ${count} numbers for ${features} features`);
  }
};

/** Axis 0 is rows, but of a vector that an attribute has a number a feature for: there it is the features. */
export const rowsUnlessFeatures = (node: Node, attributes: readonly string[]): 'each' | 'all' => {
  const type = node.inputs[0]?.type;
  const vector = type?.kind === 'tensor' && (type.dims?.length ?? 1) < 2;
  const several = attributes.some((name) => {
    const a = node.attributes.get(name);
    return (a?.kind === 'floats' || a?.kind === 'ints') && a.values.length > 1;
  });
  return vector && several ? 'all' : 'each';
};
