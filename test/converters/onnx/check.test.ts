import { describe, expect, test } from 'vitest';
import { type Fields, floats, model, node, read, refusal, thrown, value } from './models.ts';

const attribute = (name: string, fields: Fields): Fields => ({ name, ...fields });
const ints = (name: string, values: readonly number[]): Fields => ({ name, type: 7, ints: values });
const reals = (name: string, values: readonly number[]): Fields => ({ name, type: 6, floats: values });
const strings = (name: string, values: readonly string[]): Fields => ({
  name,
  type: 8,
  strings: values.map((s) => Buffer.from(s)),
});

/** X → op → Y with these attributes. */
const withAttributes = (...list: Fields[]): Fields =>
  model({ node: [node('Identity', ['X'], ['Y'], { attribute: list })] });

const fn = (name: string, nodes: readonly Fields[], more: Fields = {}): Fields => ({
  name,
  domain: 'local',
  input: ['a'],
  output: ['b'],
  node: nodes,
  opset_import: [
    { domain: '', version: 21 },
    { domain: 'local', version: 1 },
  ],
  ...more,
});

const withFunctions = (...functions: Fields[]): Fields =>
  model(
    { node: [node('F', ['X'], ['Y'], { domain: 'local' })] },
    {
      opset_import: [
        { domain: '', version: 21 },
        { domain: 'local', version: 1 },
      ],
      functions,
    },
  );

