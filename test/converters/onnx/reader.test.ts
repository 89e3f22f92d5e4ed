import { describe, expect, test } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { openSource } from '../../../src/files/source.ts';
import type { Field, Model } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { check } from '../../../src/ir/verifier.ts';
import { tensorOf } from '../../../src/tensor/tensor.ts';
import {
  bytesOf,
  type Fields,
  fixture,
  fixtureFile,
  fixtures,
  floats,
  model,
  node,
  read,
  value,
} from './models.ts';

const names = (m: Model, role: Field['role']) => m.fields.filter((f) => f.role === role).map((f) => f.name);

describe('what Python wrote', () => {
  test.each(fixtures)('%s is a sound graph', (name) => {
    const { model: m, diagnostics } = reader.read(openSource(fixtureFile(`${name}/model.onnx`)));
    expect(check(m)).toEqual([]);
    expect(diagnostics).toEqual([]);
    expect(m.format).toBe('ONNX');
  });

  test.each(fixtures)('%s is detected by its bytes alone', (name) => {
    expect(reader.detect(fixture(`${name}/model.onnx`).subarray(0, 4096), 'model')).toBe(true);
  });

  test('a forest: columns of the input, the labels of ZipMap, versions', () => {
    const { model: m } = read(fixture('sklearn-random-forest/model.onnx'));
    expect(m.version).toBe('opset 18, ai.onnx.ml 1');
    expect(names(m, 'input')).toEqual(['X_0', 'X_1', 'X_2', 'X_3']);
    expect(
      m.fields
        .filter((f) => f.role === 'output')
        .map(({ name, says, label, column, optype }) => ({ name, says, label, column, optype })),
    ).toEqual([
      {
        name: 'output_label',
        says: 'prediction',
        label: undefined,
        column: undefined,
        optype: 'categorical',
      },
      { name: 'probability(high)', says: 'probability', label: 'high', column: 0, optype: 'continuous' },
      { name: 'probability(low)', says: 'probability', label: 'low', column: 1, optype: 'continuous' },
      { name: 'probability(middle)', says: 'probability', label: 'middle', column: 2, optype: 'continuous' },
    ]);
    expect(m.graph.nodes.map((n) => n.op.name)).not.toContain('ZipMap');
    // skl2onnx leaves the extent of axis 0 out: it is rows.
    expect(m.rows).toBe('N');
    expect(m.graph.params.map((p) => formatType(p.type))).toEqual(['float32[N, 4]']);
    expect(m.metadata.get('producer')).toBe('skl2onnx 1.20.0');
  });

  test('a classifier without ZipMap names the columns of its softmax', () => {
    const { model: m } = read(fixture('xgboost-classifier/model.onnx'));
    expect(names(m, 'output')).toEqual(['label', 'probability(0)', 'probability(1)', 'probability(2)']);
  });

  test('a network: one field a pixel, weights left where they are', () => {
    const { model: m } = read(fixture('cnn/model.onnx'));
    expect(m.rows).toBe('batch');
    expect(names(m, 'input')).toHaveLength(36);
    expect(names(m, 'output')).toEqual(['Y_0', 'Y_1', 'Y_2']);
    expect(m.graph.parameters.map((p) => p.role)).toEqual(['constant', 'constant', 'constant', 'constant']);
  });

  test('functions stand where they are called, under the names of the caller', () => {
    const { model: m } = read(fixture('functions/model.onnx'));
    expect(m.graph.nodes.map((n) => n.op.name)).toEqual([
      'Add',
      'LeakyRelu',
      'Mul',
      'Add',
      'LeakyRelu',
      'Mul',
    ]);
    const alphas = m.graph.nodes.flatMap((n) => n.attributes.get('alpha') ?? []);
    expect(alphas).toEqual([
      { kind: 'float', value: 0.25 },
      { kind: 'float', value: 0.5 },
    ]);
    expect(m.graph.results.map((r) => r.name)).toEqual(['Y']);
  });
});

describe('rows', () => {
  const rowsOf = (...dims: (number | string | null)[][]) => {
    const input = dims.map((d, i) => value(`X${i}`, 1, d));
    const m = read(
      model({ input, node: [node('Identity', ['X0'], ['Y'])], output: [value('Y', 1, dims[0] ?? [])] }),
    ).model;
    return [m.rows, ...m.graph.params.map((p) => formatType(p.type))];
  };

  test.each<[string, (number | string | null)[][], unknown[]]>([
    [
      'the symbol the inputs share',
      [
        ['batch', 2],
        ['batch', 3],
      ],
      ['batch', 'float32[batch, 2]', 'float32[batch, 3]'],
    ],
    ['an extent left out by all', [[null, 2], [null]], ['N', 'float32[N, 2]', 'float32[N]']],
    ['an extent left out, N being taken', [[null, 'N']], ['N1', 'float32[N1, N]']],
    ['beside an input of fixed extent', [['n', 2], [7]], ['n', 'float32[n, 2]', 'float32[7]']],
    ['none where the extent is fixed', [[1, 2]], [null, 'float32[1, 2]']],
    [
      'none where symbols differ',
      [
        ['a', 2],
        ['b', 2],
      ],
      [null, 'float32[a, 2]', 'float32[b, 2]'],
    ],
    [
      'none where some are left out',
      [
        ['a', 2],
        [null, 2],
      ],
      [null, 'float32[a, 2]', 'float32[?, 2]'],
    ],
    ['none of a scalar', [[]], [null, 'float32[]']],
    ['a negative extent is one left out', [[-1, 2]], ['N', 'float32[N, 2]']],
  ])('%s', (_, dims, expected) => {
    expect(rowsOf(...dims)).toEqual(expected);
  });
});

