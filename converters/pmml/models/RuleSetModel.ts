/** Rules that fire, and which of them decides. PMML 4.4.1, Ruleset. */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { dtypeOf } from '../algebra.ts';
import { parts, type Tag } from '../document.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { isPredicate, type Test, Tests } from '../predicates.ts';
import { type Asked, classification, type Prediction, regression } from '../prediction.ts';
import { byRank } from '../ranking.ts';
import type { Scope } from '../scope.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { doc } = m.world;
  let set: Element | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (child.name !== 'RuleSet') doc.refuse(child);
    set = cursor.element(child);
  }
  if (!set) doc.fail(m.tag, 'pmml/missing-element', 'a RuleSetModel needs a RuleSet');
  const prediction = predict(set as Element, m);
  return done(m, () => m.result(prediction));
};

export const ruleSetModel: ModelElement = {
  name: 'RuleSetModel',
  functions: ['classification', 'regression'],
  read,
};

const criteria = ['weightedSum', 'weightedMax', 'firstHit'] as const;

/** Rules inside rules inside rules. */
const depthLimit = 256;

interface Rule {
  readonly id: string;
  readonly test: Test;
  /** Number of its score among the classes. */
  readonly score: number;
  readonly weight: number;
  readonly confidence: number;
}

/** The number of a score: of a class, or of a number among those that the rules predict. */
type Scores = (tag: Tag, text: string) => number;

/** SimpleRules in document order; one inside CompoundRules fires where all of their predicates are TRUE too. */
const readRules = (set: Element, tests: Tests, numberOf: Scores, scope: Scope): Rule[] => {
  const { doc } = scope.world;
  const rules: Rule[] = [];
  const walk = (element: Element, around: readonly Test[]): void => {
    for (const part of parts(element)) {
      if (isPredicate(part.name) || part.name === 'ScoreDistribution' || part.name === 'RuleSelectionMethod')
        continue;
      if (part.name !== 'SimpleRule' && part.name !== 'CompoundRule') doc.refuse(part);
      if (around.length > depthLimit) {
        doc.fail(part, 'pmml/too-deep', `rules are nested more than ${depthLimit} deep`);
      }
      const predicate = parts(part).find((p) => isPredicate(p.name));
      if (!predicate) doc.fail(part, 'pmml/missing-element', 'it holds no predicate');
      const all = [...around, tests.predicate(predicate as Element, scope)];
      if (part.name === 'CompoundRule') walk(part, all);
      else {
        rules.push({
          // An entity without an id has its number, counted from 1.
          id: doc.text(part, 'id') ?? `${rules.length + 1}`,
          test: tests.every(all),
          score: numberOf(part, doc.need(part, 'score')),
          weight: doc.number(part, 'weight') ?? 1,
          confidence: doc.number(part, 'confidence') ?? 1,
        });
      }
    }
  };
  walk(set, []);
  return rules;
};

/** What may be asked of a rule by its rank. */
interface Place {
  readonly ruleId: () => Value;
  readonly consequent: () => Value;
  readonly confidence: () => Value;
}

/** What the criterion makes of the rules that fire. */
interface Choice {
  /** Number of the rule; means nothing where none fires. */
  readonly rule: Value;
  /** Number of its score. */
  readonly score: Value;
  readonly confidence: Value;
  /** Of a class, where some rule for it fires. */
  readonly ofClass: (c: number) => Value;
  /** Rows in which so many do not fire. */
  readonly none: Value;
}

const mostCells = 1 << 21;

