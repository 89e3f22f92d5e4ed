/** Neural networks for backpropagation and radial basis functions. PMML 4.4.1, Neural Network Models. */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { asReal } from '../convert.ts';
import { parts, type Tag } from '../document.ts';
import { express, expressionIn, topLevel } from '../expressions.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { Network } from '../network.ts';
import { classification, masked, type Prediction, regression, winner } from '../prediction.ts';
import { kindOf } from '../types.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag, scope } = m;
  const { doc, a } = world;
  const network = new Network(doc, a, scope.real, tag);
  const outputs: Output[] = [];
  let missing: Value | null = null;
  let layers = 0;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    const element = cursor.element(child);
    if (element.name === 'NeuralInputs') missing = readInputs(element, m, network);
    else if (element.name === 'NeuralLayer') {
      network.layer(element);
      layers++;
    } else if (element.name === 'NeuralOutputs')
      outputs.push(...parts(element).map((o) => readOutput(o, m, network)));
    else doc.refuse(element);
  }
  if (layers === 0) doc.fail(tag, 'pmml/missing-element', 'a NeuralNetwork needs a NeuralLayer');
  if (outputs.length === 0) {
    doc.fail(tag, 'pmml/missing-element', 'without NeuralOutputs it predicts nothing');
  }
  const targets = new Set(outputs.map((o) => o.target));
  const predictions = new Map<string, Prediction>();
  for (const target of targets) {
    const list = outputs.filter((o) => o.target === target);
    predictions.set(target, masked(a, predict(list, target, m, network), missing));
  }
  const main = m.target !== null && predictions.has(m.target) ? m.target : (outputs[0] as Output).target;
  return done(m, () => m.result(predictions.get(main) as Prediction, null, predictions));
};

/** The input neurons; gives the rows where one of them is missing, which have no prediction. */
const readInputs = (element: Element, m: Model, network: Network): Value | null => {
  const { doc, a } = m.world;
  const inputs = parts(element).map((input) => {
    if (input.name !== 'NeuralInput') doc.refuse(input);
    const field =
      doc.child(input, 'DerivedField') ??
      doc.fail(input, 'pmml/missing-element', 'a NeuralInput needs a DerivedField');
    return { tag: input, id: doc.need(input, 'id'), value: inputOf(field, m) };
  });
  if (inputs.length === 0) doc.fail(element, 'pmml/missing-element', 'it holds no NeuralInput');
  const values = inputs.map((i) => i.value);
  network.inputs(inputs, a.join(values).data);
  return a.or(...values.map((v) => a.missing(v)));
};

const inputOf = (field: Element, m: Model): Value => {
  const { doc, a } = m.world;
  let made = null;
  if (doc.text(field, 'dataType') === undefined) {
    doc.warn(field, 'pmml/missing-attribute', 'the attribute dataType is missing; it is read as double');
    made = express(expressionIn(doc, field), topLevel(m.scope), 'double');
  } else made = m.world.derive(field, m.scope);
  if (kindOf(made.dataType) !== 'number')
    doc.fail(field, 'pmml/type', 'the input of a network must be a number');
  return asReal(a, made.value, m.scope.real);
};

interface Output {
  readonly tag: Tag;
  readonly neuron: string;
  readonly target: string;
  /** NormContinuous, whose inverse gives the value; NormDiscrete, whose value is the class; null: as it is. */
  readonly norm: Element | null;
}

const readOutput = (element: Element, m: Model, network: Network): Output => {
  const { doc } = m.world;
  if (element.name !== 'NeuralOutput') doc.refuse(element);
  const neuron = doc.need(element, 'outputNeuron');
  if (!network.has(neuron)) doc.fail(element, 'pmml/unknown-neuron', `no neuron has the id "${neuron}"`);
  let field = doc.child(element, 'DerivedField');
  // A FieldRef may name a derived field that says how the target was made a number.
  for (const seen = new Set<string>(); ; ) {
    if (!field) return doc.fail(element, 'pmml/missing-element', 'a NeuralOutput needs a DerivedField');
    const expression = expressionIn(doc, field);
    if (!['FieldRef', 'NormContinuous', 'NormDiscrete'].includes(expression.name)) {
      return doc.refuse(
        expression,
        'what a neuron says is turned back from NormContinuous, NormDiscrete and FieldRef only',
      );
    }
    const target = doc.need(expression, 'field');
    if (expression.name !== 'FieldRef') return { tag: element, neuron, target, norm: expression };
    const defined = m.scope.definition(target);
    if (!defined) return { tag: element, neuron, target, norm: null };
    if (seen.has(target)) {
      return doc.fail(expression, 'pmml/cyclic-field', `the derived field '${target}' is made from itself`);
    }
    seen.add(target);
    field = defined;
  }
};

