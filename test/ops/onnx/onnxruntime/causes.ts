/** Why onnxruntime 1.30 does not give what the standard's cases expect. */
import type { Outcome } from './child.ts';

export interface Cause {
  readonly cause: string;
  readonly kind: Exclude<Outcome['kind'], 'agrees'>;
  /**
   * `specification`: the text says what the case expects · `onnxruntime`: the text says what onnxruntime answers ·
   * `silent`: the text leaves it open · `refuses`: onnxruntime gives no answer to what the text allows ·
   * `interface`: onnxruntime-node cannot be given the input, or give the output, so that nothing was tried.
   */
  readonly verdict: 'specification' | 'onnxruntime' | 'silent' | 'refuses' | 'interface';
  readonly why: string;
  /** Where this is the cause, found in what onnxruntime says; its groups are what the list tells of a case. */
  readonly says?: RegExp;
  /** Or in the name of the case. */
  readonly names?: RegExp;
  /** What decides: elsewhere, or another time, these cases may agree. */
  readonly varies?: string;
}

export const causes: readonly Cause[] = [
  {
    cause: 'ir-version',
    kind: 'unloaded',
    verdict: 'refuses',
    why: 'the file is of IR version 14, which belongs to opset 28; onnxruntime 1.30 loads up to 13',
    says: /Unsupported model IR version: (\d+)/,
  },
  {
    cause: 'opset',
    kind: 'unloaded',
    verdict: 'refuses',
    why: 'onnxruntime 1.30 loads ai.onnx up to opset 26',
    says: /(Opset \d+) is under development/,
  },
  {
    cause: 'no-operator',
    kind: 'unloaded',
    verdict: 'refuses',
    why: 'operators of ai.onnx.preview and ai.onnx.preview.training, which onnxruntime does not have',
    says: /: ?([\w.]+:\w+)\(-1\) is not a registered function\/op/,
  },
  {
    cause: 'newer-attribute',
    kind: 'unloaded',
    verdict: 'refuses',
    why: 'Attention 25 brought the window sizes; onnxruntime takes opset 25 and 26, with Attention as of 24',
    says: /Unrecognized attribute: (\w+) for operator (\w+)/,
  },
  {
    cause: 'no-kernel',
    kind: 'unloaded',
    verdict: 'refuses',
    why: 'the standard has the operator at this version and in these dtypes, onnxruntime has no kernel for the CPU',
    says: /(?:Could not find an implementation|Failed to find kernel) for (\w+\(\d+\))/,
  },
  {
    cause: 'body-types',
    kind: 'unloaded',
    verdict: 'refuses',
    why: 'bfloat16 is among the dtypes of Attention; where onnxruntime puts its function body in, bfloat16 meets float32',
    says: /Type parameter \(T\) of Optype \((\w+)\) bound to different types/,
  },
  {
    cause: 'layout',
    kind: 'unloaded',
    verdict: 'refuses',
    why: 'layout 1, the batch first, is among what RNN, GRU and LSTM 14 take',
    says: /Batchwise recurrent operations (\(layout == 1\)) are not supported/,
  },
  {
    cause: 'locale',
    kind: 'unloaded',
    verdict: 'refuses',
    why: 'locale has a default that depends on the environment; onnxruntime asks the system for en_US.UTF-8, and fails without it',
    says: /Failed to construct locale with name:([\w.-]+)/,
    varies: 'the locales of the system',
  },
  {
    cause: 'dtype',
    kind: 'unloaded',
    verdict: 'interface',
    why: 'an input or output is of a dtype that onnxruntime-node has no name for (data types of onnx.proto)',
    says: /Unsupported data type: (\d+)/,
  },
  {
    cause: 'array',
    kind: 'failed',
    verdict: 'interface',
    why: 'an input or output is of a dtype that onnxruntime-node has no array for',
    says: /onnxruntime-node takes no tensors of (u?int[24])/,
  },
  {
    cause: 'no-tensor',
    kind: 'failed',
    verdict: 'interface',
    why: 'an input or output is a sequence or an optional, which onnxruntime-node does not pass',
    says: /Non tensor type is temporarily not supported|takes no tensors of undefined/,
  },
  {
    cause: 'short-mask',
    kind: 'failed',
    verdict: 'refuses',
    why: 'the last dimension of attn_mask may be shorter than total_sequence_length and is then padded; onnxruntime asks for all of it',
    says: /running (Attention) node.*attn_mask == nullptr/s,
  },
  {
    cause: 'zero-point-a-channel',
    kind: 'failed',
    verdict: 'refuses',
    why: 'w_zero_point may be one for each output channel; onnxruntime asks for a scalar',
    says: /running (ConvInteger) node.*Non per-tensor quantization is not supported/s,
  },
  {
    cause: 'greatest-of-none',
    kind: 'failed',
    verdict: 'refuses',
    why: 'reducing over no values gives the minimum of the dtype, false for bool; onnxruntime has it for all other dtypes',
    says: /(ReduceMax) is not defined for empty set with bool type/,
  },
  {
    cause: 'random',
    kind: 'differs',
    verdict: 'silent',
    why: 'no generator is named: which elements are drawn may differ between implementations, as Bernoulli says itself; drawn as in the case here, by statistics in test/ops/onnx/random.test.ts',
    names: /bernoulli|training_dropout/,
    varies: 'chance',
  },
  {
    cause: 'fourier',
    kind: 'differs',
    verdict: 'specification',
    why: 'sums that cancel are 0; onnxruntime computes in float32 and is off by up to 6e-7 of the largest element, right by any absolute tolerance but the 1e-7 of the standard; here the sums are kept in doubles',
    names: /test_(dft|stft)/,
  },
  {
    cause: 'unpooled-places',
    kind: 'differs',
    verdict: 'specification',
    why: 'pooling the result should give back X: so it does where places count in the extents of kernel and strides, 4 × 4, as in the case, and does not where they count in output_shape, 5 × 5, as in onnxruntime',
    names: /maxunpool_export_with_output_shape/,
  },
  {
    cause: 'resized-corners',
    kind: 'differs',
    verdict: 'onnxruntime',
    why: 'length_resized is the length of the resized tensor, 2, so that with align_corners the last elements meet, as in onnxruntime; the case divides by 4 · 0.6 − 1, a length before it is rounded down. Followed here, as the standard is its cases too',
    names: /resize_downsample_scales_(linear|cubic)_align_corners/,
  },
  {
    cause: 'half-steps',
    kind: 'differs',
    verdict: 'silent',
    why: 'whether the steps of Attention round to float16 is not said: the case rounds each, onnxruntime only the result, 2 ULP apart and nearer to the exact 0.398295',
    names: /attention_4d_causal_fp16/,
    varies: 'the processor',
  },
];

/** The cause of an outcome, and what of it the list tells. */
export const explain = (
  path: string,
  { kind, words }: Exclude<Outcome, { kind: 'agrees' }>,
): { readonly cause: Cause; readonly told: string } | undefined => {
  for (const cause of causes) {
    if (cause.kind !== kind) continue;
    if (cause.names?.test(path)) return { cause, told: cause.varies === 'chance' ? '' : words };
    const said = cause.says?.exec(words);
    if (said) return { cause, told: said.slice(1).join(' of ') };
  }
  return undefined;
};
