/** What the inference of our own operators shares: shapes that broadcast, one dtype, and who may be missing. */
import type { Absent, Dim, Node, TensorType } from '../../ir/model.ts';
import { broadcastDims, fits, formatType } from '../../ir/shape.ts';
import type { DType } from '../../tensor/dtype.ts';
import { refused, tensorInput } from '../operator.ts';

/** The tensor types of all inputs. */
export const tensorInputs = (node: Node): readonly TensorType[] => {
  if (node.inputs.length === 0) refused(node, 'it takes at least one input');
  return node.inputs.map((_, i) => tensorInput(node, i));
};

/** The shape that all of them broadcast to. */
export const broadcastAll = (node: Node, types: readonly TensorType[]): readonly Dim[] | null => {
  const dims = broadcastDims(...types.map((t) => t.dims));
  return dims === undefined ? refused(node, 'the shapes do not broadcast') : dims;
};

/** The dtype that all of them share. */
export const sameDtype = (node: Node, types: readonly TensorType[]): TensorType['dtype'] => {
  const { dtype } = types[0] as TensorType;
  const other = types.find((t) => t.dtype !== dtype);
  return other ? refused(node, `${dtype} and ${other.dtype} meet where one type is asked for`) : dtype;
};

/** May an element of any of them be missing? */
export const anyAbsent = (types: readonly TensorType[]): Absent =>
  types.some((t) => t.absent === 'missing') ? 'missing' : 'never';

/** The types that are computed in. */
export const floats: readonly DType[] = ['float64', 'float32'];

/** Refuses an input that may be missing where each element must be there. */
const present = (node: Node, i: number, type: TensorType): TensorType =>
  type.absent === 'missing' ? refused(node, `input ${i} may be missing; fill it first`) : type;

/** A `[N, K]` input that is never missing. */
export const matrixInput = (node: Node, i: number, dtypes?: readonly DType[]): TensorType => {
  const type = present(node, i, tensorInput(node, i, dtypes));
  if (type.dims !== null && type.dims.length !== 2) refused(node, `input ${i} must have two axes, [N, K]`);
  return type;
};

/** A `[count]` input that is never missing. */
export const vectorInput = (node: Node, i: number, count: Dim, dtypes: readonly DType[]): TensorType => {
  const type = present(node, i, tensorInput(node, i, dtypes));
  if (!fits(type, { ...type, dims: [count] })) {
    refused(node, `input ${i} is ${formatType(type)}; it must have shape [${count ?? 'K'}]`);
  }
  return type;
};

/** Exactly so many inputs (trailing ones may be left out where `least` is given). */
export const arity = (node: Node, most: number, least = most): void => {
  const n = node.inputs.length;
  if (n < least || n > most) {
    refused(node, `it has ${n} inputs; it takes ${least === most ? most : `${least} to ${most}`}`);
  }
};
