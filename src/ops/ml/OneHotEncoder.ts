import { stringsOf } from '../../ir/attributes.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant, type Data } from '../../tensor/data.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { cast, literal, ML, numeric, rowsEach, wideInts } from './build.ts';

const dtypes: readonly DType[] = [...numeric, 'string'];

/**
 * One more axis, as long as the list of categories: 1 where the element is the category, else 0, float32. ai.onnx.ml,
 * OneHotEncoder. Floats are cut towards zero before they are looked up.
 *
 * An element that is no category gives zeros. `zeros` = 0 asks for a failure there: such rows have no result by the
 * specification, and zeros here.
 */
export const OneHotEncoder: Operator = {
  domain: ML,
  name: 'OneHotEncoder',
  since: [1],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0, dtypes);
    const { count } = categories(node, dtype);
    return [tensorType('float32', dims && [...dims, count])];
  },
  expand: (node, b) => {
    const { dtype } = tensorInput(node, 0, dtypes);
    const cats = categories(node, dtype);
    const x = b.op('Unsqueeze', [cut(node.inputs[0] as Value), literal(b, 'int64', [-1])]);
    return [cast(b, b.op('Equal', [x, b.constant(cats)]), 'float32')];

    function cut(value: Value): Value {
      if (!isFloat(dtype)) return dtype === 'string' ? value : cast(b, value, 'int64');
      const wide = cast(b, value, 'float64');
      return b.op('Mul', [b.op('Sign', [wide]), b.op('Floor', [b.op('Abs', [wide])])]);
    }
  },
  rows: rowsEach,
};

/** The categories in the dtype they are compared in. Floats cut towards zero stay doubles: NaN is no integer. */
const categories = (node: Node, dtype: DType): Data => {
  const list: readonly (number | bigint | string)[] =
    dtype === 'string' ? (stringsOf(node, 'cats_strings') ?? []) : wideInts(node, 'cats_int64s');
  const name = dtype === 'string' ? 'cats_strings' : 'cats_int64s';
  if (list.length === 0) refused(node, `${name} lists no category for an input of ${dtype}`);
  if (new Set(list).size !== list.length) refused(node, `${name} lists a category twice`);
  if (dtype === 'string') return constant('string', list);
  return isFloat(dtype) ? constant('float64', list.map(Number)) : constant('int64', list);
};
