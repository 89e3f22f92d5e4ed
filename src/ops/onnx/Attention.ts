import { attr, floatOf, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, type Type, tensorType, type Value } from '../../ir/model.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { broadcast, broadcastIndex, countOf, type Tensor, tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, rowsAreSamples } from './axes.ts';
import { dtypeByNumber, floats, numeric } from './constraints.ts';
import { cast } from './conversion.ts';
import { binary, unary } from './elementwise.ts';
import { attributesBut, finish, number, vector } from './expansion.ts';
import { asked, quotient, sum } from './extents.ts';
import {
  agree,
  extent,
  groupOf,
  headProducts,
  packed,
  repeatedHeads,
  rootOfScale,
  scaledProduct,
  shape,
  softmaxOverKeys,
  unpacked,
} from './heads.ts';
import { castTo } from './normalization.ts';
import { copyRuns } from './take.ts';

/**
 * Scaled dot product attention. Q `[batch, Hq, length, size]`, K and V `[batch, Hkv, keys, size]`, or packed as
 * `[batch, length, heads · size]` with `q_num_heads` and `kv_num_heads`; Hq / Hkv heads of queries share one of keys. With
 * `past_key` and `past_value`, `[batch, Hkv, past, size]`, the keys are those and then K.
 *
 *     scores  = (Q · √scale) (K · √scale)ᵀ                         qk_matmul_output_mode 0
 *     capped  = softcap · tanh(scores / softcap), softcap ≠ 0                           1
 *     biased  = capped + bias                                                          2
 *     weights = softmax(biased), in the dtype of softmax_precision                     3
 *     Y       = weights V
 *
 * The bias is `attn_mask` (true is 0 and false −∞; a mask of fewer keys goes on with −∞) and −∞ where a key is not to be
 * seen: query i stands at p = i + offset, and sees key j unless j > p under `is_causal`, j < p − left_window_size or
 * j > p + right_window_size (−1: no bound), or j ≥ `nonpad_kv_seqlen` of its sample. The offset is the length of the past,
 * or nonpad_kv_seqlen − length, or 0. A row whose bias is −∞ throughout has the weights 0.
 *
 * ONNX Operators, Attention 23, 24 and 25, and its function body, which says at what dtype each step rounds: that of Q.
 * 23 knows no nonpad_kv_seqlen and does not fill up a mask, but broadcasts it; 24 knows no windows.
 */
