/**
 * The evaluator on MatMul, Conv and trees, beside numpy and onnx's reference implementation in Python: figures recorded once,
 * and live where Python has both (`PYTHON=<path>`, default `python3`).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { save, write } from '../src/api/write.ts';
import { evaluator } from '../src/evaluate/evaluate.ts';
import { attr } from '../src/ir/attributes.ts';
import { Builder } from '../src/ir/builder.ts';
import { type Attribute, type Model, tensorType, type Value } from '../src/ir/model.ts';
import { operators } from '../src/ops/registry.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';
import { seeded } from './forest.ts';
import { ratio, row, title } from './print.ts';

/** Milliseconds. */
interface Figures {
  readonly version: string;
  readonly product: number;
  readonly wide: number;
  readonly deep: number;
  readonly trees: number;
}

/** Intel Xeon, 2 cores (numpy uses both), 2026-11-22: idle but for the trees, which ran beside other work. */
const recorded: Figures = {
  version: 'onnx 1.23.1, numpy 2.4.6',
  product: 2.9,
  wide: 39.4,
  deep: 42.9,
  trees: 2753,
};

type Attributes = Readonly<Record<string, Attribute>>;

const random = seeded(1);

const some = (...dims: number[]): Tensor =>
  tensor('float32', dims, Float32Array.from({ length: dims.reduce((n, d) => n * d, 1) }, random));

/** A model of one operator, and inputs for it. */
const single = (domain: string, name: string, inputs: readonly Tensor[], attributes: Attributes = {}) => {
  const b = new Builder(operators);
  const values = inputs.map((t, i) => b.input(`x${i}`, tensorType(t.dtype, t.dims)));
  const result = b.op([domain, name], values, attributes, { output: 'y' });
  const given = new Map(inputs.map((t, i) => [`x${i}`, t]));
  return { model: modelOf(name, b, [result]), given };
};

const modelOf = (name: string, b: Builder, results: readonly Value[]): Model => ({
  format: 'bench',
  version: '',
  name,
  graph: b.finish(results),
  rows: null,
  fields: [],
  templates: [],
  opsets: new Map(),
  profile: '',
  metadata: new Map(),
  extra: new Map(),
});

/** Complete trees of float32 thresholds, as TreeEnsembleRegressor has them. */
const forest = (trees: number, depth: number, features: number): Attributes => {
  const inner = 2 ** depth - 1;
  const all = 2 * inner + 1;
  const each = (f: (tree: number, node: number) => number): number[] =>
    Array.from({ length: trees * all }, (_, i) => f(Math.floor(i / all), i % all));
  const split = (f: (node: number) => number): number[] => each((_, n) => (n < inner ? f(n) : 0));
  const single32 = (): number => Math.fround(random());
  const leaves = each((_, n) => n).flatMap((n, i) =>
    n < inner ? [] : [{ tree: Math.floor(i / all), node: n }],
  );
  return {
    n_targets: attr.int(1),
    nodes_treeids: attr.ints(each((t) => t)),
    nodes_nodeids: attr.ints(each((_, n) => n)),
    nodes_featureids: attr.ints(split(() => Math.floor(random() * features))),
    nodes_values: attr.floats(split(single32)),
    nodes_modes: attr.strings(each((_, n) => n).map((n) => (n < inner ? 'BRANCH_LEQ' : 'LEAF'))),
    nodes_truenodeids: attr.ints(split((n) => 2 * n + 1)),
    nodes_falsenodeids: attr.ints(split((n) => 2 * n + 2)),
    target_treeids: attr.ints(leaves.map((l) => l.tree)),
    target_nodeids: attr.ints(leaves.map((l) => l.node)),
    target_ids: attr.ints(leaves.map(() => 0)),
    target_weights: attr.floats(leaves.map(single32)),
  };
};

const pads = attr.ints([3, 3, 3, 3]);

const median = (call: () => unknown, times: number): number => {
  const taken = Array.from({ length: times + 3 }, () => {
    const start = performance.now();
    call();
    return performance.now() - start;
  });
  // The first ones warm up.
  return taken.slice(3).sort((x, y) => x - y)[times >> 1] as number;
};

export const benchEvaluating = async (folder: string): Promise<void> => {
  const rows = 1000;
  const trees = single('ai.onnx.ml', 'TreeEnsembleRegressor', [some(rows, 20)], forest(100, 6, 20));
  const work: Readonly<
    Record<keyof Omit<Figures, 'version'>, readonly [string, ReturnType<typeof single>, number]>
  > = {
    product: ['MatMul 512 × 512 × 512', single('', 'MatMul', [some(512, 512), some(512, 512)]), 20],
    wide: [
      'Conv 224 × 224, 64 of 7 × 7 / 2',
      single('', 'Conv', [some(1, 3, 224, 224), some(64, 3, 7, 7)], { strides: attr.ints([2, 2]), pads }),
      10,
    ],
    deep: [
      'Conv 64 × 56 × 56, 64 of 3 × 3',
      single('', 'Conv', [some(1, 64, 56, 56), some(64, 64, 3, 3)], { pads: attr.ints([1, 1, 1, 1]) }),
      10,
    ],
    trees: ['100 trees of depth 6, 1,000 rows', trees, 20],
  };
  const file = join(folder, 'trees.onnx');
  save(await write(trees.model, { to: 'onnx' }), file);
  const live = python(file, rows);
  title('The evaluator beside numpy and onnx in Python (× = their time by ours)');
  row(['', 'ours, ms', 'recorded, ms', '×', ...(live ? ['live, ms', '×'] : [])]);
  for (const [key, [name, { model, given }, times]] of Object.entries(work)) {
    const { run } = evaluator(model);
    const ours = median(() => run(given), times);
    const against = (f: Figures): string[] => {
      const theirs = f[key as keyof typeof work];
      return [theirs.toFixed(1), ratio(theirs / ours)];
    };
    row([name, ours.toFixed(1), ...against(recorded), ...(live ? against(live) : [])]);
  }
  console.log(`  recorded: ${recorded.version}; live: ${live?.version ?? 'no Python with onnx here'}`);
};

const python = (model: string, rows: number): Figures | undefined => {
  const script = fileURLToPath(new URL('evaluating.py', import.meta.url));
  const { status, stdout } = spawnSync(process.env.PYTHON ?? 'python3', [script, model, `${rows}`], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  return status === 0 ? (JSON.parse(stdout) as Figures) : undefined;
};