describe('inputs and initializers', () => {
  const graph = {
    input: [value('X'), value('W', 1, [2])],
    initializer: [floats('W', [2], [10, 20])],
    node: [node('Add', ['X', 'W'], ['Y'])],
  };
  const x = tensorOf('float32', [1, 2], [1, 2]);

  test('an initializer that is an input is its default', () => {
    const { model: m } = read(model(graph));
    expect(m.graph.params.map((p) => p.name)).toEqual(['X', 'W']);
    expect(m.graph.parameters.map((p) => [p.value.name, p.role])).toEqual([['W', 'default']]);
    expect(names(m, 'input')).toEqual(['X_0', 'X_1']);
  });

  test('before IR version 4 it is a constant: it could not be given', () => {
    const { model: m } = read(model(graph, { ir_version: 3, opset_import: [{ version: 8 }] }));
    expect(m.graph.params.map((p) => p.name)).toEqual(['X']);
    expect(m.graph.parameters.map((p) => [p.value.name, p.role])).toEqual([['W', 'constant']]);
    expect([
      ...(evaluator(m)
        .run(new Map([['X', x]]))
        .get('Y')?.data ?? []),
    ]).toEqual([11, 22]);
  });

  test('a sparse initializer stands for a dense one', () => {
    const sparse = {
      values: { name: 'W', dims: [1], data_type: 1, float_data: [20] },
      indices: { dims: [1], data_type: 7, int64_data: [1] },
      dims: [2],
    };
    const { model: m } = read(
      model({ ...graph, input: [value('X')], initializer: [], sparse_initializer: [sparse] }),
    );
    expect([
      ...(evaluator(m)
        .run(new Map([['X', x]]))
        .get('Y')?.data ?? []),
    ]).toEqual([1, 22]);
  });
});

test('names that mean something to JavaScript are names like others', () => {
  const content = model({
    input: [value('__proto__')],
    node: [node('Identity', ['__proto__'], ['constructor']), node('Identity', ['constructor'], ['toString'])],
    output: [value('toString')],
  });
  const { model: m } = read(content);
  expect(names(m, 'input')).toEqual(['__proto___0', '__proto___1']);
  const out = evaluator(m).run(new Map([['__proto__', tensorOf('float32', [1, 2], [3, 4])]]));
  expect([...(out.get('toString')?.data ?? [])]).toEqual([3, 4]);
});

test('a declared type that does not fit is left aside, with a warning', () => {
  const { model: m, diagnostics } = read(model({ output: [value('Y', 1, ['N', 3])] }));
  expect(diagnostics.map((d) => [d.rule, d.severity, d.at?.at])).toEqual([
    ['onnx/declared-type', 'warning', "node 'Identity Y' (Identity)"],
  ]);
  expect(m.graph.results.map((r) => formatType(r.type))).toEqual(['float32[N, 2]']);
});

test('fields newer than the schema are noted', () => {
  const bytes = bytesOf(model());
  const newer = Uint8Array.from([...bytes, 0x9a, 0x06, 0x02, 0x68, 0x69]);
  expect(read(bytes).diagnostics).toEqual([]);
  expect(read(newer).diagnostics.map((d) => [d.rule, d.severity])).toEqual([['onnx/unknown-field', 'note']]);
});

describe('ZipMap', () => {
  const zipped = (zip: Fields, columns = 2): Fields =>
    model(
      {
        node: [
          node('Identity', ['X'], ['scores']),
          node('ZipMap', ['scores'], ['maps'], { domain: 'ai.onnx.ml', attribute: [zip] }),
        ],
        input: [value('X', 1, ['N', columns])],
        output: [
          {
            name: 'maps',
            type: {
              sequence_type: { elem_type: { map_type: { key_type: 7, value_type: value('', 1, []).type } } },
            },
          },
        ],
      },
      { opset_import: [{ version: 21 }, { domain: 'ai.onnx.ml', version: 1 }] },
    );

  test('with numbers as labels', () => {
    const { model: m } = read(zipped({ name: 'classlabels_int64s', type: 7, ints: [7, -1] }));
    expect(names(m, 'output')).toEqual(['probability(7)', 'probability(-1)']);
    expect(m.graph.nodes).toHaveLength(1);
  });

  test('that does not fit its columns is refused', () => {
    expect(() => read(zipped({ name: 'classlabels_int64s', type: 7, ints: [1, 2, 3] }))).toThrow(
      '3 labels to 2',
    );
    expect(() => read(zipped({ name: 'classlabels_int64s', type: 7, ints: [1, 1] }))).toThrow('one twice');
  });
});

test('other files are not taken for ONNX', () => {
  const encode = (s: string) => new TextEncoder().encode(s);
  for (const [head, name] of [
    [encode('<?xml version="1.0"?>'), 'm.onnx'],
    [encode('{"a":1}'), 'm.json'],
    [encode('PK\u0003\u0004'), 'm.zip'],
    [Uint8Array.from([0x80, 0x04, 0x95]), 'm.pkl'],
    [new Uint8Array(0), 'm.onnx'],
  ] as const) {
    expect(reader.detect(head, name)).toBe(false);
  }
});
