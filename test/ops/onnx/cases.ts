/** The standard's node cases (fixtures/onnx-node), made into models by the checked builder. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Attribute, type Dim, type Model, tensorType, type Value } from '../../../src/ir/model.ts';
import { operators, resolve } from '../../../src/ops/registry.ts';
import { dataOf } from '../../../src/tensor/data.ts';
import { column, type DType, dtypeInfo } from '../../../src/tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../../src/tensor/tensor.ts';

interface Frozen {
  readonly dtype: DType;
  readonly dims: readonly number[];
  readonly data?: string;
  readonly strings?: readonly string[];
}

type FrozenAttribute =
  | readonly ['int', number]
  | readonly ['ints', readonly number[]]
  | readonly ['float', string]
  | readonly ['floats', readonly string[]]
  | readonly ['string', string]
  | readonly ['strings', readonly string[]]
  | readonly ['data', Frozen];

export interface Case {
  readonly name: string;
  /** The release of onnx that it comes from. */
  readonly source: string;
  readonly opset: number;
  readonly nodes: readonly {
    readonly op: string;
    readonly in: readonly string[];
    readonly out: readonly string[];
    readonly attributes: Readonly<Record<string, FrozenAttribute>>;
  }[];
  readonly constants: Readonly<Record<string, Frozen>>;
  readonly in: Readonly<Record<string, Frozen>>;
  readonly out: Readonly<Record<string, Frozen>>;
}

export const readCases = (folder = 'onnx-node'): readonly Case[] =>
  gunzipSync(readFileSync(new URL(`../../../fixtures/${folder}/cases.jsonl.gz`, import.meta.url)))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Case);

export const thaw = (f: Frozen): Tensor => {
  if (f.strings) return tensor('string', f.dims, [...f.strings]);
  const data = column(f.dtype, countOf(f.dims));
  const bytes = Buffer.from(f.data ?? '', 'base64');
  if (Array.isArray(data) || bytes.length !== data.byteLength) throw new Error(`a broken ${f.dtype}`);
  new Uint8Array(data.buffer).set(bytes);
  return tensor(f.dtype, f.dims, data);
};

const attributeOf = (a: FrozenAttribute): Attribute => {
  switch (a[0]) {
    case 'int':
      return attr.int(a[1]);
    case 'ints':
      return attr.ints(a[1]);
    case 'float':
      return attr.float(number(a[1]));
    case 'floats':
      return attr.floats(a[1].map(number));
    case 'string':
      return attr.string(a[1]);
    case 'strings':
      return attr.strings(a[1]);
    case 'data':
      return attr.data(dataOf(thaw(a[1])));
  }
};

/** Python's spelling of a float. */
const number = (text: string): number =>
  text === 'inf' ? Infinity : text === '-inf' ? -Infinity : text === 'nan' ? Number.NaN : Number(text);

/**
 * The case as a model. `dims` chooses the declared shape of each input (default: as it is), `constant` which inputs
 * are constants instead.
 */
export const modelOf = (
  c: Case,
  dims: (name: string, of: readonly number[]) => readonly Dim[] = (_, of) => of,
  constant: (name: string) => boolean = () => false,
  rows: string | null = null,
): Model => {
  const b = new Builder(operators);
  const values = new Map<string, Value>();
  for (const [name, f] of Object.entries(c.in)) {
    const given = thaw(f);
    values.set(
      name,
      constant(name)
        ? b.parameter(name, dataOf(given))
        : b.input(name, tensorType(f.dtype, dims(name, f.dims))),
    );
  }
  for (const [name, f] of Object.entries(c.constants)) {
    if (!values.has(name)) values.set(name, b.parameter(name, dataOf(thaw(f))));
  }
  for (const n of c.nodes) {
    const id = resolve('', n.op, c.opset);
    if (!id) throw new Error(`${n.op} at opset ${c.opset} is not known`);
    const outputs = b.call(
      id,
      n.in.map((name) => (name === '' ? null : (values.get(name) as Value))),
      {
        attributes: Object.fromEntries(Object.entries(n.attributes).map(([k, a]) => [k, attributeOf(a)])),
        outputs: n.out.map((name) => (name === '' ? null : name)),
      },
    );
    n.out.forEach((name, i) => {
      if (outputs[i]) values.set(name, outputs[i] as Value);
    });
  }
  return {
    format: 'test',
    version: '',
    name: c.name,
    graph: b.finish(Object.keys(c.out).map((name) => values.get(name) as Value)),
    rows,
    fields: [],
    templates: [],
    opsets: new Map([['', c.opset]]),
    profile: 'ONNX',
    metadata: new Map(),
    extra: new Map(),
  };
};

/**
 * The first element where the tensors differ, in words; undefined where they agree. The tolerance is the standard's own
 * (rtol 1e-3, atol 1e-7) but for bfloat16, whose numbers lie up to 2^-7 apart: there it is two of them, since the
 * expected values were rounded once and the operators here round at every step.
 */
export const difference = (got: Tensor, wanted: Tensor): string | undefined => {
  const [rtol, atol] = [wanted.dtype === 'bfloat16' ? 2 ** -6 : 1e-3, 1e-7];
  if (got.dtype !== wanted.dtype) return `is ${got.dtype}, not ${wanted.dtype}`;
  if (got.dims.join() !== wanted.dims.join()) return `has shape [${got.dims}], not [${wanted.dims}]`;
  const { kind } = dtypeInfo(got.dtype);
  const close = (x: unknown, y: unknown): boolean => {
    if (kind !== 'float' && kind !== 'complex') return x === y;
    const [a, b] = [x as number, y as number];
    if (Number.isNaN(b)) return Number.isNaN(a);
    return a === b || Math.abs(a - b) <= atol + rtol * Math.abs(b);
  };
  for (let i = 0; i < wanted.data.length; i++) {
    if (!close(got.data[i], wanted.data[i])) return `element ${i} is ${got.data[i]}, not ${wanted.data[i]}`;
  }
  return undefined;
};