const cases: readonly [string, string, Fields][] = [
  ['no IR version', 'onnx/required', model({}, { ir_version: undefined })],
  ['an IR version that is none', 'onnx/ir-version', model({}, { ir_version: 0 })],
  ['an IR version of the future', 'onnx/ir-version', model({}, { ir_version: 15 })],
  ['no graph', 'onnx/required', model({}, { graph: undefined })],
  ['no operator set', 'onnx/opset-import', model({}, { opset_import: [] })],
  ['an operator set of the future', 'onnx/opset-import', model({}, { opset_import: [{ version: 29 }] })],
  ['a negative operator set', 'onnx/opset-import', model({}, { opset_import: [{ version: -1 }] })],
  [
    'two versions of a domain',
    'onnx/opset-import',
    model({}, { opset_import: [{ version: 21 }, { domain: 'ai.onnx', version: 20 }] }),
  ],
  [
    'a metadata key twice',
    'onnx/metadata-key',
    model(
      {},
      {
        metadata_props: [
          { key: 'a', value: '1' },
          { key: 'a', value: '2' },
        ],
      },
    ),
  ],
  ['a node without operator', 'onnx/required', model({ node: [{ input: ['X'], output: ['Y'] }] })],
  ['an input without name', 'onnx/required', model({ input: [value('X'), value('')] })],
  ['an initializer without name', 'onnx/required', model({ initializer: [floats('', [1], [1])] })],
  ['two inputs of a name', 'onnx/duplicate-name', model({ input: [value('X'), value('X')] })],
  [
    'two initializers of a name',
    'onnx/duplicate-name',
    model({ initializer: [floats('W', [1], [1]), floats('W', [1], [1])] }),
  ],
  [
    'an output that is an input',
    'onnx/duplicate-name',
    model({ node: [node('Identity', ['X'], ['X'])], output: [value('X')] }),
  ],
  [
    'an output defined twice',
    'onnx/duplicate-name',
    model({ node: [node('Identity', ['X'], ['Y']), node('Identity', ['X'], ['Y'])] }),
  ],
  ['an input that nothing defines', 'onnx/unknown-value', model({ node: [node('Identity', ['Z'], ['Y'])] })],
  [
    'nodes out of order',
    'onnx/unknown-value',
    model({ node: [node('Identity', ['h'], ['Y']), node('Identity', ['X'], ['h'])] }),
  ],
  [
    'a cycle',
    'onnx/unknown-value',
    model({
      node: [node('Add', ['X', 'b'], ['a']), node('Add', ['X', 'a'], ['b']), node('Identity', ['b'], ['Y'])],
    }),
  ],
  ['a node that reads itself', 'onnx/unknown-value', model({ node: [node('Add', ['X', 'Y'], ['Y'])] })],
  ['an output that nothing computes', 'onnx/unknown-value', model({ output: [value('Z')] })],
  ['an element type that is none', 'onnx/data-type', model({ input: [value('X', 99)] })],
  ['an initializer of the wrong size', 'onnx/tensor-size', model({ initializer: [floats('W', [2], [1])] })],
  ['an attribute without name', 'onnx/required', withAttributes(attribute('', { type: 2, i: 1 }))],
  [
    'an attribute twice',
    'onnx/duplicate-attribute',
    withAttributes(attribute('a', { type: 2, i: 1 }), attribute('a', { type: 2, i: 1 })),
  ],
  ['an attribute of two values', 'onnx/attribute-type', withAttributes(attribute('a', { f: 1, i: 1 }))],
  ['an attribute of another type', 'onnx/attribute-type', withAttributes(attribute('a', { type: 2, f: 1 }))],
  ['an attribute without type and value', 'onnx/attribute-type', withAttributes(attribute('a', {}))],
  [
    'a reference outside of functions',
    'onnx/attribute-reference',
    withAttributes(attribute('a', { type: 2, ref_attr_name: 'b' })),
  ],
  [
    'a broken tensor in an attribute',
    'onnx/tensor-size',
    withAttributes(attribute('a', { type: 4, t: floats('', [3], [1]) })),
  ],
  [
    'a name taken around a body',
    'onnx/duplicate-name',
    withAttributes(
      attribute('g', {
        type: 5,
        g: { name: 'b', node: [node('Identity', ['X'], ['X'])], output: [value('X')] },
      }),
    ),
  ],
  [
    'a body that reads what comes after it',
    'onnx/unknown-value',
    withAttributes(
      attribute('g', {
        type: 5,
        g: { name: 'b', node: [node('Identity', ['Y'], ['z'])], output: [value('z')] },
      }),
    ),
  ],
  ['a function without name', 'onnx/required', withFunctions(fn('', []))],
  [
    'two functions of a name',
    'onnx/duplicate-function',
    withFunctions(fn('F', [node('Identity', ['a'], ['b'])]), fn('F', [node('Identity', ['a'], ['b'])])),
  ],
  [
    'a function that calls itself',
    'onnx/function-recursion',
    withFunctions(fn('F', [node('F', ['a'], ['b'], { domain: 'local' })])),
  ],
  [
    'functions that call each other',
    'onnx/function-recursion',
    withFunctions(
      fn('F', [node('G', ['a'], ['b'], { domain: 'local' })]),
      fn('G', [node('F', ['a'], ['b'], { domain: 'local' })]),
    ),
  ],
  [
    'a function that calls itself from a body',
    'onnx/function-recursion',
    withFunctions(
      fn('F', [
        node('If', ['a'], ['b'], {
          attribute: [
            attribute('then_branch', {
              type: 5,
              g: { name: 't', node: [node('F', ['a'], ['c'], { domain: 'local' })], output: [value('c')] },
            }),
            attribute('else_branch', {
              type: 5,
              g: { name: 'e', node: [node('Identity', ['a'], ['d'])], output: [value('d')] },
            }),
          ],
        }),
      ]),
    ),
  ],
  ['a function whose output nothing computes', 'onnx/unknown-value', withFunctions(fn('F', []))],
  [
    'a function with an input twice',
    'onnx/duplicate-name',
    withFunctions(fn('F', [node('Identity', ['a'], ['b'])], { input: ['a', 'a'] })),
  ],
  [
    'a function called without its attribute',
    'onnx/function-attribute',
    withFunctions(fn('F', [node('Identity', ['a'], ['b'])], { attribute: ['alpha'] })),
  ],
  [
    'a function called with too much',
    'onnx/function-arity',
    {
      ...withFunctions(fn('F', [node('Identity', ['a'], ['b'])])),
      graph: model({ node: [node('F', ['X', 'X'], ['Y'], { domain: 'local' })] }).graph,
    },
  ],
];

test.each(cases)('%s: %s', (_, rule, content) => {
  const refused = refusal(() => read(content));
  expect(refused.rule).toBe(rule);
  expect(refused.at?.file).toBe('m.onnx');
});

