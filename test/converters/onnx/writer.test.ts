import { createHash } from 'node:crypto';
import onnxProto from 'onnx-proto';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { writer } from '../../../converters/onnx/writer.ts';
import { memorySource, openSource } from '../../../src/files/source.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import type { WriteOptions } from '../../../src/ir/converter.ts';
import { type Field, type Model, OWN, tensorType, type Value } from '../../../src/ir/model.ts';
import { operators } from '../../../src/ops/registry.ts';
import { constant } from '../../../src/tensor/data.ts';
import {
  bytesOf,
  type Fields,
  fixtureFile,
  fixtures,
  floats,
  ModelProto,
  model,
  node,
  read,
  refusal,
  value,
} from './models.ts';

const written = (m: Model, options: WriteOptions = {}): Uint8Array => {
  const { files } = writer.write(m, options);
  expect(files.map((f) => f.suffix)).toEqual(['']);
  return Buffer.concat([...(files[0]?.chunks() ?? [])]);
};

const ownOpset = (m: Model): WriteOptions => {
  const opset = m.opsets.get('');
  return opset === undefined ? {} : { opset };
};

/** As protobufjs reads it, without what we add to the metadata; 64-bit numbers as numbers. */
const seen = (bytes: Uint8Array): Fields => {
  const { metadata_props = [], ...rest } = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number });
  const entries = (metadata_props as { key: string }[]).filter((p) => !p.key.startsWith('portolan.'));
  return entries.length > 0 ? { ...rest, metadata_props: entries } : rest;
};

/** What may differ without meaning anything: a default domain written out, empty lists, IR version 3. */
const normal = (x: unknown): unknown => {
  if (x instanceof Uint8Array) return Buffer.from(x).toString('hex');
  if (Array.isArray(x)) return x.map(normal);
  if (typeof x !== 'object' || x === null) return x;
  return Object.fromEntries(
    Object.entries(x)
      .filter(([k, v]) => !(k === 'domain' && v === '') && !(Array.isArray(v) && v.length === 0))
      .map(([k, v]) => [k, normal(v)]),
  );
};

