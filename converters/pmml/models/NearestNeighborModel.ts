/** k nearest neighbours among training instances. PMML 4.4.1, k-Nearest Neighbors. */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { parts } from '../document.ts';
import { type Instances, instanceScope, lying, readInstances } from '../instances.ts';
import { type Measure, measure } from '../measures.ts';
import { isTarget } from '../miningSchema.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Near, nearest, ofRecord } from '../nearest.ts';
import { type Asked, classification, type Further, type Prediction, regression } from '../prediction.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { doc } = m.world;
  const { tag } = m;
  let training: Element | undefined;
  let comparison: Element | undefined;
  let inputs: Element | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    const element = cursor.element(child);
    if (child.name === 'TrainingInstances') training = element;
    else if (child.name === 'ComparisonMeasure') comparison = element;
    else if (child.name === 'KNNInputs') inputs = element;
    else doc.refuse(child);
  }
  if (!training) return doc.fail(tag, 'pmml/missing-element', 'it has no TrainingInstances');
  if (!comparison) return doc.fail(tag, 'pmml/missing-element', 'it has no ComparisonMeasure');
  if (!inputs) return doc.fail(tag, 'pmml/missing-element', 'it has no KNNInputs');
  const instances = readInstances(doc, training);
  const neighbours = new Neighbours(m, instances, comparison, inputs);
  const targets = m.fields.filter(isTarget).map((f) => f.name);
  if (targets.length === 0) {
    if (m.around === null && m.output === null) {
      doc.fail(tag, 'pmml/no-target', 'it has no target and no Output: ask for neighbours with entityId');
    }
    return done(m, () => m.result(neighbours.alone()));
  }
  const several = new Map(targets.map((name) => [name, neighbours.predict(name, targets.length > 1)]));
  const first = several.get(m.target as string) as Prediction;
  m.classes = first.classes;
  return done(m, () => m.result(first, null, several));
};

export const nearestNeighborModel: ModelElement = {
  name: 'NearestNeighborModel',
  functions: ['classification', 'regression', 'clustering', 'mixed'],
  read,
};

class Neighbours {
  private readonly m: Model;
  private readonly instances: Instances;
  private readonly k: number;
  /** How near or alike each instance is. */
  private readonly measured: Measure;
  /** [N, k], nearest first. */
  private readonly near: Near;
  /** Where there are fewer to compare; [N, k], null: nowhere. */
  private readonly gone: Value | null;

  constructor(m: Model, instances: Instances, comparison: Element, inputs: Element) {
    const { doc, a } = m.world;
    this.m = m;
    this.instances = instances;
    const wanted = doc.needNumber(m.tag, 'numberOfNeighbors');
    if (!Number.isInteger(wanted) || wanted < 1) {
      doc.fail(m.tag, 'pmml/attribute-value', `numberOfNeighbors="${wanted}" is no number of neighbours`);
    }
    this.k = Math.min(wanted, instances.count);
    if (this.k < wanted) {
      doc.warn(
        m.tag,
        'pmml/count',
        `there are only ${instances.count} training instances for ${wanted} neighbours`,
      );
    }
    const training = instanceScope(m.scope, instances);
    const pairs = parts(inputs).map((element) => {
      if (element.name !== 'KNNInput') doc.refuse(element);
      const name = doc.need(element, 'field');
      const of = m.scope.read(name, element);
      const to = training.read(name, element);
      return { element, of, to: lying(a, to.value, instances.count), counts: 1 };
    });
    this.measured = measure(doc, a, comparison, pairs, m.scope.real);
    this.near = nearest(a, this.measured, this.k);
    this.gone = a.missing(this.near.measure);
  }

  /** Neighbours without a prediction. */
  alone(): Prediction {
    const first = this.further({ feature: 'entityId', rank: 1 } as Asked) as Further;
    return { ...regression(first.value), silent: true, further: (ask) => this.further(ask) };
  }

  predict(target: string, several: boolean): Prediction {
    const { m, instances } = this;
    const { doc, fields } = m.world;
    const cells = instances.cells.get(target);
    if (!cells) {
      return doc.fail(
        instances.tag,
        'pmml/unknown-field',
        `the training instances have no field '${target}'`,
      );
    }
    const texts = cells.map(
      (t) => t ?? doc.fail(instances.tag, 'pmml/missing-value', `a training instance has no '${target}'`),
    );
    const optype = m.fields.find((f) => f.name === target)?.optype ?? fields.get(target)?.optype;
    const categorical =
      several || m.functionName === 'mixed' ? optype !== 'continuous' : m.functionName === 'classification';
    const further = (ask: Asked) => this.further(ask);
    return { ...(categorical ? this.vote(target, texts) : this.average(texts)), further };
  }

  /** What each neighbour counts for, [N, k]; null: all alike. */
  private weights(weighted: boolean): Value | null {
    const { a, doc } = this.m.world;
    const { real } = this.m.scope;
    const k = (x: number) => a.constant(real, x);
    if (!weighted) return this.gone === null ? null : a.where(this.gone, k(0), k(1));
    const threshold = k(doc.number(this.m.tag, 'threshold') ?? 0.001);
    const shifted = a.b.op('Add', [a.fill(this.near.measure), threshold]);
    // What is alike counts for more: a similarity itself, a distance inverted.
    const weights = this.measured.similarity ? shifted : a.b.op('Div', [k(1), shifted]);
    return this.gone === null ? weights : a.where(this.gone, k(0), weights);
  }