test('functions that double at every call are refused before they fill the memory', () => {
  // 40 functions, each calling the next twice: 2^40 nodes.
  const functions = Array.from({ length: 40 }, (_, i) => {
    const callee = i === 39 ? { op_type: 'Identity' } : { op_type: `F${i + 1}`, domain: 'local' };
    return fn(i === 0 ? 'F' : `F${i}`, [
      { ...callee, input: ['a'], output: ['h'] },
      { ...callee, input: ['h'], output: ['b'] },
    ]);
  });
  const before = performance.now();
  expect(refusal(() => read(withFunctions(...functions))).rule).toBe('onnx/function-size');
  expect(performance.now() - before).toBeLessThan(1000);
});

describe('operators that are not known', () => {
  test('are refused all at once, by name and node', () => {
    const nodes = [
      node('Frobnicate', ['X'], ['h'], { name: 'first' }),
      node('Frobnicate', ['h'], ['i'], { name: 'second' }),
      node('Conjure', ['i'], ['Y'], { name: 'third', domain: 'com.example' }),
    ];
    const error = thrown(() => read(model({ node: nodes })));
    expect([error.diagnostic, ...error.others].map((d) => [d.rule, d.at?.at])).toEqual([
      ['onnx/unknown-operator', "node 'first' (Frobnicate)"],
      ['onnx/opset-import', "node 'third' (Conjure)"],
    ]);
  });

  test('of another domain that is imported, all at once too', () => {
    const more = { domain: 'com.example' };
    const nodes = [
      node('Frobnicate', ['X'], ['h'], { name: 'first', ...more }),
      node('Frobnicate', ['h'], ['i'], { name: 'second', ...more }),
      node('Conjure', ['i'], ['Y'], { name: 'third', ...more }),
    ];
    const opset_import = [{ version: 21 }, { domain: 'com.example', version: 3 }];
    const refused = refusal(() => read(model({ node: nodes }, { opset_import })));
    expect(refused.rule).toBe('onnx/unsupported-operator');
    expect(refused.at?.at).toBe("node 'first' (Frobnicate)");
    expect(refused.message).toContain(
      "com.example.Frobnicate (opset 3), node 'first' (Frobnicate) and 1 more",
    );
    expect(refused.message).toContain('com.example.Conjure (opset 3)');
  });

  test('in bodies and functions too', () => {
    const body = { name: 'b', node: [node('Frobnicate', ['X'], ['z'])], output: [value('z')] };
    expect(refusal(() => read(withAttributes(attribute('g', { type: 5, g: body })))).rule).toBe(
      'onnx/unknown-operator',
    );
    expect(refusal(() => read(withFunctions(fn('F', [node('Frobnicate', ['a'], ['b'])])))).rule).toBe(
      'onnx/unknown-operator',
    );
  });
});

