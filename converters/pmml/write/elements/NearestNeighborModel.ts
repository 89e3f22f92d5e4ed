/**
 * The k records that lie nearest, as the converters of scikit-learn look for them: distances to all records (a Scan over
 * them), and TopK. The element names the neighbours and says how far they are; what they vote for is spelled behind it,
 * in the order in which ONNX adds and compares.
 */
import { intOf, intsOf, regionOf } from '../../../../src/ir/attributes.ts';
import { type Node, opName, type Region, type Value } from '../../../../src/ir/model.ts';
import { numbers, type Tensor } from '../../../../src/tensor/tensor.ts';
import type { Field } from '../expression.ts';
import { type Attributes, close, element, type Markup, numeral, open, print } from '../xml.ts';
import { Graph, type Recognise } from './part.ts';

export const NearestNeighborModel: Recognise = (node, graph) => {
  if (opName(node.op) !== 'TopK' || intOf(node, 'largest', 1) !== 0) return null;
  if (![1, -1].includes(intOf(node, 'axis', -1)) || intOf(node, 'sorted', 1) !== 1) return null;
  const k = numbersIn(graph.constant(node.inputs[1]))[0];
  const found = distances(node.inputs[0], graph);
  if (k === undefined || k < 1 || !found) return null;
  const { row, records, measure } = found;
  const ranked = (feature: string): Attributes[] =>
    Array.from({ length: k }, (_, i) => ({ feature, rank: i + 1 }));
  const [values, indices] = node.outputs;
  return {
    element: 'NearestNeighborModel',
    functionName: 'clustering',
    classes: null,
    reads: [{ value: row }],
    gives: [
      ...(indices && graph.used(indices) ? [{ value: indices, as: ranked('entityId') }] : []),
      ...(values && graph.used(values) ? [{ value: values, as: ranked('affinity') }] : []),
    ],
    attributes: { numberOfNeighbors: k, instanceIdVariable: idName },
    content: (fields, depth) => content(fields, depth, records, measure),
  };
};

/** A field of the instances that no field of a row is called. */
const idName = 'instance-number';

// The graph

interface Distances {
  /** `[N, F]`. */
  readonly row: Value;
  /** `[M, F]`. */
  readonly records: Tensor;
  readonly measure: Markup;
}

const numbersIn = (t: Tensor | undefined): readonly number[] =>
  t && t.dtype !== 'string' ? Array.from(numbers(t)) : [];

/** `[N, M]`: of each row to each record. */
const distances = (d: Value | null | undefined, graph: Graph): Distances | null => {
  const root = graph.made(d, 'Sqrt');
  const power = graph.made(d, 'Pow');
  const turned = graph.made(root?.inputs[0] ?? power?.inputs[0] ?? d, 'Transpose');
  const scan = graph.made(turned?.inputs[0], 'Scan');
  const [row, records] = scan?.inputs ?? [];
  const held = graph.constant(records);
  if (!scan || !turned || !row || held?.dims.length !== 2 || scan.inputs.length !== 2) return null;
  if (intOf(scan, 'num_scan_inputs', 0) !== 1 || turned.inputs[0] !== scan.outputs[1]) return null;
  if ([...scan.attributes.keys()].some((name) => name !== 'num_scan_inputs' && name !== 'body')) return null;
  if (intsOf(turned, 'perm')?.join() !== '1,0' || !numbersIn(held).every(Number.isFinite)) return null;
  const sum = compared(regionOf(scan, 'body'), graph);
  const exponent = numbersIn(graph.constant(power?.inputs[1]))[0];
  const measure = sum !== null && measureOf(sum, root !== undefined, power ? exponent : undefined);
  return measure ? { row, records: held, measure } : null;
};

/** What is added up of the differences: their squares (2), themselves (1), or another power. */
const compared = (body: Region, outer: Graph): number | null => {
  const graph = new Graph({ ...outer.model, graph: body });
  const through = (v: Value | null | undefined): Value | null | undefined => {
    const copy = graph.made(v, 'Identity');
    return copy ? through(copy.inputs[0]) : v;
  };
  const [state, record] = body.params;
  const [kept, out] = body.results;
  const difference = (v: Value | null | undefined): boolean => {
    const sub = graph.made(v, 'Sub');
    const [a, b] = sub?.inputs ?? [];
    return (a === state && b === record) || (a === record && b === state);
  };
  if (body.params.length !== 2 || body.results.length !== 2 || through(kept) !== state) return null;
  const total = graph.maker(through(out));
  if (!total || !overFeatures(total, graph)) return null;
  const [x] = total.inputs;
  if (opName(total.op) === 'ReduceSumSquare') return difference(x) ? 2 : null;
  if (opName(total.op) !== 'ReduceSum') return null;
  const size = (v: Value | null | undefined): boolean =>
    difference(graph.made(v, 'Abs')?.inputs[0] ?? undefined);
  if (size(x)) return 1;
  const power = graph.made(x, 'Pow');
  const p = numbersIn(graph.constant(power?.inputs[1]))[0];
  return p !== undefined && p > 0 && size(power?.inputs[0]) ? p : null;
};

const overFeatures = (node: Node, graph: Graph): boolean => {
  const axes = intsOf(node, 'axes') ?? numbersIn(graph.constant(node.inputs[1]));
  return axes.length === 1 && [1, -1].includes(axes[0] as number) && intOf(node, 'keepdims', 1) === 0;
};

/** PMML's word for the measure; null where it has none. */
const measureOf = (sum: number, root: boolean, exponent: number | undefined): Markup | null => {
  if (sum === 2 && root) return element('euclidean');
  if (root) return null;
  if (exponent !== undefined) {
    const inverse = Math.abs(exponent * sum - 1) < 1e-6;
    return inverse ? element('minkowski', { 'p-parameter': sum }) : null;
  }
  return sum === 1 ? element('cityBlock') : sum === 2 ? element('squaredEuclidean') : null;
};

// The document

function* content(
  fields: readonly Field[],
  depth: number,
  records: Tensor,
  measure: Markup,
): Generator<string> {
  const [count = 0, width = 0] = records.dims;
  const values = numbers(records);
  // Named as the fields where XML can: pmml4s looks for them by these.
  const columns = fields.map((f, i) => (/^[A-Za-z_][\w.-]*$/.test(f.name) ? f.name : `column-${i + 1}`));
  yield open(depth, 'TrainingInstances', {
    isTransformed: 'true',
    recordCount: count,
    fieldCount: width + 1,
  });
  yield print(
    depth + 1,
    element('InstanceFields', {}, [
      element('InstanceField', { field: idName, column: idName }),
      ...fields.map((f, i) => element('InstanceField', { field: f.name, column: columns[i] })),
    ]),
  );
  yield open(depth + 1, 'InlineTable');
  for (let r = 0; r < count; r++) {
    const cells = columns.map((c, i) => `<${c}>${numeral(values[r * width + i] as number)}</${c}>`);
    yield `${' '.repeat(depth + 2)}<row><${idName}>${r}</${idName}>${cells.join('')}</row>\n`;
  }
  yield close(depth + 1, 'InlineTable');
  yield close(depth, 'TrainingInstances');
  yield print(depth, element('ComparisonMeasure', { kind: 'distance' }, [measure]));
  const inputs = fields.map((f) => element('KNNInput', { field: f.name, compareFunction: 'absDiff' }));
  yield print(depth, element('KNNInputs', {}, inputs));
}
