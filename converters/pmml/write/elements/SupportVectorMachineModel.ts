/**
 * SVMRegressor of ai.onnx.ml, SVMClassifier where its label alone is asked for, and support vector machines that were read
 * from PMML.
 */
import { floatsOf, intOf, stringOf } from '../../../../src/ir/attributes.ts';
import { fail } from '../../../../src/ir/diagnostic.ts';
import { type Model, type Node, opName, type Value } from '../../../../src/ir/model.ts';
import { type Decision, isBare, pairsOf, tooLarge } from '../../../../src/ops/ml/machines.ts';
import { type Machine, machineOf } from '../../../../src/ops/ml/SVMClassifier.ts';
import { machines } from '../../../../src/passes/machines.ts';
import type { Field } from '../expression.ts';
import { spelled } from '../expression.ts';
import { close, element, type Markup, numeral, open, print } from '../xml.ts';
import { core, decisionOf, type KernelType, missingIn, type Sum, sumOf } from './machineGraph.ts';
import { Graph, type Part, type Recognise } from './part.ts';

export const SupportVectorMachineModel: Recognise = (node, graph) => {
  switch (opName(node.op)) {
    case 'ai.onnx.ml.SVMRegressor':
      return regressor(node);
    case 'ai.onnx.ml.SVMClassifier':
      return labelled(node, graph) ? classifier(node) : null;
    case 'portolan.Sum':
    case 'portolan.Mask':
      return read(node, graph);
    default:
      return null;
  }
};

/** What one element does not say (scores, probabilities) is made of decision values: an element for each machine. */
export const apart = (model: Model): Model => {
  const graph = new Graph(model);
  return machines(model, 'float64', (node) => {
    if (SupportVectorMachineModel(node, graph) !== null) return true;
    const why = tooLarge(node);
    if (why !== undefined) {
      const scores = node.outputs[1]?.name ?? '';
      const help = `take the output '${scores}' away: the label alone can be written`;
      fail('pmml/svm-too-large', `SVMClassifier '${node.name}': ${why}`, node.from[0], help);
    }
    return false;
  });
};

/** Is nothing asked for but the label? */
const labelled = (node: Node, graph: Graph): boolean => !graph.used(node.outputs[1]);

/** A machine as the element writes it; of a classification, with the classes below and above the threshold. */
interface Written extends Decision {
  readonly below?: string;
  readonly above?: string;
  readonly threshold?: number;
}

/** Where machines stand: all share the kernel and the vectors. */
interface Space {
  readonly kernel: Markup;
  /** The largest numbers in a row whose kernel stays within single precision. */
  readonly most: number;
  readonly features: number;
  /** One after the other. */
  readonly vectors: ArrayLike<number>;
}

const regressor = (node: Node): Part | null => {
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (!x || !y || !isBare(node)) return null;
  const list = (name: string) => Array.from(floatsOf(node, name) ?? [], Math.fround);
  const [coefficients, vectors] = [list('coefficients'), list('support_vectors')];
  const count = intOf(node, 'n_supports', 0);
  const features = count > 0 ? vectors.length / count : coefficients.length;
  const space = spaceOf(node, features, vectors);
  const rho = list('rho')[0] ?? 0;
  const machine: Written = {
    vectors: count > 0 ? coefficients.map((_, v) => v) : null,
    coefficients,
    rho,
  };
  if (!space || !finite(space, [machine])) return null;
  return {
    element: 'SupportVectorMachineModel',
    functionName: 'regression',
    classes: null,
    reads: [{ value: x, dtype: 'float32' }],
    gives: [{ value: y, as: [{ feature: 'predictedValue' }] }],
    most: space.most,
    attributes: count > 0 ? {} : { svmRepresentation: 'Coefficients' },
    content: (fields, depth) => content(fields, depth, space, [machine]),
  };
};

