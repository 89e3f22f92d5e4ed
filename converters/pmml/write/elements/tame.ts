/** Where numbers stay numbers: what an element makes of NaN and of infinite numbers is not what the graph makes of them. */
import { type Node, opName, type Value } from '../../../../src/ir/model.ts';
import { isFloat } from '../../../../src/tensor/dtype.ts';
import type { Graph } from './part.ts';

/** Operators that give finite numbers for finite ones, but for those near the greatest that there are. */
const bounded = new Set(
  `Abs Cast Ceil Clip Concat Erf Expand Flatten Floor Gather Identity Max Mean Min Neg Relu Reshape Round Sigmoid Sign
  Slice Softmax Split Squeeze Sum Tanh Transpose Unsqueeze Add Sub ReduceMax ReduceMean ReduceMin ReduceSum
  ai.onnx.ml.ArrayFeatureExtractor ai.onnx.ml.Binarizer ai.onnx.ml.FeatureVectorizer ai.onnx.ml.Imputer
  ai.onnx.ml.LabelEncoder ai.onnx.ml.LinearClassifier ai.onnx.ml.LinearRegressor ai.onnx.ml.OneHotEncoder
  ai.onnx.ml.SVMClassifier ai.onnx.ml.SVMRegressor ai.onnx.ml.Scaler ai.onnx.ml.TreeEnsemble
  ai.onnx.ml.TreeEnsembleClassifier ai.onnx.ml.TreeEnsembleRegressor`.split(/\s+/),
);
/** The same where the other factor, or the divisor, is constant. */
const linear = new Set(['Mul', 'Div', 'MatMul', 'Gemm']);

/** Is a value finite wherever the inputs of the model are, in all but the outermost numbers? */
export const isTame = (value: Value, graph: Graph): boolean => {
  const seen = new Set<Value>();
  const open: (Value | null)[] = [value];
  for (let v = open.pop(); v !== undefined; v = open.pop()) {
    if (v === null || seen.has(v)) continue;
    seen.add(v);
    const node = graph.maker(v);
    if (!node) continue;
    if (node.op.name === 'Where') open.push(...node.inputs.slice(1));
    else if (isLinear(node, graph) || bounded.has(opName(node.op))) open.push(...node.inputs);
    else if (v.type.kind === 'tensor' && isFloat(v.type.dtype)) return false;
  }
  return true;
};

const isLinear = (node: Node, graph: Graph): boolean => {
  if (!linear.has(opName(node.op))) return false;
  const [a, b] = node.inputs.map((v) => graph.constant(v));
  return b !== undefined || (a !== undefined && opName(node.op) !== 'Div');
};