const predict = (outputs: readonly Output[], target: string, m: Model, network: Network): Prediction => {
  const { doc } = m.world;
  const first = outputs[0] as Output;
  if (first.norm?.name === 'NormDiscrete') return decide(outputs, target, m, network);
  if (outputs.length > 1) {
    doc.fail(
      (outputs[1] as Output).tag,
      'pmml/duplicate-element',
      `'${target}' has an output neuron already`,
    );
  }
  if (m.functionName === 'classification' && target === m.target) {
    doc.refuse(first.tag, 'the outputs of a classification are read from NormDiscrete only');
  }
  const y = network.output(first.neuron);
  return regression(first.norm === null ? y : denormalized(first.norm, y, m));
};

/** The class whose neuron says most. */
const decide = (outputs: readonly Output[], target: string, m: Model, network: Network): Prediction => {
  const { doc, a } = m.world;
  const first = outputs[0] as Output;
  const classes = target === m.target && m.classes ? m.classes : m.world.classes(target);
  const neurons = new Map<number, string>();
  for (const { tag, norm, neuron } of outputs) {
    if (norm?.name !== 'NormDiscrete') {
      doc.refuse(tag, `the outputs of '${target}' are turned back in different ways`);
      continue;
    }
    const c = classes.index(doc, norm, doc.need(norm, 'value'));
    if (neurons.has(c)) doc.fail(tag, 'pmml/duplicate-element', 'this class has an output neuron already');
    neurons.set(c, neuron);
  }
  if (m.functionName === 'regression')
    doc.refuse(first.tag, 'NormDiscrete decides classes, and this is a regression');
  if (neurons.size === 1 && classes.count > 1) {
    doc.refuse(first.tag, `one neuron does not decide between the ${classes.count} classes of '${target}'`);
  }
  // A class without a neuron is never chosen.
  const chosen = [...neurons.keys()].sort((x, y) => x - y);
  const ids = chosen.map((c) => neurons.get(c) as string);
  const values = ids.map((id) => network.output(id));
  const best = winner(a, values);
  const index = chosen.every((c, i) => c === i) ? best : a.pick(a.table(constant('int32', chosen)), best);
  const never = a.constant(m.scope.real, 0);
  return classification(a, classes, index, {
    probability: (c) => values[chosen.indexOf(c)] ?? never,
    entity: () => a.pick(a.table(constant('string', ids)), best),
  });
};

/** The inverse of a NormContinuous: between the same points, from norm to orig. */
const denormalized = (norm: Element, y: Value, m: Model): Value => {
  const { doc, a } = m.world;
  const points = parts(norm).map((p) => ({
    orig: doc.needNumber(p, 'orig'),
    norm: doc.needNumber(p, 'norm'),
  }));
  if (points.length < 2) doc.fail(norm, 'pmml/missing-element', 'it needs two LinearNorm or more');
  const [one, two] = points as [(typeof points)[number], (typeof points)[number]];
  if (one.norm > two.norm) points.reverse();
  if (points.some((p, i) => i > 0 && !(p.norm > (points[i - 1] as typeof p).norm))) {
    doc.fail(
      norm,
      'pmml/attribute-value',
      'its norm values neither ascend nor descend: it cannot be turned back',
    );
  }
  const numbers = (of: (p: (typeof points)[number]) => number) =>
    attr.data(constant(m.scope.real, points.map(of)));
  return a.own('Interpolate', [y], {
    origs: numbers((p) => p.norm),
    norms: numbers((p) => p.orig),
    outliers: attr.string(
      doc.choice(norm, 'outliers', ['asIs', 'asMissingValues', 'asExtremeValues'], 'asIs'),
    ),
  });
};

export const neuralNetwork: ModelElement = {
  name: 'NeuralNetwork',
  functions: ['classification', 'regression', 'mixed'],
  read,
};