const infer = (node: Node): readonly Type[] => {
  const [q, k, v] = [tensorInput(node, 0, floats), tensorInput(node, 1), tensorInput(node, 2, floats)];
  if (k.dtype !== q.dtype) refused(node, `Q is ${q.dtype} and K ${k.dtype}; they must be one type`);
  if (node.inputs[3]) tensorInput(node, 3, [...numeric, 'bool']);
  const pasts = [
    node.inputs[4] && tensorInput(node, 4, [q.dtype]),
    node.inputs[5] && tensorInput(node, 5, [v.dtype]),
  ];
  if (!pasts[0] !== !pasts[1]) refused(node, 'past_key and past_value come together');
  if (node.inputs[6]) tensorInput(node, 6, ['int64']);
  if (node.inputs[6] && pasts[0])
    refused(node, 'nonpad_kv_seqlen is of a cache outside: there is no past then');
  for (const side of ['left', 'right']) {
    if (intOf(node, `${side}_window_size`, -1) < -1) refused(node, `${side}_window_size is -1 or more`);
  }
  const mode = intOf(node, 'qk_matmul_output_mode', 0);
  if (![0, 1, 2, 3].includes(mode)) refused(node, `there is no qk_matmul_output_mode ${mode}`);
  precisionOf(node, q.dtype);
  const rank = [q, k, v].map((t) => t.dims?.length).find((r) => r !== undefined);
  if (rank === undefined) return [q, k, v, q].map(({ dtype }) => tensorType(dtype, null));
  if (rank !== 3 && rank !== 4) refused(node, `Q, K and V have rank 3 or 4, not ${rank}`);
  const [query, key, value] = [q, k, v].map(({ dims }, i) => layout(node, dims, rank, i)) as [
    Layout,
    Layout,
    Layout,
  ];
  const [pastKey, pastValue] = pasts.map((t) => (t?.dims ? layout(node, t.dims, 4, 1) : undefined));
  const batch = agree(node, 'batches', query.batch, key.batch, value.batch, pastKey?.batch, pastValue?.batch);
  const heads = agree(
    node,
    'heads of keys and values',
    key.heads,
    value.heads,
    pastKey?.heads,
    pastValue?.heads,
  );
  if (typeof query.heads === 'number' && typeof heads === 'number') groupOf(node, query.heads, heads);
  const size = agree(node, 'sizes of queries and keys', query.size, key.size, pastKey?.size);
  const valueSize = agree(node, 'sizes of values', value.size, pastValue?.size);
  const keys = agree(node, 'lengths of keys and values', key.length, value.length);
  const past = pasts[0]
    ? agree(node, 'lengths of the past', pastKey?.length ?? null, pastValue?.length ?? null)
    : 0;
  const total = past === 0 ? keys : sum([past, keys]);
  const hidden =
    typeof query.heads === 'number' && typeof valueSize === 'number' ? query.heads * valueSize : null;
  return [
    tensorType(
      q.dtype,
      rank === 4 ? [batch, query.heads, query.length, valueSize] : [batch, query.length, hidden],
    ),
    tensorType(q.dtype, [batch, heads, total, size]),
    tensorType(v.dtype, [batch, heads, total, valueSize]),
    tensorType(q.dtype, [batch, query.heads, query.length, total]),
  ];
};

interface Layout {
  readonly batch: Dim;
  readonly heads: Dim;
  readonly length: Dim;
  readonly size: Dim;
}

/** What stands on the axes of Q (0), K (1) or V (2). */
const layout = (node: Node, dims: readonly Dim[] | null, rank: number, which: number): Layout => {
  if (dims && dims.length !== rank)
    refused(node, `Q, K and V have ${rank} axes, the past 4; here are ${dims.length}`);
  const at = (i: number): Dim => dims?.[i] ?? null;
  if (rank === 4) return { batch: at(0), heads: at(1), length: at(2), size: at(3) };
  const heads = headsOf(node, which);
  const hidden = at(2);
  if (typeof hidden === 'number' && hidden % heads !== 0)
    refused(node, `${hidden} elements do not make ${heads} heads`);
  return { batch: at(0), heads, length: at(1), size: quotient([hidden], [heads]) };
};

/** The heads of packed inputs. */
const headsOf = (node: Node, which: number): number => {
  const name = which === 0 ? 'q_num_heads' : 'kv_num_heads';
  const heads = intOf(node, name, 0);
  return heads > 0 ? heads : refused(node, `inputs of rank 3 need ${name}`);
};

/** The dtype that softmax is computed in. */
const precisionOf = (node: Node, otherwise: DType): DType => {
  if (!node.attributes.has('softmax_precision')) return otherwise;
  const dtype = dtypeByNumber(intOf(node, 'softmax_precision'));
  return dtype && floats.includes(dtype)
    ? dtype
    : refused(node, 'softmax_precision is no floating-point dtype');
};

const exactly = { saturate: true, roundMode: 'up' } as const;

