import { attr, floatOf, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, type Type, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { floats } from './constraints.ts';
import { cast, earlier, type Said } from './earlier.ts';
import { attributesBut, finish, vector } from './expansion.ts';
import { reshaped, spelling } from './spelling.ts';

/**
 * Y = (X − mean) / √(var + epsilon) · scale + B for each channel of `[N, C, …]`, in these steps and in single precision
 * (double for float64). ONNX Operators, BatchNormalization.
 *
 * Training: from 14 on `training_mode` takes mean and (population) variance from the batch, and gives the running ones.
 * Before it, training shows by `is_test` = 0 (1, 6) or by further outputs (7, 9), is not specified closely enough to
 * compute, and is refused. `spatial` = 0 (until 7) has statistics of one feature each; it is refused too.
 */
const versions = (since: readonly number[], check: (node: Node) => boolean): Operator => ({
  domain: '',
  name: 'BatchNormalization',
  since,
  infer: (node): readonly Type[] => {
    const x = tensorInput(node, 0, floats);
    const channels = x.dims === null ? null : x.dims.length === 1 ? 1 : (x.dims[1] ?? null);
    const vectors = [1, 2, 3, 4].map((i) => tensorInput(node, i, floats));
    for (const { dims } of vectors) {
      const [count] = dims ?? [null];
      if (typeof channels === 'number' && typeof count === 'number' && count !== channels) {
        refused(node, `a vector of ${count} does not fit ${channels} channels`);
      }
    }
    const statistics = tensorType((vectors[2] as { dtype: DType }).dtype, [channels]);
    return check(node) ? [x, statistics, statistics] : [x];
  },
  evaluate: (inputs, node) => {
    const [x, scale, bias, mean, variance] = inputs as readonly [Tensor, Tensor, Tensor, Tensor, Tensor];
    if (!check(node)) return [normalized(node, x, scale, bias, mean, variance)];
    const [batchMean, batchVariance] = statistics(x, mean.dtype);
    const momentum = floatOf(node, 'momentum', Math.fround(0.9));
    return [
      normalized(node, x, scale, bias, batchMean, batchVariance),
      running(mean, batchMean, momentum),
      running(variance, batchVariance, momentum),
    ];
  },
  lower: (node, [x, scale, bias, mean, variance]) => {
    if (check(node)) return refuse('onnx/training', 'training mixes rows');
    const given = x as Lowered;
    const { dtype } = given;
    const size = countOf(given.dims.slice(1));
    // The channel of an element: rows are [C, …].
    const channelOf = (index: Row): Row =>
      size === 1
        ? index
        : {
            k: 'at',
            table: constant(
              'int32',
              Int32Array.from({ length: countOf(given.dims) }, (_, i) => Math.floor(i / size)),
            ),
            key: index,
          };
    const apply = (fn: 'add' | 'sub' | 'mul' | 'div' | 'sqrt', ...args: Row[]): Row => ({
      k: 'apply',
      fn,
      dtype,
      args,
    });
    const epsilon: Row = { k: 'const', dtype, value: floatOf(node, 'epsilon', Math.fround(1e-5)) };
    return [
      {
        dtype,
        dims: given.dims,
        element: (index) => {
          const c = channelOf(index);
          const of = (v: Lowered | null | undefined) => (v as Lowered).element(c);
          const root = apply('sqrt', apply('add', of(variance), epsilon));
          const centred = apply('div', apply('sub', given.element(index), of(mean)), root);
          return apply('add', apply('mul', centred, of(scale)), of(bias));
        },
      },
    ];
  },
  ...(since.includes(14) ? { express: withoutTraining } : { expand: newestForm }),
  rows: (node) => (check(node) ? 'all' : 'each'),
});

/** Outside of training it is the same at every version; until 7 that had to be said. */
const withoutTraining: NonNullable<Operator['express']> = (node, b, opsets) => {
  if (intOf(node, 'training_mode', 0) !== 0) return trained(node, b);
  const [x, ...vectors] = node.inputs as readonly [Value, ...Value[]];
  const opset = opsets.get('') ?? 0;
  const old = {
    ...(opset < 7 && { is_test: attr.int(1) }),
    ...(opset < 6 && { consumed_inputs: attr.ints([0, 0, 0, 1, 1]) }),
  };
  const same = vectors.map((v) => cast(b, v, tensorInput(node, 0).dtype));
  return earlier(node, b, opsets, [x, ...same], { ...attributesBut(node, ['training_mode']), ...old });
};

/** Training in operators: before 14 it is not specified closely enough to be said with this one. */
const trained = (node: Node, b: Builder): Said => {
  const [x, scale, bias, mean, variance] = node.inputs as readonly [Value, Value, Value, Value, Value];
  const { dtype, dims } = tensorInput(node, 0);
  const rank = dims?.length ?? 0;
  if (rank < 2) return refuse('express/extent', 'before opset 14 training needs a known rank, 2 or more');
  const wide = dtype === 'float64' ? dtype : 'float32';
  const s = spelling(b, wide);
  const given = cast(b, x, wide);
  const axes = vector(
    b,
    Array.from({ length: rank }, (_, i) => i).filter((i) => i !== 1),
  );
  const mean1 = b.op('ReduceMean', [given, axes], { keepdims: attr.int(1) });
  const centred = s.sub(given, mean1);
  const variance1 = b.op('ReduceMean', [s.mul(centred, centred), axes], { keepdims: attr.int(1) });
  const root = s.one('Sqrt', s.add(variance1, floatOf(node, 'epsilon', Math.fround(1e-5))));
  const column = (v: Value): Value =>
    reshaped(b, cast(b, v, wide), [-1, ...new Array<number>(rank - 2).fill(1)]);
  const y = s.add(s.mul(s.div(centred, root), column(scale)), column(bias));
  const momentum = floatOf(node, 'momentum', Math.fround(0.9));
  const moved = (before: Value, now: Value): Value => {
    const own = tensorInput({ ...node, inputs: [before] }, 0).dtype;
    const old = s.mul(cast(b, before, wide), momentum);
    return cast(b, s.add(old, s.mul(reshaped(b, now, [-1]), 1 - momentum)), own);
  };
  const outputs = [cast(b, y, dtype), moved(mean, mean1), moved(variance, variance1)];
  return node.outputs.map((o, i) => (o ? (outputs[i] as Value) : null));
};

/** `spatial` = 0 and training are refused before. */
const newestForm: NonNullable<Operator['expand']> = (node, b) =>
  finish(
    node,
    b,
    'BatchNormalization',
    node.inputs,
    attributesBut(node, ['spatial', 'is_test', 'consumed_inputs']),
  );

const normalized = (
  node: Node,
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  mean: Tensor,
  variance: Tensor,
): Tensor => {
  const [channels, size] = channelsOf(x);
  if (countOf(scale.dims) !== channels)
    refused(node, `${countOf(scale.dims)} scales do not fit ${channels} channels`);
  const [f, round] = [stepRounder(x.dtype), rounder(x.dtype)];
  const epsilon = f(floatOf(node, 'epsilon', Math.fround(1e-5)));
  const out = column(x.dtype, countOf(x.dims)) as Float64Array;
  const at = (t: Tensor, c: number) => t.data[c] as number;
  for (let i = 0; i < out.length; i++) {
    const c = Math.floor(i / size) % channels;
    const centred = f(f((x.data[i] as number) - at(mean, c)) / f(Math.sqrt(f(at(variance, c) + epsilon))));
    out[i] = round(f(f(centred * at(scale, c)) + at(bias, c)));
  }
  return tensor(x.dtype, x.dims, out as Tensor['data']);
};

/** How many channels there are, and how many elements stand together in one. A vector has one channel. */
const channelsOf = (x: Tensor): readonly [number, number] =>
  x.dims.length === 1 ? [1, 1] : [x.dims[1] as number, countOf(x.dims.slice(2))];

/** Mean and population variance of each channel. */
const statistics = (x: Tensor, dtype: DType): readonly [Tensor, Tensor] => {
  const [channels, size] = channelsOf(x);
  const count = countOf(x.dims) / channels;
  const moment = (f: (value: number, c: number) => number): Tensor => {
    const sums = new Float64Array(channels);
    const length = countOf(x.dims);
    for (let i = 0; i < length; i++) {
      const c = Math.floor(i / size) % channels;
      sums[c] = (sums[c] as number) + f(x.data[i] as number, c);
    }
    return tensor(
      dtype,
      [channels],
      (column(dtype, channels) as Float64Array).map((_, c) => (sums[c] as number) / count),
    );
  };
  const mean = moment((value) => value);
  return [mean, moment((value, c) => (value - (mean.data[c] as number)) ** 2)];
};

const running = (before: Tensor, now: Tensor, momentum: number): Tensor => {
  const f = stepRounder(before.dtype);
  const out = (before.data as Float64Array).map(
    (v, c) => f(v * momentum) + f((now.data[c] as number) * f(1 - momentum)),
  );
  return tensor(before.dtype, before.dims, out as Tensor['data']);
};

const plain = (node: Node): false => {
  const more = node.outputs.slice(1).some((o) => o !== null);
  if (more) refused(node, 'the outputs of training are not computed before version 14');
  if (intOf(node, 'spatial', 1) === 0)
    refused(node, 'spatial = 0 is not supported: flatten the input to [N, C·D…] instead');
  return false;
};

export const BatchNormalization: readonly Operator[] = [
  versions([1, 6], (node) => {
    if (intOf(node, 'is_test', 0) === 0 && node.outputs.length > 1)
      refused(node, 'is_test = 0 asks for training');
    return plain(node);
  }),
  versions([7, 9], plain),
  versions([14, 15], (node) => intOf(node, 'training_mode', 0) !== 0),
];
