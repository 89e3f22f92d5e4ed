/** A node, its inputs, its outputs; and the model of one node that they are held against. */
import { Builder } from '../../src/ir/builder.ts';
import { type Attribute, type Dim, type Model, tensorType } from '../../src/ir/model.ts';
import { operators, resolve } from '../../src/ops/registry.ts';
import { constant } from '../../src/tensor/data.ts';
import { type DType, isBig } from '../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';

/** NaN, the infinities, -0 and integers past 2^53 are spelled as strings, which JSON has no numbers for. */
export interface VectorTensor {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data: readonly (number | string)[];
}

export interface Vector {
  readonly name: string;
  readonly version: number;
  readonly attributes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** null: an optional input left out. */
  readonly inputs: readonly (VectorTensor | null)[];
  readonly outputs: readonly VectorTensor[];
}

export const tensorOfVector = ({ dtype, dims, data }: VectorTensor): Tensor =>
  tensorOf(
    dtype,
    dims,
    data.map((v) => (dtype === 'string' ? v : isBig(dtype) ? BigInt(v) : Number(v))),
  );

const attributeOf = (spelled: Readonly<Record<string, unknown>>): Attribute => {
  const [kind, value] = Object.entries(spelled)[0] as [string, never];
  switch (kind) {
    case 'int':
    case 'string':
      return { kind, value };
    case 'float':
      return { kind, value: Number(value) };
    case 'floats':
      return { kind, values: Float32Array.from(value, Number) };
    case 'ints':
      return { kind, values: Array.from(value, (v) => (typeof v === 'string' ? BigInt(v) : Number(v))) };
    case 'strings':
      return { kind, values: value };
    case 'data': {
      const t = tensorOfVector(value);
      return { kind, data: constant(t.dtype, t.data as ArrayLike<number>, t.dims) };
    }
    default:
      throw new Error(`no attribute kind ${kind}`);
  }
};

export interface Holding {
  /** Inputs that are constants of the model; the others are its inputs. */
  readonly constants?: readonly number[];
  /** Whether axis 0 of the inputs and outputs means rows: it is then a symbol to the model. */
  readonly rows?: boolean;
}

/** A model of just this node. Its inputs are X0, X1 …, its outputs Y0, Y1 …. */
export const modelOf = (domain: string, name: string, vector: Vector, holding: Holding = {}): Model => {
  const b = new Builder(operators);
  const { constants = [], rows = true } = holding;
  const inputs = vector.inputs.map((v, i) => {
    if (v === null) return null;
    if (constants.includes(i)) {
      const t = tensorOfVector(v);
      return b.parameter(`X${i}`, constant(t.dtype, t.data as ArrayLike<number>, t.dims));
    }
    const dims: Dim[] = rows ? ['N', ...v.dims.slice(1)] : [...v.dims];
    return b.input(`X${i}`, tensorType(v.dtype, dims));
  });
  const op = resolve(domain, name, vector.version);
  if (!op) throw new Error(`${name} ${vector.version} is not there`);
  const attributes = new Map(Object.entries(vector.attributes).map(([k, v]) => [k, attributeOf(v)]));
  const outputs = b.call(op, inputs, { attributes, outputs: vector.outputs.map((_, i) => `Y${i}`) });
  return {
    format: 'test',
    version: '',
    name: vector.name,
    graph: b.finish(outputs.filter((o) => o !== null)),
    rows: rows ? 'N' : null,
    fields: [],
    templates: [],
    opsets: new Map(),
    profile: 'onnxruntime',
    metadata: new Map(),
    extra: new Map(),
  };
};

/** The inputs of the model by name. */
export const inputsOf = (vector: Vector, { constants = [] }: Holding = {}): Map<string, Tensor> =>
  new Map(
    vector.inputs.flatMap((v, i) =>
      v === null || constants.includes(i) ? [] : [[`X${i}`, tensorOfVector(v)]],
    ),
  );
