/** Gaussian process regression: the mean and the deviation of the target. PMML 4.4.1, Gaussian Process. */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { correlationWith, posterior, readCovariance } from '../gaussianProcess.ts';
import { type Instances, readInstances } from '../instances.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Asked, type Further, type Prediction, regression } from '../prediction.ts';
import { normalQuantile } from '../special.ts';
import { kindOf } from '../types.ts';

/** The work grows with the third power of the instances. */
const instanceLimit = 4096;

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { doc } = m.world;
  const { tag } = m;
  let kernel: Element | undefined;
  let training: Element | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    const element = cursor.element(child);
    if (child.name.endsWith('Kernel')) kernel = element;
    else if (child.name === 'TrainingInstances') training = element;
    else doc.refuse(child);
  }
  if (!kernel) return doc.fail(tag, 'pmml/missing-element', 'it names no kernel');
  if (!training) return doc.fail(tag, 'pmml/missing-element', 'it has no TrainingInstances');
  if (m.classes !== null) {
    doc.refuse(tag, 'the specification gives the mean and variance of a number only: no classification');
  }
  const prediction = predict(m, kernel, readInstances(doc, training));
  return done(m, () => m.result(prediction));
};

export const gaussianProcessModel: ModelElement = {
  name: 'GaussianProcessModel',
  functions: ['regression', 'classification'],
  read,
};

const predict = (m: Model, kernel: Element, instances: Instances): Prediction => {
  const { scope } = m;
  const { doc, a } = scope.world;
  const { real } = scope;
  const { target } = m;
  if (target === null) return doc.fail(m.tag, 'pmml/no-target', 'a Gaussian process needs a target');
  if (instances.count > instanceLimit) {
    doc.refuse(
      instances.tag,
      `more than ${instanceLimit} training instances of a Gaussian process are not read`,
    );
  }
  const numbers = (name: string): number[] =>
    (
      instances.cells.get(name) ?? doc.fail(instances.tag, 'pmml/unknown-field', `it has no field '${name}'`)
    ).map((t) =>
      t === null
        ? doc.fail(instances.tag, 'pmml/missing-value', `an instance has no '${name}'`)
        : doc.parseNumber(instances.tag, t, name),
    );
  const names = [...instances.cells.keys()].filter((name) => name !== target);
  if (names.length === 0) doc.fail(instances.tag, 'pmml/missing-element', 'its instances have no input');
  const variables = names.map((name) => {
    const variable = scope.read(name, instances.tag);
    if (kindOf(variable.dataType) !== 'number') {
      doc.fail(instances.tag, 'pmml/type', `the field '${name}' is no number`);
    }
    return a.cast(variable.value, real);
  });
  const fields = names.map(numbers);
  const covariance = readCovariance(doc, kernel, names.length);
  const rows = Array.from({ length: instances.count }, (_, i) => fields.map((f) => f[i] as number));
  const known = posterior(covariance, rows, numbers(target));
  if (known === null) {
    return doc.fail(
      kernel,
      'pmml/not-positive-definite',
      'the covariance of its training instances has no Cholesky factor',
    );
  }
  const row = (values: ArrayLike<number>) => a.table(constant(real, values, [1, values.length]), 'instances');
  const missing = a.or(...variables.map((v) => a.missing(v)));
  const k = correlationWith(
    a,
    covariance,
    variables.map((v) => a.fill(v)),
    fields.map(row),
    real,
  );
  const sum = (v: Value) => a.own('Sum', [v], { base: attr.string('first') });
  const mean = a.mask(sum(a.b.op('Mul', [k, row(known.alpha)])), missing);

  /** √(k(x, x) - kᵀ (K + σ²I)⁻¹ k + σ²): of the measured value, which carries the noise too. */
  let spread: Value | undefined;
  const deviation = (): Value => {
    if (spread) return spread;
    const { count } = instances;
    const white = a.b.op('MatMul', [
      k,
      a.table(constant(real, known.whitening, [count, count]), 'whitening'),
    ]);
    const explained = sum(a.b.op('Mul', [white, white]));
    const variance = a.b.op('Sub', [a.constant(real, covariance.gamma + covariance.noise), explained]);
    spread = a.mask(a.b.op('Sqrt', [a.b.op('Max', [variance, a.constant(real, 0)])]), missing);
    return spread;
  };
  const further = ({ feature, element, value }: Asked): Further | null => {
    switch (feature) {
      case 'standardDeviation':
      case 'standardError':
        return { value: deviation(), dataType: 'double' };
      case 'confidenceIntervalLower':
      case 'confidenceIntervalUpper': {
        const level = value === undefined ? 95 : doc.parseNumber(element, value, 'value');
        if (!(level > 0 && level < 100)) {
          doc.fail(element, 'pmml/attribute-value', `value="${value}" is no level of confidence in percent`);
        }
        const reach = a.mul(normalQuantile(a, a.constant(real, 0.5 + level / 200)), deviation());
        const bound = feature === 'confidenceIntervalLower' ? a.sub(mean, reach) : a.add(mean, reach);
        return { value: bound, dataType: 'double' };
      }
      default:
        return null;
    }
  };
  return { ...regression(mean), further };
};