/** One against one. PMML has values below 0 decide for a machine's category: all numbers change their sign. */
const classifier = (node: Node): Part | null => {
  const m: Machine = machineOf(node);
  const [x] = node.inputs;
  const [label] = node.outputs;
  if (!x || !label || m.count === 0 || m.labels.values.some((v) => typeof v === 'bigint')) return null;
  const classes = m.labels.values as readonly (number | string)[];
  const space = spaceOf(node, m.features, m.vectors);
  const pairs = pairsOf(m).map(
    ({ vectors, coefficients, rho, of: [i, j] }): Written => ({
      vectors,
      coefficients: coefficients.map((c) => -c),
      rho: rho === 0 ? 0 : -rho,
      below: spelled(classes[i] as number | string),
      above: spelled(classes[j] as number | string),
    }),
  );
  if (!space || pairs.some((s) => s.coefficients.length === 0) || !finite(space, pairs)) return null;
  return {
    element: 'SupportVectorMachineModel',
    functionName: 'classification',
    classes,
    reads: [{ value: x, dtype: 'float32' }],
    gives: [{ value: label, as: [{ feature: 'predictedValue' }] }],
    most: space.most,
    attributes: { classificationMethod: 'OneAgainstOne' },
    content: (fields, depth) => content(fields, depth, space, pairs),
  };
};

/** From PMML: a number, or a label. */
const read = (node: Node, graph: Graph): Part | null => {
  const [value] = node.outputs;
  if (!value) return null;
  const plain = core(value, graph);
  const sum = sumOf(plain, graph);
  const decision = sum ? null : decisionOf(value, graph);
  const sums = sum ? [sum] : (decision?.machines.map((m) => m.sum) ?? []);
  const [first] = sums;
  if (!first || !sums.every((s) => s.matrix === first.matrix && sameList(s.columns, first.columns)))
    return null;
  const gone = missingIn(value, graph);
  const columns = first.columns.map((c) => given(c, gone, graph));
  if (!sameSet(gone, new Set(columns.flatMap((c) => [...missingIn(c, graph)])))) return null;
  const space: Space = { kernel: kernelElement(first.kernel), most: Infinity, ...vectorsOf(first) };
  const name = (c: number | null) =>
    c === null ? undefined : spelled(decision?.labels[c] as string | number);
  const written = sums.map(({ vectors, coefficients, rho }, i): Written => {
    const m = decision?.machines[i];
    const [below, above] = [name(m?.target ?? null), name(m?.other ?? null)];
    return {
      vectors,
      coefficients,
      rho,
      ...(below !== undefined && { below }),
      ...(above !== undefined && { above }),
      ...(m && m.threshold !== 0 && { threshold: m.threshold }),
    };
  });
  if (!finite(space, written)) return null;
  return {
    element: 'SupportVectorMachineModel',
    functionName: decision ? 'classification' : 'regression',
    classes: decision?.labels ?? null,
    reads: columns.map((c) => ({ value: c })),
    gives: [{ value, as: [{ feature: 'predictedValue' }] }],
    attributes: {
      svmRepresentation: first.fields ? undefined : 'Coefficients',
      classificationMethod: decision?.method,
      maxWins: decision?.maxWins ? 'true' : undefined,
    },
    content: (fields, depth) => content(fields, depth, space, written),
  };
};

const sameList = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i]);

const sameSet = <T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean =>
  a.size === b.size && [...a].every((x) => b.has(x));

/** The column as it is given, where its being missing makes the result missing; else as it is filled. */
const given = (column: Value, gone: ReadonlySet<Value>, graph: Graph): Value => {
  const from = graph.made(column, 'portolan.Fill')?.inputs[0];
  return from && [...missingIn(from, graph)].every((v) => gone.has(v)) ? from : column;
};

const kernelElement = ({ kind, gamma, coef0, degree }: KernelType): Markup => {
  switch (kind) {
    case 'linear':
      return element('LinearKernelType');
    case 'polynomial':
      return element('PolynomialKernelType', { gamma, coef0, degree });
    case 'radialBasis':
      return element('RadialBasisKernelType', { gamma });
    case 'sigmoid':
      return element('SigmoidKernelType', { gamma, coef0 });
  }
};

