/** Support vector machines for regression and classification. PMML 4.4.1, Support Vector Machine. */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import type { Classes } from '../classes.ts';
import { parts } from '../document.ts';
import { type Kernel, readKernel } from '../kernels.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { classification, type Prediction, regression } from '../prediction.ts';
import { readVectors, type Vectors } from '../vectors.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag } = m;
  const { doc } = world;
  let kernel: Kernel | undefined;
  let vectors: Vectors | undefined;
  const machines: Element[] = [];
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    const element = cursor.element(child);
    if (child.name.endsWith('KernelType')) kernel = readKernel(doc, element);
    else if (child.name === 'VectorDictionary') vectors = readVectors(m.scope, element);
    else if (child.name === 'SupportVectorMachine') machines.push(element);
    else doc.refuse(child);
  }
  if (!kernel) return doc.fail(tag, 'pmml/missing-element', 'it names no kernel');
  if (!vectors) return doc.fail(tag, 'pmml/missing-element', 'it has no VectorDictionary');
  if (machines.length === 0) doc.fail(tag, 'pmml/missing-element', 'it has no SupportVectorMachine');
  const values = new Machines(m, kernel, vectors).values(machines);
  return done(m, () =>
    m.result(m.classes === null ? number(m, machines, values) : label(m, machines, values)),
  );
};

export const supportVectorMachineModel: ModelElement = {
  name: 'SupportVectorMachineModel',
  functions: ['classification', 'regression'],
  read,
};

/** f(x) = Σ αᵢ K(x, xᵢ) + b, of each machine; the kernel over all vectors is computed once. */
class Machines {
  private readonly m: Model;
  private readonly kernel: Kernel;
  private readonly vectors: Vectors;
  private of: Value | null = null;

  constructor(m: Model, kernel: Kernel, vectors: Vectors) {
    this.m = m;
    this.kernel = kernel;
    this.vectors = vectors;
  }

  values(machines: readonly Element[]): Value[] {
    const { doc } = this.m.world;
    const linear = doc.choice(
      this.m.tag,
      'svmRepresentation',
      ['SupportVectors', 'Coefficients'],
      'SupportVectors',
    );
    return machines.map((machine) => {
      const coefficients = doc.child(machine, 'Coefficients');
      if (!coefficients) return doc.fail(machine, 'pmml/missing-element', 'it has no Coefficients');
      const alphas = parts(coefficients).map((c) => {
        if (c.name !== 'Coefficient') doc.refuse(c);
        return doc.number(c, 'value') ?? 0;
      });
      const terms =
        linear === 'Coefficients' ? this.fields(coefficients, alphas) : this.kernels(machine, alphas);
      return this.sum(terms, alphas, doc.number(coefficients, 'absoluteValue') ?? 0);
    });
  }

  /** A coefficient a field. */
  private fields(coefficients: Element, alphas: readonly number[]): Value {
    const { doc, a } = this.m.world;
    if (this.kernel.name !== 'LinearKernelType') {
      doc.fail(coefficients, 'pmml/svm', 'coefficients of fields have a meaning with the linear kernel only');
    }
    const { columns } = this.vectors;
    if (alphas.length !== columns.length) {
      doc.fail(
        coefficients,
        'pmml/svm',
        `there are ${columns.length} vector fields and ${alphas.length} coefficients`,
      );
    }
    return a.join(columns).data;
  }

  /** The kernel with each of the machine's support vectors, [N, S]. */
  private kernels(machine: Element, alphas: readonly number[]): Value {
    const { doc, a } = this.m.world;
    const list = doc.child(machine, 'SupportVectors');
    if (!list) return doc.fail(machine, 'pmml/missing-element', 'it has no SupportVectors');
    const at = parts(list).map((v) => {
      if (v.name !== 'SupportVector') doc.refuse(v);
      const id = doc.need(v, 'vectorId');
      return (
        this.vectors.byId.get(id) ??
        doc.fail(v, 'pmml/unknown-vector', `the VectorDictionary has no vector "${id}"`)
      );
    });
    if (at.length !== alphas.length || at.length === 0) {
      doc.fail(machine, 'pmml/svm', `it has ${at.length} support vectors and ${alphas.length} coefficients`);
    }
    this.of ??= this.kernel.with(a, this.vectors, this.m.scope.real);
    if (at.length === this.vectors.count && at.every((v, i) => v === i)) return this.of;
    const indices = a.table(constant('int64', at));
    return a.b.op('Gather', [this.of, indices], { axis: attr.int(1) });
  }

  private sum(terms: Value, alphas: readonly number[], b: number): Value {
    const { m } = this;
    const { a } = m.world;
    const { real } = m.scope;
    const weights = a.table(constant(real, alphas, [1, alphas.length]), 'coefficients');
    const sum = a.own('Sum', [a.b.op('Mul', [terms, weights]), a.table(constant(real, [b]))], {
      base: attr.string('last'),
    });
    return a.mask(sum, this.vectors.missing);
  }
}

const number = (m: Model, machines: readonly Element[], values: readonly Value[]): Prediction => {
  const second = machines[1];
  if (second) m.world.doc.fail(second, 'pmml/duplicate-element', 'a regression has one SupportVectorMachine');
  return regression(values[0] as Value);
};

