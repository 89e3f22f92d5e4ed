/**
 * What the optimizers share: a learning rate R, an update count T, and for each of n tensors what the optimizer keeps of
 * it, all tensors first, then all gradients, then all else. ai.onnx.preview.training 1. They are said in canonical
 * operators; every step rounds to the dtype of the tensor, and R and T are brought into it first.
 */
import { floatOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { broadcastTypes } from '../onnx/elementwise.ts';
import { number } from '../onnx/expansion.ts';
import { castTo } from '../onnx/normalization.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';

const dtypes: readonly DType[] = ['float32', 'float64'];

/** One tensor's update, in its dtype. */
interface Step {
  readonly node: Node;
  /** The learning rate. */
  readonly rate: Value;
  /** The update count. */
  readonly count: Value;
  /** Chooses by whether this is an update after the first, T > 0. */
  later(then: Value, otherwise: Value): Value;
  constant(value: number): Value;
  /** A float attribute; attributes are single precision, and required where no default is given. */
  attribute(name: string, otherwise?: number): Value;
  call(name: 'Add' | 'Sub' | 'Mul' | 'Div' | 'Pow' | 'Sqrt', ...inputs: readonly Value[]): Value;
}

/** An optimizer; `update` gives a tensor X, its gradient and the `kept` others anew, without the gradient. */
export const optimizer = (
  name: string,
  kept: number,
  update: (step: Step, tensors: readonly Value[]) => readonly Value[],
): Operator => {
  const groups = 2 + kept;
  const countOf = (node: Node): number => {
    const n = (node.inputs.length - 2) / groups;
    return Number.isInteger(n) && n > 0
      ? n
      : refused(node, `it takes R, T and ${groups} inputs a tensor; ${node.inputs.length} are given`);
  };
  return {
    domain: 'ai.onnx.preview.training',
    name,
    since: [1],
    infer: (node) => {
      tensorInput(node, 0, dtypes);
      tensorInput(node, 1, ['int64']);
      const n = countOf(node);
      const types = Array.from({ length: n }, (_, i) => {
        const own = tensorInput(node, 2 + i, dtypes);
        const all = Array.from({ length: groups }, (_, g) => tensorInput(node, 2 + i + g * n, [own.dtype]));
        broadcastTypes(node, all);
        return all.map((t) => tensorType(t.dtype, t.dims));
      });
      const given = [0, ...Array.from({ length: kept }, (_, g) => g + 2)];
      return given.flatMap((g) => types.map((t) => t[g] ?? refused(node, 'a tensor is missing')));
    },
    expand: (node, b) => {
      const n = countOf(node);
      const updates = Array.from({ length: n }, (_, i) => {
        const tensors = Array.from({ length: groups }, (_, g) => node.inputs[2 + i + g * n] as Value);
        return update(stepOf(node, b, tensorInput(node, 2 + i).dtype), tensors);
      });
      return Array.from({ length: 1 + kept }, (_, g) => updates.map((u) => u[g] as Value)).flat();
    },
  };
};

const stepOf = (node: Node, b: Builder, dtype: DType): Step => {
  const [rate, count] = node.inputs as readonly [Value, Value];
  const constant = (value: number): Value => number(b, dtype, value);
  return {
    node,
    rate: castTo(b, rate, dtype),
    count: castTo(b, count, dtype),
    later: (then, otherwise) =>
      b.op('Where', [b.op('Greater', [count, number(b, 'int64', 0)]), then, otherwise]),
    constant,
    attribute: (name, otherwise) =>
      constant(floatOf(node, name, otherwise === undefined ? undefined : Math.fround(otherwise))),
    call: (name, ...inputs) => b.op(name, inputs),
  };
};

/** The gradient G of the loss, and that of ½ · norm_coefficient · ‖X‖². */
export const regularized = ({ attribute, call }: Step, x: Value, g: Value, otherwise?: number): Value =>
  call('Add', call('Mul', attribute('norm_coefficient', otherwise), x), g);
