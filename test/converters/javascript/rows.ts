/** Rows for any model: around the numbers that the model itself holds, its categories, unseen ones, missing ones. */
import { seeded } from '../../../bench/forest.ts';
import type { Model, Region } from '../../../src/ir/model.ts';
import { isBig, isFloat } from '../../../src/tensor/dtype.ts';
import { nextDown64, nextUp64 } from '../../../src/tensor/float.ts';
import { columnOf, type Tensor, tensor } from '../../../src/tensor/tensor.ts';

/** Numbers and strings that predicates of the graph compare with. */
const literals = (region: Region, numbers: Set<number>, strings: Set<string>): void => {
  for (const n of region.nodes) {
    for (const a of n.attributes.values()) {
      if (a.kind === 'region') literals(a.region, numbers, strings);
      if (a.kind !== 'predicates') continue;
      const all = a.predicates.numbers;
      for (const x of all.read(0, all.count) as Float64Array) {
        for (const y of [x, nextUp64(x), nextDown64(x)]) numbers.add(y);
      }
      for (const s of a.predicates.strings) strings.add(s);
    }
  }
};

export const rowsFor = (model: Model, rows: number): ReadonlyMap<string, Tensor> => {
  const random = seeded(7);
  const numbers = new Set<number>([0, -0, 1, -1, 0.5, 10, 100, 1e6, Infinity, -Infinity]);
  const strings = new Set<string>(['unseen', '__proto__']);
  literals(model.graph, numbers, strings);
  const inputs = new Map<string, Tensor>();
  for (const v of model.graph.params) {
    if (v.type.kind !== 'tensor') continue;
    const { dtype, absent } = v.type;
    const field = model.fields.find((f) => f.role === 'input' && f.value === v);
    const own = new Set<number | string>(dtype === 'string' ? strings : numbers);
    for (const c of field?.categories ?? []) own.add(c);
    const pool = [...own].filter((x) => typeof x === (dtype === 'string' ? 'string' : 'number'));
    const missing = new Uint8Array(rows);
    const values = Array.from({ length: rows }, (_, i) => {
      if (absent === 'missing' && random() < 0.15) {
        missing[i] = 1;
        return dtype === 'string' ? '' : 0;
      }
      const x = pool[Math.floor(random() * pool.length)] as number | string;
      return isFloat(dtype) || dtype === 'string' ? x : Math.trunc(Number(x)) % 1000 || 0;
    });
    const data = columnOf(dtype, isBig(dtype) ? values.map((x) => BigInt(x)) : values);
    inputs.set(v.name, tensor(dtype, [rows, 1], data, absent === 'missing' ? missing : undefined));
  }
  return inputs;
};
