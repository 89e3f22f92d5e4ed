/** Do the inputs and outputs of a model say what they are? */
import { fail, type Place } from '../../../src/ir/diagnostic.ts';
import type { TypeProto, ValueInfoProto } from '../schema.ts';
import { dtypeOf } from '../storage.ts';
import { typeOf } from '../types.ts';
import type { Context } from './context.ts';

const help = 'declare the type where the model is exported';

/** A type said in full, down to the elements of sequences and maps; a shape only on the outside. */
const complete = (type: TypeProto | undefined, at: Place): void => {
  const open = (what: string) => fail('onnx/undeclared-type', what, at, help);
  if (type?.sequence_type) complete(type.sequence_type.elem_type, at);
  else if (type?.optional_type) complete(type.optional_type.elem_type, at);
  else if (type?.map_type) {
    const key = dtypeOf(type.map_type.key_type);
    if (key === undefined) open('a map does not say what its keys are');
    complete(type.map_type.value_type, at);
  } else if (type?.opaque_type) {
    if (!type.opaque_type.name) open('an opaque type has no name');
  } else if (!type?.tensor_type && !type?.sparse_tensor_type) open('no type is declared');
};

/** An input or output of the model itself. */
export const checkDeclared = (
  value: ValueInfoProto,
  role: 'input' | 'output',
  at: Place,
  { findings }: Context,
): void => {
  const { type } = value;
  // The graph computes an output whether its type is said or not; what an input takes nobody else knows.
  if (!type && role === 'output') findings.warning('onnx/undeclared-type', 'no type is declared', at, help);
  else {
    findings.attempt(() => {
      complete(type, at);
      typeOf(type, at);
    });
  }
  const tensor = type?.tensor_type ?? type?.sparse_tensor_type;
  if (tensor && !tensor.shape) findings.warning('onnx/undeclared-shape', 'no shape is declared', at, help);
};
