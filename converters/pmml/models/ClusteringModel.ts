/**
 * Clusters around centres: the nearest, or the most alike, is a record's; of clusters that are statistics, the most
 * probable. PMML 4.4.1, Clustering Models.
 */
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { arrayNumbers, arrayValues } from '../arrays.ts';
import { Classes } from '../classes.ts';
import { probable } from '../clusterStatistics.ts';
import { type Document, parts } from '../document.ts';
import { type Measure, measure, sideBySide } from '../measures.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Near, nearestByRank, ofRecord } from '../nearest.ts';
import { type Asked, classification, type Prediction } from '../prediction.ts';
import type { Scope, Variable } from '../scope.ts';
import { literal } from '../types.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag } = m;
  const { doc } = world;
  let comparison: Element | undefined;
  let weights: Element | undefined;
  let centerFields: Element | undefined;
  let statistics: Element | undefined;
  const fields: Element[] = [];
  const clusters: Element[] = [];
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (child.name === 'ModelStats') {
      statistics = cursor.element(child);
      continue;
    }
    if (m.part(cursor, child)) continue;
    const element = cursor.element(child);
    if (child.name === 'ComparisonMeasure') comparison = element;
    else if (child.name === 'ClusteringField') fields.push(element);
    else if (child.name === 'CenterFields') centerFields = element;
    else if (child.name === 'MissingValueWeights') weights = element;
    else if (child.name === 'Cluster') clusters.push(element);
    else doc.refuse(child);
  }
  doc.need(tag, 'modelClass');
  const modelClass = doc.choice(tag, 'modelClass', ['centerBased', 'distributionBased'], 'centerBased');
  if (clusters.length === 0) doc.fail(tag, 'pmml/missing-element', 'a ClusteringModel needs a Cluster');
  const declared = doc.number(tag, 'numberOfClusters');
  if (declared !== undefined && declared !== clusters.length) {
    doc.warn(tag, 'pmml/count', `it says numberOfClusters="${declared}" and holds ${clusters.length}`);
  }
  const classes = new Classes(undefined);
  clusters.forEach((c, i) => {
    const id = doc.text(c, 'id') ?? `${i + 1}`;
    if (classes.find(id) !== undefined)
      doc.fail(c, 'pmml/duplicate-name', `two Clusters have the id "${id}"`);
    classes.index(doc, c, id);
  });
  m.classes = classes;
  if (modelClass === 'distributionBased') {
    const measured = probable(m, fields, clusters, statistics);
    return done(m, () => m.result(predict(m, classes, clusters, measured, true)));
  }
  if (!comparison)
    return doc.fail(tag, 'pmml/missing-element', 'a ClusteringModel needs a ComparisonMeasure');
  const measured = compared(m, comparison, coordinates(m, fields, centerFields), weights, clusters);
  return done(m, () => m.result(predict(m, classes, clusters, measured, false)));
};

/** What stands at one place of all centres. */
interface Coordinate {
  /** Where the weight and the comparison are said. */
  readonly element: Element;
  readonly variable: Variable;
  /** Its place among all ClusteringFields. */
  readonly at: number;
}

const coordinates = (m: Model, fields: readonly Element[], center: Element | undefined): Coordinate[] => {
  const { scope } = m;
  const { doc } = scope.world;
  if (center) return olderCoordinates(doc, scope, fields, center);
  return fields.flatMap((element, at) => {
    // What is no part of the centres is not compared.
    if (!doc.flag(element, 'isCenterField', true)) return [];
    return [{ element, variable: scope.read(doc.need(element, 'field'), element), at }];
  });
};

/** Up to PMML 3.1 the coordinates were derived fields of their own. */
const olderCoordinates = (
  doc: Document,
  scope: Scope,
  fields: readonly Element[],
  center: Element,
): Coordinate[] => {
  const byName = new Map(fields.map((f) => [doc.need(f, 'field'), f]));
  const list = parts(center).map((element, at): Coordinate => {
    if (element.name !== 'DerivedField') doc.refuse(element);
    const name = doc.text(element, 'name') ?? '';
    const own = byName.get(name);
    byName.delete(name);
    return { element: own ?? element, variable: scope.world.derive(element, scope), at };
  });
  for (const f of byName.values()) {
    if (doc.text(f, 'fieldWeight') !== undefined || doc.text(f, 'compareFunction') !== undefined) {
      doc.refuse(f, 'how it bears on CenterFields of other names is not said');
    }
  }
  return list;
};

