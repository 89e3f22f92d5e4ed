import { attr, stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, rowsAreSamples } from './axes.ts';
import { number, vector } from './expansion.ts';
import { same } from './extents.ts';
import { extent, shape } from './heads.ts';
import { castTo } from './normalization.ts';
import { copyRuns } from './take.ts';

const dtypes: readonly DType[] = ['float32', 'float16', 'bfloat16'];

/**
 * Each channel of X `[batch, channels, length]` convolved with its own kernel, W `[channels, 1, k]`, over the element and
 * the k − 1 before it: the past state `[batch, channels, k − 1]` (default 0) and then X. Gives that, and as the present
 * state the last k − 1 of both. `silu`, also called `swish`, multiplies the result with its sigmoid. ONNX Operators,
 * CausalConvWithState 27, and its function body: sums as Conv has them, the activation in single precision.
 */
export const CausalConvWithState: Operator = {
  domain: '',
  name: 'CausalConvWithState',
  since: [27],
  infer: (node) => {
    const x = tensorInput(node, 0, dtypes);
    const [w, bias, past] = [1, 2, 3].map((i) =>
      node.inputs[i] ? tensorInput(node, i, [x.dtype]).dims : undefined,
    );
    if (w === undefined) refused(node, 'it takes weights');
    for (const dims of [x.dims, w, past]) {
      if (dims && dims.length !== 3)
        refused(node, `X, the weights and the state have rank 3, not ${dims.length}`);
    }
    if (bias && bias.length !== 1) refused(node, 'there is one bias a channel');
    if (typeof w?.[1] === 'number' && w[1] !== 1)
      refused(node, 'every channel has its own kernel: [channels, 1, k]');
    const channels = [x.dims?.[1], w?.[0], bias?.[0], past?.[1]];
    if (new Set(channels.filter((d) => typeof d === 'number')).size > 1) {
      refused(
        node,
        `X, weights, biases and state have ${channels.filter((d) => typeof d === 'number').join(', ')} channels`,
      );
    }
    const taps = w?.[2];
    if (taps === 0) refused(node, 'a kernel has one element at least');
    if (typeof taps === 'number' && typeof past?.[2] === 'number' && past[2] !== taps - 1) {
      refused(node, `a state of ${past[2]} elements is no past of kernels of ${taps}`);
    }
    isSmooth(node);
    const batch = same([x.dims?.[0] ?? null, past?.[0] ?? null]);
    const channel = same(channels.map((d) => d ?? null));
    const kept = typeof taps === 'number' ? taps - 1 : (past?.[2] ?? null);
    return [
      tensorType(x.dtype, [batch, channel, x.dims?.[2] ?? null]),
      tensorType(x.dtype, [batch, channel, kept]),
    ];
  },
  evaluate: (inputs, node) => {
    const [x, w, bias, past] = inputs as readonly [Tensor, Tensor, ...(Tensor | null)[]];
    const [batch, channels, length] = x.dims as [number, number, number];
    const taps = w.dims[2] as number;
    const before = taps - 1;
    const fits =
      w.dims[0] === channels &&
      w.dims[1] === 1 &&
      taps > 0 &&
      (!bias || bias.data.length === channels) &&
      (!past || past.dims.join() === [batch, channels, before].join());
    if (!fits) refused(node, `weights [${w.dims}] and state [${past?.dims ?? ''}] do not fit X [${x.dims}]`);
    const lines = batch * channels;
    const [out, joined, kept] = [length, before + length, before].map((n) =>
      zeros(x.dtype, [batch, channels, n]),
    ) as [Tensor, Tensor, Tensor];
    const step = before + length;
    if (past) copyRuns({ to: joined, at: 0, step }, { from: past, start: 0, step: before }, before, lines);
    copyRuns({ to: joined, at: before, step }, { from: x, start: 0, step: length }, length, lines);
    copyRuns({ to: kept, at: 0, step: before }, { from: joined, start: length, step }, before, lines);
    const [all, weights, to] = [joined.data, w.data, out.data] as [Float32Array, Float32Array, Float32Array];
    const [round, smooth] = [rounder(x.dtype), isSmooth(node)];
    for (let line = 0; line < lines; line++) {
      const channel = line % channels;
      const b = bias ? (bias.data[channel] as number) : 0;
      for (let t = 0; t < length; t++) {
        let sum = 0;
        for (let i = 0; i < taps; i++) {
          const product = (weights[channel * taps + i] as number) * (all[line * step + t + i] as number);
          sum = Math.fround(sum + Math.fround(product));
        }
        const y = round(Math.fround(sum + b));
        to[line * length + t] = smooth ? round(Math.fround(y * Math.fround(1 / (1 + Math.exp(-y))))) : y;
      }
    }
    return [out, kept];
  },
  expand: (node, b) => {
    const [x, w, bias, past] = node.inputs as readonly [Value, Value, ...(Value | null | undefined)[]];
    const { dtype } = tensorInput(node, 0);
    const [channels, taps] = [dimsOf(x)?.[1] ?? dimsOf(w)?.[0], dimsOf(w)?.[2]];
    if (typeof channels !== 'number' || typeof taps !== 'number') {
      return refuse(
        'ops/extents-needed',
        'it is said as a Conv where its channels and the size of its kernels are known',
      );
    }
    const before =
      past ?? b.op('Expand', [number(b, dtype, 0), shape(b, [extent(b, x, 0), channels, taps - 1])]);
    const joined = b.op('Concat', [before, x], { axis: attr.int(2) });
    const sums = b.op('Conv', bias ? [joined, w, bias] : [joined, w], { group: attr.int(channels) });
    const length = extent(b, x, 2);
    const kept = b.op('Slice', [joined, length, vector(b, [2 ** 31 - 1]), vector(b, [2])]);
    if (!isSmooth(node)) return [sums, kept];
    const single = castTo(b, sums, 'float32');
    return [castTo(b, b.op('Mul', [single, b.op('Sigmoid', [single])]), dtype), kept];
  },
  rows: (node) => rowsAreSamples(node, [1, 2]),
};

/** Is the sigmoid multiplied in? */
const isSmooth = (node: Node): boolean => {
  const activation = stringOf(node, 'activation', 'none');
  return ['silu', 'swish', 'none'].includes(activation)
    ? activation !== 'none'
    : refused(node, `there is no activation '${activation}'`);
};
