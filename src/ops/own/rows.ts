/** What our own operators are lowered with: phrases of the row language. */
import type { Node, Value } from '../../ir/model.ts';
import type { Fn, Loop, Lowered, Row, Slot, TestedColumn } from '../../kernel/row.ts';
import { type Data, dataOf } from '../../tensor/data.ts';
import type { DType } from '../../tensor/dtype.ts';
import { tensor } from '../../tensor/tensor.ts';
import { columnCount, withPlanes } from './columns.ts';

export const int = (value: number): Row => ({ k: 'const', dtype: 'int32', value });

export const apply = (fn: Fn, dtype: DType, ...args: readonly Row[]): Row => ({
  k: 'apply',
  fn,
  args,
  dtype,
});

/** Columns and planes of Test, Route and Spread. */
export const testedColumns = (node: Node, inputs: readonly (Lowered | null)[]): TestedColumn[] => {
  const count = columnCount(node);
  return inputs.slice(0, count).map((c, i): TestedColumn => {
    const { dtype, element } = c as Lowered;
    const plane = withPlanes(node) ? inputs[count + i] : null;
    return { dtype, value: element(int(0)), missing: plane?.element(int(0)) ?? null };
  });
};

/** A slot named after output `i`. */
export const slotFor = (node: Node, i: number, dtype: DType, size: number, of = ''): Slot => ({
  name: `${(node.outputs[i] as Value | null)?.name ?? node.op.name}${of}`,
  dtype,
  size,
});

export const reading = (slot: Slot): Lowered => ({
  dtype: slot.dtype,
  dims: [slot.size],
  element: (index) => ({ k: 'element', of: slot, index }),
});

export const loop = (): Loop => ({ loop: true });

/** `table[key]`. */
export const entry = (dtype: DType, values: readonly number[], key: Row): Row => ({
  k: 'at',
  table: floatsOf(dtype, values),
  key,
});

const floatsOf = (dtype: DType, values: readonly number[]): Data =>
  dataOf(tensor(dtype, [values.length], (dtype === 'float32' ? Float32Array : Float64Array).from(values)));