describe('trees', () => {
  const ml = {
    opset_import: [
      { domain: '', version: 21 },
      { domain: 'ai.onnx.ml', version: 3 },
    ],
  };
  /** Tree 0: 0 → (1, 2), both leaves. */
  const sound = {
    nodes_treeids: [0, 0, 0],
    nodes_nodeids: [0, 1, 2],
    nodes_featureids: [0, 0, 0],
    nodes_truenodeids: [1, 0, 0],
    nodes_falsenodeids: [2, 0, 0],
    nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
    nodes_values: [0.5, 0, 0],
    target_treeids: [0, 0],
    target_nodeids: [1, 2],
    target_ids: [0, 0],
    target_weights: [1, 2],
    n_targets: 1,
  };
  type Regressor = { [K in keyof typeof sound]: (typeof sound)[K] };
  const regressor = (change: Partial<Regressor>): Fields => {
    const a = { ...sound, ...change };
    const list = Object.entries(a).map(([name, v]) =>
      typeof v === 'number'
        ? attribute(name, { type: 2, i: v })
        : name === 'nodes_modes'
          ? strings(name, v as string[])
          : name === 'nodes_values' || name === 'target_weights'
            ? reals(name, v as number[])
            : ints(name, v as number[]),
    );
    const tree = node('TreeEnsembleRegressor', ['X'], ['Y'], { domain: 'ai.onnx.ml', attribute: list });
    return model({ node: [tree], output: [value('Y', 1, ['N', 1])] }, ml);
  };

  test('that are sound are read', () => {
    expect(read(regressor({})).model.graph.nodes).toHaveLength(1);
  });

  const faults: readonly [string, Partial<Regressor>][] = [
    ['a child that is not there', { nodes_truenodeids: [9, 0, 0] }],
    ['a child below zero', { nodes_truenodeids: [-1, 0, 0] }],
    ['a node that is its own child', { nodes_truenodeids: [0, 0, 0] }],
    [
      'a cycle beside the root',
      {
        nodes_treeids: [0, 0, 0, 0, 0],
        nodes_nodeids: [0, 1, 2, 3, 4],
        nodes_featureids: [0, 0, 0, 0, 0],
        nodes_truenodeids: [1, 0, 0, 4, 3],
        nodes_falsenodeids: [2, 0, 0, 4, 3],
        nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF', 'BRANCH_LEQ', 'BRANCH_LEQ'],
        nodes_values: [0.5, 0, 0, 0, 0],
      },
    ],
    ['two parents', { nodes_falsenodeids: [1, 0, 0], target_nodeids: [1, 1] }],
    ['two roots', { nodes_modes: ['LEAF', 'LEAF', 'LEAF'] }],
    ['a node twice', { nodes_nodeids: [0, 1, 1] }],
    ['a feature below zero', { nodes_featureids: [-1, 0, 0] }],
    ['lists of different length', { nodes_values: [0.5, 0] }],
    ['modes that are missing', { nodes_modes: ['BRANCH_LEQ', 'LEAF'] }],
    ['a weight for a node that is not there', { target_nodeids: [1, 7] }],
    ['a weight for a branch', { target_nodeids: [0, 2] }],
    ['a target that is not there', { target_ids: [0, 1] }],
    ['weights that are missing', { target_weights: [1] }],
  ];

  test.each(faults)('with %s are refused', (_, change) => {
    const refused = refusal(() => read(regressor(change)));
    expect(refused.rule).toBe('onnx/tree');
    expect(refused.at?.at).toBe("node 'TreeEnsembleRegressor Y' (TreeEnsembleRegressor)");
  });

  const doubles = (name: string, values: readonly number[]): Fields =>
    attribute(name, { type: 4, t: { dims: [values.length], data_type: 1, float_data: values } });
  const bytes = (name: string, values: readonly number[]): Fields =>
    attribute(name, { type: 4, t: { dims: [values.length], data_type: 2, int32_data: values } });

  const rooted = {
    tree_roots: [0],
    nodes_truenodeids: [0],
    nodes_falsenodeids: [1],
    nodes_trueleafs: [1],
    nodes_falseleafs: [1],
    nodes_featureids: [0],
    leaf_targetids: [0, 0],
  };
  const ensemble = (change: Partial<typeof rooted>, weights: readonly number[] = [1, 2]): Fields => {
    const list = Object.entries({ ...rooted, ...change }).map(([name, v]) => ints(name, v));
    const count = (change.nodes_truenodeids ?? rooted.nodes_truenodeids).length;
    list.push(
      bytes('nodes_modes', new Array(count).fill(0)),
      doubles('nodes_splits', new Array(count).fill(0.5)),
      doubles('leaf_weights', weights),
      attribute('n_targets', { type: 2, i: 1 }),
    );
    const tree = node('TreeEnsemble', ['X'], ['Y'], { domain: 'ai.onnx.ml', attribute: list });
    const opset_import = [
      { domain: '', version: 21 },
      { domain: 'ai.onnx.ml', version: 5 },
    ];
    return model({ node: [tree], output: [value('Y', 1, ['N', 1])] }, { opset_import });
  };

  test('of the newer form that are sound are read', () => {
    expect(read(ensemble({})).model.graph.nodes).toHaveLength(1);
  });

  test.each<[string, Partial<typeof rooted>, number[]?]>([
    ['a root that is not there', { tree_roots: [1] }],
    ['a leaf that is not there', { nodes_falsenodeids: [2] }],
    ['a leaf below zero', { nodes_falsenodeids: [-1] }],
    ['a node as its own child', { nodes_truenodeids: [0], nodes_trueleafs: [0] }],
    ['a root twice', { tree_roots: [0, 0] }],
    ['a target that is not there', { leaf_targetids: [0, 1] }],
    ['weights that are missing', {}, [1]],
    ['features that are missing', { nodes_featureids: [] }],
  ])('of the newer form with %s are refused', (_, change, weights) => {
    expect(refusal(() => read(ensemble(change, weights))).rule).toBe('onnx/tree');
  });
});
