import { attr, floatOf, intOf, stringOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, type Type, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, rowsAreSamples } from './axes.ts';
import { cast } from './conversion.ts';
import { number, vector } from './expansion.ts';
import { quotient } from './extents.ts';
import { agree, extent, groupOf, repeatedHeads, shape } from './heads.ts';
import { castTo } from './normalization.ts';

const dtypes: readonly DType[] = ['float32', 'float16', 'bfloat16'];

/**
 * Attention as a recurrence over tokens. Queries `[batch, length, Hq · dk]`, keys `[…, Hkv · dk]` and values
 * `[…, Hkv · dv]` are packed; each head of keys and values has a state S `[dk, dv]`, kept in single precision and given
 * back, which Hq / Hkv heads of queries read. Token by token:
 *
 *     S ← exp(decay) · S               gated, gated_delta: decay is `[…, Hkv · dk]`, or `[…, Hkv]`
 *     v ← beta · (v − Sᵀ k)            delta, gated_delta: beta is `[…, Hkv]`, or `[…, 1]`
 *     S ← S + k ⊗ v
 *     o = scale · Sᵀ q                 scale 0: 1 / √dk
 *
 * ONNX Operators, LinearAttention 27, and its function body, which leaves aside a decay or a beta that the rule does not
 * ask for. The present state has the dtype of the past one, or else that of the queries.
 */
export const LinearAttention: Operator = {
  domain: '',
  name: 'LinearAttention',
  since: [27],
  infer: (node) => {
    const q = tensorInput(node, 0, dtypes);
    const [k, v] = [tensorInput(node, 1, [q.dtype]), tensorInput(node, 2, [q.dtype])];
    const past = node.inputs[3] ? tensorInput(node, 3, dtypes) : undefined;
    const rule = ruleOf(node);
    const decay = rule.gated ? tensorInput(node, 4, [q.dtype]) : undefined;
    const beta = rule.corrected ? tensorInput(node, 5, [q.dtype]) : undefined;
    for (const t of [q, k, v, decay, beta]) {
      if (t?.dims && t.dims.length !== 3) refused(node, `its inputs have rank 3, not ${t.dims.length}`);
    }
    if (past?.dims && past.dims.length !== 4) refused(node, 'the state is [batch, heads, dk, dv]');
    const { queries, shared } = headsOf(node);
    const each = (dims: readonly Dim[] | null | undefined, heads: number): Dim => {
      const hidden = dims?.[2] ?? null;
      if (typeof hidden === 'number' && hidden % heads !== 0) {
        refused(node, `${hidden} elements do not make ${heads} heads`);
      }
      return quotient([hidden], [heads]);
    };
    const all = [q, k, v, decay, beta];
    const batch = agree(node, 'batches', ...all.map((t) => t?.dims?.[0]), past?.dims?.[0]);
    const length = agree(node, 'lengths', ...all.map((t) => t?.dims?.[1]));
    agree(node, 'heads of the state', past?.dims?.[1], shared);
    const dk = agree(
      node,
      'sizes of queries and keys',
      each(q.dims, queries),
      each(k.dims, shared),
      past?.dims?.[2],
    );
    const dv = agree(node, 'sizes of values', each(v.dims, shared), past?.dims?.[3]);
    const [gate, rate] = [decay?.dims?.[2], beta?.dims?.[2]];
    if (typeof gate === 'number' && typeof dk === 'number' && gate !== shared && gate !== shared * dk) {
      refused(node, `a decay of ${gate} elements is neither one a head nor one an element of a key`);
    }
    if (typeof rate === 'number' && rate !== shared && rate !== 1) {
      refused(node, `a beta of ${rate} elements is neither one a head nor one for all`);
    }
    return [
      tensorType(q.dtype, [batch, length, typeof dv === 'number' ? dv * queries : null]),
      tensorType(past?.dtype ?? q.dtype, [batch, shared, dk, dv]),
    ];
  },
  evaluate: (inputs, node) => {
    const [q, k, v, past, decay, beta] = inputs as readonly [Tensor, Tensor, Tensor, ...(Tensor | null)[]];
    const { gated, corrected } = ruleOf(node);
    const { queries, shared, group } = headsOf(node);
    const [batch, length, hidden] = q.dims as [number, number, number];
    const [dk, dv] = [hidden / queries, (v.dims[2] as number) / shared];
    fitting(node, [k, v, gated ? decay : null, corrected ? beta : null], past, [
      batch,
      length,
      shared,
      dk,
      dv,
    ]);
    const state = past
      ? { ...cast(past, 'float32', exactly), data: Float32Array.from(past.data as Float32Array) }
      : zeros('float32', [batch, shared, dk, dv]);
    const out = zeros('float32', [batch, length, queries * dv]);
    const [states, outs] = [state.data, out.data] as [Float32Array, Float32Array];
    const [qs, ks, vs] = [q.data, k.data, v.data] as [Float32Array, Float32Array, Float32Array];
    const [gates, rates] = [decay?.data, beta?.data] as (Float32Array | undefined)[];
    const [perGate, perRate] = [decay?.dims[2] ?? 0, beta?.dims[2] ?? 0];
    const scale = scaleOf(node, dk);
    const { fround } = Math;
    const value = new Float32Array(dv);
    for (let n = 0; n < batch; n++) {
      for (let t = 0; t < length; t++) {
        const token = n * length + t;
        for (let h = 0; h < shared; h++) {
          const at = (n * shared + h) * dk * dv;
          const [key, from] = [(token * shared + h) * dk, (token * shared + h) * dv];
          if (gated && gates) {
            for (let d = 0; d < dk; d++) {
              const own = perGate === shared ? h : h * dk + d;
              const kept = fround(Math.exp(gates[token * perGate + own] as number));
              for (let m = 0; m < dv; m++)
                states[at + d * dv + m] = (states[at + d * dv + m] as number) * kept;
            }
          }
          value.set(vs.subarray(from, from + dv));
          if (corrected && rates) {
            const rate = rates[token * perRate + (perRate === 1 ? 0 : h)] as number;
            for (let m = 0; m < dv; m++) {
              let there = 0;
              for (let d = 0; d < dk; d++) {
                there = fround(there + fround((states[at + d * dv + m] as number) * (ks[key + d] as number)));
              }
              value[m] = rate * fround((value[m] as number) - there);
            }
          }
          for (let d = 0; d < dk; d++) {
            for (let m = 0; m < dv; m++) {
              const added = fround((ks[key + d] as number) * (value[m] as number));
              states[at + d * dv + m] = (states[at + d * dv + m] as number) + added;
            }
          }
        }
        for (let h = 0; h < queries; h++) {
          const at = (n * shared + Math.floor(h / group)) * dk * dv;
          const from = (token * queries + h) * dk;
          for (let m = 0; m < dv; m++) {
            let read = 0;
            for (let d = 0; d < dk; d++) {
              read = fround(read + fround((qs[from + d] as number) * (states[at + d * dv + m] as number)));
            }
            outs[(token * queries + h) * dv + m] = scale * read;
          }
        }
      }
    }
    return [cast(out, q.dtype, exactly), cast(state, past?.dtype ?? q.dtype, exactly)];
  },
  expand: (node, b) => recurrence(node, b),
  rows: (node) => rowsAreSamples(node),
};

