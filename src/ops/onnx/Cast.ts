import { attr, intOf, stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { type DType, dtypeInfo, isFloat } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dtypeByNumber, numberOfDtype } from './constraints.ts';
import { type Casting, cast } from './conversion.ts';
import { earlier } from './earlier.ts';
import { pairedElements } from './elements.ts';
import { rowsEach } from './elementwise.ts';
import { attributesBut, finish } from './expansion.ts';
import { chooseRow } from './take.ts';

/** The dtype that the attribute `to` names. */
const target = (node: Node): DType => {
  const to = intOf(node, 'to');
  const dtype = dtypeByNumber(to);
  if (!dtype || dtype.startsWith('complex')) return refused(node, `to = ${to} is no type that it casts to`);
  return dtype;
};

/** Types that hold every extent exactly. */
const extentTypes = new Set<DType>(['int64', 'uint64', 'int32', 'uint32', 'float64']);

/** How 8-bit floats are reached. */
const castingOf = (node: Node): Casting => ({
  saturate: intOf(node, 'saturate', 1) !== 0,
  roundMode: stringOf(node, 'round_mode', 'up'),
});

/** Version 1 named the type: `FLOAT`, `DOUBLE`, `INT64` … */
const named = (node: Node): DType => {
  const to = stringOf(node, 'to').toLowerCase();
  const dtype = to === 'float' ? 'float32' : to === 'double' ? 'float64' : to;
  return numberOfDtype(dtype as DType) > 0
    ? (dtype as DType)
    : refused(node, `to = '${to}' is no type that it casts to`);
};

/** A row element in another dtype; the special spellings of numbers are tested for first. */
const castRow = (from: DType, to: DType, x: Row): Row => {
  const plain: Row = { k: 'apply', fn: 'cast', dtype: to, args: [x] };
  if (from !== 'string' || !isFloat(to)) return plain;
  const upper: Row = { k: 'apply', fn: 'upper', dtype: 'string', args: [x] };
  const says = (text: string): Row => ({
    k: 'apply',
    fn: 'eq',
    dtype: 'bool',
    args: [upper, { k: 'const', dtype: 'string', value: text }],
  });
  const infinity = (value: number): Row => ({ k: 'const', dtype: to, value });
  return chooseRow(
    [says('INF'), says('+INF'), says('-INF')],
    [infinity(Infinity), infinity(Infinity), infinity(-Infinity)],
    plain,
  );
};

/** The elements in the type that `to` names. ONNX Operators, Cast; where that is undefined, see `conversion.ts`. */
export const Cast: readonly Operator[] = [
  {
    domain: '',
    name: 'Cast',
    since: [6, 9, 13, 19, 21, 23, 24, 25, 28],
    infer: (node) => [tensorType(target(node), tensorInput(node, 0).dims)],
    elements: (node, known, apply) => {
      const holds = extentTypes.has(target(node));
      return pairedElements((d = null) => (holds ? d : null))(node, known, apply);
    },
    evaluate: ([x], node) => [cast(x as Tensor, target(node), castingOf(node))],
    lower: (node, inputs) => {
      const to = target(node);
      const x = inputs[0] as Lowered;
      if (to === x.dtype) return [x];
      if (to === 'string' && isFloat(x.dtype)) {
        return refuse('ops/cast-to-string', 'the row language does not spell floats as the standard has it');
      }
      if (isFloat(to) && dtypeInfo(to).bits <= 8) {
        return refuse('ops/cast-to-small-float', `the row language does not cast to ${to}`);
      }
      return [{ dtype: to, dims: x.dims, element: (index) => castRow(x.dtype, to, x.element(index)) }];
    },
    express: (node, b, opsets) => {
      if ((opsets.get('') ?? 0) >= 6) return undefined;
      const to = target(node);
      const name = to === 'float32' ? 'FLOAT' : to === 'float64' ? 'DOUBLE' : to.toUpperCase();
      return earlier(node, b, opsets, node.inputs, { to: attr.string(name) });
    },
    rows: rowsEach,
  },
  {
    domain: '',
    name: 'Cast',
    since: [1],
    infer: (node) => [tensorType(named(node), tensorInput(node, 0).dims)],
    expand: (node, b) =>
      finish(
        node,
        b,
        'Cast',
        node.inputs,
        attributesBut(node, [], { to: attr.int(numberOfDtype(named(node))) }),
      ),
  },
];
