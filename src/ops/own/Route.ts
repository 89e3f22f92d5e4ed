import { predicatesOf, treesOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { OWN, tensorType } from '../../ir/model.ts';
import { FALSE, TRUE, UNKNOWN } from '../../ir/predicates.ts';
import { ALL, type Trees } from '../../ir/trees.ts';
import { tensor } from '../../tensor/tensor.ts';
import { planesOf } from '../ensemble/planes.ts';
import { expressRoute } from '../ensemble/route.ts';
import { type Operator, type Plane, refused } from '../operator.ts';
import { givenColumns, inferColumns, inferTrees } from './columns.ts';
import { trimmed, withPlanesBehind } from './planes.ts';
import { Block, blockRows, HOW, prepare } from './predicate.ts';
import { reading, slotFor, testedColumns } from './rows.ts';

/**
 * Walks every row down every tree: the outcome reached, int32 `[N, trees]`, and how often a test was UNKNOWN on the
 * way, int32 `[N, trees]`.
 */
export const Route: Operator = {
  domain: OWN,
  name: 'Route',
  since: [1],
  infer: (node) => {
    const { rows, predicates } = inferColumns(node);
    const trees = inferTrees(node, predicates);
    const both = trees.ifUnknown.indexOf(ALL);
    if (both >= 0) refused(node, `test ${both} takes both ways where it is UNKNOWN; Spread does that`);
    const type = tensorType('int32', [rows, trees.roots.length]);
    return [type, type];
  },
  evaluate: (inputs, node) => {
    const trees = treesOf(node);
    const { rows, columns } = givenColumns(inputs, node);
    const block = new Block(
      prepare(
        predicatesOf(node),
        columns.map((c) => c.dtype),
      ),
    );
    const width = trees.roots.length;
    const outcomes = new Int32Array(rows * width);
    // Counting is left out where nobody reads the counts.
    const unknowns = node.outputs.length > 1 && node.outputs[1] ? new Int32Array(rows * width) : null;
    const router = new Router(trees, block);
    const reached = new Int32Array(blockRows * lanes);
    const met = unknowns && new Int32Array(blockRows * lanes);
    for (let from = 0; from < rows; from += blockRows) {
      const count = Math.min(blockRows, rows - from);
      block.fill(columns, from, count);
      // A tree writes its rows in a column of its own; a few trees at a time are turned into rows of the result.
      for (let t = 0; t < width; t += lanes) {
        const some = Math.min(lanes, width - t);
        met?.fill(0);
        for (let k = 0; k < some; k++) router.route(t + k, k * blockRows, reached, met);
        turn(reached, some, count, outcomes, from * width + t, width);
        if (met && unknowns) turn(met, some, count, unknowns, from * width + t, width);
      }
    }
    const dims = [rows, width];
    return [tensor('int32', dims, outcomes), unknowns && tensor('int32', dims, unknowns)];
  },
  plain: (node, b, inputs) =>
    withPlanesBehind(node, b, trimmed(predicatesOf(node), inputs as readonly Plane[])).map(
      (data) => data && { data, missing: null },
    ),
  express: (node, b, opsets) => {
    const columns = planesOf(node, b);
    if (isRefusal(columns)) return columns;
    const routing = { predicates: predicatesOf(node), trees: treesOf(node), columns };
    const counting = (node.outputs[1] ?? null) !== null;
    const routed = expressRoute(b, routing, opsets, counting);
    return isRefusal(routed) ? routed : [routed.outcomes, routed.unknowns];
  },
  lower: (node, inputs, to) => {
    const trees = treesOf(node);
    const slot = slotFor(node, 0, 'int32', trees.roots.length);
    const unknowns = node.outputs[1] ? slotFor(node, 1, 'int32', trees.roots.length) : null;
    to.statement({
      k: 'route',
      slot,
      unknowns,
      predicates: predicatesOf(node),
      trees,
      columns: testedColumns(node, inputs),
    });
    return [reading(slot), unknowns && reading(unknowns)];
  },
  rows: () => 'each',
};

/** Trees whose results are collected before they are turned. */
const lanes = 16;

/** Lists of `blockRows`, one a tree, into rows of a result. */
const turn = (
  lists: Int32Array,
  trees: number,
  rows: number,
  out: Int32Array,
  at: number,
  width: number,
): void => {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < trees; k++) out[at + i * width + k] = lists[k * blockRows + i] as number;
  }
};

/**
 * Takes a block of rows down a tree: at a test the rows that stand there are parted in place into those that go the true,
 * the false and the unknown way, so that a test is looked at once a block and not once a row.
 */
class Router {
  private readonly trees: Trees;
  private readonly block: Block;
  private readonly rows = new Int32Array(blockRows);
  private readonly second = new Int32Array(blockRows);
  private readonly third = new Int32Array(blockRows);
  private readonly results = new Uint8Array(blockRows);
  /** Where the second and the third part begin. */
  private middle = 0;
  private last = 0;

  constructor(trees: Trees, block: Block) {
    this.trees = trees;
    this.block = block;
  }