const label = (m: Model, machines: readonly Element[], values: readonly Value[]): Prediction => {
  const { doc } = m.world;
  const { tag } = m;
  const classes = m.classes as Classes;
  if (doc.text(tag, 'alternateBinaryTargetCategory') !== undefined && doc.version.startsWith('3.')) {
    doc.refuse(
      tag,
      'PMML 3 has values from 0 to 1 decide between two classes and makers of documents wrote values around 0; name the class in alternateTargetCategory of PMML 4',
    );
  }
  const pairwise = machines.every((s) => doc.text(s, 'alternateTargetCategory') !== undefined);
  const said = doc.choice(tag, 'classificationMethod', ['OneAgainstAll', 'OneAgainstOne', ''], '');
  if (machines.length === 1) return two(m, classes, machines[0] as Element, values[0] as Value);
  if (said === 'OneAgainstOne' || (said === '' && pairwise)) {
    if (said === '') {
      doc.warn(
        tag,
        'pmml/svm',
        'it names no classificationMethod; its machines have an alternateTargetCategory each, so they are taken as OneAgainstOne',
      );
    }
    return votes(m, classes, machines, values);
  }
  return extreme(m, classes, machines, values);
};

const maxWins = (m: Model): boolean => m.world.doc.flag(m.tag, 'maxWins', false);

/** Is it the target's category, by the threshold of the machine or of the model? */
const isTarget = (m: Model, machine: Element, value: Value): Value => {
  const { doc, a } = m.world;
  const threshold = doc.number(machine, 'threshold') ?? doc.number(m.tag, 'threshold') ?? 0;
  return a.compare(maxWins(m) ? 'Greater' : 'Less', value, a.like(value, threshold));
};

/** The two classes of a machine. */
const sides = (m: Model, classes: Classes, machine: Element): readonly [target: number, other: number] => {
  const { doc } = m.world;
  const target = classes.index(doc, machine, doc.need(machine, 'targetCategory'));
  const text =
    doc.text(machine, 'alternateTargetCategory') ?? doc.text(m.tag, 'alternateBinaryTargetCategory');
  if (text !== undefined) return [target, classes.index(doc, machine, text)];
  if (classes.count !== 2) doc.need(machine, 'alternateTargetCategory');
  doc.warn(machine, 'pmml/svm', 'it names no alternateTargetCategory; the other of the two classes is taken');
  return [target, 1 - target];
};

const choice = (m: Model, is: Value, [target, other]: readonly [number, number]): Value => {
  const { a } = m.world;
  const missing = a.missing(is);
  const at = (c: number) => a.constant('int32', c);
  return a.mask(a.where(a.fill(is), at(target), at(other)), missing);
};

const two = (m: Model, classes: Classes, machine: Element, value: Value): Prediction =>
  classification(m.world.a, classes, choice(m, isTarget(m, machine, value), sides(m, classes, machine)), {});

/** OneAgainstOne: the class with the most votes, among equal ones the one that the target lists first. */
const votes = (
  m: Model,
  classes: Classes,
  machines: readonly Element[],
  values: readonly Value[],
): Prediction => {
  const { a } = m.world;
  const pairs = machines.map((s) => sides(m, classes, s));
  const order = [...new Set(pairs.flat())].sort((x, y) => x - y);
  const { data, missing } = a.join(
    machines.map((s, i) => {
      const [target, other] = pairs[i] as readonly [number, number];
      return choice(m, isTarget(m, s, values[i] as Value), [order.indexOf(target), order.indexOf(other)]);
    }),
  );
  const ballots = missing === null ? data : a.mask(data, missing);
  const weights = a.table(constant(m.scope.real, new Array<number>(machines.length).fill(1)));
  const tally = a.own('Tally', [ballots, weights], { classes: attr.int(order.length) });
  const best = a.b.op('ArgMax', [tally], { axis: attr.int(1), keepdims: attr.int(1) });
  const index = a.pick(
    a.table(constant('int32', order), 'classes'),
    best,
    a.or(...values.map((v) => a.missing(v))),
  );
  return classification(a, classes, index, {});
};

/** OneAgainstAll: the class of the machine with the smallest value, or with the largest. */
const extreme = (
  m: Model,
  classes: Classes,
  machines: readonly Element[],
  values: readonly Value[],
): Prediction => {
  const { doc, a } = m.world;
  const order = machines.map((s) => classes.index(doc, s, doc.need(s, 'targetCategory')));
  const twice = order.findIndex((c, i) => order.indexOf(c) !== i);
  if (twice >= 0) {
    doc.fail(machines[twice] as Element, 'pmml/duplicate-name', 'this targetCategory has a machine already');
  }
  const { data } = a.join(values);
  const best = a.b.op(maxWins(m) ? 'ArgMax' : 'ArgMin', [data], { axis: attr.int(1), keepdims: attr.int(1) });
  const index = a.pick(
    a.table(constant('int32', order), 'classes'),
    best,
    a.or(...values.map((v) => a.missing(v))),
  );
  return classification(a, classes, index, {});
};