const exactly = { saturate: true, roundMode: 'up' } as const;

const ruleOf = (node: Node): { readonly gated: boolean; readonly corrected: boolean } => {
  const rule = stringOf(node, 'update_rule', 'gated_delta');
  return ['linear', 'gated', 'delta', 'gated_delta'].includes(rule)
    ? { gated: rule.startsWith('gated'), corrected: rule.endsWith('delta') }
    : refused(node, `there is no update_rule '${rule}'`);
};

const headsOf = (
  node: Node,
): { readonly queries: number; readonly shared: number; readonly group: number } => {
  const [queries, shared] = [intOf(node, 'q_num_heads'), intOf(node, 'kv_num_heads')];
  if (queries < 1) refused(node, `${queries} heads of queries`);
  return { queries, shared, group: groupOf(node, queries, shared) };
};

const scaleOf = (node: Node, dk: number): number => {
  const scale = Math.fround(floatOf(node, 'scale', 0));
  return scale === 0 ? Math.fround(1 / Math.fround(Math.sqrt(dk))) : scale;
};

/** What inference could not see. */
const fitting = (
  node: Node,
  [k, v, decay, beta]: readonly (Tensor | null | undefined)[],
  past: Tensor | null | undefined,
  [batch, length, shared, dk, dv]: readonly [number, number, number, number, number],
): void => {
  const sizes: readonly (readonly [Tensor | null | undefined, readonly number[]])[] = [
    [k, [shared * dk]],
    [v, [shared * dv]],
    [decay, [shared, shared * dk]],
    [beta, [shared, 1]],
  ];
  for (const [t, last] of sizes) {
    if (t && (t.dims[0] !== batch || t.dims[1] !== length || !last.includes(t.dims[2] as number))) {
      refused(node, `[${t.dims}] does not fit ${batch} × ${length} tokens of ${shared} heads of ${dk}`);
    }
  }
  if (past && past.dims.join() !== [batch, shared, dk, dv].join()) {
    refused(node, `a state [${past.dims}] is not [${[batch, shared, dk, dv]}]`);
  }
};

