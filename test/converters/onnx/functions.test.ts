/** Local functions stand where they are called: with what the call gives, in their own opsets, in bodies and in each other. */
import { expect, test } from 'vitest';
import { writer } from '../../../converters/onnx/writer.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import type { Model, Region } from '../../../src/ir/model.ts';
import { check } from '../../../src/ir/verifier.ts';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.ts';
import { type Fields, floats, ModelProto, model, node, read, refusal, value } from './models.ts';

const local = { domain: 'local' };
const imports = [
  { domain: '', version: 21 },
  { domain: 'local', version: 1 },
];

const fn = (name: string, more: Fields): Fields => ({
  name,
  domain: 'local',
  input: ['a'],
  output: ['b'],
  opset_import: imports,
  ...more,
});

const float = (name: string, f: number): Fields => ({ name, type: 1, f });
const ref = (name: string, of: string, type: number): Fields => ({ name, ref_attr_name: of, type });
const graphAttribute = (name: string, g: Fields): Fields => ({ name, type: 5, g: { name, ...g } });

const withFunctions = (graph: Fields, functions: readonly Fields[]): Model => {
  const { model: m, diagnostics } = read(
    model(
      { input: [value('x', 1, [2])], output: [value('y', 1, [2])], ...graph },
      { opset_import: imports, functions },
    ),
  );
  expect(diagnostics).toEqual([]);
  expect(check(m)).toEqual([]);
  return m;
};

const run = (m: Model, inputs: Record<string, Tensor>): Record<string, unknown[]> =>
  Object.fromEntries(
    [...evaluator(m).run(new Map(Object.entries(inputs)))].map(([k, t]) => [
      k,
      Array.from(t.data as Float32Array),
    ]),
  );

const x = tensorOf('float32', [2], [-2, 4]);

const versions = (r: Region): string[] =>
  r.nodes.flatMap((n) => [
    `${n.op.name} ${n.op.since}`,
    ...[...n.attributes.values()].flatMap((a) => (a.kind === 'region' ? versions(a.region) : [])),
  ]);

test('overloads of a name are functions of their own', () => {
  const m = withFunctions(
    {
      node: [
        node('F', ['x'], ['s'], { ...local, overload: 'plus' }),
        node('F', ['s'], ['y'], { ...local, overload: 'minus' }),
      ],
    },
    [
      fn('F', { overload: 'plus', node: [node('Add', ['a', 'a'], ['b'])] }),
      fn('F', { overload: 'minus', node: [node('Neg', ['a'], ['b'])] }),
    ],
  );
  expect(run(m, { x })).toEqual({ y: [4, -8] });
});

/** LeakyRelu in a branch of an If of the function, alpha being the function's own attribute. */
const leaky = (more: Fields): Fields =>
  fn('Leaky', {
    ...more,
    node: [
      node('Constant', [], ['yes'], {
        attribute: [{ name: 'value', type: 4, t: { dims: [], data_type: 9, int32_data: [1] } }],
      }),
      node('If', ['yes'], ['b'], {
        attribute: [
          graphAttribute('then_branch', {
            output: [{ name: 't' }],
            node: [node('LeakyRelu', ['a'], ['t'], { attribute: [ref('alpha', 'alpha', 1)] })],
          }),
          graphAttribute('else_branch', { output: [{ name: 'e' }], node: [node('Identity', ['a'], ['e'])] }),
        ],
      }),
    ],
  });

test('attributes that bodies refer to: given, by default, left out', () => {
  const call = (attribute: Fields[]) => ({ node: [node('Leaky', ['x'], ['y'], { ...local, attribute })] });
  const defaults = { attribute_proto: [float('alpha', 0.5)] };
  expect(run(withFunctions(call([float('alpha', 0.25)]), [leaky({ attribute: ['alpha'] })]), { x })).toEqual({
    y: [-0.5, 4],
  });
  expect(run(withFunctions(call([float('alpha', 0.25)]), [leaky(defaults)]), { x })).toEqual({
    y: [-0.5, 4],
  });
  expect(run(withFunctions(call([]), [leaky(defaults)]), { x })).toEqual({ y: [-1, 4] });
});