const evaluate: NonNullable<Operator['evaluate']> = (inputs, node) => {
  const [q, k, v, mask, pastKey, pastValue, filled] = inputs as readonly [
    Tensor,
    Tensor,
    Tensor,
    ...(Tensor | null)[],
  ];
  const flat = q.dims.length === 3;
  const [query, newKey, newValue] = [q, k, v].map((t, i) => (flat ? unpacked(t, headsOf(node, i)) : t)) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const [key, value] = [joined(node, pastKey, newKey), joined(node, pastValue, newValue)];
  fitting(node, query, key, value, filled);
  const root = rounder(q.dtype)(rootOfScale(node, query.dims[3] as number));
  const times = (t: Tensor): Tensor => unary(t, (x: number) => x * root);
  const scores = headProducts(times(query), times(key), true);
  const cap = rounder(q.dtype)(floatOf(node, 'softcap', 0));
  const capped = cap === 0 ? scores : softly(scores, cap);
  const past = pastKey ? (pastKey.dims[2] as number) : 0;
  const bias = biasOf(node, scores, mask ?? null, past, filled ?? null);
  const biased = bias ? binary(capped, bias, node, (x: number, y: number) => x + y) : capped;
  const weights = cast(softmaxOverKeys(cast(biased, precisionOf(node, q.dtype), exactly)), q.dtype, exactly);
  if (bias) clearMasked(weights, bias);
  const y = headProducts(weights, cast(value, q.dtype, exactly), false);
  const shown = [scores, capped, biased, weights][intOf(node, 'qk_matmul_output_mode', 0)] as Tensor;
  return [flat ? packed(y) : y, key, value, shown];
};

/** What inference could not see. */
const fitting = (
  node: Node,
  query: Tensor,
  key: Tensor,
  value: Tensor,
  filled: Tensor | null | undefined,
): void => {
  const [batch, heads, , size] = query.dims as [number, number, number, number];
  groupOf(node, heads, key.dims[1] as number);
  const wrong =
    key.dims[0] !== batch || key.dims[3] !== size || value.dims.slice(0, 3).some((d, i) => d !== key.dims[i]);
  if (wrong) refused(node, `Q [${query.dims}], K [${key.dims}] and V [${value.dims}] do not fit`);
  asked(node, [batch, heads, query.dims[2] as number, key.dims[2] as number]);
  if (filled && filled.data.length !== batch)
    refused(node, `${filled.data.length} lengths for ${batch} samples`);
};

/** `[batch, heads, past, size]`, and then what is new. */
const joined = (node: Node, past: Tensor | null | undefined, now: Tensor): Tensor => {
  if (!past) return now;
  const [batch, heads, length, size] = now.dims as [number, number, number, number];
  const before = past.dims[2] as number;
  if (past.dims[0] !== batch || past.dims[1] !== heads || past.dims[3] !== size) {
    refused(node, `the past [${past.dims}] does not fit [${now.dims}]`);
  }
  const out = zeros(now.dtype, [batch, heads, before + length, size]);
  const step = (before + length) * size;
  const [old, added] = [before * size, length * size];
  copyRuns({ to: out, at: 0, step }, { from: past, start: 0, step: old }, old, batch * heads);
  copyRuns({ to: out, at: old, step }, { from: now, start: 0, step: added }, added, batch * heads);
  return out;
};

const softly = (t: Tensor, cap: number): Tensor => {
  const round = rounder(t.dtype);
  return unary(t, (x: number) => round(Math.tanh(round(x / cap))) * cap);
};

/** The bias of scores `[batch, heads, length, keys]`, of a shape that broadcasts to theirs; null where there is none. */
const biasOf = (
  node: Node,
  scores: Tensor,
  mask: Tensor | null,
  past: number,
  filled: Tensor | null,
): Tensor | null => {
  const given = mask && filledUp(asAdded(mask, scores.dtype), scores.dims[3] as number);
  const hidden = hiddenOf(node, scores, past, filled);
  const bias =
    given && hidden ? binary(given, hidden, node, (x: number, y: number) => x + y) : (given ?? hidden);
  if (bias && broadcast(bias.dims, scores.dims)?.join() !== scores.dims.join()) {
    refused(node, `a mask [${mask?.dims ?? ''}] does not broadcast to scores [${scores.dims}]`);
  }
  return bias;
};

/** A mask as what is added. */
const asAdded = (mask: Tensor, dtype: DType): Tensor =>
  mask.dtype === 'bool' ? unary(mask, (x: number) => (x ? 0 : -Infinity), dtype) : cast(mask, dtype, exactly);