const vectorsOf = ({ columns, fields }: Sum): Pick<Space, 'features' | 'vectors'> => {
  const count = fields?.[0]?.length ?? 0;
  const vectors = Array.from({ length: count }, (_, v) => (fields ?? []).map((f) => f[v] as number)).flat();
  return { features: columns.length, vectors };
};

const spaceOf = (node: Node, features: number, vectors: ArrayLike<number>): Space | null => {
  const [gamma = 0, coef0 = 0, degree = 0] = Array.from(floatsOf(node, 'kernel_params') ?? [], Math.fround);
  const largest = Array.from(vectors).reduce((most, v) => Math.max(most, Math.abs(v)), 1);
  const space = (kernel: Markup, power: number, factor: number): Space => {
    const most =
      (10 ** (30 / Math.max(1, power)) - Math.abs(coef0)) / (features * largest * Math.abs(factor));
    return { kernel, features, vectors, most: Math.max(1, Number(most.toPrecision(2))) };
  };
  switch (stringOf(node, 'kernel_type', 'LINEAR')) {
    case 'LINEAR':
      return space(element('LinearKernelType'), 1, 1);
    case 'POLY':
      return space(element('PolynomialKernelType', { gamma, coef0, degree }), degree, gamma);
    case 'RBF':
      return { kernel: element('RadialBasisKernelType', { gamma }), features, vectors, most: Infinity };
    case 'SIGMOID':
      return space(element('SigmoidKernelType', { gamma, coef0 }), 1, gamma);
    default:
      return null;
  }
};

/** A document has no infinite numbers that would mean anything here. */
const finite = ({ kernel, vectors }: Space, written: readonly Written[]): boolean =>
  Object.values(kernel.attributes).every(Number.isFinite) &&
  Array.from(vectors).every(Number.isFinite) &&
  written.every((m) => Number.isFinite(m.rho) && m.coefficients.every(Number.isFinite));

function* content(
  fields: readonly Field[],
  depth: number,
  space: Space,
  written: readonly Written[],
): Generator<string> {
  const { kernel, features, vectors } = space;
  yield print(depth, kernel);
  const used = [...new Set(written.flatMap((m) => m.vectors ?? []))].sort((a, b) => a - b);
  yield open(depth, 'VectorDictionary', { numberOfVectors: used.length });
  const names = fields.map((f) => element('FieldRef', { field: f.name }));
  yield print(depth + 1, element('VectorFields', { numberOfFields: names.length }, names));
  for (const v of used) yield print(depth + 1, instance(v, vectors, features));
  yield close(depth, 'VectorDictionary');
  for (const m of written) yield* machine(depth, m);
}

const instance = (v: number, vectors: ArrayLike<number>, n: number): Markup => {
  const values = Array.from({ length: n }, (_, i) => vectors[v * n + i] as number);
  return element('VectorInstance', { id: v + 1 }, [
    { ...element('Array', { type: 'real', n }), text: values.map(numeral).join(' ') },
  ]);
};

function* machine(depth: number, m: Written): Generator<string> {
  yield open(depth, 'SupportVectorMachine', {
    targetCategory: m.below,
    alternateTargetCategory: m.above,
    threshold: m.threshold,
  });
  if (m.vectors) {
    const list = m.vectors.map((v) => element('SupportVector', { vectorId: v + 1 }));
    yield print(depth + 1, element('SupportVectors', { numberOfSupportVectors: list.length }, list));
  }
  const coefficients = m.coefficients.map((value) => element('Coefficient', { value }));
  const attributes = { numberOfCoefficients: coefficients.length, absoluteValue: m.rho };
  yield print(depth + 1, element('Coefficients', attributes, coefficients));
  yield close(depth, 'SupportVectorMachine');
}
