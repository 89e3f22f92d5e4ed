/** Matching two sides: inputs and outputs by name, then as the user maps them. */

import type { Field, Value } from '../ir/model.ts';
import { shapeOfRows } from '../rows/bind.ts';
import { column, type DType, dtypeInfo, isBig } from '../tensor/dtype.ts';
import { rounder } from '../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../tensor/tensor.ts';

export interface Matched {
  /** Input fields of b with the field of a that feeds each. */
  readonly inputs: readonly { readonly a: Field; readonly b: Field }[];
  readonly outputs: readonly { readonly a: Field; readonly b: Field }[];
  /** What stands on one side only, in words. */
  readonly unmatched: readonly string[];
}

/** `map` leads from a name on one side to a name on the other, either way round. */
export const match = (
  a: readonly Field[],
  b: readonly Field[],
  map: ReadonlyMap<string, string> = new Map(),
): Matched => {
  const back = new Map([...map].map(([x, y]) => [y, x]));
  const unmatched: string[] = [];
  const pairs = (role: Field['role']) => {
    const left = a.filter((f) => f.role === role);
    const right = b.filter((f) => f.role === role);
    const byName = new Map(right.map((f) => [f.name, f]));
    const used = new Set<Field>();
    const found: { a: Field; b: Field }[] = [];
    for (const f of left) {
      const other =
        byName.get(map.get(f.name) ?? '') ?? byName.get(back.get(f.name) ?? '') ?? byName.get(f.name);
      if (other && !used.has(other)) {
        used.add(other);
        found.push({ a: f, b: other });
      } else unmatched.push(`${role} '${f.name}' only on the first side`);
    }
    for (const f of right) if (!used.has(f)) unmatched.push(`${role} '${f.name}' only on the second side`);
    return found;
  };
  return { inputs: pairs('input'), outputs: pairs('output'), unmatched };
};

/**
 * The second side's input tensors from the first side's: column by column, in the second side's dtypes; where it takes
 * no missing values, NaN and `""` stand for them.
 */
export const feed = (
  tensors: ReadonlyMap<string, Tensor>,
  inputs: Matched['inputs'],
): Map<string, Tensor> => {
  const groups = new Map<Value, { a: Field; b: Field }[]>();
  for (const pair of inputs) {
    const group = groups.get(pair.b.value);
    if (group) group.push(pair);
    else groups.set(pair.b.value, [pair]);
  }
  const out = new Map<string, Tensor>();
  for (const [value, pairs] of groups) {
    const [first] = pairs;
    if (value.type.kind !== 'tensor' || !first) continue;
    const { dtype, dims, absent } = value.type;
    const source = tensors.get(first.a.value.name);
    if (!source) continue;
    const rows = source.dims[0] ?? 1;
    if (pairs.length === 1 && first.b.column === undefined && first.a.column === undefined) {
      out.set(value.name, converted(source, dtype, absent === 'missing', dims));
      continue;
    }
    const width = Math.max(...pairs.map((p) => p.b.column ?? 0)) + 1;
    const whole = { data: column(dtype, rows * width), missing: new Uint8Array(rows * width) };
    for (const { a, b } of pairs) {
      const t = tensors.get(a.value.name);
      if (!t) continue;
      const from = converted(t, dtype, absent === 'missing', null);
      const step = countOf(t.dims.slice(1));
      for (let i = 0; i < rows; i++) {
        const k = i * width + (b.column ?? 0);
        (whole.data as unknown[])[k] = from.data[i * step + (a.column ?? 0)];
        if (from.missing?.[i * step + (a.column ?? 0)]) whole.missing[k] = 1;
      }
    }
    const shape = shapeOfRows(value.type, rows, width);
    out.set(
      value.name,
      tensor(dtype, shape, whole.data, whole.missing.includes(1) ? whole.missing : undefined),
    );
  }
  return out;
};

const converted = (
  t: Tensor,
  dtype: DType,
  keepsMissing: boolean,
  dims: readonly (number | string | null)[] | null,
): Tensor => {
  const rank = dims?.length;
  const shape =
    rank === 1 && t.dims.length === 2
      ? [t.dims[0] as number]
      : rank === 2 && t.dims.length === 1
        ? [t.dims[0] as number, 1]
        : t.dims;
  if (t.dtype === dtype && (keepsMissing || !t.missing)) return tensor(dtype, shape, t.data, t.missing);
  const data = column(dtype, t.data.length);
  const round = rounder(dtype);
  const gap: string | number | bigint =
    dtype === 'string' ? '' : dtypeInfo(dtype).kind === 'float' ? Number.NaN : isBig(dtype) ? 0n : 0;
  for (let i = 0; i < t.data.length; i++) {
    const x = t.data[i] as string | number | bigint;
    (data as unknown[])[i] = t.missing?.[i]
      ? gap
      : dtype === 'string'
        ? String(x)
        : isBig(dtype)
          ? BigInt(x)
          : round(Number(x));
  }
  return tensor(dtype, shape, data, keepsMissing ? t.missing : undefined);
};
