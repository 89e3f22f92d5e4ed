/**
 * Clusters defined by the statistics of their records. The specification says that a record belongs to the cluster that it
 * matches best, and leaves open how that is measured; taken here is the rule that such statistics stand for: fields as
 * independent within a cluster, normal where a cluster has a mean and a standard deviation of them, distributed as they
 * were counted elsewhere, and the sizes of the clusters before anything is known of a record. How alike a record and a
 * cluster are is the probability of the cluster, given the record. PMML 4.4.1, Clustering Models and Statistics.
 */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { arrayValues, vectorValues } from './arrays.ts';
import { asReal } from './convert.ts';
import { intervalOf } from './dictionary.ts';
import { logGaussian } from './distributions.ts';
import { type Document, parts } from './document.ts';
import type { Measure } from './measures.ts';
import type { Model } from './model.ts';
import { logLikelihoods } from './prediction.ts';
import type { Variable } from './scope.ts';
import { kindOf, literal } from './types.ts';

/** What the clusters say of one field: log densities by cluster, missing where the record says nothing of it. */
interface Told {
  readonly logs: readonly Value[];
  readonly missing: Value | null;
}

/** How probable each cluster is. */
export const probable = (
  m: Model,
  fields: readonly Element[],
  clusters: readonly Element[],
  statistics: Element | undefined,
): Measure => {
  const { scope } = m;
  const { doc, a } = scope.world;
  doc.warn(
    m.tag,
    'pmml/undefined-comparison',
    'PMML leaves open how a record is compared with statistics: clusters go by their probability, fields being independent within one',
  );
  const partitions = clusters.map((cluster) => {
    const matrix = doc.child(cluster, 'Covariances');
    if (matrix) doc.refuse(matrix, 'how covariances bear on statistics of single fields is not said');
    return (
      doc.child(cluster, 'Partition') ??
      doc.fail(cluster, 'pmml/missing-element', 'a cluster of distributionBased needs a Partition')
    );
  });
  if (fields.length === 0)
    return doc.fail(m.tag, 'pmml/missing-element', 'a ClusteringModel needs a ClusteringField');
  const told = fields.flatMap((field) => {
    const weight = doc.number(field, 'fieldWeight') ?? 1;
    if (!(weight >= 0)) doc.fail(field, 'pmml/attribute-value', 'fieldWeight must not be below 0');
    if (weight === 0) return [];
    const { logs, missing } = tell(m, field, partitions, statistics);
    const weighed = logs.map((v) => (weight === 1 ? v : a.mul(v, a.like(v, weight))));
    return [{ logs: weighed.map((v) => a.fill(v, 0)), missing }];
  });
  const likelihoods = priors(doc, clusters, partitions).map((prior, c) =>
    told.reduce((sum, t) => a.add(sum, t.logs[c] as Value), a.constant(scope.real, Math.log(prior))),
  );
  const shares = logLikelihoods(a, likelihoods, scope.real);
  const silent = told.some((t) => t.missing === null)
    ? null
    : told.map((t) => t.missing as Value).reduce((x, y) => a.and(x, y));
  const impossible = a.missing(shares[0] as Value);
  return {
    similarity: true,
    data: a.join(shares.map((v) => a.fill(v))).data,
    missing: a.or(silent, impossible),
  };
};

/** The parts that the clusters have of all records; equal ones where no cluster tells its size. */
const priors = (doc: Document, clusters: readonly Element[], partitions: readonly Element[]): number[] => {
  const sizes = clusters.map((c, i) => doc.number(partitions[i] as Element, 'size') ?? doc.number(c, 'size'));
  if (sizes.every((s) => s === undefined)) return sizes.map(() => 1 / sizes.length);
  const total = sizes.reduce((sum: number, s) => sum + (s ?? 0), 0);
  return sizes.map((size, i) => {
    const cluster = clusters[i] as Element;
    if (size === undefined)
      return doc.fail(cluster, 'pmml/missing-attribute', 'other clusters tell their size, and this has none');
    if (!(size >= 0 && total > 0)) doc.fail(cluster, 'pmml/attribute-value', `size="${size}" is no size`);
    return size / total;
  });
};

