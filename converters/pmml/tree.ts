/** TreeModel. PMML 4.4.1, Tree Models. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { XmlCursor } from '../shared/xml.ts';
import { type Algebra, typeOf } from './algebra.ts';
import type { Classes } from './classes.ts';
import type { Document, Tag } from './document.ts';
import { type Columns, Forest, type Routed, type TreeSettings } from './forest.ts';
import { classification, type Prediction, regression, winner } from './prediction.ts';
import type { Scope } from './scope.ts';

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
  if (classes === null && goesSeveralWays(strategy)) {
    doc.refuse(tag, `missingValueStrategy="${strategy}" is defined for classification only`);
  }
  return {
    settings: {
      strategy,
      last: noTrueChild === 'returnLastPrediction',
      counted: penalty !== 1,
      classes,
    },
    penalty,
  };
};

export const goesSeveralWays = (strategy: TreeSettings['strategy']): boolean =>
  strategy === 'weightedConfidence' || strategy === 'aggregateNodes';

/** A tree of its own, not one of a forest. */
export const readTree = (
  cursor: XmlCursor,
  root: Tag,
  scope: Scope,
  model: TreeModel,
): { readonly prediction: Prediction; readonly nodes: number } => {
  const { a } = scope.world;
  const forest = new Forest(a, scope.real);
  forest.read(cursor, root, scope, model.settings);
  const prediction = goesSeveralWays(model.settings.strategy)
    ? spread(a, forest, scope, model)
    : treePrediction(a, forest.route(), 0, model);
  return { prediction, nodes: forest.size };
};

/** What tree number `t` of a forest says. */
export const treePrediction = (a: Algebra, routed: Routed, t: number, model: TreeModel): Prediction => {
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
  const met = unknowns === null || model.penalty === 1 ? null : alone ? unknowns : a.column(unknowns, t);
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
 * summed by class and the highest wins; where one outcome alone is reached for certain its own score counts.
 */
const spread = (a: Algebra, forest: Forest, scope: Scope, { settings }: TreeModel): Prediction => {
  const classes = settings.classes as Classes;
  const trees = forest.trees.build((values, dims) => constant('float64', values, dims));
  if (trees.test.length === 0) return treePrediction(a, forest.route(), 0, { settings, penalty: 1 });
  const real = scope.real;
  const weight = a.cast(
    a.own('Spread', forest.tests.columns, {
      predicates: attr.predicates(forest.tests.table.build(forest.tests.numbers())),
      trees: attr.trees(trees),
    }),
    real,
  );
  const worth = forest.outcomeScores;
  // Outcomes without a prediction take part in nothing.
  const sumOver = (values: ArrayLike<number>): Value => {
    const present = Array.from(values, (v, i) => (Number.isNaN(v) || Number.isNaN(worth[i]) ? 0 : v));
    return a.own('Sum', [a.b.op('Mul', [weight, a.table(constant(real, present, [1, present.length]))])], {
      base: attr.string('first'),
    });
  };
  const records = settings.strategy === 'aggregateNodes';
  const sums = Array.from({ length: classes.count }, (_, c) =>
    sumOver(forest.perOutcome(c, records ? 'records' : 'confidence')),
  );
  const total = sumOver(worth.map(() => 1));
  const none = a.b.op('LessOrEqual', [total, a.constant(real, 0)]);
  // Exactly one outcome, with all the weight: nothing was missing on the way.
  const reached = a.b.op('Greater', [weight, a.constant(real, 0)]);
  const ways = a.own('Sum', [a.b.op('Mul', [a.cast(reached, real), presence(a, worth, real)])], {
    base: attr.string('first'),
  });
  const one = a.constant(real, 1);
  const certain = a.and(a.b.op('Equal', [ways, one]), a.b.op('Equal', [total, one]));
  const score = a.cast(sumOver(worth), 'int32');
  const index = a.mask(a.where(certain, score, a.fill(winner(a, sums))), none);
  const all = sums.reduce((x, y) => a.b.op('Add', [x, y]));
  const portion = (c: number) =>
    records
      ? a.mask(a.b.op('Div', [sums[c] as Value, a.where(none, one, all)]), none)
      : a.mask(sums[c] as Value, none);
  const ids = a.table(constant('string', forest.outcomeIds), 'id');
  return classification(a, classes, index, {
    probability: records ? portion : (c) => a.mask(sumOver(forest.perOutcome(c, 'probability')), none),
    confidence: portion,
    entity: () => {
      const at = a.b.op('ArgMax', [weight], { axis: attr.int(1), keepdims: attr.int(1) });
      return a.mask(a.b.op('Gather', [ids, at], { axis: attr.int(0) }), a.or(none, a.not(certain)));
    },
  });
};

/** 1 for outcomes with a prediction, 0 for those without. */
const presence = (a: Algebra, worth: readonly number[], real: 'float64' | 'float32'): Value =>
  a.table(
    constant(
      real,
      worth.map((w) => (Number.isNaN(w) ? 0 : 1)),
      [1, worth.length],
    ),
  );
