/**
 * Models that stand in a MiningModel without a Segment, as PMML up to 4.1 wrote them: each in turn, its ResultFields are
 * there for those after it, and the last says what is predicted. A node of an embedded tree may hold a model of its own,
 * which then speaks for it. PMML 3.2, Model Composition.
 */
import type { Element } from '../shared/xml.ts';
import type { Classes } from './classes.ts';
import { parts } from './document.ts';
import type { Model, ModelResult } from './model.ts';
import { type OutputColumn, readOutput } from './output.ts';
import { isPredicate, type Test, Tests } from './predicates.ts';
import { classification, firstOf, type Prediction, regression } from './prediction.ts';
import { readRegression } from './regression.ts';
import { Scope } from './scope.ts';
import { applyTarget, targetFor } from './targets.ts';

export const isEmbedded = (name: string): boolean => name === 'Regression' || name === 'DecisionTree';

const depthLimit = 200;

/** What an embedded model says; its results are set in the scope of the MiningModel. */
export const readEmbedded = (element: Element, m: Model): Prediction => {
  const { doc } = m.world;
  const prediction = predict(element, m, m.scope, 0);
  const fields = parts(element).filter((p) => p.name === 'ResultField');
  const output: Element = {
    ...element,
    name: 'Output',
    children: fields.map((f) => ({ ...f, name: 'OutputField' })),
  };
  for (const column of columnsOf(output, prediction, m)) m.scope.set(column.name, column.variable);
  const shown = doc.child(element, 'Output');
  if (shown) doc.refuse(shown, 'an embedded model shows its results by ResultField');
  return prediction;
};

const columnsOf = (output: Element, prediction: Prediction, m: Model): readonly OutputColumn[] => {
  const { classes } = prediction;
  const result: ModelResult = {
    scope: m.scope,
    target: m.target,
    dataType: classes ? classes.dataType : 'double',
    optype: classes ? 'categorical' : 'continuous',
    prediction,
    display: new Map(),
    outputs: () => [],
    several: [],
    others: [],
    actual: (tag) => m.world.doc.refuse(tag, 'an embedded model has no residual'),
  };
  return readOutput(output, result, () => undefined);
};

/** `depth`: how many embedded models and nodes this one stands in. */
const predict = (element: Element, m: Model, around: Scope, depth: number): Prediction => {
  const { world } = m;
  const { doc, a } = world;
  if (depth > depthLimit)
    doc.fail(element, 'pmml/too-deep', `embedded models are nested more than ${depthLimit} deep`);
  doc.need(element, 'functionName');
  const name = doc.choice(element, 'functionName', ['regression', 'classification'], 'regression');
  const classes = name === 'classification' ? (m.classes ?? world.classes(m.target ?? '')) : null;
  const scope = new Scope(world, around, around.real);
  for (const local of parts(element).filter((p) => p.name === 'LocalTransformations')) {
    for (const d of parts(local)) scope.define(doc.need(d, 'name'), d);
  }
  const known = [
    'ResultField',
    'LocalTransformations',
    'Targets',
    'ModelStats',
    'Output',
    'RegressionTable',
    'Node',
  ];
  for (const part of parts(element)) if (!known.includes(part.name)) doc.refuse(part);
  return a.within(doc.place(element), () => {
    const raw =
      element.name === 'Regression'
        ? readRegression(
            element,
            parts(element).filter((p) => p.name === 'RegressionTable'),
            scope,
            classes,
            false,
          )
        : tree(element, m, scope, classes, depth);
    return applyTarget(doc, a, targetFor(doc, doc.child(element, 'Targets') ?? null, m.target), raw);
  });
};

interface Embedding {
  readonly m: Model;
  readonly scope: Scope;
  readonly classes: Classes | null;
  /** What an UNKNOWN predicate of a child leads to. */
  readonly strategy: (typeof strategies)[number];
  readonly last: boolean;
  readonly tests: Tests;
}

const strategies = ['none', 'lastPrediction', 'nullPrediction', 'defaultChild'] as const;

