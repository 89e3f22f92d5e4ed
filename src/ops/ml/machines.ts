/**
 * Support vector machines taken apart: each becomes SVMRegressors that give one decision value a row, and ordinary
 * operators that make labels, scores and probabilities of them. What has no operator with several machines in it (PMML),
 * and what looks at each step (bounds of errors), takes them so.
 */
import { attr, floatsOf, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Attribute, type Node, OWN, opName, type Value } from '../../ir/model.ts';
import { argMax, cast, concat, literal, ML, squeeze } from './build.ts';
import { labelsAt, labelsWhere } from './classLabels.ts';
import { coupling } from './coupling.ts';
import { logistic, postTransform, postTransformOf } from './postTransform.ts';
import { type Machine, machineOf } from './SVMClassifier.ts';

/** What probabilities of pairs are coupled in. */
export type Real = 'float32' | 'float64';

/** One decision value: Σ coefficientᵥ · kernel(x, vectorᵥ) + rho. */
export interface Decision {
  /** Numbers of the vectors of the node; null: the coefficients are of the features. */
  readonly vectors: readonly number[] | null;
  readonly coefficients: readonly number[];
  readonly rho: number;
}

/** The machine of each pair of classes, in the order (0,1), (0,2) … (1,2) …: positive for the first. */
export const pairsOf = (m: Machine): readonly (Decision & { readonly of: readonly [number, number] })[] => {
  const found: (Decision & { of: readonly [number, number] })[] = [];
  for (let i = 0; i < m.classes - 1; i++) {
    for (let j = i + 1; j < m.classes; j++) {
      const vectors: number[] = [];
      const coefficients: number[] = [];
      for (const [of, row] of [[i, j - 1] as const, [j, i] as const]) {
        for (let v = m.from[of] as number; v < (m.from[of + 1] as number); v++) {
          const c = m.coefficients[row * m.count + v] as number;
          if (c === 0) continue;
          vectors.push(v);
          coefficients.push(c);
        }
      }
      found.push({ vectors, coefficients, rho: m.rho[found.length] as number, of: [i, j] });
    }
  }
  return found;
};

/** Beyond so many classes, their coupling takes too many operators; beyond so many numbers, each pair's own vectors too much room. */
const mostCoupled = 24;
const mostNumbers = 20_000_000;

/** Why a classifier is not taken apart; undefined where it is. */
export const tooLarge = (node: Node): string | undefined => {
  if (opName(node.op) !== 'ai.onnx.ml.SVMClassifier') return undefined;
  const m = machineOf(node);
  if (m.count > 0 && m.probA.length > 0 && m.classes > mostCoupled) {
    return `probabilities of ${m.classes} classes come from an iteration, which is written out for at most ${mostCoupled}`;
  }
  return m.count > 0 && (m.classes - 1) * m.vectors.length > mostNumbers
    ? `each pair of ${m.classes} classes has its own vectors: more than ${mostNumbers} numbers`
    : undefined;
};

/** The node in bare SVMRegressors; undefined where it is one, or too large, or another operator. */
export const takenApart = (node: Node, b: Builder, real: Real): readonly (Value | null)[] | undefined => {
  switch (opName(node.op)) {
    case 'ai.onnx.ml.SVMRegressor':
      return regressor(node, b);
    case 'ai.onnx.ml.SVMClassifier':
      return tooLarge(node) === undefined ? classifier(node, b, real) : undefined;
    default:
      return undefined;
  }
};

/** An SVMRegressor that only adds up. */
export const isBare = (node: Node): boolean =>
  intOf(node, 'one_class', 0) === 0 && postTransformOf(node) === 'NONE';

const bare = (node: Node, b: Builder, attributes: Readonly<Record<string, Attribute>>): Value => {
  const kernel = ['kernel_type', 'kernel_params'].flatMap((name): [string, Attribute][] => {
    const a = node.attributes.get(name);
    return a ? [[name, a]] : [];
  });
  return b.op([ML, 'SVMRegressor'], [node.inputs[0] as Value], {
    ...Object.fromEntries(kernel),
    ...attributes,
  });
};

const regressor = (node: Node, b: Builder): readonly Value[] | undefined => {
  if (isBare(node)) return undefined;
  const of = (name: string): Attribute => attr.floats(floatsOf(node, name) ?? []);
  const y = bare(node, b, {
    n_supports: attr.int(intOf(node, 'n_supports', 0)),
    support_vectors: of('support_vectors'),
    coefficients: of('coefficients'),
    rho: of('rho'),
  });
  if (intOf(node, 'one_class', 0) === 0) return [postTransform(b, y, postTransformOf(node))];
  const one = (x: number) => literal(b, 'float32', x);
  return [b.op('Where', [b.op('Greater', [y, one(0)]), one(1), one(-1)])];
};