const tell = (
  m: Model,
  field: Element,
  partitions: readonly Element[],
  statistics: Element | undefined,
): Told => {
  const { scope } = m;
  const { doc, a } = scope.world;
  const name = doc.need(field, 'field');
  const variable = scope.read(name, field);
  const text = kindOf(variable.dataType) === 'string';
  const x = text ? variable.value : asReal(a, variable.value, scope.real);
  const own = partitions.map(
    (partition) =>
      parts(partition).find((s) => s.name === 'PartitionFieldStats' && s.attributes.field === name) ??
      doc.fail(partition, 'pmml/missing-element', `it has no PartitionFieldStats of the field '${name}'`),
  );
  const moments = own.map((stats) => {
    const info = doc.child(stats, 'NumericInfo');
    const mean = info && doc.number(info, 'mean');
    const sd = info && doc.number(info, 'standardDeviation');
    if (!info || mean === undefined || sd === undefined) return undefined;
    if (!(sd > 0))
      doc.fail(info, 'pmml/attribute-value', `standardDeviation="${sd}" is not positive: it says no density`);
    return { mean, variance: sd * sd };
  });
  if (!text && variable.optype === 'continuous' && moments.every((of) => of !== undefined)) {
    const logs = moments.map((of) => logGaussian(a, x, a.like(x, of.mean), a.like(x, of.variance)));
    return { logs, missing: a.missing(x) };
  }
  const general =
    statistics && parts(statistics).find((s) => s.name === 'UnivariateStats' && s.attributes.field === name);
  const { at, count } = places(m, field, variable, x, general);
  const logs = own.map((stats) => {
    const array = parts(stats).find((p) => p.name.endsWith('Array'));
    if (!array)
      return doc.fail(
        stats,
        'pmml/missing-element',
        'it has neither a mean with a standard deviation nor frequencies',
      );
    const frequencies = vectorValues(doc, array, count);
    const total = frequencies.reduce((sum, f) => sum + f, 0);
    if (frequencies.some((f) => !(f >= 0)) || !(total > 0))
      doc.fail(array, 'pmml/array', 'these are no frequencies: one is below 0, or all are 0');
    return a.pick(
      a.table(
        constant(
          scope.real,
          frequencies.map((f) => Math.log(f / total)),
        ),
        'frequencies',
      ),
      at,
    );
  });
  return { logs, missing: a.missing(at) };
};

/** Which of the categories or intervals, that frequencies are counted of, a value is in; missing where it is in none. */
const places = (
  m: Model,
  field: Element,
  variable: Variable,
  x: Value,
  general: Element | undefined,
): { readonly at: Value; readonly count: number } => {
  const { scope } = m;
  const { doc, a } = scope.world;
  const continuous = general && doc.child(general, 'ContStats');
  if (continuous && kindOf(variable.dataType) !== 'string') {
    const intervals = parts(continuous)
      .filter((p) => p.name === 'Interval')
      .map((p) => intervalOf(doc, p, variable.dataType));
    if (intervals.length === 0) doc.fail(continuous, 'pmml/missing-element', 'it has no Interval');
    const bin = a.own('Bin', [x], {
      edges: attr.data(
        constant(
          scope.real,
          intervals.flatMap((i) => [i.low, i.high]),
          [intervals.length, 2],
        ),
      ),
      closures: attr.strings(intervals.map((i) => i.closure)),
    });
    return { at: a.mask(bin, a.b.op('Less', [bin, a.like(bin, 0)])), count: intervals.length };
  }
  const discrete = general && doc.child(general, 'DiscrStats');
  const array = discrete && parts(discrete)[0];
  const values = array
    ? arrayValues(doc, array).map((t) => literal(doc, array, t, variable.dataType))
    : (variable.field?.valid ?? variable.order ?? []);
  if (values.length === 0) {
    doc.fail(
      field,
      'pmml/missing-element',
      'nothing says what the frequencies are of: neither UnivariateStats in ModelStats nor values of the field',
    );
  }
  const at = a.own('Lookup', [x], {
    keys: attr.data(constant(kindOf(variable.dataType) === 'string' ? 'string' : scope.real, values)),
    values: attr.data(
      constant(
        'int32',
        values.map((_, i) => i),
      ),
    ),
  });
  return { at, count: values.length };
};