const predict = (set: Element, m: Model): Prediction => {
  const { scope } = m;
  const { doc, a } = m.world;
  const method = parts(set).find((p) => p.name === 'RuleSelectionMethod');
  if (!method) doc.fail(set, 'pmml/missing-element', 'it has no RuleSelectionMethod');
  // The first is the default; the others are for applications to choose.
  const criterion = doc.choice(method as Tag, 'criterion', [...criteria, ''], '');
  if (criterion === '') doc.need(method as Tag, 'criterion');
  const values: number[] = [];
  const numberOf: Scores = (tag, text) => {
    if (m.classes !== null) return m.classes.index(doc, tag, text);
    const value = doc.parseNumber(tag, text, 'score');
    const at = values.indexOf(value);
    return at >= 0 ? at : values.push(value) - 1;
  };
  const tests = new Tests(a, scope.real);
  const rules = readRules(set, tests, numberOf, scope);
  // A row of weights is held for every score.
  const cells = rules.length * new Set(rules.map((r) => r.score)).size;
  if (cells > mostCells) {
    doc.fail(set, 'pmml/too-large', `rules times scores are ${cells}, more than ${mostCells}`);
  }
  const otherwise = doc.text(set, 'defaultScore');
  const usual = otherwise === undefined ? null : numberOf(set, otherwise);
  const trust = doc.number(set, 'defaultConfidence');
  const real = (v: number | undefined) =>
    v === undefined ? a.nothing(scope.real) : a.constant(scope.real, v);
  const usualIndex = usual === null ? a.nothing('int32') : a.constant('int32', usual);

  const fired = tests.each(rules.map((r) => r.test));
  const any = a.or(...fired) ?? a.constant('bool', false);
  const choice =
    rules.length === 0 ? null : choose(rules, fired, criterion as (typeof criteria)[number], scope, 1);
  const decided = (v: (of: Choice) => Value, none: Value): Value =>
    choice === null ? none : a.choose([any, v(choice)], none);

  const index = decided((c) => c.score, usualIndex);
  const ids = a.table(constant('string', rules.length > 0 ? rules.map((r) => r.id) : ['']), 'ruleIds');
  const table = a.table(
    m.classes?.table() ?? constant(scope.real, values.length > 0 ? values : [0]),
    'consequents',
  );
  const entity = () => decided((c) => a.pick(ids, c.rule), a.nothing('string'));
  const confidence = () => decided((c) => c.confidence, real(usual === null ? undefined : trust));
  const ofClass = (c: number) => decided((x) => x.ofClass(c), real(c === usual ? trust : undefined));
  const predicted =
    m.classes === null
      ? regression(a.pick(table, index), entity)
      : classification(a, m.classes, index, { confidence: ofClass, entity });
  const first: Place = { ruleId: entity, consequent: () => predicted.value, confidence };
  const place = (rank: number): Place => {
    if (rank === 1) return first;
    const at =
      rank > rules.length ? null : choose(rules, fired, criterion as (typeof criteria)[number], scope, rank);
    const there = (v: (of: Choice) => Value, none: Value) => () => (at ? a.mask(v(at), at.none) : none);
    const said = a.nothing(m.classes === null ? scope.real : dtypeOf(table));
    return {
      ruleId: there((c) => a.pick(ids, c.rule), a.nothing('string')),
      consequent: there((c) => a.pick(table, c.score), said),
      confidence: there((c) => c.confidence, a.nothing(scope.real)),
    };
  };
  return { ...predicted, further: (ask) => further(ask, predicted, place, m) };
};

/**
 * The rule of a rank: by its place in the document (firstHit) or its weight, equal ones in the order of the document; of
 * weightedSum the class of that rank, and the heaviest rule for it.
 */