test('a function hands its attribute on to one that it calls', () => {
  const outer = fn('Outer', {
    attribute: ['slope'],
    node: [
      node('Leaky', ['a'], ['h'], { ...local, attribute: [ref('alpha', 'slope', 1)] }),
      node('Leaky', ['h'], ['b'], { ...local, attribute: [ref('alpha', 'slope', 1)] }),
    ],
  });
  const m = withFunctions(
    { node: [node('Outer', ['x'], ['y'], { ...local, attribute: [float('slope', 0.5)] })] },
    [outer, leaky({ attribute: ['alpha'] })],
  );
  expect(run(m, { x })).toEqual({ y: [-0.5, 4] });
});

/** ReduceSum of opset 12 has its axes as an attribute, Relu is the same from 14 on. */
const old = (version: number, ...nodes: Fields[]): Fields =>
  fn('Old', { opset_import: [{ domain: '', version }], node: nodes });

test('a function in opsets of its own, its operators the same', () => {
  const m = withFunctions({ node: [node('Old', ['x'], ['y'], local)] }, [
    old(18, node('Relu', ['a'], ['b'])),
  ]);
  expect(versions(m.graph)).toEqual(['Relu 14']);
  expect(run(m, { x })).toEqual({ y: [0, 4] });
});

test('a function in opsets of its own, its operators others, is refused as the standard does', () => {
  const sum = node('ReduceSum', ['a'], ['b'], { attribute: [{ name: 'axes', type: 7, ints: [0] }] });
  expect(
    refusal(() => withFunctions({ node: [node('Old', ['x'], ['y'], local)] }, [old(12, sum)])).message,
  ).toMatch(/ReduceSum is another operator in opset 12/);
});

test('a domain that a function alone imports', () => {
  const scale = fn('Scale', {
    opset_import: [{ domain: 'ai.onnx.ml', version: 1 }],
    node: [
      node('Scaler', ['a'], ['b'], {
        domain: 'ai.onnx.ml',
        attribute: [
          { name: 'offset', type: 6, floats: [1] },
          { name: 'scale', type: 6, floats: [2] },
        ],
      }),
    ],
  });
  const m = withFunctions({ node: [node('Scale', ['x'], ['y'], local)] }, [scale]);
  // (x - 1) * 2
  expect(run(m, { x })).toEqual({ y: [-6, 6] });
  const bytes = Buffer.concat([...(writer.write(m, { opset: 21 }).files[0]?.chunks() ?? [])]);
  expect(run(read(bytes).model, { x })).toEqual({ y: [-6, 6] });
});

/** The branch is given by the caller, and captures what stands around the call. */
test('a graph among the attributes keeps the scope it was written in, wherever the function puts it', () => {
  const either = fn('Either', {
    attribute: ['branch'],
    input: ['c', 'a'],
    node: [
      node('If', ['c'], ['b'], {
        attribute: [
          ref('then_branch', 'branch', 5),
          graphAttribute('else_branch', {
            output: [{ name: 'e' }],
            // The same graph again, a body further in.
            node: [
              node('If', ['c'], ['e'], {
                attribute: [
                  graphAttribute('then_branch', {
                    output: [{ name: 'n' }],
                    node: [node('Neg', ['a'], ['n'])],
                  }),
                  ref('else_branch', 'branch', 5),
                ],
              }),
            ],
          }),
        ],
      }),
    ],
  });
  const m = withFunctions(
    {
      input: [value('x', 1, [2]), value('c', 9, [])],
      initializer: [floats('ten', [1], [10])],
      node: [
        node('Either', ['c', 'x'], ['y'], {
          ...local,
          attribute: [
            graphAttribute('branch', { output: [{ name: 'g' }], node: [node('Mul', ['x', 'ten'], ['g'])] }),
          ],
        }),
      ],
    },
    [either],
  );
  for (const c of [0, 1]) expect(run(m, { x, c: tensorOf('bool', [], [c]) })).toEqual({ y: [-20, 40] });
});

test('a function called in a loop, twice, and in itself by another name', () => {
  const step = fn('Step', {
    input: ['a', 'by'],
    node: [node('Add', ['a', 'by'], ['t']), node('Relu', ['t'], ['b'])],
  });
  const body: Fields = {
    input: [{ name: 'i' }, { name: 'c' }, { name: 'v' }],
    output: [{ name: 'c' }, { name: 'w' }],
    node: [node('Step', ['v', 'x'], ['t'], local), node('Step', ['t', 'x'], ['w'], local)],
  };
  const m = withFunctions(
    {
      initializer: [{ name: 'two', dims: [], data_type: 7, int64_data: [2] }],
      node: [node('Loop', ['two', '', 'x'], ['y'], { attribute: [graphAttribute('body', body)] })],
    },
    [step],
  );
  // −2: max(0, −4) = 0, then 0 for ever; 4: four times 4 more.
  expect(run(m, { x })).toEqual({ y: [0, 20] });
});

