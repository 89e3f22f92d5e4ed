/** What depends on the outcome of one tree alone is looked up by it: values by outcome. */

import { children, dtypeOf, type Row, type Slot, type Statement } from '../../../src/kernel/row.ts';
import { type Frame, value } from '../../../src/kernel/run.ts';
import { isBig } from '../../../src/tensor/dtype.ts';
import { reached } from './branches.ts';
import type { Elements } from './program.ts';

export type Route = Extract<Statement, { k: 'route' }>;

export interface Tree {
  readonly route: Route;
  readonly tree: number;
}

/** A value for every outcome that the tree has; others are left out. */
export type ByOutcome = ReadonlyMap<number, number | string | boolean>;

type Dependence = Tree | 'constant' | null;

export class Outcomes {
  private readonly elements: Elements;
  private readonly known = new Map<Slot, Map<number, Dependence>>();
  private readonly leaves = new Map<Route, Map<number, readonly number[]>>();

  constructor(elements: Elements) {
    this.elements = elements;
  }

  /** The tree on whose outcome alone the expression depends. */
  treeOf(row: Row): Tree | null {
    const found = this.dependence(row);
    return found === 'constant' ? null : found;
  }

  private dependence(row: Row): Dependence {
    if (row.k === 'element') {
      if (row.index.k !== 'const') return null;
      return this.ofElement(row.of, Number(row.index.value));
    }
    if (row.k === 'intrinsic') return null;
    let one: Dependence = 'constant';
    for (const c of children(row)) {
      const d = this.dependence(c);
      if (d === null) return null;
      if (d === 'constant') continue;
      if (one !== 'constant' && (one.route !== d.route || one.tree !== d.tree)) return null;
      one = d;
    }
    return one;
  }

  private ofElement(slot: Slot, i: number): Dependence {
    let own = this.known.get(slot);
    if (!own) {
      own = new Map();
      this.known.set(slot, own);
    }
    let found = own.get(i);
    if (found === undefined) {
      const origin = this.elements.origin(slot, i);
      found =
        origin.k === 'route'
          ? { route: origin.route, tree: i }
          : origin.k === 'body'
            ? this.dependence(origin.body)
            : null;
      own.set(i, found);
    }
    return found;
  }

  private outcomesOf({ route, tree }: Tree): readonly number[] {
    let own = this.leaves.get(route);
    if (!own) {
      own = new Map();
      this.leaves.set(route, own);
    }
    let found = own.get(tree);
    if (!found) {
      found = reached(route.trees, tree);
      own.set(tree, found);
    }
    return found;
  }

  /** What the expression is for every outcome of the tree that it depends on. */
  tabulate(row: Row, tree: Tree): ByOutcome {
    const values = new Map<number, number | string | boolean>();
    const dtype = dtypeOf(row);
    const plain = (x: ReturnType<typeof value>) =>
      dtype === 'bool' ? x !== 0 : isBig(dtype) ? Number(x) : (x as number | string);
    const direct =
      row.k === 'at' && row.key.k === 'element' && row.key.of === tree.route.slot ? row.table : undefined;
    for (const o of this.outcomesOf(tree)) {
      values.set(o, plain(direct ? (direct.read(o, o + 1)[0] as number | string) : this.evaluate(row, o)));
    }
    return values;
  }

  private evaluate(row: Row, outcome: number): ReturnType<typeof value> {
    const frame: Frame = { slots: new Map(), loops: new Map() };
    const fill = (r: Row): void => {
      if (r.k === 'element') {
        const i = Number((r.index as { value: number }).value);
        let own = frame.slots.get(r.of);
        if (!own) {
          own = [];
          frame.slots.set(r.of, own);
        }
        if (own[i] !== undefined) return;
        const origin = this.elements.origin(r.of, i);
        if (origin.k === 'body') {
          fill(origin.body);
          own[i] = value(origin.body, frame);
        } else own[i] = outcome;
        return;
      }
      for (const c of children(r)) fill(c);
    };
    fill(row);
    return value(row, frame);
  }
}
