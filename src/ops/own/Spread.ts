import { predicatesOf, treesOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { OWN, tensorType } from '../../ir/model.ts';
import { TRUE, UNKNOWN } from '../../ir/predicates.ts';
import { ALL, type Trees, testOrder } from '../../ir/trees.ts';
import type { Row } from '../../kernel/row.ts';
import { load } from '../../tensor/data.ts';
import { tensor } from '../../tensor/tensor.ts';
import { planesOf } from '../ensemble/planes.ts';
import { expressSpread } from '../ensemble/spread.ts';
import type { Operator, Plane } from '../operator.ts';
import { givenColumns, inferColumns, inferTrees } from './columns.ts';
import { trimmed, withPlanesBehind } from './planes.ts';
import { Block, blockRows, prepare } from './predicate.ts';
import { apply, int, loop, reading, slotFor, testedColumns } from './rows.ts';

/**
 * The weight with which each outcome is reached, float64 `[N, outcomes]`. A row enters each tree with weight 1. Where a test
 * is UNKNOWN and its successor is `ALL`, the row goes both ways, its weight multiplied by each way's share; else it goes one
 * way whole. Ways that meet again add up.
 */
export const Spread: Operator = {
  domain: OWN,
  name: 'Spread',
  since: [1],
  infer: (node) => {
    const { rows, predicates } = inferColumns(node);
    return [tensorType('float64', [rows, inferTrees(node, predicates).outcomes])];
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
    const out = new Float64Array(rows * trees.outcomes);
    const order = testOrder(trees);
    for (let from = 0; from < rows; from += blockRows) {
      const count = Math.min(blockRows, rows - from);
      block.fill(columns, from, count);
      spread(trees, order, block, out.subarray(from * trees.outcomes, (from + count) * trees.outcomes));
    }
    return [tensor('float64', [rows, trees.outcomes], out)];
  },
  plain: (node, b, inputs) =>
    withPlanesBehind(node, b, trimmed(predicatesOf(node), inputs as readonly Plane[])).map(
      (data) => data && { data, missing: null },
    ),
  express: (node, b, opsets) => {
    const columns = planesOf(node, b);
    return isRefusal(columns)
      ? columns
      : [expressSpread(b, { predicates: predicatesOf(node), trees: treesOf(node), columns }, opsets)];
  },
  lower: (node, inputs, to) => {
    const trees = treesOf(node);
    const asked = [...new Set(trees.test)].sort((a, b) => a - b);
    const truth = slotFor(node, 0, 'bool', asked.length, '.true');
    const unknown = slotFor(node, 0, 'bool', asked.length, '.unknown');
    to.statement({
      k: 'test',
      truth,
      unknown,
      predicates: predicatesOf(node),
      rows: asked,
      columns: testedColumns(node, inputs),
    });
    const at = new Map(asked.map((p, i) => [p, int(i)]));
    /** Weights that arrive at each successor, in the order in which the evaluator adds them. */
    const arrived = new Map<number, Row[]>();
    const arrive = (successor: number, weight: Row) => {
      const there = arrived.get(successor) ?? [];
      there.push(weight);
      arrived.set(successor, there);
    };
    const none: Row = { k: 'const', dtype: 'float64', value: 0 };
    const total = (successor: number): Row =>
      (arrived.get(successor) ?? []).reduce(
        (sum, w) => (sum === none ? w : apply('add', 'float64', sum, w)),
        none,
      );
    for (const root of trees.roots) arrive(root, { k: 'const', dtype: 'float64', value: 1 });
    const shares = trees.share ? (load(trees.share).data as Float64Array) : null;
    for (const test of testOrder(trees)) {
      if (!arrived.has(test)) continue;
      const slot = slotFor(node, 0, 'float64', 1, `.${test}`);
      to.statement({ k: 'define', slot, loop: loop(), body: total(test) });
      const weight: Row = { k: 'element', of: slot, index: int(0) };
      const index = at.get(trees.test[test] as number) as Row;
      const yes: Row = { k: 'element', of: truth, index };
      const open: Row = { k: 'element', of: unknown, index };
      const way = trees.ifUnknown[test] as number;
      const shared = (side: number): Row =>
        way === ALL
          ? apply('mul', 'float64', weight, {
              k: 'const',
              dtype: 'float64',
              value: (shares as Float64Array)[2 * test + side] as number,
            })
          : none;
      arrive(trees.ifTrue[test] as number, {
        k: 'choose',
        when: [open, yes],
        then: [shared(0), weight],
        otherwise: none,
      });
      arrive(trees.ifFalse[test] as number, {
        k: 'choose',
        when: [open, yes],
        then: [shared(1), none],
        otherwise: weight,
      });
      if (way !== ALL) arrive(way, { k: 'choose', when: [open], then: [weight], otherwise: none });
    }
    const slot = slotFor(node, 0, 'float64', trees.outcomes, '.weights');
    const bodies = Array.from({ length: trees.outcomes }, (_, o) => total(~o));
    to.statement({ k: 'elements', slot, bodies });
    return [reading(slot)];
  },
  rows: () => 'each',
};

/** One block, tests in such an order that all weight of a test has arrived when its turn comes. */
const spread = (trees: Trees, order: Int32Array, block: Block, out: Float64Array): void => {
  const shares = trees.share ? (load(trees.share).data as Float64Array) : null;
  const arrived = new Map<number, Float64Array>();
  const arrive = (successor: number, row: number, weight: number) => {
    if (successor < 0) {
      const at = row * trees.outcomes + ~successor;
      out[at] = (out[at] as number) + weight;
      return;
    }
    const weights = arrived.get(successor) ?? new Float64Array(block.rows);
    weights[row] = (weights[row] as number) + weight;
    arrived.set(successor, weights);
  };
  for (const root of trees.roots) for (let r = 0; r < block.rows; r++) arrive(root, r, 1);
  const all = Int32Array.from({ length: block.rows }, (_, i) => i);
  const results = new Uint8Array(blockRows);
  for (const test of order) {
    const weights = arrived.get(test);
    if (!weights) continue;
    arrived.delete(test);
    block.test(trees.test[test] as number, all, 0, block.rows, results);
    for (let r = 0; r < block.rows; r++) {
      const weight = weights[r] as number;
      if (weight === 0) continue;
      const [yes, no, unknown] = [trees.ifTrue[test], trees.ifFalse[test], trees.ifUnknown[test]] as [
        number,
        number,
        number,
      ];
      if (results[r] !== UNKNOWN) arrive(results[r] === TRUE ? yes : no, r, weight);
      else if (unknown !== ALL) arrive(unknown, r, weight);
      else {
        arrive(yes, r, weight * ((shares as Float64Array)[2 * test] as number));
        arrive(no, r, weight * ((shares as Float64Array)[2 * test + 1] as number));
      }
    }
  }
};
