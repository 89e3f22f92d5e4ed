import type { Snippet } from '../../src/ir/converter.ts';
import type { Field, Model, Value } from '../../src/ir/model.ts';

/** Names from the model stand in these programs as string literals only: JSON's spelling is valid in both languages. */
const literal = (x: string | number): string =>
  typeof x === 'number' && !Number.isFinite(x)
    ? '0'
    : JSON.stringify(x).replace(
        /[\u2028\u2029<]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
      );

/** A value that the field takes, to begin with. */
const example = (f: Field, dtype: string): string | number => {
  const [first] = f.categories ?? [];
  if (dtype === 'string') return typeof first === 'string' ? first : 'text';
  if (typeof first === 'number') return first;
  const [range] = f.intervals ?? [];
  if (range && Number.isFinite(range.low)) return range.low;
  return 0;
};

interface Feed {
  readonly name: string;
  readonly dtype: string;
  readonly dims: readonly number[];
  readonly values: readonly (string | number)[];
}

/** One row for every input tensor, its columns in order. */
const feeds = (model: Model): Feed[] => {
  const groups = new Map<Value, Field[]>();
  for (const f of model.fields) {
    if (f.role === 'input') groups.set(f.value, [...(groups.get(f.value) ?? []), f]);
  }
  return [...groups].map(([value, fields]) => {
    const { type } = value;
    const dtype = type.kind === 'tensor' ? type.dtype : 'float32';
    const dims = (type.kind === 'tensor' ? type.dims : null)?.map((d) => (typeof d === 'number' ? d : 1)) ?? [
      1, 1,
    ];
    const count = dims.reduce((n, d) => n * d, 1);
    const values = Array.from({ length: count }, (_, i) =>
      example(fields.find((f) => (f.column ?? 0) === i) ?? (fields[0] as Field), dtype),
    );
    return { name: value.name, dtype, dims, values };
  });
};

const python = (model: Model, file: string): string => {
  const lines = feeds(model).map(({ name, dtype, dims, values }) => {
    const type = dtype === 'string' ? 'object' : dtype === 'bool' ? 'bool' : `np.${dtype}`;
    const flat = values.length <= 64 ? `[${values.map(literal).join(', ')}]` : `[0] * ${values.length}`;
    return `    ${literal(name)}: np.array(${flat}, dtype=${type}).reshape(${dims.join(', ')}),`;
  });
  return `import numpy as np
import onnxruntime as ort

session = ort.InferenceSession(${literal(file)})
row = {
${lines.join('\n')}
}
for output, value in zip(session.get_outputs(), session.run(None, row)):
    print(output.name, value.tolist())`;
};

const arrays: Readonly<Record<string, string>> = {
  float64: 'Float64Array',
  float32: 'Float32Array',
  int64: 'BigInt64Array',
  int32: 'Int32Array',
  bool: 'Uint8Array',
};

const node = (model: Model, file: string): string => {
  const lines = feeds(model).map(({ name, dtype, dims, values }) => {
    const items =
      values.length <= 64 ? values.map((v) => `${literal(v)}${dtype === 'int64' ? 'n' : ''}`).join(', ') : '';
    const data =
      dtype === 'string'
        ? `[${items}]`
        : values.length <= 64
          ? `${arrays[dtype] ?? 'Float32Array'}.of(${items})`
          : `new ${arrays[dtype] ?? 'Float32Array'}(${values.length})`;
    return `  [${literal(name)}]: new Tensor('${dtype}', ${data}, [${dims.join(', ')}]),`;
  });
  return `import { InferenceSession, Tensor } from 'onnxruntime-node';

const session = await InferenceSession.create(${literal(file)});
const outputs = await session.run({
${lines.join('\n')}
});
for (const [name, { data }] of Object.entries(outputs)) console.log(name, data);`;
};

/** Python and Node programs that score one row with the artifact. */
export const snippets = (model: Model, file: string): readonly Snippet[] => [
  { language: 'python', code: python(model, file) },
  { language: 'javascript', code: node(model, file) },
];
