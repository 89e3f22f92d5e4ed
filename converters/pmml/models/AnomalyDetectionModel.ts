/** How unusual a row is, from what a model inside says of it. PMML 4.4.1, Anomaly Detection Models. */
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { arrayValues } from '../arrays.ts';
import { parts } from '../document.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Prediction, regression } from '../prediction.ts';

const algorithms = ['iforest', 'ocsvm', 'clusterMeanDist', 'other'] as const;

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag, scope } = m;
  const { doc } = world;
  const algorithm = doc.choice(tag, 'algorithmType', [...algorithms, ''], '');
  if (algorithm === '') doc.need(tag, 'algorithmType');
  let inner: Pending | undefined;
  let distances: Element | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (child.name === 'MeanClusterDistances') distances = cursor.element(child);
    else if (!world.elements.has(child.name)) doc.refuse(child);
    else {
      if (inner) doc.fail(child, 'pmml/duplicate-element', 'an AnomalyDetectionModel holds one model');
      inner = m.nested(cursor, child, { scope, classes: m.classes, forest: null });
    }
  }
  const model = inner ?? doc.fail(tag, 'pmml/missing-element', 'an AnomalyDetectionModel holds a model');
  return done(m, () => {
    const { prediction } = model.finish(null);
    const said =
      prediction ?? doc.fail(tag, 'pmml/no-prediction', 'the model inside has no single prediction');
    return m.result(score(m, said, algorithm as (typeof algorithms)[number], distances));
  });
};

export const anomalyDetectionModel: ModelElement = {
  name: 'AnomalyDetectionModel',
  functions: ['regression', 'classification', 'clustering', 'mixed'],
  read,
};

const score = (
  m: Model,
  inner: Prediction,
  algorithm: (typeof algorithms)[number],
  distances: Element | undefined,
): Prediction => {
  switch (algorithm) {
    case 'iforest':
      return isolation(m, inner);
    case 'clusterMeanDist':
      return meanDistance(m, inner, distances);
    default:
      // What the model inside says is the score.
      return inner;
  }
};

/** 2 ^ (-path / c(n)), with c(n) the mean path length of n samples: 2 (ln(n - 1) + γ) - 2 (n - 1) / n. */
const isolation = (m: Model, inner: Prediction): Prediction => {
  const { doc, a } = m.world;
  if (inner.classes !== null) doc.fail(m.tag, 'pmml/type', 'the forest inside must say a path length');
  const n = doc.needNumber(m.tag, 'sampleDataSize');
  if (!(Number.isInteger(n) && n >= 2)) {
    doc.fail(m.tag, 'pmml/attribute-value', `sampleDataSize="${n}" is not a whole number from 2 on`);
  }
  const c = 2 * (Math.log(n - 1) + 0.5772156649) - (2 * (n - 1)) / n;
  const path = inner.value;
  const exponent = a.lift('Neg', [a.div(path, a.like(path, c))]);
  return regression(a.lift('Pow', [a.constant(m.scope.real, 2), exponent]));
};

/** The distance to the nearest cluster over the mean distance of that cluster's members. */
const meanDistance = (m: Model, inner: Prediction, distances: Element | undefined): Prediction => {
  const { doc, a } = m.world;
  const array = distances && parts(distances)[0];
  if (!array) return doc.fail(m.tag, 'pmml/missing-element', 'clusterMeanDist needs MeanClusterDistances');
  const means = arrayValues(doc, array).map((t) => doc.parseNumber(array, t, 'a mean distance'));
  const affinity = inner.further?.({ feature: 'affinity', element: array, rank: 1, value: undefined });
  const { index, classes } = inner;
  // Clusters that are statistics have probabilities instead.
  if (!affinity || index === null || classes === null || inner.probability(0) !== null) {
    return doc.refuse(m.tag, 'clusterMeanDist is defined over a ClusteringModel with centres');
  }
  if (means.length !== classes.count) {
    doc.fail(array, 'pmml/array', `it holds ${means.length} values, and there are ${classes.count} clusters`);
  }
  if (means.some((v) => !(v > 0))) doc.fail(array, 'pmml/array', 'mean distances are positive');
  const mean: Value = a.pick(a.table(constant(m.scope.real, means), 'meanDistances'), index);
  return regression(a.div(affinity.value, mean));
};
