/** Every operator of ai.onnx.ml against the suite made from the specification's text (fixtures/onnx-ml). */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readValue } from '../../../converters/onnx/values.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { memorySource } from '../../../src/files/source.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { type Model, type Node, tensorType } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { run } from '../../../src/kernel/run.ts';
import { ml } from '../../../src/ops/ml/index.ts';
import { find } from '../../../src/ops/registry.ts';
import { expand } from '../../../src/passes/expand.ts';
import { lower } from '../../../src/passes/lower.ts';
import { machines } from '../../../src/passes/machines.ts';
import { plain } from '../../../src/passes/plain.ts';
import { dataOf } from '../../../src/tensor/data.ts';
import { type Datum, isTensor } from '../../../src/tensor/datum.ts';
import { type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { disagreement, type Tolerance } from '../agree.ts';
import { type Case, dataSets, open, readCases, refit } from '../onnx/cases.ts';

/**
 * Comparisons, lookups, scalings and sums of trees are exact. Elementary functions and dot products of a few terms near 1
 * differ by a few ULP of float32 (6e-8 each), and by that much absolutely where 1 − v cancels; a transform of float16 may
 * fall on the other side of a rounding, one ULP of float16.
 */
const loose: Tolerance = { relative: 1e-5, absolute: 3e-7 };
const inexact = new Set([
  'LinearClassifier',
  'LinearRegressor',
  'Normalizer',
  'SVMClassifier',
  'SVMRegressor',
]);

const toleranceOf = ({ op, attributes, inputs }: Node): Tolerance => {
  const transform = attributes.get('post_transform');
  const transformed = transform !== undefined && !(transform.kind === 'int' && transform.value === 0);
  if (!inexact.has(op.name) && !transformed) return {};
  const half = inputs.some((v) => v?.type.kind === 'tensor' && v.type.dtype === 'float16');
  return half ? { relative: 2 ** -10, absolute: 2 ** -24 } : loose;
};

interface Vector {
  readonly name: string;
  readonly model: Model;
  readonly node: Node;
  readonly inputs: ReadonlyMap<string, Datum>;
  readonly outputs: readonly Datum[];
}

const vectorOf = (c: Case): Vector => {
  const model = open(c);
  const [node] = model.graph.nodes;
  const [set] = dataSets(c, model);
  if (!node || !set) throw new Error(`${c.name} has no node, or no data`);
  return { name: c.name, model, node, ...set };
};

/** What comes of a case that must be refused: the rule that it breaks, or that it breaks none. */
const outcome = (c: Case): string => {
  try {
    const model = open(c);
    const inputs = new Map(
      model.graph.params.map((p, k) => {
        const path = `test_data_set_0/input_${k}.pb`;
        return [p.name, readValue(memorySource(path, c.files.get(path) as Uint8Array), p.type)] as const;
      }),
    );
    evaluator(model).evaluate(inputs);
    return 'is accepted';
  } catch (e) {
    return e instanceof PortolanError ? `${e.diagnostic.rule}: ${e.message}` : String(e);
  }
};

const refused = readCases('onnx-ml/refused.tar.gz');

const vectors = readCases('onnx-ml/cases.tar.gz').map(vectorOf);

const first = (found: readonly (string | undefined)[]): string | undefined =>
  found.find((w) => w !== undefined);

/** What is wrong, case by case; an error is one too. */
const wrong = (of: readonly Vector[], judge: (v: Vector) => string | undefined): string[] =>
  of.flatMap((v) => {
    try {
      const why = judge(v);
      return why === undefined ? [] : `${v.name}: ${why}`;
    } catch (e) {
      return `${v.name}: ${e}`;
    }
  });

const evaluates = ({ model, node, inputs, outputs }: Vector, as = model): string | undefined => {
  const results = evaluator(as).evaluate(inputs);
  return first(
    outputs.map((wanted, i) =>
      disagreement(results.get(model.graph.results[i]?.name ?? ''), wanted, toleranceOf(node)),
    ),
  );
};

/** Nothing is declared but the inputs. How many entries a map has, no type says. */
const infers = ({ model, node, outputs }: Vector): string | undefined =>
  first(
    refit(model).graph.results.map(({ name, type }, i) => {
      const wanted = outputs[i];
      if (!wanted || !isTensor(wanted)) return undefined;
      const open = node.op.name === 'CastMap' && node.attributes.get('map_form') === undefined;
      const is = tensorType(wanted.dtype, open ? [1, null] : wanted.dims);
      return formatType(type) === formatType(is) ? undefined : `${name} is inferred as ${formatType(type)}`;
    }),
  );

/** The first input given rows on axis 0, and the others too but for the indices of ArrayFeatureExtractor; null: it has none. */
const withRows = ({ model, node, inputs }: Vector): Model | null => {
  const rowed = refit(
    model,
    (p) => {
      const t = inputs.get(p.name) as Tensor;
      const constant = node.op.name === 'ArrayFeatureExtractor' && p !== model.graph.params[0];
      return constant ? dataOf(t) : tensorType(t.dtype, ['N', ...t.dims.slice(1)]);
    },
    'N',
  );
  const [same] = rowed.graph.nodes;
  return same && find(same.op)?.rows?.(same) === 'each' ? rowed : null;
};

/** The vectors that rows can be given to, over models that have them. */
const rowed = (of: readonly Vector[]): readonly Vector[] =>
  of.flatMap((v) => {
    const tables = [...v.inputs.values()].every((d) => isTensor(d) && d.dims.length > 0);
    const model = tables ? withRows(v) : null;
    return model ? [{ ...v, model }] : [];
  });

const infersRows = ({ model, outputs }: Vector): string | undefined =>
  first(
    model.graph.results.map(({ name, type }, i) => {
      const { dtype, dims } = outputs[i] as Tensor;
      const is = tensorType(dtype, ['N', ...dims.slice(1)]);
      return formatType(type) === formatType(is) ? undefined : `${name} is inferred as ${formatType(type)}`;
    }),
  );

const lowers = (v: Vector): string | undefined => {
  const program = lower(plain(expand(v.model), { edge: 'planes' }));
  if (!('statements' in program)) return JSON.stringify(program);
  const rows = (v.outputs[0] as Tensor).dims[0] as number;
  const results = run(
    program,
    new Map([...v.inputs].map(([name, d]) => [name, (d as Tensor).data] as const)),
    rows,
  );
  return first(
    v.outputs.map((d, i) => {
      const wanted = d as Tensor;
      const data = results.get(v.model.graph.results[i]?.name ?? '');
      return disagreement(data && tensor(wanted.dtype, wanted.dims, data), wanted, toleranceOf(v.node));
    }),
  );
};

/** Refused by the row language. */
const unlowered = new Set(['SVMClassifier', 'SVMRegressor']);

test('every operator at every version has cases', () => {
  const tried = new Set(vectors.map(({ node: { op } }) => `${op.name} ${op.since}`));
  const all = ml.flatMap(({ name, since }) => since.map((v) => `${name} ${v}`));
  expect([...tried].sort()).toEqual(all.sort());
  expect(vectors.length).toBeGreaterThanOrEqual(1000);
});

for (const { name, since } of ml) {
  describe(`${name} ${since.join(', ')}`, () => {
    const own = vectors.filter(({ node: { op } }) => op.name === name && since.includes(op.since));
    const inRows = rowed(own);
    test('evaluates to what the specification asks for', () => {
      expect(wrong(own, (v) => evaluates(v))).toEqual([]);
    });
    test('infers the types of its outputs', () => {
      expect(wrong(own, infers)).toEqual([]);
    });
    test('infers rows', () => {
      expect(wrong(inRows, infersRows)).toEqual([]);
    });
    if (unlowered.has(name)) {
      test.each(['float32', 'float64'] as const)('says the same taken apart, coupled in %s', (real) => {
        expect(wrong(own, (v) => evaluates(v, machines(v.model, real)))).toEqual([]);
      });
      return;
    }
    test('says the same in the row language', () => {
      expect(wrong(inRows, lowers)).toEqual([]);
    });
  });
}

test('what onnxruntime says otherwise is of cases that stand here', () => {
  const url = new URL('../../../fixtures/onnx-ml/onnxruntime.json', import.meta.url);
  const { causes } = JSON.parse(readFileSync(url, 'utf8')) as {
    causes: { cases: Record<string, unknown> }[];
  };
  const names = new Set([...vectors, ...refused].map((v) => v.name));
  expect(causes.flatMap((c) => Object.keys(c.cases)).filter((n) => !names.has(n))).toEqual([]);
});

test('what the text forbids is refused, and by what was broken', () => {
  const known = /^\w+: (ops\/bad-input|ml\/broken-trees|onnx\/tree|onnx\/deprecated-operator): /;
  expect(refused.map((c) => `${c.name}: ${outcome(c)}`).filter((o) => !known.test(o))).toEqual([]);
  expect(refused.length).toBeGreaterThan(60);
});