  private total(weights: Value | null): Value {
    const { a } = this.m.world;
    return weights === null ? a.constant(this.m.scope.real, this.k) : this.sum(weights);
  }

  private sum(v: Value): Value {
    return this.m.world.a.own('Sum', [v], { base: attr.string('first') });
  }

  /** Rows that have no neighbour at all. */
  private get none(): Value | null {
    return this.gone === null ? null : this.m.world.a.column(this.gone, 0);
  }

  private average(texts: readonly string[]): Prediction {
    const { m, instances } = this;
    const { doc, a } = m.world;
    const numbers = texts.map((t) => doc.parseNumber(instances.tag, t, 'the target of a training instance'));
    const values = a.pick(a.table(constant(m.scope.real, numbers), 'targets'), this.near.index);
    const method = doc.choice(
      m.tag,
      'continuousScoringMethod',
      ['average', 'median', 'weightedAverage'],
      'average',
    );
    if (method === 'median') return regression(a.own('Median', [values]));
    const weights = this.weights(method === 'weightedAverage');
    const weighed = weights === null ? a.fill(values) : a.b.op('Mul', [a.fill(values), weights]);
    const total = this.total(weights);
    const one = a.constant(m.scope.real, 1);
    const divisor = this.none === null ? total : a.where(this.none, one, total);
    return regression(a.mask(a.b.op('Div', [this.sum(weighed), divisor]), this.none));
  }

  private vote(target: string, texts: readonly string[]): Prediction {
    const { m, instances } = this;
    const { doc, a } = m.world;
    const { real } = m.scope;
    const classes = m.world.classes(target);
    const of = texts.map((t) => classes.index(doc, instances.tag, t));
    const cases = new Map<number, number>();
    for (const c of of) cases.set(c, (cases.get(c) ?? 0) + 1);
    // Ties: the class with the most training instances, then the smallest value.
    const smaller = (x: number, y: number) =>
      (classes.values[x] as string) < (classes.values[y] as string) ? -1 : 1;
    const order = [...cases.keys()].sort(
      (x, y) => (cases.get(y) as number) - (cases.get(x) as number) || smaller(x, y),
    );
    const ballots = a.pick(
      a.table(
        constant(
          'int32',
          of.map((c) => order.indexOf(c)),
        ),
        'targets',
      ),
      this.near.index,
    );
    const method = doc.choice(
      m.tag,
      'categoricalScoringMethod',
      ['majorityVote', 'weightedMajorityVote'],
      'majorityVote',
    );
    const weights = this.weights(method === 'weightedMajorityVote');
    const all = weights ?? a.table(constant(real, new Array<number>(this.k).fill(1)), 'weights');
    const tally = a.own('Tally', [ballots, all], { classes: attr.int(order.length) });
    const best = a.b.op('ArgMax', [tally], { axis: attr.int(1), keepdims: attr.int(1) });
    const total = this.total(weights);
    return classification(a, classes, a.pick(a.table(constant('int32', order), 'classes'), best, this.none), {
      probability: (c) => {
        const at = order.indexOf(c);
        if (at < 0) return a.mask(a.b.op('Mul', [a.column(tally, 0), a.constant(real, 0)]), this.none);
        return a.mask(a.b.op('Div', [a.column(tally, at), total]), this.none);
      },
    });
  }

  private further({ feature, element, rank, value }: Asked): Further | null {
    const { doc, a } = this.m.world;
    const affinity = feature === 'affinity' || feature === 'entityAffinity';
    if (feature !== 'entityId' && !affinity) return null;
    if (affinity && value !== undefined) {
      const record = this.ids().indexOf(value);
      if (record < 0)
        doc.fail(element, 'pmml/unknown-entity', `there is no training instance with the id "${value}"`);
      return { value: ofRecord(a, this.measured, record), dataType: 'double' };
    }
    if (!Number.isInteger(rank) || rank < 1 || rank > this.k) {
      doc.fail(element, 'pmml/rank', `rank="${rank}" is not one of 1 to ${this.k}`);
    }
    const at = (v: Value) => {
      const gone = this.gone && a.column(this.gone, rank - 1);
      return a.mask(a.column(a.fill(v), rank - 1), gone);
    };
    if (affinity) return { value: at(this.near.measure), dataType: 'double' };
    const ids = a.table(constant('string', this.ids()), 'instances');
    return { value: a.pick(ids, at(this.near.index)), dataType: 'string' };
  }

  /** The case ids, or the numbers of the rows from 1 on. */
  private ids(): string[] {
    const { m, instances } = this;
    const { doc } = m.world;
    const name = doc.text(m.tag, 'instanceIdVariable');
    if (name === undefined) return Array.from({ length: instances.count }, (_, i) => `${i + 1}`);
    const cells =
      instances.cells.get(name) ??
      doc.fail(m.tag, 'pmml/unknown-field', `the training instances have no field '${name}'`);
    return cells.map((t) => t ?? '');
  }
}
