import { intsOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { cast, concat, literal, ML, numeric } from './build.ts';

/**
 * The inputs side by side, float32 `[N, sum of the widths]`; a vector `[C]` is one row. ai.onnx.ml, FeatureVectorizer.
 * `inputdimensions` repeats the widths; another width is refused (onnxruntime cuts or fills with zeros).
 */
export const FeatureVectorizer: Operator = {
  domain: ML,
  name: 'FeatureVectorizer',
  since: [1],
  infer: (node) => {
    const tables = node.inputs.map((_, i) => table(node, i));
    if (tables.length === 0) refused(node, 'there is no input');
    const rows = broadcastDims(...tables.map(([n]) => [n])) ?? refused(node, 'the inputs differ in rows');
    const widths = tables.map(([, width]) => width);
    const sum = widths.every((w) => typeof w === 'number') ? widths.reduce((a, w) => a + Number(w), 0) : null;
    return [tensorType('float32', [rows?.[0] ?? null, sum])];
  },
  expand: (node, b) => [
    concat(
      b,
      node.inputs.map((v, i) => row(b, node, i, cast(b, v as Value, 'float32'))),
    ),
  ],
  rows: (node) =>
    node.inputs.every((v) => v?.type.kind === 'tensor' && v.type.dims?.length === 2) ? 'each' : 'all',
};

/** Rows and width of input i. */
const table = (node: Node, i: number): readonly [Dim, Dim] => {
  const { dims } = tensorInput(node, i, numeric);
  const declared = intsOf(node, 'inputdimensions')?.[i] ?? null;
  if (dims === null) return [null, declared];
  if (dims.length !== 1 && dims.length !== 2) {
    refused(node, `input ${i} has rank ${dims.length}; it takes [N, C] or [C]`);
  }
  const width = dims.at(-1) ?? null;
  if (typeof width === 'number' && declared !== null && width !== declared) {
    refused(node, `input ${i} has ${width} columns, inputdimensions says ${declared}`);
  }
  return [dims.length === 2 ? (dims[0] ?? null) : 1, width ?? declared];
};

const row = (b: Builder, node: Node, i: number, x: Value): Value =>
  tensorInput(node, i).dims?.length === 1 ? b.op('Unsqueeze', [x, literal(b, 'int64', [0])]) : x;