/** A mask of fewer keys than there are hides the others. */
const filledUp = (mask: Tensor, keys: number): Tensor => {
  const own = mask.dims.at(-1);
  if (own === undefined || own >= keys) return mask;
  const dims = mask.dims.with(-1, keys);
  const out = tensor(mask.dtype, dims, (column(mask.dtype, countOf(dims)) as Float64Array).fill(-Infinity));
  copyRuns(
    { to: out, at: 0, step: keys },
    { from: mask, start: 0, step: own },
    own,
    countOf(dims.slice(0, -1)),
  );
  return out;
};

/** 0 where a query sees a key, −∞ where it does not: `[length, keys]`, or `[batch, 1, length, keys]`. */
const hiddenOf = (node: Node, scores: Tensor, past: number, filled: Tensor | null): Tensor | null => {
  const { causal, left, right } = sightOf(node);
  if (!filled && right === Infinity && left === Infinity && !causal) return null;
  const [batch, , length, keys] = scores.dims as [number, number, number, number];
  const dims = filled ? [batch, 1, length, keys] : [length, keys];
  const out = zeros(scores.dtype, dims);
  const data = out.data as Float64Array;
  for (let row = 0; row < countOf(dims.slice(0, -1)); row++) {
    const valid = filled ? Number(filled.data[Math.floor(row / length)]) : keys;
    const at = (row % length) + (filled ? valid - length : past);
    const last = Math.min(causal ? at : Infinity, at + right, valid - 1);
    for (let j = 0; j < keys; j++) if (j < at - left || j > last) data[row * keys + j] = -Infinity;
  }
  return out;
};

const sightOf = (node: Node): { causal: boolean; left: number; right: number } => {
  const [left, right] = ['left', 'right'].map((side) => intOf(node, `${side}_window_size`, -1)) as [
    number,
    number,
  ];
  return {
    causal: intOf(node, 'is_causal', 0) !== 0,
    left: left < 0 ? Infinity : left,
    right: right < 0 ? Infinity : right,
  };
};

/** Rows without any key to see have the weights 0: their softmax is NaN. */
const clearMasked = (weights: Tensor, bias: Tensor): void => {
  const keys = weights.dims[3] as number;
  const index = broadcastIndex(bias.dims, weights.dims);
  const [data, added] = [weights.data as Float64Array, bias.data as Float64Array];
  for (let row = 0; row < data.length; row += keys) {
    let masked = true;
    for (let j = row; j < row + keys && masked; j++)
      masked = added[index ? (index[j] as number) : j] === -Infinity;
    if (masked) data.fill(0, row, row + keys);
  }
};