const choose = (
  rules: readonly Rule[],
  fired: readonly Value[],
  criterion: (typeof criteria)[number],
  scope: Scope,
  rank: number,
): Choice => {
  const { a } = scope.world;
  const row = (of: (r: Rule, i: number) => number): Value =>
    a.table(constant(scope.real, rules.map(of), [1, rules.length]));
  const { data } = a.join(fired);
  const lowest = a.constant(scope.real, -Infinity);
  const never = a.nothing(scope.real);
  // firstHit is weightedMax over the places in the document.
  const weights = row((r, i) => (criterion === 'firstHit' ? -i : r.weight));
  const among = (keep: (r: Rule) => boolean, nth = 1) => {
    const kept = rules.every(keep)
      ? weights
      : row((r, i) => (!keep(r) ? -Infinity : criterion === 'firstHit' ? -i : r.weight));
    return byRank(a, a.where(data, kept, lowest))(nth);
  };
  const confidences = a.table(
    constant(
      scope.real,
      rules.map((r) => r.confidence),
    ),
    'confidences',
  );
  const scores = a.table(
    constant(
      'int32',
      rules.map((r) => r.score),
    ),
    'scores',
  );
  const silent = (v: Value): Value => a.b.op('Equal', [v, a.like(v, -Infinity)]);

  if (criterion !== 'weightedSum') {
    const best = among(() => true, rank);
    return {
      none: silent(best.value),
      rule: best.index,
      score: a.pick(scores, best.index),
      confidence: a.pick(confidences, best.index),
      ofClass: (c) => {
        if (!rules.some((r) => r.score === c)) return never;
        const own = among((r) => r.score === c);
        return a.pick(confidences, own.index, silent(own.value));
      },
    };
  }
  const ones = a.b.op('Cast', [data], { to: attr.int(scope.real === 'float64' ? 11 : 1) });
  const sum = (of: (r: Rule) => number): Value =>
    a.own('Sum', [a.b.op('Mul', [ones, row(of)])], { base: attr.string('first') });
  const count = sum(() => 1);
  const some = a.where(a.b.op('Greater', [count, a.like(count, 0)]), count, a.like(count, 1));
  // Among equal totals the class that the data dictionary lists first.
  const present = [...new Set(rules.map((r) => r.score))].sort((x, y) => x - y);
  const totals = present.map((c) => {
    const hits = sum((r) => (r.score === c ? 1 : 0));
    const total = sum((r) => (r.score === c ? r.weight : 0));
    return a.where(a.b.op('Greater', [hits, a.like(hits, 0)]), total, lowest);
  });
  const trusts = present.map((c) =>
    a.div(
      sum((r) => (r.score === c ? r.confidence : 0)),
      some,
    ),
  );
  const none = a.table(constant(scope.real, [-Infinity], [1, 1]));
  const best =
    rank > present.length
      ? { index: a.constant('int64', 0), value: none }
      : byRank(a, a.join(totals).data)(rank);
  const pickOf = (values: readonly Value[]): Value =>
    a.choose(
      values.flatMap((v, i) => [a.compare('Equal', best.index, a.like(best.index, i)), v]),
      values[0] as Value,
    );
  return {
    none: silent(best.value),
    // The heaviest of the rules that fire for the class.
    rule: pickOf(present.map((c) => among((r) => r.score === c).index)),
    score: a.pick(a.table(constant('int32', present)), best.index),
    confidence: pickOf(trusts),
    ofClass: (c) => trusts[present.indexOf(c)] ?? never,
  };
};

/** Features that rules have: the rule that decided, or the next in rank, what it says, how sure it is. */
const further = (ask: Asked, p: Prediction, place: (rank: number) => Place, m: Model) => {
  const { doc } = m.world;
  const feature =
    ask.feature === 'ruleValue' ? (doc.text(ask.element, 'ruleFeature') ?? 'consequent') : ask.feature;
  // Of a category that is named, or by probability, the model's own columns say it.
  if (
    feature === 'confidence' &&
    (ask.value !== undefined || (ask.rank !== 1 && ask.feature !== 'ruleValue'))
  )
    return null;
  switch (feature) {
    case 'entityId':
    case 'ruleId':
      return { value: place(ask.rank).ruleId(), dataType: 'string' };
    case 'consequent':
      return { value: place(ask.rank).consequent(), dataType: p.classes?.dataType ?? 'double' };
    case 'confidence':
      return { value: place(ask.rank).confidence(), dataType: 'double' };
    default:
      return null;
  }
};
