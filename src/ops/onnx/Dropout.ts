import { attr, floatOf, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Node, type TensorType, type Type, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { floats, numberOfDtype } from './constraints.ts';
import { cast } from './earlier.ts';
import { number } from './expansion.ts';

/** How an element is dropped: with what probability, and whether at all (true or a bool scalar). */
interface Training {
  readonly ratio: Value;
  readonly mode: Value | true;
}

/**
 * In training each element is 0 with probability `ratio`, else divided by 1 - ratio, and the mask says which are left;
 * outside of training a copy of the input, and a mask of ones. ONNX Operators, Dropout. 1 and 6 train unless `is_test`; 7
 * and 10 leave it to the runtime, and this one infers; from 12 on `training_mode` says it. The mask is of the input's dtype
 * before 10, then bool.
 */
const versions = (
  since: readonly number[],
  mask: 'bool' | 'same',
  training: (node: Node, b: Builder) => Training | null,
  dtypes: readonly DType[] = floats,
): Operator => ({
  domain: '',
  name: 'Dropout',
  since,
  infer: (node): readonly Type[] => {
    const x = tensorInput(node, 0, dtypes);
    if (node.inputs[1]) tensorInput(node, 1, dtypes);
    if (node.inputs[2]) tensorInput(node, 2, ['bool']);
    return [x, tensorType(mask === 'bool' ? 'bool' : x.dtype, x.dims)].slice(0, node.outputs.length);
  },
  express: (node, b, opsets) =>
    training(node, b) === null ? withoutTraining(node, b, opsets.get('')) : undefined,
  expand: (node, b) => {
    const [x] = node.inputs as readonly [Value];
    const { dtype } = tensorInput(node, 0);
    const how = training(node, b);
    const kept = how ? keptAtRandom(node, b, how) : undefined;
    const [y, m] = node.outputs;
    const named = (v: Value | null | undefined) => (v ? { output: b.unique(v.name), types: [v.type] } : {});
    const out = how && kept ? scaled(node, b, how, kept, named(y)) : b.op('Identity', [x], {}, named(y));
    if (!m) return [out, null];
    const all = kept ?? b.op('Expand', [truth(b), b.op('Shape', [x])]);
    return [
      out,
      b.op('Cast', [all], { to: attr.int(numberOfDtype(mask === 'bool' ? 'bool' : dtype)) }, named(m)),
    ];
  },
});

/** Without training it is the same at every version: `ratio` and `seed` mean nothing. */
const withoutTraining = (node: Node, b: Builder, opset: number | undefined) => {
  const op = b.version('', 'Dropout', opset);
  if (!op) return undefined;
  const [y, mask] = b.call(op, node.inputs.slice(0, 1), {
    attributes: op.since < 7 ? { is_test: attr.int(1) } : {},
    name: node.name,
    from: node.from,
    outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
  });
  const was = node.outputs[1]?.type as TensorType | undefined;
  const same = mask && was && (mask.type as TensorType).dtype === was.dtype;
  return [y ?? null, mask && was && !same ? cast(b, mask, was.dtype) : (mask ?? null)].slice(
    0,
    node.outputs.length,
  );
};

const truth = (b: Builder): Value => number(b, 'bool', 1);

/** Which elements are left: those that draw `ratio` or more. */
const keptAtRandom = (node: Node, b: Builder, { ratio, mode }: Training): Value => {
  const seed = node.attributes.get('seed');
  const u = b.op('RandomUniformLike', [node.inputs[0] as Value], {
    dtype: attr.int(numberOfDtype('float64')),
    ...(seed?.kind === 'int' && { seed: attr.float(Number(seed.value)) }),
  });
  const left = b.op('GreaterOrEqual', [u, cast(b, ratio, 'float64')]);
  return mode === true ? left : b.op('Or', [left, b.op('Not', [mode])]);
};

/** scale · data · mask. There is no arithmetic in 8-bit floats: theirs is done in single precision. */
const scaled = (
  node: Node,
  b: Builder,
  { ratio, mode }: Training,
  kept: Value,
  named: { readonly output?: string },
): Value => {
  const { dtype } = tensorInput(node, 0) as TensorType;
  const inside = floats.includes(dtype) ? dtype : 'float32';
  const one = number(b, inside, 1);
  const scale = b.op('Div', [one, b.op('Sub', [one, cast(b, ratio, inside)])]);
  const masked = b.op('Mul', [cast(b, node.inputs[0] as Value, inside), cast(b, kept, inside)]);
  const product = b.op('Mul', [masked, mode === true ? scale : b.op('Where', [mode, scale, one])]);
  return b.op('Cast', [product], { to: attr.int(numberOfDtype(dtype)) }, named);
};

const byAttribute = (node: Node, b: Builder): Training | null =>
  intOf(node, 'is_test', 0) === 0
    ? { ratio: number(b, 'float32', floatOf(node, 'ratio', 0.5)), mode: true }
    : null;

/** Nothing is drawn where the mode is known to be false, or the ratio to be 0. */
const byInput = (node: Node, b: Builder): Training | null => {
  const [, ratio, mode] = node.inputs;
  const first = (v: Value | null | undefined) => b.known(v)?.read(0, 1)[0];
  if (!mode || first(mode) === 0 || first(ratio) === 0) return null;
  return { ratio: ratio ?? number(b, 'float32', 0.5), mode: first(mode) === 1 ? true : mode };
};

const smallFloats: readonly DType[] = ['float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz'];

export const Dropout: readonly Operator[] = [
  versions([1, 6], 'same', byAttribute),
  versions([7], 'same', () => null),
  versions([10], 'bool', () => null),
  versions([12, 13, 22], 'bool', byInput, [...floats, ...smallFloats]),
];
