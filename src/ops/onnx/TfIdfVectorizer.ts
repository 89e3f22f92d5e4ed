import { attr, floatsOf, intOf, intsOf, stringOf, stringsOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { cast } from './earlier.ts';
import { vector } from './expansion.ts';
import { asked } from './extents.ts';
import { extents, spelling, whole } from './spelling.ts';

/**
 * How often each n-gram of a pool stands in each sequence, its items up to `max_skip_count` places apart: counted (TF),
 * found or not (IDF), each times the weight of the n-gram (IDF, TFIDF). ONNX Operators, TfIdfVectorizer. Weights go with
 * the pool, as the text has it; onnxruntime takes them by the output column, which differs where ngram_indexes is no 0, 1, ….
 */
export const TfIdfVectorizer: Operator = {
  domain: '',
  name: 'TfIdfVectorizer',
  since: [9],
  infer: (node) => {
    const { dims } = tensorInput(
      node,
      0,
      node.attributes.has('pool_strings') ? ['string'] : ['int32', 'int64'],
    );
    const { columns } = poolOf(node);
    if (dims === null) return [tensorType('float32', null)];
    if (dims.length !== 1 && dims.length !== 2)
      refused(node, 'it takes sequences in the shape [C] or [N, C]');
    return [tensorType('float32', [...dims.slice(0, -1), columns])];
  },
  evaluate: ([x], node) => {
    const { dims, data } = x as Tensor;
    const pool = poolOf(node);
    const length = dims.at(-1) as number;
    const out = zeros('float32', asked(node, [...dims.slice(0, -1), pool.columns]));
    const mode = stringOf(node, 'mode');
    // Integers of both widths are looked up alike.
    const item = (i: number): Item => (typeof data[i] === 'number' ? BigInt(data[i]) : (data[i] as Item));
    for (let row = 0; row * pool.columns < out.data.length; row++) {
      const counts = countGrams(pool, length, (i) => item(row * length + i));
      for (const [gram, count] of counts) {
        const weight = mode === 'TF' ? 1 : (pool.weights?.[gram] ?? 1);
        const at = row * pool.columns + (pool.to[gram] as number);
        (out.data as Float32Array)[at] =
          (out.data[at] as number) + Math.fround((mode === 'IDF' ? 1 : count) * weight);
      }
    }
    return [out];
  },
  express: (node, b, opsets) => {
    // Before 9: the items at each place of a window held against those of each n-gram.
    if ((opsets.get('') ?? 0) >= 9) return undefined;
    const [x] = node.inputs as readonly [Value];
    const dims = extents(x);
    if (isRefusal(dims)) return dims;
    if (node.attributes.has('pool_strings'))
      return refuse('express/no-operator', 'before opset 9 no operator compares strings');
    const pool = poolOf(node);
    const length = dims.at(-1) as number;
    const rank = dims.length;
    const s = spelling(b, 'float32');
    const given = cast(b, x, 'int64');
    const mode = stringOf(node, 'mode');
    const columns = pool.lengths.flatMap((n) => {
      const grams = gramsOf(pool.root, n);
      if (grams.length === 0) return [];
      const steps = Array.from({ length: n === 1 ? 1 : pool.skips + 1 }, (_, i) => i + 1);
      const windows = steps.flatMap((step) => {
        const last = length - (n - 1) * step;
        return Array.from({ length: Math.max(last, 0) }, (_, i) =>
          Array.from({ length: n }, (_, k) => i + k * step),
        );
      });
      if (windows.length === 0) return [];
      const taken = b.op('Gather', [given, whole(b, windows.flat(), [windows.length, 1, n])], {
        axis: attr.int(rank - 1),
      });
      const wanted = b.constant(
        constant('int64', grams.flatMap((g) => g.items) as bigint[], [grams.length, n]),
      );
      const equal = cast(b, b.op('Equal', [taken, wanted]), 'float32');
      const all = b.op('ReduceMin', [equal, vector(b, [rank + 1])], { keepdims: attr.int(0) });
      const counted = b.op('ReduceSum', [all, vector(b, [rank - 1])], { keepdims: attr.int(0) });
      const counts = mode === 'IDF' ? s.min(counted, 1) : counted;
      const to = new Float32Array(grams.length * pool.columns);
      grams.forEach(({ gram }, g) => {
        to[g * pool.columns + (pool.to[gram] as number)] = mode === 'TF' ? 1 : (pool.weights?.[gram] ?? 1);
      });
      return [b.op('MatMul', [counts, b.constant(constant('float32', to, [grams.length, pool.columns]))])];
    });
    const none = b.constant(
      constant('float32', new Float32Array(countOf([...dims.slice(0, -1), pool.columns])), [
        ...dims.slice(0, -1),
        pool.columns,
      ]),
    );
    return [columns.reduce((p, q) => s.add(p, q), none)];
  },
  rows: (node) => (dimsOf(node.inputs[0])?.length === 2 ? 'each' : 'all'),
};

type Item = bigint | string;

/** The n-grams as a tree of their items: an n-gram ends where `gram` is its place in the pool. */
interface Branch {
  gram: number | undefined;
  readonly next: Map<Item, Branch>;
}

interface Pool {
  readonly root: Branch;
  /** Lengths of n-grams to count, and the most places that items may be apart beyond the next. */
  readonly lengths: readonly number[];
  readonly skips: number;
  /** For each n-gram of the pool its column, and its weight. */
  readonly to: readonly number[];
  readonly weights: ArrayLike<number> | undefined;
  readonly columns: number;
}

const pools = new WeakMap<Node['attributes'], Pool>();

const poolOf = (node: Node): Pool => {
  const known = pools.get(node.attributes);
  if (known) return known;
  const made = makePool(node);
  pools.set(node.attributes, made);
  return made;
};

const makePool = (node: Node): Pool => {
  const items: readonly Item[] = itemsOf(node);
  const starts = intsOf(node, 'ngram_counts') ?? refused(node, 'ngram_counts is missing');
  const to = intsOf(node, 'ngram_indexes') ?? refused(node, 'ngram_indexes is missing');
  const weights = floatsOf(node, 'weights');
  const [min, max, skips] = [
    intOf(node, 'min_gram_length'),
    intOf(node, 'max_gram_length'),
    intOf(node, 'max_skip_count'),
  ];
  const mode = stringOf(node, 'mode');
  if (!['TF', 'IDF', 'TFIDF'].includes(mode)) refused(node, `mode is '${mode}'; it is TF, IDF or TFIDF`);
  if (!(min >= 1 && max >= min && skips >= 0))
    refused(node, `it cannot count n-grams of ${min} to ${max} items with ${skips} skips`);
  if (weights && weights.length !== to.length)
    refused(node, `${weights.length} weights for ${to.length} n-grams`);
  const root: Branch = { gram: undefined, next: new Map() };
  let gram = 0;
  for (const [i, start] of starts.entries()) {
    const [n, end] = [i + 1, starts[i + 1] ?? items.length];
    if (!(start >= 0 && start <= end && end <= items.length) || (end - start) % n !== 0)
      refused(node, `the ${n}-grams cannot stand from ${start} to ${end} in a pool of ${items.length} items`);
    for (let at = start; at < end; at += n, gram++) {
      let branch = root;
      for (let k = 0; k < n; k++) {
        const item = items[at + k] as Item;
        let next = branch.next.get(item);
        if (!next) {
          next = { gram: undefined, next: new Map() };
          branch.next.set(item, next);
        }
        branch = next;
      }
      if (branch.gram !== undefined) refused(node, `n-gram ${gram} of the pool stands there twice`);
      branch.gram = gram;
    }
  }
  if (gram !== to.length) refused(node, `${to.length} ngram_indexes for ${gram} n-grams`);
  const columns = to.reduce((most, t) => Math.max(most, t), -1) + 1;
  if (to.some((t) => t < 0)) refused(node, `a column of ngram_indexes is below 0`);
  asked(node, [columns]);
  const lengths = starts.map((_, i) => i + 1).filter((n) => n >= min && n <= max);
  return { root, lengths, skips, to, weights, columns };
};

const itemsOf = (node: Node): readonly Item[] => {
  const [strings, whole] = [stringsOf(node, 'pool_strings'), intsOf(node, 'pool_int64s')];
  if (strings && whole) refused(node, 'it has both pool_strings and pool_int64s');
  const a = node.attributes.get('pool_int64s');
  return strings ?? (a?.kind === 'ints' ? a.values.map(BigInt) : refused(node, 'it has no pool'));
};

/** How often each n-gram of the pool stands in a sequence. Items of a 1-gram are not apart from anything. */
const countGrams = (pool: Pool, length: number, item: (i: number) => Item): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const n of pool.lengths) {
    for (let step = 1; step <= (n === 1 ? 1 : pool.skips + 1) && (n - 1) * step < length; step++) {
      for (let start = 0; start + (n - 1) * step < length; start++) {
        let branch: Branch | undefined = pool.root;
        for (let k = 0; k < n && branch; k++) branch = branch.next.get(item(start + k * step));
        if (branch?.gram !== undefined) counts.set(branch.gram, (counts.get(branch.gram) ?? 0) + 1);
      }
    }
  }
  return counts;
};

/** The n-grams of one length, and where they stand in the pool. */
const gramsOf = (
  branch: Branch,
  length: number,
  items: readonly Item[] = [],
): readonly { readonly items: readonly Item[]; readonly gram: number }[] => {
  if (items.length === length) return branch.gram === undefined ? [] : [{ items, gram: branch.gram }];
  return [...branch.next].flatMap(([item, next]) => gramsOf(next, length, [...items, item]));
};
