import { floatOf, floatsOf } from '../../ir/attributes.ts';
import type { Value } from '../../ir/model.ts';
import { isInteger } from '../../tensor/dtype.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { checkFeatures, literal, ML, numeric, rowsUnlessFeatures, wideInts } from './build.ts';

/**
 * Y = X, and the imputed value where X equals the replaced one; NaN is replaced where the replaced value is NaN. One
 * imputed value a feature (last axis of any rank), or one for all. ai.onnx.ml, Imputer.
 */
export const Imputer: Operator = {
  domain: ML,
  name: 'Imputer',
  since: [1],
  infer: (node) => [tensorInput(node, 0, numeric)],
  expand: (node, b) => {
    const x = node.inputs[0] as Value;
    const { dtype, dims } = tensorInput(node, 0, numeric);
    const whole = isInteger(dtype);
    const attribute = whole ? 'imputed_value_int64s' : 'imputed_value_floats';
    const imputed = whole ? wideInts(node, attribute) : (floatsOf(node, attribute) ?? []);
    if (imputed.length === 0) refused(node, `${attribute} lists no value for an input of ${dtype}`);
    checkFeatures(node, dims, imputed.length, attribute);
    const replaced = whole ? wideInt(node, 'replaced_value_int64') : floatOf(node, 'replaced_value_float', 0);
    const found = Number.isNaN(replaced)
      ? b.op('IsNaN', [x])
      : b.op('Equal', [x, literal(b, dtype, [replaced], [])]);
    return [b.op('Where', [found, literal(b, dtype, imputed), x])];
  },
  rows: (node) => rowsUnlessFeatures(node, ['imputed_value_floats', 'imputed_value_int64s']),
};

/** An integer attribute, undamaged beyond 2^53; 0 by default. */
const wideInt = (node: Parameters<typeof wideInts>[0], name: string): number | bigint => {
  const a = node.attributes.get(name);
  if (a === undefined) return 0;
  return a.kind === 'int' ? a.value : refused(node, `attribute ${name} is ${a.kind}, not int`);
};