/** The function body. */
const expand = (node: Node, b: Builder): readonly (Value | null)[] | Refusal => {
  const [q, k, v, mask, pastKey, pastValue, filled] = node.inputs as readonly [
    Value,
    Value,
    Value,
    ...(Value | null | undefined)[],
  ];
  const { dtype, dims } = tensorInput(node, 0);
  if (dims === null)
    return refuse('ops/rank-needed', 'attention is said in other operators where the rank of Q is known');
  const flat = dims.length === 3;
  const apart = (x: Value, heads: number): Value =>
    b.op('Transpose', [b.op('Reshape', [x, vector(b, [0, 0, heads, -1])])], {
      perm: attr.ints([0, 2, 1, 3]),
    });
  const [query, newKey, newValue] = [q, k, v].map((x, i) => (flat ? apart(x, headsOf(node, i)) : x)) as [
    Value,
    Value,
    Value,
  ];
  const behind = (past: Value | null | undefined, now: Value): Value =>
    past ? b.op('Concat', [past, now], { axis: attr.int(2) }) : now;
  const [key, value] = [behind(pastKey, newKey), behind(pastValue, newValue)];
  const [queries, shared] = [dimsOf(query)?.[1], dimsOf(key)?.[1] ?? dimsOf(value)?.[1]];
  if (typeof queries !== 'number' || typeof shared !== 'number') {
    return refuse(
      'ops/heads-needed',
      'attention is said in other operators where the number of its heads is known',
    );
  }
  const group = groupOf(node, queries, shared);
  const scores = scaledProduct(node, b, query, repeatedHeads(b, key, shared, group), dtype);
  const cap = floatOf(node, 'softcap', 0);
  const limit = number(b, dtype, rounder(dtype)(cap));
  const capped = cap === 0 ? scores : b.op('Mul', [b.op('Tanh', [b.op('Div', [scores, limit])]), limit]);
  const bias = biasInGraph(node, b, {
    query,
    key,
    past: pastKey ?? null,
    mask: mask ?? null,
    filled: filled ?? null,
  });
  const biased = bias ? b.op('Add', [capped, bias]) : capped;
  const softmax = b.op('Softmax', [castTo(b, biased, precisionOf(node, dtype))], { axis: attr.int(-1) });
  const weights = bias ? withoutMasked(b, castTo(b, softmax, dtype), bias, dtype) : castTo(b, softmax, dtype);
  const seen = b.op('MatMul', [weights, castTo(b, repeatedHeads(b, value, shared, group), dtype)]);
  const y = flat
    ? b.op('Reshape', [
        b.op('Transpose', [seen], { perm: attr.ints([0, 2, 1, 3]) }),
        shape(b, [extent(b, q, 0), extent(b, q, 1), -1]),
      ])
    : seen;
  const shown = [scores, capped, biased, weights][intOf(node, 'qk_matmul_output_mode', 0)] as Value;
  return [y, key, value, shown];
};

const minusInfinity = (b: Builder, dtype: DType): Value => number(b, dtype, -Infinity);

const withoutMasked = (b: Builder, weights: Value, bias: Value, dtype: DType): Value => {
  const most = b.op('ReduceMax', [bias, vector(b, [-1])]);
  return b.op('Where', [b.op('Equal', [most, minusInfinity(b, dtype)]), number(b, dtype, 0), weights]);
};

interface Given {
  readonly query: Value;
  readonly key: Value;
  readonly past: Value | null;
  readonly mask: Value | null;
  readonly filled: Value | null;
}

const biasInGraph = (node: Node, b: Builder, given: Given): Value | undefined => {
  const { dtype } = tensorInput(node, 0);
  const seen = seenInGraph(node, b, given);
  const hidden = seen && b.op('Where', [seen, number(b, dtype, 0), minusInfinity(b, dtype)]);
  const { mask } = given;
  if (!mask) return hidden;
  const added =
    tensorInput(node, 3).dtype === 'bool'
      ? b.op('Where', [mask, number(b, dtype, 0), minusInfinity(b, dtype)])
      : castTo(b, mask, dtype);
  const full = filledUpInGraph(node, b, added, given.key, dtype);
  return hidden ? b.op('Add', [full, hidden]) : full;
};

const filledUpInGraph = (node: Node, b: Builder, mask: Value, key: Value, dtype: DType): Value => {
  const dims = dimsOf(mask) ?? refused(node, 'the rank of the mask must be known');
  const [own, keys] = [dims.at(-1), dimsOf(key)?.[2]];
  if (own === undefined || (typeof own === 'number' && own === keys)) return mask;
  const more = b.op('Sub', [extent(b, key, 2), extent(b, mask, dims.length - 1)]);
  const nothing = vector(b, new Array<number>(2 * dims.length - 1).fill(0));
  return b.op('Pad', [mask, b.op('Concat', [nothing, more], { axis: attr.int(0) }), minusInfinity(b, dtype)]);
};