describe('a model written to its own opset is the same model', () => {
  const same = ['cnn', 'mlp', 'dtypes'] as const;

  test.each(same)('%s', (name) => {
    const file = openSource(fixtureFile(`${name}/model.onnx`));
    const { model: m } = reader.read(file);
    expect(normal(seen(written(m, ownOpset(m))))).toEqual(normal(seen(file.read(0, file.size))));
  });

  test.each(['sklearn-random-forest', 'lightgbm-classifier', 'sklearn-scaler-mlp'] as const)(
    '%s, but for its ZipMap',
    (name) => {
      const file = openSource(fixtureFile(`${name}/model.onnx`));
      const { model: m } = reader.read(file);
      const before = seen(file.read(0, file.size)) as { graph: { node: { op_type: string }[] } };
      const after = seen(written(m, ownOpset(m))) as typeof before;
      expect(normal(after.graph.node)).toEqual(
        normal(before.graph.node.filter((n) => n.op_type !== 'ZipMap')),
      );
    },
  );

  test('everything beside the graph is kept', () => {
    const kept = {
      ir_version: 13,
      producer_name: 'somebody',
      producer_version: '1.2',
      domain: 'org.example',
      model_version: 7,
      doc_string: 'what it is',
      metadata_props: [{ key: 'author', value: 'me' }],
      training_info: [
        {
          initialization: { name: 'i', node: [node('Identity', ['W'], ['R'])] },
          initialization_binding: [{ key: 'W', value: 'R' }],
        },
      ],
      configuration: [{ name: 'two', num_devices: 2, device: ['a', 'b'] }],
    };
    const graph = {
      doc_string: 'the graph',
      metadata_props: [{ key: 'g', value: '1' }],
      quantization_annotation: [
        { tensor_name: 'W', quant_parameter_tensor_names: [{ key: 'SCALE_TENSOR', value: 'S' }] },
      ],
      value_info: [{ ...value('h'), doc_string: 'inside', metadata_props: [{ key: 'v', value: '2' }] }],
      input: [{ ...value('X'), doc_string: 'the input' }],
      initializer: [
        { ...floats('W', [2], [1, 2]), doc_string: 'weights', metadata_props: [{ key: 't', value: '3' }] },
      ],
      node: [
        node('Add', ['X', 'W'], ['h'], {
          doc_string: 'adds',
          metadata_props: [{ key: 'n', value: '4' }],
          device_configurations: [
            {
              configuration_id: 'two',
              sharding_spec: [
                {
                  tensor_name: 'X',
                  device: [0, 1],
                  sharded_dim: [{ axis: 0, simple_sharding: [{ dim_param: 'N', num_shards: 2 }] }],
                },
              ],
            },
          ],
        }),
        node('LeakyRelu', ['h'], ['Y'], {
          attribute: [{ name: 'alpha', type: 1, f: 0.25, doc_string: 'slope' }],
        }),
      ],
    };
    const content = bytesOf(model(graph, kept));
    expect(normal(seen(written(read(content).model, { opset: 21 })))).toEqual(normal(seen(content)));
  });

  test('fields that nobody knows are written back where they stood', () => {
    const newer = Uint8Array.from([...bytesOf(model()), 0x9a, 0x06, 0x02, 0x68, 0x69]);
    const bytes = written(read(newer).model, { opset: 21 });
    expect([...bytes.subarray(-5)]).toEqual([0x9a, 0x06, 0x02, 0x68, 0x69]);
  });

  test('bodies that read what is around them', () => {
    const branch = (name: string, op: string) => ({
      name,
      doc_string: `${name} it is`,
      node: [node(op, ['X', 'W'], [`${name}_out`])],
      output: [value(`${name}_out`)],
    });
    const content = bytesOf(
      model({
        input: [value('X'), value('c', 9, [])],
        initializer: [floats('W', [2], [1, 2])],
        node: [
          node('If', ['c'], ['Y'], {
            attribute: [
              { name: 'then_branch', type: 5, g: branch('then', 'Add') },
              { name: 'else_branch', type: 5, g: branch('else', 'Mul') },
            ],
          }),
        ],
      }),
    );
    const { model: m } = read(content);
    const [body] = [...(m.graph.nodes[0]?.attributes.values() ?? [])];
    expect(body?.kind === 'region' && body.region.captures.map((v) => v.name)).toEqual(['X', 'W']);
    expect(normal(seen(written(m, { opset: 21 })))).toEqual(normal(seen(content)));
  });
});

describe('every fixture', () => {
  test.each(fixtures)('%s: the same bytes each time, and from what was written', (name) => {
    const { model: m } = reader.read(openSource(fixtureFile(`${name}/model.onnx`)));
    const first = written(m, ownOpset(m));
    expect(Buffer.compare(written(m, ownOpset(m)), first)).toBe(0);
    const again = reader.read(memorySource('again.onnx', first)).model;
    expect(Buffer.compare(written(again, ownOpset(again)), first)).toBe(0);
  });

  test.each(fixtures)('%s: fields are read back as they were', (name) => {
    const { model: m } = reader.read(openSource(fixtureFile(`${name}/model.onnx`)));
    const again = reader.read(memorySource('again.onnx', written(m, ownOpset(m)))).model;
    const shown = ({ value: v, ...f }: Field) => ({ ...f, value: v.name });
    expect(again.fields.map(shown)).toEqual(m.fields.map(shown));
  });

  test('onnx-proto reads what is written', () => {
    const { model: m } = reader.read(openSource(fixtureFile('cnn/model.onnx')));
    const theirs = onnxProto.onnx.ModelProto.decode(written(m));
    expect(theirs.graph?.node?.map((n) => n.opType)).toEqual([
      'Conv',
      'Relu',
      'MaxPool',
      'Flatten',
      'Gemm',
      'Softmax',
    ]);
    expect(Number(theirs.irVersion)).toBe(10);
    expect(theirs.opsetImport?.map((o) => [o.domain ?? '', Number(o.version)])).toEqual([['', 21]]);
  });
});

/** The bytes of the graph: field 7 of the model. */
const graphOf = (bytes: Uint8Array): Uint8Array => {
  const r = protobuf.Reader.create(bytes);
  while (r.pos < r.len) {
    const tag = r.uint32();
    if (tag === 0x3a) return r.bytes();
    r.skipType(tag & 7);
  }
  return expect.unreachable('there is no graph');
};