  /** Writes outcome and count for row i of the block at `at + i`; counts must be zero before. */
  route(tree: number, at: number, outcomes: Int32Array, unknowns: Int32Array | null): void {
    const { rows, trees, block } = this;
    const { how, holds, onNaN, guard } = block.prepared;
    for (let i = 0; i < block.rows; i++) rows[i] = i;
    // Places still to go to: successor, first row, end of the rows.
    const ahead: number[] = [trees.roots[tree] as number, 0, block.rows];
    while (ahead.length > 0) {
      const to = ahead.pop() as number;
      const from = ahead.pop() as number;
      const test = ahead.pop() as number;
      if (test < 0) {
        for (let i = from; i < to; i++) outcomes[at + (rows[i] as number)] = ~test;
        continue;
      }
      const p = trees.test[test] as number;
      let [first, second, third] = [TRUE, FALSE, UNKNOWN];
      if (how[p] === HOW.atMost && (guard[p] as number) < 0) {
        first = holds[p] as number;
        second = 1 - first;
        third = onNaN[p] as number;
        const most = (first === TRUE ? trees.ifTrue : trees.ifFalse)[test] as number;
        const more = (first === TRUE ? trees.ifFalse : trees.ifTrue)[test] as number;
        if (most < 0 && more < 0) {
          const left = from + this.arrive(p, from, to, ~most, ~more, at, outcomes);
          if (from < left) ahead.push(this.after(test, third, from, left, at, unknowns), from, left);
          continue;
        }
        this.partByOrder(p, from, to);
      } else {
        block.test(p, rows, from, to, this.results);
        this.partByResult(from, to);
      }
      const { middle, last } = this;
      if (from < middle) ahead.push(this.after(test, first, from, middle, at, unknowns), from, middle);
      if (middle < last) ahead.push(this.after(test, second, middle, last, at, unknowns), middle, last);
      if (last < to) ahead.push(this.after(test, third, last, to, at, unknowns), last, to);
    }
  }

  /** The successor for a result; UNKNOWN is counted. */
  private after(
    test: number,
    result: number,
    from: number,
    to: number,
    at: number,
    unknowns: Int32Array | null,
  ): number {
    const { ifTrue, ifFalse, ifUnknown } = this.trees;
    if (result !== UNKNOWN) return (result === TRUE ? ifTrue : ifFalse)[test] as number;
    if (unknowns) {
      for (let i = from; i < to; i++) {
        const k = at + (this.rows[i] as number);
        unknowns[k] = (unknowns[k] as number) + 1;
      }
    }
    return ifUnknown[test] as number;
  }

  /** At most the literal, more, NaN. No branch on the comparison: no processor can foresee it. */
  private partByOrder(p: number, from: number, to: number): void {
    const { rows, second, third } = this;
    const { view, literal } = this.block.prepared;
    const x = this.block.views[view[p] as number] as Float64Array;
    const t = literal[p] as number;
    let a = from;
    let b = 0;
    let c = 0;
    for (let i = from; i < to; i++) {
      const r = rows[i] as number;
      const v = x[r] as number;
      if (Number.isNaN(v)) {
        third[c++] = r;
        continue;
      }
      const first = Number(v <= t);
      rows[a] = r;
      second[b] = r;
      a += first;
      b += 1 - first;
    }
    this.putBack(a, b, c);
  }

  /**
   * The same where both ways end: outcomes are written at once. Rows whose value is NaN are left, in front; returns how
   * many they are.
   */
  private arrive(
    p: number,
    from: number,
    to: number,
    most: number,
    more: number,
    at: number,
    outcomes: Int32Array,
  ): number {
    const { rows } = this;
    const { view, literal } = this.block.prepared;
    const x = this.block.views[view[p] as number] as Float64Array;
    const t = literal[p] as number;
    const either = most ^ more;
    let left = from;
    for (let i = from; i < to; i++) {
      const r = rows[i] as number;
      const v = x[r] as number;
      outcomes[at + r] = more ^ Math.imul(either, Number(v <= t));
      if (Number.isNaN(v)) rows[left++] = r;
    }
    return left - from;
  }

  /** TRUE, FALSE, UNKNOWN, by `results`. */
  private partByResult(from: number, to: number): void {
    const { rows, second, third, results } = this;
    let a = from;
    let b = 0;
    let c = 0;
    for (let i = from; i < to; i++) {
      const r = rows[i] as number;
      const result = results[i - from] as number;
      if (result === UNKNOWN) {
        third[c++] = r;
        continue;
      }
      rows[a] = r;
      second[b] = r;
      a += result;
      b += 1 - result;
    }
    this.putBack(a, b, c);
  }

  private putBack(a: number, b: number, c: number): void {
    const { rows, second, third } = this;
    for (let i = 0; i < b; i++) rows[a + i] = second[i] as number;
    for (let i = 0; i < c; i++) rows[a + b + i] = third[i] as number;
    this.middle = a;
    this.last = a + b;
  }
}