/** The function body: a Scan over tokens. */
const recurrence = (node: Node, b: Builder): readonly (Value | null)[] | Refusal => {
  const [q, k, v, past, decay, beta] = node.inputs as readonly [
    Value,
    Value,
    Value,
    ...(Value | null | undefined)[],
  ];
  const { dtype } = tensorInput(node, 0);
  const { gated, corrected } = ruleOf(node);
  const { queries, shared, group } = headsOf(node);
  const [hidden, values, gate] = [dimsOf(q)?.[2], dimsOf(v)?.[2], gated ? dimsOf(decay)?.[2] : shared];
  if (typeof hidden !== 'number' || typeof values !== 'number' || typeof gate !== 'number') {
    return refuse(
      'ops/extents-needed',
      'linear attention is said as a Scan where the sizes of its heads are known',
    );
  }
  const [dk, dv] = [hidden / queries, values / shared];
  const [batch, length] = [dimsOf(q)?.[0] ?? null, dimsOf(q)?.[1] ?? null];
  // [batch, length, heads · size] as [length, batch, heads, size]: tokens come first, one step of the Scan each.
  const steps = (x: Value, heads: number, size: number): Value =>
    b.op('Transpose', [b.op('Reshape', [x, vector(b, [0, 0, heads, size])])], {
      perm: attr.ints([1, 0, 2, 3]),
    });
  const rates = corrected ? ((dimsOf(beta)?.[2] ?? shared) as number) : 0;
  const tokens = [
    { name: 'query', value: steps(q, queries, dk), heads: queries, size: dk },
    { name: 'key', value: steps(k, shared, dk), heads: shared, size: dk },
    { name: 'value', value: steps(v, shared, dv), heads: shared, size: dv },
    ...(gated
      ? [
          {
            name: 'decay',
            value: steps(decay as Value, shared, gate / shared),
            heads: shared,
            size: gate / shared,
          },
        ]
      : []),
    ...(corrected ? [{ name: 'beta', value: steps(beta as Value, rates, 1), heads: rates, size: 1 }] : []),
  ];
  const first = past
    ? castTo(b, past, 'float32')
    : b.op('Expand', [number(b, 'float32', 0), shape(b, [extent(b, q, 0), shared, dk, dv])]);

  const step = b.inner();
  const before = step.input(step.unique('state'), tensorType('float32', [batch, shared, dk, dv]));
  const [query, key, value, ...others] = tokens.map(({ name, heads, size }) =>
    castTo(step, step.input(step.unique(name), tensorType(dtype, [batch, heads, size])), 'float32'),
  ) as [Value, Value, Value, ...Value[]];
  const column = (x: Value): Value => step.op('Unsqueeze', [x, vector(step, [-1])]);
  const row = (x: Value): Value => step.op('Unsqueeze', [x, vector(step, [-2])]);
  const kept = gated ? step.op('Mul', [before, column(step.op('Exp', [others.shift() as Value]))]) : before;
  const written = corrected
    ? step.op('Mul', [others.shift() as Value, step.op('Sub', [value, retrieved(step, kept, column(key))])])
    : value;
  const after = step.op('Add', [kept, step.op('MatMul', [column(key), row(written)])]);
  const read = step.op('MatMul', [row(query), repeatedHeads(step, after, shared, group)]);
  const scaled = step.op('Mul', [
    number(step, 'float32', scaleOf(node, dk)),
    step.op('Squeeze', [read, vector(step, [-2])]),
  ]);
  const body = step.finish([after, castTo(step, scaled, dtype)]);

  const types: Type[] = [
    tensorType('float32', [batch, shared, dk, dv]),
    tensorType(dtype, [length, batch, queries, dv]),
  ];
  const [last, out] = b.call(['', 'Scan'], [first, ...tokens.map((t) => t.value)], {
    attributes: { body: attr.region(body), num_scan_inputs: attr.int(tokens.length) },
    outputs: [b.unique('state'), b.unique('outputs')],
    types,
  }) as readonly [Value, Value];
  const packed = b.op('Reshape', [
    b.op('Transpose', [out], { perm: attr.ints([1, 0, 2, 3]) }),
    shape(b, [extent(b, q, 0), extent(b, q, 1), queries * dv]),
  ]);
  return [packed, castTo(b, last, past ? tensorInput(node, 3).dtype : dtype)];
};

/** What the state holds for a key: Sᵀ k, without the axis of the column. */
const retrieved = (b: Builder, state: Value, key: Value): Value =>
  b.op('Squeeze', [
    b.op('MatMul', [b.op('Transpose', [state], { perm: attr.ints([0, 1, 3, 2]) }), key]),
    vector(b, [-1]),
  ]);