const classifier = (node: Node, b: Builder, real: Real): readonly Value[] => {
  const m = machineOf(node);
  return m.count > 0 ? oneAgainstOne(node, m, b, real) : linear(node, m, b);
};

const oneAgainstOne = (node: Node, m: Machine, b: Builder, real: Real): readonly Value[] => {
  const zero = literal(b, 'float32', 0);
  const pairs = pairsOf(m);
  const decisions = pairs.map(({ vectors, coefficients, rho }) =>
    vectors === null || vectors.length === 0
      ? b.op('Expand', [literal(b, 'float32', [rho], [1, 1]), rowsOf(node, b)])
      : bare(node, b, {
          n_supports: attr.int(vectors.length),
          support_vectors: attr.floats(
            vectors.flatMap((v) => [...m.vectors.subarray(v * m.features, (v + 1) * m.features)]),
          ),
          coefficients: attr.floats(coefficients),
          rho: attr.floats([rho]),
        }),
  );
  const d = concat(b, decisions);
  const first = b.op('Greater', [d, zero]);
  const label = (): Value => {
    if (m.classes === 2) return labelsWhere(b, m.labels, b.op('Not', [squeeze(b, first, 1)]));
    const at = (side: 0 | 1) =>
      literal(
        b,
        'int32',
        pairs.map((p) => p.of[side]),
        [1, pairs.length],
      );
    const ballots = b.op('Where', [first, at(0), at(1)]);
    const ones = literal(b, 'float32', new Array<number>(pairs.length).fill(1));
    const votes = b.op([OWN, 'Tally'], [ballots, ones], { classes: attr.int(m.classes) });
    return labelsAt(b, m.labels, argMax(b, votes));
  };
  const scores = (): Value => {
    if (m.probA.length > 0) {
      const coupled = coupling(
        b,
        m.classes,
        decisions.map((v, p) => cast(b, pairProbability(b, m, v, p), real)),
        real,
      );
      return postTransform(b, cast(b, concat(b, coupled), 'float32'), m.transform);
    }
    if (m.classes > 2) return postTransform(b, d, m.transform);
    if (m.transform === 'NONE') return concat(b, [b.op('Neg', [d]), d]);
    if (m.transform === 'LOGISTIC') return logistic(b, concat(b, [b.op('Neg', [d]), d]));
    return concat(b, [b.op('Sub', [literal(b, 'float32', 1), d]), d]);
  };
  return [label(), scores()];
};

const rowsOf = (node: Node, b: Builder): Value => {
  const shape = b.op('Shape', [node.inputs[0] as Value]);
  const rows = b.op('Gather', [shape, literal(b, 'int64', [0])]);
  return b.op('Concat', [rows, literal(b, 'int64', [1])], { axis: attr.int(0) });
};

/** The probability of the first class of a pair: a sigmoid of the decision, kept away from 0 and 1. */
const pairProbability = (b: Builder, m: Machine, decision: Value, pair: number): Value => {
  const c = (x: number) => literal(b, 'float32', x);
  const scaled = b.op('Add', [
    b.op('Mul', [decision, c(m.probA[pair] as number)]),
    c(m.probB[pair] as number),
  ]);
  const p = b.op('Sub', [c(1), logistic(b, scaled)]);
  return b.op('Min', [b.op('Max', [p, c(1e-7)]), c(1 - Math.fround(1e-7))]);
};

const linear = (node: Node, m: Machine, b: Builder): readonly Value[] => {
  const scores = concat(
    b,
    m.labels.values.map((_, k) =>
      bare(node, b, {
        coefficients: attr.floats(m.coefficients.subarray(k * m.features, (k + 1) * m.features)),
        rho: attr.floats([m.rho[0] as number]),
      }),
    ),
  );
  const best = argMax(b, scores);
  const label = (): Value => {
    if (m.classes !== 2 || m.probA.length > 0) return labelsAt(b, m.labels, best);
    const max = b.op('ReduceMax', [scores, literal(b, 'int64', [1])], { keepdims: attr.int(0) });
    const positive = m.coefficients.every((c) => c >= 0)
      ? b.op('GreaterOrEqual', [max, literal(b, 'float32', 0.5)])
      : b.op('Greater', [max, literal(b, 'float32', 0)]);
    return labelsAt(b, m.labels, b.op('Where', [positive, literal(b, 'int64', 1), best]));
  };
  return [label(), postTransform(b, scores, m.transform)];
};
