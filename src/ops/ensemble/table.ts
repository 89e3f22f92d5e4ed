/** Trees in the form of TreeEnsemble: every node has one parent and two successors, and tests one feature. */
import type { Test } from './branches.ts';

export interface TableNode {
  readonly feature: number;
  readonly test: Exclude<Test, { k: 'always' }>;
  /** Where NaN goes: with those that hold, or with those that do not. */
  readonly nanHolds: boolean;
}

/** Where a node is entered: the root of the tree, or one successor of a node. */
export type Entry = { readonly node: number; readonly holds: boolean } | 'root';

export class EnsembleTable {
  readonly nodes: TableNode[] = [];
  readonly roots: number[] = [];
  /** Successors: node index, or ~leaf. */
  readonly holds: number[] = [];
  readonly fails: number[] = [];
  readonly targets: number[] = [];
  readonly weights: number[] = [];

  node(entry: Entry, node: TableNode): number {
    const at = this.nodes.push(node) - 1;
    this.holds.push(~0);
    this.fails.push(~0);
    this.enter(entry, at);
    return at;
  }

  leaf(entry: Entry, target: number, weight: number): void {
    if (entry !== 'root') {
      this.enter(entry, this.newLeaf(target, weight));
      return;
    }
    // A tree that is a leaf: one node with two equal leaves. With one leaf twice, onnxruntime 1.30 adds a leaf of another tree.
    const node: TableNode = {
      feature: 0,
      test: { k: 'below', value: 0, inclusive: true },
      nanHolds: false,
    };
    const at = this.node('root', node);
    this.holds[at] = this.newLeaf(target, weight);
    this.fails[at] = this.newLeaf(target, weight);
  }

  private newLeaf(target: number, weight: number): number {
    this.targets.push(target);
    return ~(this.weights.push(weight) - 1);
  }

  private enter(entry: Entry, to: number): void {
    if (entry === 'root') this.roots.push(to);
    else if (entry.holds) this.holds[entry.node] = to;
    else this.fails[entry.node] = to;
  }

  /** Forgets what came after; `mark` says where. */
  mark(): readonly [number, number, number] {
    return [this.nodes.length, this.weights.length, this.roots.length];
  }

  reset([nodes, leaves, roots]: readonly [number, number, number]): void {
    this.nodes.length = nodes;
    this.holds.length = nodes;
    this.fails.length = nodes;
    this.targets.length = leaves;
    this.weights.length = leaves;
    this.roots.length = roots;
  }
}

/**
 * onnxruntime 1.30 makes one test of two equality or membership tests that follow each other on one column where both
 * lead to leaves of equal weight, whatever their targets, and wherever NaN goes (measured on random trees: 1 to 3 in a hundred
 * wrong). The second of such a pair asks a twin of the column instead. `twin` gives its number.
 */
export const keepApart = (table: EnsembleTable, twin: (feature: number) => number): void => {
  const { nodes, holds, fails, targets, weights } = table;
  const columns = nodes.map((n) => n.feature);
  nodes.forEach((node, i) => {
    const below = fails[i] as number;
    const next = nodes[below];
    if (!next || node.test.k !== 'among' || next.test.k !== 'among') return;
    const [a, b] = [~(holds[i] as number), ~(holds[below] as number)];
    if (a < 0 || b < 0 || weights[a] !== weights[b]) return;
    const alike = targets[a] === targets[b] && node.nanHolds === next.nanHolds;
    // A parent stands before its successors, so that its own column is settled.
    if (!alike && columns[i] === next.feature) columns[below] = twin(next.feature);
  });
  columns.forEach((feature, i) => {
    nodes[i] = { ...(nodes[i] as TableNode), feature };
  });
};
