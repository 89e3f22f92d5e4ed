/** TreeModel. PMML 4.4.1, Tree Models. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import { type Algebra, typeOf } from './algebra.ts';
import type { Classes } from './classes.ts';
import type { Document, Tag } from './document.ts';
import { type Columns, type Embed, Forest, type Routed, type TreeSettings } from './forest.ts';
import { classification, firstOf, type Prediction, regression, winner } from './prediction.ts';
import type { Scope } from './scope.ts';
import type { TreeCursor } from './treeCursor.ts';

export interface TreeModel {
  readonly settings: TreeSettings;
  /** What each missing value on the way multiplies the confidence by. */
  readonly penalty: number;
}

const strategies = [
  'none',
  'lastPrediction',
  'nullPrediction',
  'defaultChild',
  'weightedConfidence',
  'aggregateNodes',
] as const;

/** The attributes of TreeModel. */
export const readTreeModel = (doc: Document, tag: Tag, classes: Classes | null): TreeModel => {
  const strategy = doc.choice(tag, 'missingValueStrategy', strategies, 'none');
  const penalty = doc.number(tag, 'missingValuePenalty') ?? 1;
  const noTrueChild = doc.choice(
    tag,
    'noTrueChildStrategy',
    ['returnNullPrediction', 'returnLastPrediction'],
    'returnNullPrediction',
  );
  const several = goesSeveralWays(strategy);
  if (several && classes === null) {
    doc.warn(
      tag,
      'pmml/undefined-strategy',
      `missingValueStrategy="${strategy}" is told of classes only: scores are averaged by recordCount`,
    );
  }
  if (penalty !== 1 && several) {
    doc.warn(tag, 'pmml/penalty', `missingValuePenalty is not defined for ${strategy}, and not applied`);
  }
  return {
    settings: {
      strategy,
      last: noTrueChild === 'returnLastPrediction',
      counted: penalty !== 1 && !several && classes !== null,
      classes,
    },
    penalty,
  };
};

export const goesSeveralWays = (strategy: TreeSettings['strategy']): boolean =>
  strategy === 'weightedConfidence' || strategy === 'aggregateNodes';

/** A tree of its own, not one of a forest: its root `<Node>` was opened last. */
export const readTree = (
  cursor: TreeCursor,
  scope: Scope,
  model: TreeModel,
  embed: Embed,
): { readonly prediction: Prediction; readonly nodes: number } => {
  const { a } = scope.world;
  const several = goesSeveralWays(model.settings.strategy);
  const forest = new Forest(a, scope.real, several);
  forest.read(cursor, scope, model.settings, embed);
  const prediction = several ? spread(a, forest, scope, model) : treePrediction(a, forest.route(), 0, model);
  return { prediction, nodes: forest.size };
};

/** What tree number `t` of a forest says: its outcomes, or the models that speak for some of them. */
export const treePrediction = (a: Algebra, routed: Routed, t: number, model: TreeModel): Prediction => {
  const own = routedPrediction(a, routed, t, model);
  const spoken = routed.forest.spokenFor(t);
  if (spoken.length === 0) return own;
  const reached = typeOf(routed.outcome).dims?.[1] === 1 ? routed.outcome : a.column(routed.outcome, t);
  const options = spoken.map(({ outcome, id, prediction }) => ({
    when: a.b.op('Equal', [reached, a.like(reached, outcome)]),
    then: { ...prediction, entity: () => a.constant('string', id) },
  }));
  return firstOf(a, [...options, { when: a.constant('bool', true), then: own }]);
};

