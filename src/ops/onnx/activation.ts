/** Activation functions that the standard says in other operators: each file gives the steps, and each step rounds. */
import { floatOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Node, Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { floats } from './constraints.ts';
import { inferElementwise, rowsEach } from './elementwise.ts';
import { finish, number } from './expansion.ts';

/** The steps of one function: values in the dtype of its input. */
export interface Steps {
  readonly x: Value;
  readonly node: Node;
  /** A constant, brought into the dtype. */
  number(value: number): Value;
  /** A float attribute, brought into the dtype. Attributes and their defaults are single precision. */
  attribute(name: string, otherwise: number): Value;
  call(name: string, ...inputs: readonly Value[]): Value;
}

/** An activation function of one input; `last` names the final step and its inputs. */
export const activation = (
  name: string,
  since: readonly number[],
  last: (steps: Steps) => readonly [name: string, ...inputs: Value[]],
  dtypes: readonly DType[] = floats,
): Operator => ({
  domain: '',
  name,
  since,
  infer: inferElementwise(dtypes),
  expand: (node, b) => {
    const [step, ...inputs] = last(stepsOf(node, b));
    return finish(node, b, step, inputs);
  },
  rows: rowsEach,
});

export const stepsOf = (node: Node, b: Builder): Steps => {
  const { dtype } = tensorInput(node, 0);
  const constant = (value: number) => number(b, dtype, value);
  return {
    x: node.inputs[0] as Value,
    node,
    number: constant,
    attribute: (name, otherwise) => constant(floatOf(node, name, Math.fround(otherwise))),
    call: (name, ...inputs) => b.op(name, inputs),
  };
};
