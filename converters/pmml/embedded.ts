/**
 * Models that stand in a MiningModel without a Segment, as PMML up to 4.1 wrote them: each in turn, its ResultFields are
 * there for those after it, and the last says what is predicted. A node of an embedded tree may hold a model of its own,
 * which then speaks for it. PMML 3.2, Model Composition.
 */
import type { Element } from '../shared/xml.ts';
import type { Classes } from './classes.ts';
import { parts } from './document.ts';
import type { Embed } from './forest.ts';
import type { Model, ModelResult } from './model.ts';
import { type OutputColumn, readOutput } from './output.ts';
import type { Prediction } from './prediction.ts';
import { readRegression } from './regression.ts';
import { Scope } from './scope.ts';
import { applyTarget, targetFor } from './targets.ts';
import { readTree, readTreeModel } from './tree.ts';
import { ElementCursor } from './treeCursor.ts';

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

/** `depth`: how many embedded models this one stands in. */
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

/** Models in the Nodes of a tree that stands in this scope. */
export const embeddedIn =
  (m: Model, scope: Scope, depth = 0): Embed =>
  (element) => {
    for (const field of parts(element)) {
      if (field.name !== 'ResultField' && field.name !== 'Output') continue;
      m.world.doc.warn(field, 'pmml/ignored', 'what a model in a Node shows is shown nowhere');
    }
    return predict(element, m, scope, depth + 1);
  };

const tree = (
  element: Element,
  m: Model,
  scope: Scope,
  classes: Classes | null,
  depth: number,
): Prediction => {
  const { doc, counts } = m.world;
  const root =
    doc.child(element, 'Node') ?? doc.fail(element, 'pmml/missing-element', 'a DecisionTree needs a Node');
  const model = readTreeModel(doc, element, classes);
  const { prediction, nodes } = readTree(new ElementCursor(root), scope, model, embeddedIn(m, scope, depth));
  counts.trees++;
  counts.nodes += nodes;
  return prediction;
};
