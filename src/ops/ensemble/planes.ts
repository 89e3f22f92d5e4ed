/** The tested columns of Test, Route and Spread after `plain`, brought to the same rows. */
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, opName, type Value } from '../../ir/model.ts';
import type { Plane } from '../operator.ts';
import { columnCount, withPlanes } from '../own/columns.ts';

const rowsOf = (v: Value) => (v.type.kind === 'tensor' ? v.type.dims?.[0] : undefined);

/** Columns with their planes, each of all rows; a refusal where elements may be missing without a plane. */
export const planesOf = (node: Node, b: Builder): readonly Plane[] | Refusal => {
  const count = columnCount(node);
  const columns = node.inputs.slice(0, count) as readonly Value[];
  const gone = columns.find((v) => v.type.kind === 'tensor' && v.type.absent === 'missing');
  if (gone) {
    return refuse(
      'express/missing',
      `'${gone.name}' may be missing: ${opName(node.op)} needs planes in ONNX`,
    );
  }
  const whole = columns.find((v) => rowsOf(v) !== 1);
  const shape = whole && b.op('Shape', [whole]);
  /** One row stands for all: TreeEnsemble wants it in every one. */
  const everywhere = (v: Value): Value => (shape && rowsOf(v) === 1 ? b.op('Expand', [v, shape]) : v);
  return columns.map((data, i) => {
    const missing = withPlanes(node) ? (node.inputs[count + i] ?? null) : null;
    return { data: everywhere(data), missing: missing && everywhere(missing) };
  });
};
