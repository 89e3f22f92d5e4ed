/** Tree ensembles that are broken or hostile, and what is refused of those that are not. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { isRefusal, PortolanError } from '../../../src/ir/diagnostic.ts';
import { type Attribute, type Model, type Node, tensorType } from '../../../src/ir/model.ts';
import { find, operators } from '../../../src/ops/registry.ts';
import { constant } from '../../../src/tensor/data.ts';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.ts';

type Attributes = Record<string, Attribute>;

const place = { file: 'model.onnx', at: 'node trees' };

const modelOf = (op: string, attributes: Attributes, features: number | string = 2, since = 3): Model => {
  const b = new Builder(operators);
  b.place = place;
  const x = b.input('X', tensorType('float32', ['N', features]));
  const results = b.call({ domain: 'ai.onnx.ml', name: op, since }, [x], {
    attributes,
    name: 'trees',
    outputs: op === 'TreeEnsembleClassifier' ? ['label', 'scores'] : ['Y'],
  });
  return {
    format: 'test',
    version: '',
    name: '',
    graph: b.finish(results.filter((r) => r !== null)),
    rows: 'N',
    fields: [],
    templates: [],
    opsets: new Map(),
    profile: 'onnxruntime',
    metadata: new Map(),
    extra: new Map(),
  };
};

const failureOf = (f: () => unknown) => {
  try {
    f();
  } catch (e) {
    if (e instanceof PortolanError) return e.diagnostic;
    throw e;
  }
  return undefined;
};

/** x0 <= 0.5 ? leaf 1 : (x1 <= 2 ? leaf 3 : leaf 4), worth 10, 20 and 30. */
const regressor: Attributes = {
  n_targets: attr.int(1),
  nodes_treeids: attr.ints([0, 0, 0, 0, 0]),
  nodes_nodeids: attr.ints([0, 1, 2, 3, 4]),
  nodes_featureids: attr.ints([0, 0, 1, 0, 0]),
  nodes_modes: attr.strings(['BRANCH_LEQ', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF']),
  nodes_values: attr.floats([0.5, 0, 2, 0, 0]),
  nodes_truenodeids: attr.ints([1, 0, 3, 0, 0]),
  nodes_falsenodeids: attr.ints([2, 0, 4, 0, 0]),
  target_treeids: attr.ints([0, 0, 0]),
  target_nodeids: attr.ints([1, 3, 4]),
  target_ids: attr.ints([0, 0, 0]),
  target_weights: attr.floats([10, 20, 30]),
};

const score = (model: Model, rows: readonly (readonly number[])[]): number[] => {
  const x = tensorOf('float32', [rows.length, rows[0]?.length ?? 0], rows.flat());
  const y = evaluator(model)
    .run(new Map([['X', x]]))
    .get('Y') as Tensor;
  return Array.from(y.data as Float32Array);
};

test('the tree that the others are broken from', () => {
  const rows = [
    [0.5, 9],
    [0.6, 2],
    [0.6, 2.1],
    [Number.NaN, 0],
  ];
  expect(score(modelOf('TreeEnsembleRegressor', regressor), rows)).toEqual([10, 20, 30, 20]);
});

describe('broken trees are refused with their place', () => {
  const broken: readonly (readonly [string, Attributes, RegExp])[] = [
    ['a cycle', { nodes_falsenodeids: attr.ints([2, 0, 0, 0, 0]) }, /test 0 is reached twice/],
    [
      'a node that leads to itself',
      { nodes_truenodeids: attr.ints([0, 0, 3, 0, 0]) },
      /test 0 is reached twice/,
    ],
    ['a node with two parents', { nodes_truenodeids: attr.ints([2, 0, 3, 0, 0]) }, /test 2 is reached twice/],
    ['a child that is missing', { nodes_truenodeids: attr.ints([7, 0, 3, 0, 0]) }, /tree 0 has no node 7/],
    ['a negative child', { nodes_truenodeids: attr.ints([-1, 0, 3, 0, 0]) }, /tree 0 has no node -1/],
    ['a feature out of range', { nodes_featureids: attr.ints([2, 0, 1, 0, 0]) }, /feature 2 of 2/],
    ['a negative feature', { nodes_featureids: attr.ints([-1, 0, 1, 0, 0]) }, /feature -1 of 2/],
    [
      'a threshold that is NaN',
      { nodes_values: attr.floats([Number.NaN, 0, 2, 0, 0]) },
      /test 0 compares with NaN/,
    ],
    [
      'a mode that is none',
      { nodes_modes: attr.strings(['BRANCH_MEMBER', 'LEAF', 'BRANCH_LEQ', 'LEAF', 'LEAF']) },
      /mode BRANCH_MEMBER/,
    ],
    ['two nodes with one id', { nodes_nodeids: attr.ints([0, 1, 1, 3, 4]) }, /two nodes with one id/],
    ['a tree in two pieces', { nodes_treeids: attr.ints([0, 0, 1, 0, 0]) }, /do not stand together/],
    ['a vote of no node', { target_nodeids: attr.ints([1, 3, 9]) }, /tree 0 has no node 9/],
    ['a vote for no target', { target_ids: attr.ints([0, 0, 1]) }, /votes for 1; there are 1 targets/],
    ['a weight that is infinite', { target_weights: attr.floats([10, Infinity, 30]) }, /has weight Infinity/],
    ['lists that differ in length', { nodes_values: attr.floats([0.5]) }, /nodes_values has 1 entries/],
    ['votes that differ in length', { target_weights: attr.floats([1]) }, /differ in length/],
    [
      'no nodes',
      {
        nodes_treeids: attr.ints([]),
        nodes_nodeids: attr.ints([]),
        nodes_featureids: attr.ints([]),
        nodes_modes: attr.strings([]),
        nodes_values: attr.floats([]),
        nodes_truenodeids: attr.ints([]),
        nodes_falsenodeids: attr.ints([]),
        target_treeids: attr.ints([]),
        target_nodeids: attr.ints([]),
        target_ids: attr.ints([]),
        target_weights: attr.floats([]),
      },
      /there is no tree/,
    ],
    ['more targets than memory', { n_targets: attr.int(2 ** 40) }, /cannot vote for/],
  ];
  test.each(broken)('%s', (_, change, message) => {
    const failure = failureOf(() => evaluator(modelOf('TreeEnsembleRegressor', { ...regressor, ...change })));
    expect(failure?.rule).toBe('ml/broken-trees');
    expect(failure?.message).toMatch(message);
    expect(failure?.at).toEqual(place);
  });

  test('features are checked where their number is known only to the rows', () => {
    const model = modelOf(
      'TreeEnsembleRegressor',
      { ...regressor, nodes_featureids: attr.ints([5, 0, 1, 0, 0]) },
      'F',
    );
    expect(failureOf(() => score(model, [[1, 2]]))?.rule).toBeDefined();
  });

  test('base values must be as many as targets', () => {
    const model = modelOf('TreeEnsembleRegressor', { ...regressor, base_values: attr.floats([1, 2]) });
    expect(failureOf(() => evaluator(model))?.message).toMatch(/2 base values for 1 targets/);
  });
});

describe('TreeEnsemble 5', () => {
  const ints = (...values: number[]) => attr.ints(values);
  const ensemble: Attributes = {
    n_targets: attr.int(1),
    tree_roots: ints(0),
    nodes_featureids: ints(0, 1),
    nodes_modes: attr.data(constant('uint8', [0, 6])),
    nodes_splits: attr.data(constant('float32', [0.5, 0])),
    nodes_truenodeids: ints(0, 1),
    nodes_trueleafs: ints(1, 1),
    nodes_falsenodeids: ints(1, 2),
    nodes_falseleafs: ints(0, 1),
    membership_values: attr.data(constant('float32', [4, 8, Number.NaN])),
    leaf_targetids: ints(0, 0, 0),
    leaf_weights: attr.data(constant('float32', [1, 2, 3])),
  };

  test('the tree that the others are broken from', () => {
    expect(
      score(modelOf('TreeEnsemble', ensemble, 2, 5), [
        [0, 0],
        [1, 8],
        [1, 7],
      ]),
    ).toEqual([1, 2, 3]);
  });

  const broken: readonly (readonly [string, Attributes, RegExp])[] = [
    ['a cycle', { nodes_falsenodeids: ints(0, 2) }, /test 0 is reached twice/],
    ['a leaf out of range', { nodes_truenodeids: ints(3, 1) }, /leaf 3, which does not exist/],
    ['a negative leaf', { nodes_truenodeids: ints(-1, 1) }, /test 2, which does not exist/],
    ['a node out of range', { nodes_falsenodeids: ints(2, 2) }, /test 2, which does not exist/],
    ['a root out of range', { tree_roots: ints(2) }, /test 2, which does not exist/],
    ['a negative root', { tree_roots: ints(-1) }, /test 2, which does not exist/],
    ['a mode that is none', { nodes_modes: attr.data(constant('uint8', [7, 6])) }, /there is no mode 7/],
    ['a set that is missing', { membership_values: attr.data(constant('float32', [])) }, /no set for test 1/],
    ['no roots', { tree_roots: ints() }, /there is no tree/],
    ['a target out of range', { leaf_targetids: ints(0, 1, 0) }, /votes for 1; there are 1 targets/],
  ];
  test.each(broken)('%s', (_, change, message) => {
    const failure = failureOf(() => evaluator(modelOf('TreeEnsemble', { ...ensemble, ...change }, 2, 5)));
    expect(failure?.rule).toBe('ml/broken-trees');
    expect(failure?.message).toMatch(message);
    expect(failure?.at).toEqual(place);
  });
});

describe('two classes and one column of votes', () => {
  const votes: Attributes = Object.fromEntries(
    Object.entries(regressor).flatMap(([k, v]) =>
      k === 'n_targets' ? [] : [[k.replace('target', 'class'), v]],
    ),
  );
  const labels = { classlabels_strings: attr.strings(['n', 'y']) };
  const refusalOf = (change: Attributes) => {
    const model = modelOf('TreeEnsembleClassifier', { ...votes, ...labels, ...change });
    const node = model.graph.nodes[0] as Node;
    const b = new Builder(operators);
    const x = b.input('X', tensorType('float32', ['N', 2]));
    const result = find(node.op)?.expand?.({ ...node, inputs: [x] }, b);
    return isRefusal(result) ? result.rule : undefined;
  };

  test('PROBIT leaves a score undefined', () => {
    expect(refusalOf({ post_transform: attr.string('PROBIT') })).toBe('ml/probit-of-one-column');
  });

  test('a base value for a class without votes', () => {
    expect(refusalOf({ class_ids: attr.ints([1, 1, 1]), base_values: attr.floats([1]) })).toBe(
      'ml/base-value-of-no-class',
    );
  });

  test('labels of both kinds, or of none', () => {
    const both = { ...votes, ...labels, classlabels_int64s: attr.ints([0, 1]) };
    for (const attributes of [both, votes]) {
      expect(failureOf(() => modelOf('TreeEnsembleClassifier', attributes))?.message).toMatch(
        /exactly one of/,
      );
    }
  });
});

test('a tree of 200,000 nodes in one line is read without recursion', () => {
  const tests = 100_000;
  const count = 2 * tests + 1;
  const ids = Array.from({ length: count }, (_, i) => i);
  const isTest = (i: number) => i % 2 === 0 && i < count - 1;
  const chain: Attributes = {
    n_targets: attr.int(1),
    nodes_treeids: attr.ints(ids.map(() => 0)),
    nodes_nodeids: attr.ints(ids),
    nodes_featureids: attr.ints(ids.map(() => 0)),
    nodes_modes: attr.strings(ids.map((i) => (isTest(i) ? 'BRANCH_LEQ' : 'LEAF'))),
    nodes_values: attr.floats(ids.map((i) => i / 2)),
    nodes_truenodeids: attr.ints(ids.map((i) => (isTest(i) ? i + 1 : 0))),
    nodes_falsenodeids: attr.ints(ids.map((i) => (isTest(i) ? i + 2 : 0))),
    target_treeids: attr.ints(ids.filter((i) => !isTest(i)).map(() => 0)),
    target_nodeids: attr.ints(ids.filter((i) => !isTest(i))),
    target_ids: attr.ints(ids.filter((i) => !isTest(i)).map(() => 0)),
    target_weights: attr.floats(ids.filter((i) => !isTest(i))),
  };
  expect(score(modelOf('TreeEnsembleRegressor', chain, 1), [[0], [1], [50_000], [1e9]])).toEqual([
    1, 3, 100_001, 200_000,
  ]);
});