const tree = (
  element: Element,
  m: Model,
  scope: Scope,
  classes: Classes | null,
  depth: number,
): Prediction => {
  const { doc, a } = m.world;
  const root =
    doc.child(element, 'Node') ?? doc.fail(element, 'pmml/missing-element', 'a DecisionTree needs a Node');
  const e: Embedding = {
    m,
    scope,
    classes,
    strategy: doc.choice(element, 'missingValueStrategy', strategies, 'none'),
    last:
      doc.choice(
        element,
        'noTrueChildStrategy',
        ['returnNullPrediction', 'returnLastPrediction'],
        'returnNullPrediction',
      ) === 'returnLastPrediction',
    tests: new Tests(a, scope.real),
  };
  m.world.counts.trees++;
  const { test, says } = node(root, e, depth);
  if (test.always) return says;
  return firstOf(a, [
    { when: holds(e, test), then: says },
    { when: a.constant('bool', true), then: nothing(e) },
  ]);
};

/** A node's predicate, and what it says where that is TRUE: its own prediction, or the first child's that holds. */
const node = (
  element: Element,
  e: Embedding,
  depth: number,
): { readonly test: Test; readonly says: Prediction } => {
  const { m, scope } = e;
  const { doc, a } = m.world;
  if (depth > depthLimit) doc.fail(element, 'pmml/too-deep', `nodes are nested more than ${depthLimit} deep`);
  m.world.counts.nodes++;
  const predicate = parts(element).find((p) => isPredicate(p.name));
  if (!predicate) return doc.fail(element, 'pmml/missing-element', 'a Node needs a predicate');
  const test = e.tests.predicate(predicate, scope);
  const inner = parts(element).find((p) => isEmbedded(p.name));
  const own = inner ? predict(inner, m, scope, depth + 1) : leaf(element, e);
  const children = parts(element)
    .filter((p) => p.name === 'Node')
    .map((child) => ({ child, ...node(child, e, depth + 1) }));
  if (children.length === 0) return { test, says: own };
  const always = a.constant('bool', true);
  const options = children.flatMap(({ test: t, says }) => {
    if (t.always !== undefined) return t.always ? [{ when: always, then: says }] : [];
    const taken = { when: holds(e, t), then: says };
    if (e.strategy === 'none') return [taken];
    const instead = () => {
      if (e.strategy === 'lastPrediction') return own;
      if (e.strategy === 'nullPrediction') return nothing(e);
      const id = doc.need(element, 'defaultChild');
      const chosen = children.find((c) => doc.text(c.child, 'id') === id);
      return (
        chosen?.says ?? doc.fail(element, 'pmml/unknown-node', `defaultChild="${id}" is the id of no child`)
      );
    };
    const unknown = a.missing(e.tests.test([t.row]));
    return unknown === null ? [taken] : [{ when: unknown, then: instead() }, taken];
  });
  return { test, says: firstOf(a, [...options, { when: always, then: e.last ? own : nothing(e) }]) };
};

const holds = (e: Embedding, t: Test) => e.m.world.a.isTrue(e.tests.test([t.row]));

const nothing = ({ m, scope, classes }: Embedding): Prediction => {
  const { a } = m.world;
  if (classes === null) return regression(a.nothing(scope.real));
  return classification(a, classes, a.nothing('int32'), { probability: () => a.nothing(scope.real) });
};

/** What a node says of itself: its score, and for classes how its records are distributed. */
const leaf = (element: Element, e: Embedding): Prediction => {
  const { m, scope, classes } = e;
  const { doc, a } = m.world;
  const score = doc.text(element, 'score');
  if (score === undefined) return nothing(e);
  if (classes === null) return regression(a.constant(scope.real, doc.parseNumber(element, score, 'score')));
  const shares = new Map<number, number>();
  for (const d of parts(element).filter((p) => p.name === 'ScoreDistribution')) {
    shares.set(
      classes.index(doc, d, doc.need(d, 'value')),
      doc.number(d, 'probability') ?? doc.number(d, 'recordCount') ?? 0,
    );
  }
  const all = [...shares.values()].reduce((x, y) => x + y, 0);
  return classification(a, classes, a.constant('int32', classes.index(doc, element, score)), {
    probability: (c) => (all > 0 ? a.constant(scope.real, (shares.get(c) ?? 0) / all) : null),
  });
};
