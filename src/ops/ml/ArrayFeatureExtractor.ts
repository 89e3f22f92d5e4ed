import { attr } from '../../ir/attributes.ts';
import type { Builder, Known } from '../../ir/builder.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { literal, ML, numeric } from './build.ts';

const dtypes: readonly DType[] = [...numeric, 'string'];

/**
 * The elements of the last axis that the indices Y name, in their order: `[…, F]` → `[…, number of indices]`; a vector
 * `[F]` gives `[1, number of indices]`. ai.onnx.ml, ArrayFeatureExtractor. Indices count from 0 and lie inside the axis.
 */
export const ArrayFeatureExtractor: Operator = {
  domain: ML,
  name: 'ArrayFeatureExtractor',
  since: [1],
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0, dtypes);
    const count = indexCount(node, known);
    checkIndices(node, known, dims?.at(-1));
    if (dims === null) return [tensorType(dtype, null)];
    if (dims.length === 0) refused(node, 'the input is a scalar');
    return [tensorType(dtype, dims.length === 1 ? [1, count] : [...dims.slice(0, -1), count])];
  },
  expand: (node, b) => {
    const { dims } = tensorInput(node, 0, dtypes);
    const indices = b.known(node.inputs[1]);
    if (dims?.length === 1) {
      // Taken in the indices' own shape: where rows are in front of them, they stay there.
      const at = fromZero(b, node.inputs[1] as Value);
      const taken = b.op('Gather', [node.inputs[0] as Value, at]);
      return [b.op('Reshape', [taken, literal(b, 'int64', [1, -1])])];
    }
    const flat = indices
      ? literal(b, 'int64', indices.read(0, indices.count) as BigInt64Array)
      : fromZero(b, b.op('Reshape', [node.inputs[1] as Value, literal(b, 'int64', [-1])]));
    const axis = dims === null ? -1 : dims.length - 1;
    return [b.op('Gather', [node.inputs[0] as Value, flat], { axis: attr.int(axis) })];
  },
  rows: (node) => {
    const type = node.inputs[0]?.type;
    return type?.kind === 'tensor' && (type.dims?.length ?? 0) > 1 ? 'each' : 'all';
  },
};

/** Gather counts negative indices from the end; here they are outside, and so must they be there. */
const fromZero = (b: Builder, indices: Value): Value => {
  const negative = b.op('Less', [indices, literal(b, 'int64', 0)]);
  return b.op('Where', [negative, literal(b, 'int64', Number.MAX_SAFE_INTEGER), indices]);
};

const indexCount = (node: Node, known: Known): Dim => {
  const { dims } = tensorInput(node, 1, ['int64']);
  const data = known(node.inputs[1]);
  if (data) return data.count;
  return dims?.every((d) => typeof d === 'number') ? dims.reduce<number>((n, d) => n * Number(d), 1) : null;
};

const checkIndices = (node: Node, known: Known, features: Dim | undefined): void => {
  const data = known(node.inputs[1]);
  if (!data) return;
  for (const i of data.read(0, data.count) as BigInt64Array) {
    if (i < 0n || (typeof features === 'number' && i >= BigInt(features))) {
      refused(node, `index ${i} is outside the ${features ?? 'unknown number of'} features`);
    }
  }
};