/** A model by hand: names with fields, an output that is an input, one constant as output, one value under two names. */
const byHand = (): Model => {
  const b = new Builder(operators);
  const age = b.input('field_1', tensorType('float64', ['N', 1], 'missing'));
  const town = b.input('field_2', tensorType('string', ['N', 1], 'missing'));
  const filled = b.op([OWN, 'Fill'], [age, b.constant(constant('float64', [0], []))]);
  const sum = b.op('Add', [filled, filled]);
  const masked = b.op([OWN, 'Mask'], [sum, b.op([OWN, 'IsMissing'], [age])]);
  const input = (name: string, v: Value, more: Partial<Field>): Field => ({
    name,
    role: 'input',
    value: v,
    optype: 'continuous',
    ...more,
  });
  return {
    format: 'PMML',
    version: '4.4',
    name: 'by hand',
    graph: b.finish([masked, town]),
    rows: 'N',
    fields: [
      input('age', age, { intervals: [{ low: 0, high: Infinity, closure: 'co' }], missing: ['-1'] }),
      input('town', town, { optype: 'categorical', categories: ['Ulm', 'Graz'], logical: 'string' }),
      { name: 'twice', role: 'output', value: masked, optype: 'continuous', says: 'prediction' },
      { name: 'also', role: 'output', value: masked, optype: 'continuous', says: 'other' },
      { name: 'echo', role: 'output', value: town, optype: 'categorical', says: 'other' },
    ],
    templates: [],
    opsets: new Map(),
    profile: 'PMML',
    metadata: new Map([['copyright', 'nobody']]),
    extra: new Map(),
  };
};

describe('a model of another format', () => {
  test('has its fields as inputs and outputs, [N, 1] each, plain', () => {
    const { model: m } = read(written(byHand()));
    expect(m.graph.params.map((p) => [p.name, p.type])).toEqual([
      ['age', tensorType('float64', ['N', 1])],
      ['town', tensorType('string', ['N', 1])],
    ]);
    expect(m.graph.results.map((r) => [r.name, r.type])).toEqual([
      ['twice', tensorType('float64', ['N', 1])],
      ['also', tensorType('float64', ['N', 1])],
      ['echo', tensorType('string', ['N', 1])],
    ]);
  });

  test('carries its fields in full', () => {
    const { model: m } = read(written(byHand()));
    const shown = ({ value: v, ...f }: Field) => ({ ...f, value: v.name });
    expect(m.fields.map(shown)).toEqual([
      {
        name: 'age',
        role: 'input',
        value: 'age',
        optype: 'continuous',
        intervals: [{ low: 0, high: Infinity, closure: 'co' }],
        missing: ['-1'],
      },
      {
        name: 'town',
        role: 'input',
        value: 'town',
        optype: 'categorical',
        categories: ['Ulm', 'Graz'],
        logical: 'string',
      },
      { name: 'twice', role: 'output', value: 'twice', optype: 'continuous', says: 'prediction' },
      { name: 'also', role: 'output', value: 'also', optype: 'continuous', says: 'other' },
      { name: 'echo', role: 'output', value: 'echo', optype: 'categorical', says: 'other' },
    ]);
  });

  test('says where it came from, and what its graph hashes to', () => {
    const bytes = written(byHand(), { sourceDigest: 'ab'.repeat(32) });
    const { metadata_props, graph } = ModelProto.toObject(ModelProto.decode(bytes)) as {
      metadata_props: { key: string; value: string }[];
      graph: Fields;
    };
    const said = new Map(metadata_props.map((p) => [p.key, p.value]));
    expect([...said.keys()]).toEqual(['copyright', 'portolan.source', 'portolan.fields', 'portolan.hash']);
    expect(JSON.parse(said.get('portolan.source') ?? '')).toEqual({
      format: 'PMML',
      version: '4.4',
      sha256: 'ab'.repeat(32),
    });
    const absent = (JSON.parse(said.get('portolan.fields') ?? '') as { name: string; absent?: string }[]).map(
      (f) => f.absent,
    );
    expect(absent).toEqual(['NaN', '', 'NaN', 'NaN', '']);
    expect(said.get('portolan.hash')).toBe(createHash('sha256').update(graphOf(bytes)).digest('hex'));
    expect(graph.name).toBe('by hand');
  });

  test('in float32 has float32 inputs and outputs, and says what that loses', () => {
    const { diagnostics, files, summary } = writer.write(byHand(), { precision: 'float32' });
    const { model: m } = read(Buffer.concat([...(files[0]?.chunks() ?? [])]));
    expect(m.graph.params.map((p) => [p.name, p.type])).toEqual([
      ['age', tensorType('float32', ['N', 1])],
      ['town', tensorType('string', ['N', 1])],
    ]);
    expect(m.fields.map((f) => f.name)).toEqual(['age', 'town', 'twice', 'also', 'echo']);
    expect(new Set(diagnostics.map((d) => d.severity))).toEqual(new Set(['loss']));
    expect(summary).toBe('ONNX opset 21 · float32');
    expect(writer.write(byHand(), {}).summary).toBe('ONNX opset 21 · float64');
  });

  test.each([
    [21, 10],
    [20, 9],
    [17, 8],
    [13, 7],
    [26, 13],
  ])('at opset %i has IR version %i', (opset, ir) => {
    const { ir_version, opset_import } = seen(written(byHand(), { opset })) as Fields;
    expect(ir_version).toBe(ir);
    expect(opset_import).toEqual([{ domain: '', version: opset }]);
  });

  test.each([0, 6, 29, 21.5])('at opset %d is refused', (opset) => {
    expect(refusal(() => writer.write(byHand(), { opset })).rule).toBe('onnx/opset');
  });
});

