/** Neurons in layers: what they add up, how they answer, how a layer is normalized. PMML 4.4.1, Neural Network Models. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, type Real, typeOf } from './algebra.ts';
import { type Document, parts, type Tag } from './document.ts';

const activations = [
  'threshold',
  'logistic',
  'tanh',
  'identity',
  'exponential',
  'reciprocal',
  'square',
  'Gauss',
  'sine',
  'cosine',
  'Elliott',
  'arctan',
  'rectifier',
  'radialBasis',
] as const;

type Activation = (typeof activations)[number];

const normalizationMethods = ['none', 'simplemax', 'softmax'] as const;

/** Neurons beside each other, [N, K], without missing values; a neuron is a column of a block. */
type Block = Value;

interface Neuron {
  readonly tag: Tag;
  readonly id: string;
  readonly bias: number;
  readonly width: number | undefined;
  readonly altitude: number;
  readonly weights: ReadonlyMap<string, number>;
}

/** The neurons of a network that are known so far. */
export class Network {
  private readonly doc: Document;
  private readonly a: Algebra;
  private readonly real: Real;
  /** The element NeuralNetwork: its attributes are what layers fall back on. */
  private readonly tag: Tag;
  private readonly at = new Map<string, { readonly block: Block; readonly column: number }>();

  constructor(doc: Document, a: Algebra, real: Real, tag: Tag) {
    this.doc = doc;
    this.a = a;
    this.real = real;
    this.tag = tag;
  }

  /** Input neurons; columns without missing values, of one number of rows. */
  inputs(ids: readonly { readonly id: string; readonly tag: Tag }[], block: Block): void {
    ids.forEach(({ id, tag }, column) => {
      this.place(tag, id, block, column);
    });
  }

  /** Whether there is such a neuron. */
  has(id: string): boolean {
    return this.at.has(id);
  }

  /** What a neuron gives, [N, 1]. */
  output(id: string): Value {
    const { block, column } = this.at.get(id) as { block: Block; column: number };
    return typeOf(block).dims?.[1] === 1 ? block : this.a.column(block, column);
  }

  layer(element: Element): void {
    const { doc, a } = this;
    const activation = doc.choice(element, 'activationFunction', activations, this.activation());
    const neurons = parts(element).map((n) => this.neuron(element, n));
    if (neurons.length === 0) doc.fail(element, 'pmml/missing-element', 'a NeuralLayer needs a Neuron');
    const declared = doc.number(element, 'numberOfNeurons');
    if (declared !== undefined && declared !== neurons.length) {
      doc.warn(
        element,
        'pmml/count',
        `it says numberOfNeurons="${declared}" and holds ${neurons.length}; what it holds counts`,
      );
    }
    const threshold = this.inherited(element, 'threshold') ?? 0;
    // Neurons that hear the same neurons are one product; in a full layer that is all of them.
    const groups = new Map<string, Neuron[]>();
    for (const n of neurons) {
      const key = JSON.stringify([...n.weights.keys()].sort());
      groups.set(key, [...(groups.get(key) ?? []), n]);
    }
    const columns: Value[] = [];
    const ids: Neuron[] = [];
    for (const group of groups.values()) {
      const z = activation === 'radialBasis' ? this.distances(group) : this.sums(group);
      columns.push(
        activation === 'radialBasis' ? this.radial(z, group) : activate(a, activation, z, threshold),
      );
      ids.push(...group);
    }
    const block = columns.length === 1 ? (columns[0] as Value) : a.join(columns).data;
    const method = doc.choice(
      element,
      'normalizationMethod',
      normalizationMethods,
      doc.choice(this.tag, 'normalizationMethod', normalizationMethods, 'none'),
    );
    const normal = normalized(a, method, block);
    ids.forEach((n, column) => {
      this.place(n.tag, n.id, normal, column);
    });
  }

  private place(tag: Tag, id: string, block: Block, column: number): void {
    if (this.at.has(id)) this.doc.fail(tag, 'pmml/duplicate-name', `two neurons have the id "${id}"`);
    this.at.set(id, { block, column });
  }

  private activation(): Activation {
    this.doc.need(this.tag, 'activationFunction');
    return this.doc.choice(this.tag, 'activationFunction', activations, 'logistic');
  }

  /** A number of the layer, else of the network. */
  private inherited(layer: Tag, name: string): number | undefined {
    return this.doc.number(layer, name) ?? this.doc.number(this.tag, name);
  }

  private neuron(layer: Tag, element: Element): Neuron {
    const { doc } = this;
    if (element.name !== 'Neuron') doc.refuse(element);
    const weights = new Map<string, number>();
    for (const con of parts(element)) {
      if (con.name !== 'Con') doc.refuse(con);
      const from = doc.need(con, 'from');
      if (!this.at.has(from)) {
        doc.fail(
          con,
          'pmml/unknown-neuron',
          `no neuron of the layers before has the id "${from}"`,
          'a network whose later layers feed earlier ones keeps a state between rows, which is not read',
        );
      }
      if (weights.has(from)) doc.fail(con, 'pmml/duplicate-name', `the neuron "${from}" is connected twice`);
      weights.set(from, doc.needNumber(con, 'weight'));
    }
    if (weights.size === 0) doc.fail(element, 'pmml/missing-element', 'a Neuron needs a Con');
    return {
      tag: element,
      id: doc.need(element, 'id'),
      bias: doc.number(element, 'bias') ?? 0,
      width: doc.number(element, 'width') ?? this.inherited(layer, 'width'),
      altitude: doc.number(element, 'altitude') ?? this.inherited(layer, 'altitude') ?? 1,
      weights,
    };
  }

