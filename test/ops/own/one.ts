/** One operator on a few elements: what tests of our own operators are written in. */
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import {
  type Attribute,
  type Dim,
  type Model,
  OWN,
  type Region,
  tensorType,
  type Value,
} from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { operators } from '../../../src/ops/registry.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { columnOf, type Tensor, tensor } from '../../../src/tensor/tensor.ts';

export type Cell = number | bigint | string | boolean | null;

/** Elements of a shape; null is missing, and where one is null the type says that elements may be. */
export interface Given {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly cells: readonly Cell[];
}

/** A column `[N, 1]`. */
export const column = (dtype: DType, ...cells: Cell[]): Given => ({ dtype, dims: [cells.length, 1], cells });

/** Rows `[N, K]`. */
export const table = (dtype: DType, ...rows: Cell[][]): Given => ({
  dtype,
  dims: [rows.length, rows[0]?.length ?? 0],
  cells: rows.flat(),
});

/** Fixed elements without rows. */
export const fixed = (dtype: DType, ...cells: Cell[]): Given => ({ dtype, dims: [cells.length], cells });

const tensorOf = ({ dtype, dims, cells }: Given): Tensor => {
  const zero = dtype === 'string' ? '' : 0;
  return tensor(
    dtype,
    dims,
    columnOf(
      dtype,
      cells.map((c) => c ?? zero),
    ),
    cells.includes(null) ? Uint8Array.from(cells, (c) => Number(c === null)) : undefined,
  );
};

const cellsOf = (t: Tensor): Cell[] =>
  Array.from({ length: t.data.length }, (_, i) => (t.missing?.[i] ? null : (t.data[i] as Cell)));

/** What is under missing elements, all of which must be the dtype's zero. */
const underMissing = (t: Tensor): Cell[] =>
  Array.from({ length: t.data.length }, (_, i) => t.data[i] as Cell).filter((_, i) => t.missing?.[i]);

export interface Done {
  readonly types: readonly string[];
  readonly dims: readonly (readonly number[])[];
  readonly cells: readonly (readonly Cell[])[];
}

export interface Call {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly outputs?: number;
  /** The attribute `body`, made from the inputs. */
  readonly body?: (b: Builder, inputs: readonly Value[]) => Region;
}

/** Builds and evaluates the operator; `null` leaves an input out. */
export const use = (name: string, inputs: readonly (Given | null)[], call: Call = {}): Done => {
  const b = new Builder(operators);
  const values = inputs.map((g, i) => {
    if (!g) return null;
    const dims: Dim[] = g.dims.length > 1 ? ['N', ...g.dims.slice(1)] : [...g.dims];
    return b.input(`x${i}`, tensorType(g.dtype, dims, g.cells.includes(null) ? 'missing' : 'never'));
  });
  const seen = values.filter((v): v is Value => v !== null);
  const body = call.body?.(b.inner(), seen);
  const outputs = b
    .call([OWN, name], body ? values.slice(0, 1) : values, {
      attributes: { ...call.attributes, ...(body && { body: { kind: 'region', region: body } }) },
      outputs: Array.from({ length: call.outputs ?? body?.results.length ?? 1 }, (_, i) => `y${i}`),
    })
    .filter((v): v is Value => v !== null);
  const model: Model = {
    format: 'test',
    version: '',
    name: '',
    graph: b.finish(outputs),
    rows: 'N',
    fields: [],
    templates: [],
    opsets: new Map(),
    profile: '',
    metadata: new Map(),
    extra: new Map(),
  };
  const given = new Map<string, Tensor>();
  inputs.forEach((g, i) => {
    if (g) given.set(`x${i}`, tensorOf(g));
  });
  const results = evaluator(model).run(given);
  const tensors = outputs.map((v) => results.get(v.name) as Tensor);
  for (const t of tensors) {
    const zero = t.dtype === 'string' ? '' : t.data instanceof BigInt64Array ? 0n : 0;
    if (underMissing(t).some((c) => c !== zero)) throw new Error('a missing element is not zero underneath');
  }
  return {
    types: outputs.map((v) => formatType(v.type)),
    dims: tensors.map((t) => t.dims),
    cells: tensors.map(cellsOf),
  };
};

/** The one result of an operator. */
export const cells = (name: string, inputs: readonly (Given | null)[], call: Call = {}): readonly Cell[] =>
  use(name, inputs, call).cells[0] as readonly Cell[];

/** Rule and message of the refusal. */
export const refusal = (f: () => unknown): string => {
  try {
    f();
  } catch (e) {
    if (e instanceof PortolanError) return `${e.diagnostic.rule}: ${e.diagnostic.message}`;
    throw e;
  }
  return 'nothing is refused';
};
