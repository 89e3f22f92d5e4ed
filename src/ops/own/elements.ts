/** Evaluating element by element over operands that broadcast and may be missing. */
import type { Node } from '../../ir/model.ts';
import { type Column, column, type DType } from '../../tensor/dtype.ts';
import { broadcast, broadcastIndex, countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';

/** One operand brought to the common shape: element `i` of the result reads `data[at(i)]`. */
export interface Operand {
  readonly data: Column;
  readonly missing: Uint8Array | undefined;
  /** null: the identity. */
  readonly index: Int32Array | null;
}

export interface Together {
  readonly dims: readonly number[];
  readonly count: number;
  readonly operands: readonly Operand[];
}

/** Brings tensors to the shape that they broadcast to. */
export const together = (node: Node, inputs: readonly (Tensor | null)[]): Together => {
  const given = inputs.map((t, i) => t ?? refused(node, `input ${i} is left out`));
  const dims =
    broadcast(...given.map((t) => t.dims)) ??
    refused(node, `the shapes ${given.map((t) => `[${t.dims}]`).join(', ')} do not broadcast`);
  return {
    dims,
    count: countOf(dims),
    operands: given.map((t) => ({
      data: t.data,
      missing: t.missing,
      index: broadcastIndex(t.dims, dims),
    })),
  };
};

export const at = ({ index }: Operand, i: number): number => (index === null ? i : (index[i] as number));

/** Collects a result whose elements are set one by one; what is not set is missing. */
export class Collector {
  readonly data: Column;
  readonly missing: Uint8Array;
  private readonly dtype: DType;
  private readonly dims: readonly number[];
  private left: number;

  constructor(dtype: DType, dims: readonly number[]) {
    this.dtype = dtype;
    this.dims = dims;
    this.left = countOf(dims);
    this.data = column(dtype, this.left);
    this.missing = new Uint8Array(this.left).fill(1);
  }

  set(i: number, value: Column[number]): void {
    (this.data as Column[number][])[i] = value;
    this.missing[i] = 0;
    this.left--;
  }

  tensor(): Tensor {
    return tensor(this.dtype, this.dims, this.data, this.left > 0 ? this.missing : undefined);
  }
}