test('a function that calls itself from the body of another is refused', () => {
  const deep = fn('Deep', {
    input: ['c', 'a'],
    node: [
      node('If', ['c'], ['b'], {
        attribute: [
          graphAttribute('then_branch', {
            output: [{ name: 't' }],
            node: [node('Other', ['c', 'a'], ['t'], local)],
          }),
          graphAttribute('else_branch', { output: [{ name: 'e' }], node: [node('Neg', ['a'], ['e'])] }),
        ],
      }),
    ],
  });
  const other = fn('Other', { input: ['c', 'a'], node: [node('Deep', ['c', 'a'], ['b'], local)] });
  expect(
    refusal(() =>
      withFunctions(
        { input: [value('x', 1, [2]), value('c', 9, [])], node: [node('Deep', ['c', 'x'], ['y'], local)] },
        [deep, other],
      ),
    ).rule,
  ).toBe('onnx/function-recursion');
});

test('an optional input that the call leaves out is left out inside, in bodies too', () => {
  const clip = fn('Clip2', {
    input: ['a', 'low', 'high'],
    node: [
      node('Constant', [], ['yes'], {
        attribute: [{ name: 'value', type: 4, t: { dims: [], data_type: 9, int32_data: [1] } }],
      }),
      node('If', ['yes'], ['b'], {
        attribute: [
          graphAttribute('then_branch', {
            output: [{ name: 't' }],
            node: [node('Clip', ['a', 'low', 'high'], ['t'])],
          }),
          graphAttribute('else_branch', { output: [{ name: 'e' }], node: [node('Identity', ['a'], ['e'])] }),
        ],
      }),
    ],
  });
  const m = withFunctions(
    { initializer: [floats('top', [], [3])], node: [node('Clip2', ['x', '', 'top'], ['y'], local)] },
    [clip],
  );
  expect(run(m, { x })).toEqual({ y: [-2, 3] });
});

const sparse = (dims: readonly number[]): Fields => ({
  values: { name: 'S', dims: [2], data_type: 1, float_data: [5, 7] },
  indices: { dims: [2], data_type: 7, int64_data: [1, 2] },
  dims,
});

test('a sparse constant is the dense one it stands for, and a huge one is refused', () => {
  const graph = (dims: readonly number[]): Fields => ({
    input: [value('x', 1, [2, 2])],
    output: [value('y', 1, [2, 2])],
    node: [
      node('Constant', [], ['s'], {
        attribute: [{ name: 'sparse_value', type: 11, sparse_tensor: sparse(dims) }],
      }),
      node('Add', ['x', 's'], ['y']),
    ],
  });
  const m = withFunctions(graph([2, 2]), []);
  expect(run(m, { x: tensorOf('float32', [2, 2], [1, 1, 1, 1]) })).toEqual({ y: [1, 6, 8, 1] });
  expect(refusal(() => withFunctions(graph([2 ** 20, 2 ** 20]), [])).rule).toBe('onnx/sparse-size');
});

test('calls stay calls in the opset of the model, and are what they call in another', () => {
  const double = fn('Double', { node: [node('Add', ['a', 'a'], ['b'])] });
  const m = withFunctions({ node: [node('Double', ['x'], ['y'], local)] }, [double]);
  const written = (opset: number) => {
    const bytes = Buffer.concat([...(writer.write(m, { opset }).files[0]?.chunks() ?? [])]);
    const { graph, functions } = ModelProto.toObject(ModelProto.decode(bytes)) as {
      graph: { node: { op_type: string }[] };
      functions?: { name: string }[];
    };
    expect(run(read(bytes).model, { x })).toEqual(run(m, { x }));
    return { nodes: graph.node.map((n) => n.op_type), functions: functions?.map((f) => f.name) ?? [] };
  };
  expect(written(21)).toEqual({ nodes: ['Double'], functions: ['Double'] });
  expect(written(18)).toEqual({ nodes: ['Add'], functions: [] });
});
