/** A few rows for whatever inputs a model has: a category, a number, something unheard of, nothing. */
import type { Model } from '../../../src/ir/model.ts';
import { columnOf, countOf, type Tensor, tensor } from '../../../src/tensor/tensor.ts';

const numbers = [0, 1, -1.5, 3, 1e9, 0.25];

export const rowsFor = (model: Model, rows = 6): Map<string, Tensor> => {
  const inputs = new Map<string, Tensor>();
  for (const value of model.graph.params) {
    const { type, name } = value;
    if (type.kind !== 'tensor' || type.dims === null) continue;
    const dims = type.dims.map((d) => (typeof d === 'number' ? d : d === model.rows ? rows : 3));
    const field = model.fields.find((f) => f.role === 'input' && f.value === value);
    const categories = field?.categories ?? [];
    const count = countOf(dims);
    const pick = (i: number): string | number | boolean => {
      const category = categories[i % (categories.length + 1)];
      if (type.dtype === 'string') return category === undefined ? 'unheard of' : String(category);
      if (type.dtype === 'bool') return i % 3 === 0;
      return typeof category === 'number' ? category : (numbers[i % numbers.length] as number);
    };
    const data = columnOf(
      type.dtype,
      Array.from({ length: count }, (_, i) => pick(i)),
    );
    const missing =
      type.absent === 'missing'
        ? Uint8Array.from({ length: count }, (_, i) => Number(i % 4 === 3))
        : undefined;
    inputs.set(name, tensor(type.dtype, dims, data, missing));
  }
  return inputs;
};