test('metadata that is not what this tool writes is left aside', () => {
  for (const json of [
    '{',
    '[1]',
    '{"a":1}',
    '[{"name":"x","role":"input","value":"Z","optype":"continuous"}]',
    '[{"name":"x","role":"input","value":"X","optype":"continuous","column":2}]',
  ]) {
    const { model: m, diagnostics } = read(
      model({}, { metadata_props: [{ key: 'portolan.fields', value: json }] }),
    );
    expect(diagnostics.map((d) => [d.rule, d.severity])).toEqual([['onnx/metadata', 'warning']]);
    expect(m.fields.map((f) => f.name)).toEqual(['X_0', 'X_1', 'Y_0', 'Y_1']);
  }
});

/** Any operator may have bodies as far as writing goes. */
const identity = { domain: '', name: 'Identity', since: 21 };

test('names that clash between a body and what is around it are told apart', () => {
  const b = new Builder(operators);
  const x = b.input('X', tensorType('float32', ['N', 2]));
  const body = (op: string) => {
    const inner = b.inner();
    return inner.finish([inner.op({ domain: '', name: op, since: 14 }, [x, x], {}, { output: 'same' })]);
  };
  const y = b.op(
    identity,
    [x],
    { then_branch: attr.region(body('Add')), else_branch: attr.region(body('Mul')) },
    { output: 'same' },
  );
  const m: Model = { ...byHand(), graph: b.finish([y]), fields: [] };
  const { graph } = seen(written(m)) as {
    graph: { node: { output: string[]; attribute: { g: { output: { name: string }[] } }[] }[] };
  };
  const [outer] = graph.node;
  const inner = outer?.attribute.map((a) => a.g.output[0]?.name);
  expect(outer?.output).toEqual(['same']);
  expect(new Set([...(inner ?? []), 'same']).size).toBe(3);
});

test('a result of a body that lies outside of it goes through Identity', () => {
  const b = new Builder(operators);
  const x = b.input('X', tensorType('float32', ['N', 2]));
  const branch = () => b.inner().finish([x]);
  const y = b.op(identity, [x], { then_branch: attr.region(branch()), else_branch: attr.region(branch()) });
  const { graph } = seen(written({ ...byHand(), graph: b.finish([y]), fields: [] })) as {
    graph: { node: { attribute: { g: { node: { op_type: string }[] } }[] }[] };
  };
  expect(graph.node[0]?.attribute.map((a) => a.g.node.map((n) => n.op_type))).toEqual([
    ['Identity'],
    ['Identity'],
  ]);
});
