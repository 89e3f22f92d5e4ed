/**
 * What the rows really met, measured on the reference: outcomes from its own routing, tests by walking the trees again on
 * the column values that it computed. A row's claim to have hit a target counts only if the walk gets there.
 */
import type { Value } from '../ir/model.ts';
import { KIND } from '../ir/predicates.ts';
import { ALL } from '../ir/trees.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Plan } from './inputs.ts';
import { evaluatorOf, type TestTable } from './probe.ts';
import type { Coverage } from './result.ts';
import type { Target, Tree } from './targets.ts';
import { Holds, RESULT } from './truth.ts';

export class CoverageMeter {
  readonly plan: Plan;
  /** Columns of tests and outcomes of routes. */
  private readonly values: readonly Value[];
  private readonly evaluator;
  private readonly holds: readonly Holds[];
  /** Per table, per test: RESULT bits seen. */
  private readonly seen: readonly Uint8Array[];
  /** Per table: outcomes reached. */
  private readonly leaves: readonly (Uint8Array | null)[];
  private readonly hit = new Set<Target>();
  /** Rows on which the walk and the reference's routing part: must stay 0. */
  disagreements = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    const { tables, model } = plan.probe;
    this.values = tables.flatMap((t) => [...t.columns, ...(isRoute(t) ? [t.node.outputs[0] as Value] : [])]);
    this.evaluator = evaluatorOf(model, this.values);
    this.holds = tables.map(
      (t) =>
        new Holds(
          t.predicates,
          t.columns.map(({ type }) => (type.kind === 'tensor' ? type.dtype : 'float64')),
        ),
    );
    this.seen = tables.map((t) => new Uint8Array(t.trees ? t.trees.test.length : t.rows.length));
    this.leaves = tables.map((t) => (t.trees ? new Uint8Array(t.trees.outcomes) : null));
  }

  /** Inner values that are asked for, by name. */
  get watch(): string[] {
    return this.values.map((v) => v.name);
  }

  /**
   * Rows `from …` of all rows; boundary rows are the first, and have claims. `shown`: what the reference's own run
   * returned; what it did not show (values inside of bodies) is evaluated again.
   */
  add(
    inputs: ReadonlyMap<string, Tensor>,
    shown: ReadonlyMap<string, Tensor>,
    from: number,
    rows: number,
  ): void {
    const { tables } = this.plan.probe;
    if (tables.length === 0) return;
    const known = new Map([...inputs, ...shown]);
    const values = this.values.every((v) => known.has(v.name)) ? known : this.evaluator.run(inputs);
    const outcomes = tables.map((t) =>
      isRoute(t) ? values.get((t.node.outputs[0] as Value).name) : undefined,
    );
    tables.forEach((_, k) => {
      const reached = this.leaves[k];
      const data = outcomes[k]?.data as Int32Array | undefined;
      if (reached && data) for (const o of data) reached[o] = 1;
    });
    const columns = tables.map((t) => t.columns.map((c) => values.get(c.name) as Tensor));
    const { claims } = this.plan.packed;
    for (let i = 0; i < rows && from + i < claims.length; i++) {
      const byTree = new Map<Tree, Target[]>();
      for (const t of claims[from + i] as readonly Target[]) {
        const list = byTree.get(t.tree);
        if (list) list.push(t);
        else byTree.set(t.tree, [t]);
      }
      for (const [tree, targets] of byTree) {
        const reached = this.walk(tree, columns[tree.table] as Tensor[], i, targets);
        const routed = outcomes[tree.table];
        if (reached !== undefined && routed && routed.data[i * tree.count + tree.index] !== reached)
          this.disagreements++;
      }
    }
  }

  /** Walks row `i` down a tree; the outcome, or undefined where it parts or has none. */
  private walk(
    tree: Tree,
    columns: readonly Tensor[],
    i: number,
    targets: readonly Target[],
  ): number | undefined {
    const { trees } = tree;
    const seen = this.seen[tree.table] as Uint8Array;
    let node = tree.root;
    for (let steps = 0; node >= 0; steps++) {
      if (steps > trees.test.length) return undefined;
      for (const t of targets) if (t.node === node) this.hit.add(t);
      const result = this.result(tree.table, trees.test[node] as number, columns, i);
      seen[node] = (seen[node] as number) | result;
      const next = (
        result === RESULT.true ? trees.ifTrue : result === RESULT.false ? trees.ifFalse : trees.ifUnknown
      )[node] as number;
      if (next === ALL) return undefined;
      node = next;
    }
    const leaves = this.leaves[tree.table];
    if (leaves) leaves[~node] = 1;
    return ~node;
  }

  /** A predicate on a row, compound ones too. */
  private result(table: number, p: number, columns: readonly Tensor[], i: number): number {
    const { predicates } = this.plan.probe.tables[table] as TestTable;
    const kind = predicates.kind[p] as number;
    if (kind < KIND.and) {
      const column = predicates.column[p] as number;
      const t = columns[column];
      const k = t && t.data.length === 1 ? 0 : i;
      const x = t ? (t.data[k] as number | string | bigint) : 0;
      return (this.holds[table] as Holds).simple(
        p,
        typeof x === 'bigint' ? Number(x) : x,
        t?.missing?.[k] === 1,
      );
    }
    const args = predicates.args.subarray(predicates.from[p], predicates.to[p]);
    const results = Array.from(args, (a) => this.result(table, a, columns, i));
    const { true: T, false: F, unknown: U } = RESULT;
    if (kind === KIND.and) return results.includes(F) ? F : results.includes(U) ? U : T;
    if (kind === KIND.or) return results.includes(T) ? T : results.includes(U) ? U : F;
    if (kind === KIND.xor) {
      if (results.includes(U)) return U;
      return results.filter((r) => r === T).length % 2 === 1 ? T : F;
    }
    return results.find((r) => r !== U) ?? U;
  }

  /** The figures, and what is proven unreachable, in words. */
  figures(): { coverage: Coverage; unchecked: string[] } {
    const { trees, domains } = this.plan;
    const both = RESULT.true | RESULT.false;
    let bothWays = 0;
    let predicates = 0;
    this.seen.forEach((s) => {
      predicates += s.length;
      for (const x of s) if ((x & both) === both) bothWays++;
    });
    let [tried, thresholds, unreachable, opaque] = [0, 0, 0, 0];
    const outcomes = new Map<number, Set<number>>();
    let proven = true;
    for (const tree of trees) {
      proven &&= tree.complete;
      const open = outcomes.get(tree.table) ?? new Set<number>();
      outcomes.set(tree.table, open);
      for (const n of tree.reachable) if (n < 0) open.add(~n);
      for (const node of tree.nodes) {
        const simple = !tree.truth.isCompound(tree.trees.test[node] as number);
        if (simple && !tree.truth.isThreshold(tree.trees.test[node] as number)) continue;
        thresholds++;
        const targets = tree.at.get(node) ?? [];
        if (!tree.reachable.has(node)) unreachable++;
        else if (targets.length === 0) {
          // Where the path decides the test, its threshold is as good as out of reach.
          if (tree.truth.isOpaque(tree.trees.test[node] as number)) opaque++;
          else unreachable++;
        } else if (targets.every((t) => this.hit.has(t) || !isNumber(domains[t.slot]?.values[t.value])))
          tried++;
      }
    }
    let [reached, total, closed] = [0, 0, 0];
    this.leaves.forEach((l, k) => {
      if (!l || !this.plan.probe.tables[k]?.trees) return;
      total += l.length;
      for (let o = 0; o < l.length; o++) {
        if (l[o]) reached++;
        else if (!outcomes.get(k)?.has(o)) closed++;
      }
    });
    const categories = { tried: 0, total: 0 };
    for (const d of domains) {
      const named = d.slot.field?.categories?.length ?? 0;
      categories.total += named;
      const loose = new Set<number>();
      for (const row of this.plan.packed.rows) loose.add(row[d.slot.index] as number);
      const values = new Set([...loose].map((v) => d.values[v]));
      for (const c of d.slot.field?.categories ?? []) if (values.has(c)) categories.tried++;
    }
    const unchecked: string[] = [];
    const n = (x: number) => x.toLocaleString('en-US');
    if (closed > 0) {
      unchecked.push(
        `${n(closed)} of ${n(total)} leaves that no row reaches${proven ? ': their paths contradict themselves' : ', as far as paths were followed'}`,
      );
    }
    if (reached + closed < total)
      unchecked.push(`${n(total - reached - closed)} of ${n(total)} leaves that no row tried reached`);
    if (opaque > 0)
      unchecked.push(
        `thresholds of ${n(opaque)} tests on values that depend on several inputs, but for sampled rows`,
      );
    const { left, leftHiding } = this.plan.packed;
    if (leftHiding > 0) {
      unchecked.push(
        `${n(leftHiding)} more values at single tests that make the whole result missing or infinite (missing, mostly); each was tried, but not at every test`,
      );
    }
    if (left > leftHiding) unchecked.push(`${n(left - leftHiding)} boundary cases beyond the limit of rows`);
    if (this.disagreements > 0)
      unchecked.push(`${n(this.disagreements)} rows whose routing the check could not follow`);
    return {
      coverage: {
        leaves: { reached, total },
        predicates: { bothWays, total: predicates },
        thresholds: { tried, total: thresholds, unreachable },
        categories,
      },
      unchecked,
    };
  }
}

const isNumber = (v: unknown): boolean => typeof v === 'number' && !Number.isNaN(v);

const isRoute = (t: TestTable): boolean => t.node.op.name === 'Route';
