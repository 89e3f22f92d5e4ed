import { attr, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Dim, Node, Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { rowsAreSamples } from './axes.ts';
import { finish, vector } from './expansion.ts';
import { rankOf } from './normalization.ts';

const dtypes: readonly DType[] = ['float32', 'float16', 'bfloat16'];

/**
 * Turns pairs of elements of each head by the angle of the token's position: (x, y) becomes
 * (cos · x − sin · y, sin · x + cos · y). X is `[batch, heads, length, size]`, or `[batch, length, heads · size]` with
 * `num_heads`. A pair is one element of each half of the head, or two neighbours where `interleaved`; elements from
 * `rotary_embedding_dim` on (0: none) stay. The caches are `[positions, half]`, looked up by `position_ids`
 * `[batch, length]`, or else `[batch, length, half]`. ONNX Operators, RotaryEmbedding 23.
 */
export const RotaryEmbedding: Operator = {
  domain: '',
  name: 'RotaryEmbedding',
  since: [23],
  infer: (node) => {
    const x = tensorInput(node, 0, dtypes);
    const caches = [1, 2].map((i) => tensorInput(node, i, [x.dtype]).dims);
    const ids = node.inputs[3] ? tensorInput(node, 3, ['int64']).dims : undefined;
    if (ids && ids.length !== 2) refused(node, 'position_ids are [batch, length]');
    const size = headSize(node, x.dims);
    const turned = intOf(node, 'rotary_embedding_dim', 0) || size;
    if (typeof turned === 'number' && (turned % 2 !== 0 || turned < 0)) {
      refused(node, `${turned} elements do not make pairs`);
    }
    if (typeof turned === 'number' && typeof size === 'number' && turned > size) {
      refused(node, `rotary_embedding_dim ${turned} is more than the ${size} elements of a head`);
    }
    for (const dims of caches) {
      if (dims && dims.length !== (ids === undefined ? 3 : 2)) {
        refused(
          node,
          `a cache has rank ${ids === undefined ? 3 : 2} ${ids === undefined ? 'without' : 'with'} position_ids`,
        );
      }
      const half = dims?.at(-1);
      if (typeof half === 'number' && typeof turned === 'number' && half !== turned / 2) {
        refused(node, `a cache of ${half} angles does not turn ${turned / 2} pairs`);
      }
    }
    return [x];
  },
  expand: (node, b) => {
    const [x, cos, sin, ids] = node.inputs as readonly [Value, Value, Value, Value | null | undefined];
    const packed = rankOf(node) === 3;
    // Heads before the size, the axis of tokens kept: [batch, length, heads, size] or [batch, heads, length, size].
    const heads = packed ? b.op('Reshape', [x, vector(b, [0, 0, intOf(node, 'num_heads'), -1])]) : x;
    const perHead = vector(b, [packed ? 2 : 1]);
    const angles = [cos, sin].map((cache) =>
      b.op('Unsqueeze', [ids ? b.op('Gather', [cache, ids]) : cache, perHead]),
    );
    const turned = intOf(node, 'rotary_embedding_dim', 0);
    const moving = turned === 0 ? heads : part(b, heads, 0, turned);
    const rotated = rotate(b, moving, angles as [Value, Value], intOf(node, 'interleaved', 0) !== 0);
    const whole =
      turned === 0 ? rotated : b.op('Concat', [rotated, part(b, heads, turned, end)], { axis: attr.int(-1) });
    return packed ? finish(node, b, 'Reshape', [whole, b.op('Shape', [x])]) : [whole];
  },
  // Angles that are looked up belong to no sample.
  rows: (node) => rowsAreSamples(node, node.inputs[3] ? [1, 2] : []),
};

/** Past every extent. */
const end = 2 ** 31 - 1;

/** The elements `from … to` of the last axis, every `step`-th. */
const part = (b: Builder, x: Value, from: number, to: number, step = 1): Value =>
  b.op('Slice', [x, vector(b, [from]), vector(b, [to]), vector(b, [-1]), vector(b, [step])]);

const rotate = (b: Builder, x: Value, [cos, sin]: readonly [Value, Value], interleaved: boolean): Value => {
  const [first, second] = interleaved
    ? [part(b, x, 0, end, 2), part(b, x, 1, end, 2)]
    : (b.call(['', 'Split'], [x], {
        attributes: { axis: attr.int(-1), num_outputs: attr.int(2) },
        outputs: [b.unique('first'), b.unique('second')],
      }) as readonly [Value, Value]);
  const real = b.op('Sub', [b.op('Mul', [cos, first]), b.op('Mul', [sin, second])]);
  const imaginary = b.op('Add', [b.op('Mul', [sin, first]), b.op('Mul', [cos, second])]);
  if (!interleaved) return b.op('Concat', [real, imaginary], { axis: attr.int(-1) });
  const behind = vector(b, [-1]);
  const pairs = b.op('Concat', [b.op('Unsqueeze', [real, behind]), b.op('Unsqueeze', [imaginary, behind])], {
    axis: attr.int(-1),
  });
  return b.op('Reshape', [pairs, b.op('Shape', [x])]);
};

/** The elements of a head, where they are known. */
const headSize = (node: Node, dims: readonly Dim[] | null): Dim => {
  if (dims === null) return null;
  if (dims.length === 4) return dims[3] ?? null;
  if (dims.length !== 3)
    return refused(
      node,
      `X of rank ${dims.length} is neither [batch, heads, length, size] nor [batch, length, hidden]`,
    );
  const heads = intOf(node, 'num_heads', 0);
  if (heads < 1) return refused(node, 'X of rank 3 needs num_heads');
  const hidden = dims[2] ?? null;
  if (typeof hidden !== 'number') return null;
  return hidden % heads === 0
    ? hidden / heads
    : refused(node, `${hidden} elements do not make ${heads} heads`);
};