/** Which query sees which key, `[length, keys]` or `[batch, 1, length, keys]`; undefined where every one sees all. */
const seenInGraph = (node: Node, b: Builder, { query, key, past, filled }: Given): Value | undefined => {
  const { causal, left, right } = sightOf(node);
  const whole = (n: number): Value => number(b, 'int64', n);
  const upTo = (end: Value): Value =>
    b.op('Range', [whole(0), b.op('Squeeze', [end, vector(b, [0])]), whole(1)]);
  const keys = upTo(extent(b, key, 2));
  const valid = filled && b.op('Unsqueeze', [filled, vector(b, [1, 2, 3])]);
  const offset = valid ? b.op('Sub', [valid, extent(b, query, 2)]) : past ? extent(b, past, 2) : undefined;
  const rows = b.op('Unsqueeze', [upTo(extent(b, query, 2)), vector(b, [1])]);
  // How far a key lies before the query.
  const before = b.op('Sub', [offset ? b.op('Add', [rows, offset]) : rows, keys]);
  const tests = [
    ...(causal ? [b.op('GreaterOrEqual', [before, whole(0)])] : []),
    ...(left < Infinity ? [b.op('LessOrEqual', [before, whole(left)])] : []),
    ...(right < Infinity ? [b.op('GreaterOrEqual', [before, whole(-right)])] : []),
    ...(valid ? [b.op('Less', [keys, valid])] : []),
  ];
  return tests.length === 0 ? undefined : tests.reduce((x, y) => b.op('And', [x, y]));
};

/** Heads counted on inputs that have an axis of them: 25 refuses what older versions let pass. */
const needless = (node: Node): readonly string[] =>
  dimsOf(node.inputs[0])?.length === 4 ? ['q_num_heads', 'kv_num_heads'] : [];

/** A mask of fewer than four axes, or of one sample, is the same for all. */
const rows = (node: Node): 'each' | 'all' => {
  const mask = dimsOf(node.inputs[3]);
  return rowsAreSamples(node, mask && (mask.length < 4 || mask[0] === 1) ? [3] : []);
};

/** The mask of version 23, which has one element a key, or one for all. */
const broadcastMask = (node: Node, b: Builder): Value | null => {
  const [, key, , mask = null, past] = node.inputs;
  if (!mask || dimsOf(mask)?.at(-1) !== 1) return mask;
  const length = extent(b, key as Value, dimsOf(key)?.length === 4 ? 2 : 1);
  return b.op('Expand', [mask, past ? b.op('Add', [length, extent(b, past, 2)]) : length]);
};

export const Attention: readonly Operator[] = [
  {
    domain: '',
    name: 'Attention',
    since: [25],
    infer: (node) => {
      const types = infer(node);
      const [counted] = needless(node).filter((name) => node.attributes.has(name));
      if (counted) refused(node, `${counted} is for packed inputs, of rank 3`);
      return types;
    },
    evaluate,
    expand,
    express: (node, b, opsets) => {
      const opset = opsets.get('') ?? 0;
      const older = b.version('', 'Attention', opset);
      const { left, right } = sightOf(node);
      const [mask, keys] = [dimsOf(node.inputs[3]), dimsOf(node.outputs[3])?.[3]];
      const full = !node.inputs[3] || (typeof keys === 'number' && mask?.at(-1) === keys);
      const fits = left === Infinity && right === Infinity && (opset >= 24 || (!node.inputs[6] && full));
      if (!older || !fits)
        return refuse('express/not-at-opset', `opset ${opset} has no such form of Attention`);
      return b.call(older, node.inputs, {
        attributes: attributesBut(node, ['left_window_size', 'right_window_size']),
        name: node.name,
        outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
      });
    },
    rows,
  },
  {
    domain: '',
    name: 'Attention',
    since: [24],
    infer,
    expand: (node, b) => finish(node, b, 'Attention', node.inputs, attributesBut(node, needless(node))),
    rows,
  },
  {
    domain: '',
    name: 'Attention',
    since: [23],
    infer,
    expand: (node, b) =>
      finish(
        node,
        b,
        'Attention',
        node.inputs.map((v, i) => (i === 3 ? broadcastMask(node, b) : v)),
        attributesBut(node, needless(node)),
      ),
    rows,
  },
];