  /** The columns that a group of neurons hears, [N, K], and their ids in that order. */
  private heard(group: readonly Neuron[]): { readonly data: Value; readonly ids: readonly string[] } {
    const wanted = new Set((group[0] as Neuron).weights.keys());
    const blocks = new Map<Block, string[]>();
    for (const [id, { block }] of this.at) {
      if (wanted.has(id)) blocks.set(block, [...(blocks.get(block) ?? []), id]);
    }
    const columns = [...blocks].map(([block, ids]) => {
      if (typeOf(block).dims?.[1] === ids.length) return block;
      const places = ids.map((id) => this.at.get(id)?.column as number);
      return this.a.b.op('Gather', [block, this.a.table(constant('int64', places))], { axis: attr.int(1) });
    });
    return {
      data: columns.length === 1 ? (columns[0] as Value) : this.a.join(columns).data,
      ids: [...blocks.values()].flat(),
    };
  }

  /** Σ weight · output + bias. */
  private sums(group: readonly Neuron[]): Value {
    const { a, real } = this;
    const { data, ids } = this.heard(group);
    const weights = ids.flatMap((id) => group.map((n) => n.weights.get(id) as number));
    const product = a.b.op('MatMul', [
      data,
      a.table(constant(real, weights, [ids.length, group.length]), 'weights'),
    ]);
    if (group.every((n) => n.bias === 0)) return product;
    return a.b.op('Add', [product, this.perNeuron(group, (n) => n.bias, 'bias')]);
  }

  /** Σ (output - weight)² / (2 · width²). */
  private distances(group: readonly Neuron[]): Value {
    const { a, real, doc } = this;
    const { data, ids } = this.heard(group);
    const distances = group.map((n) => {
      const weights = a.table(
        constant(
          real,
          ids.map((id) => n.weights.get(id) as number),
          [1, ids.length],
        ),
        'weights',
      );
      const apart = a.b.op('Sub', [data, weights]);
      return a.own('Sum', [a.b.op('Mul', [apart, apart])], { base: attr.string('first') });
    });
    const widths = this.perNeuron(
      group,
      (n) => {
        const width =
          n.width ?? doc.fail(n.tag, 'pmml/missing-attribute', 'radialBasis needs the attribute width');
        if (!(width > 0)) doc.fail(n.tag, 'pmml/attribute-value', `width="${width}" is not positive`);
        return 2 * width * width;
      },
      'width',
    );
    return a.b.op('Div', [distances.length === 1 ? (distances[0] as Value) : a.join(distances).data, widths]);
  }

  /** exp(fan-in · ln altitude - z). */
  private radial(z: Value, group: readonly Neuron[]): Value {
    const { a, doc } = this;
    const height = this.perNeuron(
      group,
      (n) => {
        if (!(n.altitude > 0))
          doc.fail(n.tag, 'pmml/attribute-value', `altitude="${n.altitude}" is not positive`);
        return n.weights.size * Math.log(n.altitude);
      },
      'altitude',
    );
    return a.b.op('Exp', [a.b.op('Sub', [height, z])]);
  }

  private perNeuron(group: readonly Neuron[], of: (n: Neuron) => number, stem: string): Value {
    return this.a.table(constant(this.real, group.map(of), [1, group.length]), stem);
  }
}

/** The activation functions of one number. */
const activate = (
  a: Algebra,
  activation: Exclude<Activation, 'radialBasis'>,
  z: Value,
  threshold: number,
): Value => {
  const { b } = a;
  const k = (x: number) => a.like(z, x);
  const exp = (v: Value) => b.op('Exp', [v]);
  const neg = (v: Value) => b.op('Neg', [v]);
  switch (activation) {
    case 'identity':
      return z;
    case 'threshold':
      return a.where(b.op('Greater', [z, k(threshold)]), k(1), k(0));
    case 'logistic':
      return b.op('Div', [k(1), b.op('Add', [k(1), exp(neg(z))])]);
    case 'tanh':
      return b.op('Tanh', [z]);
    case 'exponential':
      return exp(z);
    case 'reciprocal':
      return b.op('Div', [k(1), z]);
    case 'square':
      return b.op('Mul', [z, z]);
    case 'Gauss':
      return exp(neg(b.op('Mul', [z, z])));
    case 'sine':
      return b.op('Sin', [z]);
    case 'cosine':
      return b.op('Cos', [z]);
    case 'Elliott':
      return b.op('Div', [z, b.op('Add', [k(1), b.op('Abs', [z])])]);
    case 'arctan':
      return b.op('Div', [b.op('Mul', [k(2), b.op('Atan', [z])]), k(Math.PI)]);
    case 'rectifier':
      return b.op('Max', [z, k(0)]);
  }
};

/** Over the neurons of a layer. */
const normalized = (a: Algebra, method: (typeof normalizationMethods)[number], y: Value): Value => {
  if (method === 'none') return y;
  const sum = (v: Value) =>
    typeOf(v).dims?.[1] === 1 ? v : a.own('Sum', [v], { base: attr.string('first') });
  if (method === 'simplemax') return a.b.op('Div', [y, sum(y)]);
  // The greatest exponent is 0: nothing overflows, and the quotients are the same.
  const top = a.b.op('ReduceMax', [y, a.table(constant('int64', [1]))], { keepdims: attr.int(1) });
  const e = a.b.op('Exp', [a.b.op('Sub', [y, top])]);
  return a.b.op('Div', [e, sum(e)]);
};