const routedPrediction = (a: Algebra, routed: Routed, t: number, model: TreeModel): Prediction => {
  const alone = typeOf(routed.outcome).dims?.[1] === 1;
  const pick = ({ data, missing }: Columns): Value =>
    alone ? a.mask(data, missing) : a.mask(a.column(data, t), missing && a.column(missing, t));
  const { classes } = model.settings;
  const entity = () => pick(routed.ids());
  if (classes === null) return regression(pick(routed.scores()), entity);
  const distributed = routed.forest.distributed;
  const share = (of: 'probability' | 'confidence') => (c: number) =>
    distributed ? pick(routed.shares(c, of)) : null;
  const confidence = share('confidence');
  const { unknowns } = routed;
  const met = unknowns === null || !model.settings.counted ? null : alone ? unknowns : a.column(unknowns, t);
  return classification(a, classes, pick(routed.classes()), {
    probability: share('probability'),
    confidence: (c) => {
      const value = confidence(c);
      return value === null || met === null ? value : a.mul(value, penalty(a, met, model.penalty, value));
    },
    entity,
  });
};

/** penalty ^ how often, by a table: a power that every engine computes alike. */
const penalty = (a: Algebra, met: Value, base: number, like: Value): Value => {
  const powers: number[] = [1];
  while (powers.length < 64) powers.push((powers[powers.length - 1] as number) * base);
  const at = a.b.op('Min', [met, a.like(met, powers.length - 1)]);
  return a.pick(a.table(constant(typeOf(like).dtype, powers), 'penalty'), at);
};

/**
 * The strategies that go several ways: every outcome has a weight. Confidences (aggregateNodes: record counts) are
 * summed by class and the highest wins; numbers are averaged by the same weights. Where nothing was missing on the way,
 * the node reached says all.
 */
const spread = (a: Algebra, forest: Forest, scope: Scope, { settings }: TreeModel): Prediction => {
  const { classes } = settings;
  const { real } = scope;
  const plain: TreeModel = { settings, penalty: 1 };
  const trees = forest.trees.build((values, dims) => constant('float64', values, dims));
  const routed = forest.route(forest.sure as NonNullable<Forest['sure']>);
  const sure = treePrediction(a, routed, 0, plain);
  if (trees.test.length === 0) return sure;

  const weight = a.cast(a.own('Spread', forest.tests.columns, forest.attributes(trees)), real);
  const worth = forest.outcomeScores;
  /** Over the outcomes that predict something. */
  const sumOver = (values: Float64Array): Value => {
    const present = Array.from(values, (v, i) => (Number.isNaN(v) || Number.isNaN(worth[i]) ? 0 : v));
    const weighed = a.b.op('Mul', [weight, a.table(constant(real, present, [1, present.length]))]);
    return a.own('Sum', [weighed], { base: attr.string('first') });
  };
  const counting = settings.strategy === 'aggregateNodes';
  const certain = a.not(a.b.op('Equal', [routed.outcome, a.like(routed.outcome, ~forest.unsure)]));
  const one = a.constant(real, 1);
  const weightless = (sum: Value): Value => a.b.op('LessOrEqual', [sum, a.constant(real, 0)]);
  if (classes === null) {
    const records = counting ? forest.outcomeRecords : worth.map((): number => 1);
    const size = sumOver(records);
    const none = weightless(size);
    const sum = sumOver(worth.map((w, i) => w * (records[i] as number)));
    const mean = a.b.op('Div', [sum, a.where(none, one, size)]);
    return regression(a.choose([certain, sure.value], a.mask(mean, none)), sure.entity);
  }
  const sums = Array.from({ length: classes.count }, (_, c) =>
    sumOver(forest.perOutcome(c, counting ? 'records' : 'confidence')),
  );
  const none = weightless(sumOver(worth.map((): number => 1)));
  const all = a.where(
    none,
    one,
    sums.reduce((x, y) => a.b.op('Add', [x, y])),
  );
  const portion = (c: number) => (counting ? a.b.op('Div', [sums[c] as Value, all]) : (sums[c] as Value));
  /** What the node says where it is certain, else what the sums say. */
  const either = (node: Value | null, sum: Value): Value =>
    a.choose([certain, node ?? a.nothing(typeOf(sum).dtype)], a.mask(sum, none));
  return classification(a, classes, either(sure.index, winner(a, sums)), {
    probability: (c) =>
      either(sure.probability(c), counting ? portion(c) : sumOver(forest.perOutcome(c, 'probability'))),
    confidence: (c) => either(sure.confidence(c), portion(c)),
    entity: sure.entity,
  });
};