const compared = (
  m: Model,
  comparison: Element,
  list: readonly Coordinate[],
  weights: Element | undefined,
  clusters: readonly Element[],
): Measure => {
  const { scope } = m;
  const { doc, a } = scope.world;
  const centers = clusters.map((c) => {
    const array = parts(c).find((p) => p.name.endsWith('Array'));
    if (!array) return doc.fail(c, 'pmml/missing-element', 'it has no centre');
    const values = arrayValues(doc, array);
    if (values.length !== list.length)
      doc.fail(
        array,
        'pmml/array',
        `it has ${values.length} coordinates, and there are ${list.length} fields`,
      );
    return values.map((text, i) => literal(doc, array, text, (list[i] as Coordinate).variable.dataType));
  });
  const counts = missingWeights(doc, list, weights);
  const pairs = list.map(({ element, variable, at }, i) => ({
    element,
    of: variable,
    to: sideBySide(
      a,
      centers.map((c) => c[i] as string | number),
      scope.real,
    ),
    counts: counts(i, at),
  }));
  return measure(doc, a, comparison, pairs, scope.real);
};

/** By place among the coordinates, or among all ClusteringFields where there are so many weights. */
const missingWeights = (
  doc: Document,
  list: readonly Coordinate[],
  element: Element | undefined,
): ((i: number, at: number) => number) => {
  const array = element && parts(element).find((p) => p.name.endsWith('Array'));
  if (!element || !array) return () => 1;
  const values = arrayNumbers(doc, array);
  const last = Math.max(...list.map((c) => c.at)) + 1;
  if (values.length === list.length) return (i) => values[i] as number;
  if (values.length < last)
    doc.fail(array, 'pmml/array', `it has ${values.length} weights for ${last} fields`);
  return (_, at) => values[at] as number;
};

/** `probable`: the measure is the probability of a cluster. */
const predict = (
  m: Model,
  classes: Classes,
  clusters: readonly Element[],
  measured: Measure,
  probable: boolean,
): Prediction => {
  const { scope } = m;
  const { doc, a } = scope.world;
  const byRank = nearestByRank(a, measured);
  const winner = byRank(1);
  const ids = a.table(classes.table(), 'clusters');
  const ofRank = (ask: Asked): Near => {
    if (!Number.isInteger(ask.rank) || ask.rank < 1 || ask.rank > clusters.length) {
      doc.fail(ask.element, 'pmml/rank', `rank="${ask.rank}" is not one of 1 to ${clusters.length}`);
    }
    return byRank(ask.rank);
  };
  const affinity = (ask: Asked): Value => {
    if (ask.value === undefined) return ofRank(ask).measure;
    const c = classes.find(ask.value);
    if (c === undefined)
      return doc.fail(ask.element, 'pmml/unknown-entity', `there is no Cluster with id "${ask.value}"`);
    return ofRecord(a, measured, c);
  };
  return {
    ...classification(a, classes, a.cast(winner.index, 'int32'), {
      ...(probable && { probability: (c: number) => ofRecord(a, measured, c) }),
      entity: () => a.pick(ids, winner.index),
    }),
    further: (ask) => {
      switch (ask.feature) {
        case 'entityId':
        case 'clusterId':
          return { value: a.pick(ids, ofRank(ask).index), dataType: 'string' };
        case 'affinity':
        case 'clusterAffinity':
        case 'entityAffinity':
          return { value: affinity(ask), dataType: 'double' };
        case 'predictedDisplayValue': {
          const names = clusters.map((c, i) => doc.text(c, 'name') ?? (classes.labels[i] as string));
          return {
            value: a.pick(a.table(constant('string', names), 'names'), winner.index),
            dataType: 'string',
          };
        }
        default:
          return null;
      }
    },
  };
};

export const clusteringModel: ModelElement = { name: 'ClusteringModel', functions: ['clustering'], read };
