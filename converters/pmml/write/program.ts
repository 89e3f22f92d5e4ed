/** A program of the row language, element by element: what each element of each slot is, and how often it is read. */

import {
  children,
  type Program,
  type Row,
  rowsOf,
  type Slot,
  type Statement,
  slotsOf,
} from '../../../src/kernel/row.ts';
import { int, simplify, substitute } from '../../../src/kernel/simplify.ts';

type Route = Extract<Statement, { k: 'route' }>;
type Test = Extract<Statement, { k: 'test' }>;

/** What fills an element of a slot. */
export type Origin =
  | { readonly k: 'input' }
  | { readonly k: 'body'; readonly body: Row }
  | { readonly k: 'route'; readonly route: Route }
  | { readonly k: 'unknowns'; readonly route: Route }
  | { readonly k: 'test'; readonly test: Test; readonly of: 'truth' | 'unknown' };

const none = new Map<never, number>();

export class Elements {
  private readonly madeBy = new Map<Slot, Statement>();
  private readonly bodies = new Map<Slot, (Row | undefined)[]>();
  private readonly reads = new Map<Slot, number>();

  constructor(program: Program) {
    for (const s of program.statements) {
      for (const slot of slotsOf(s)) this.madeBy.set(slot, s);
      // An element that a loop reads is read once a turn.
      const times = s.k === 'define' && s.slot.size > 1 ? 2 : 1;
      for (const row of rowsOf(s)) this.count(row, times);
    }
    for (const { slot } of program.outputs) this.reads.set(slot, (this.reads.get(slot) ?? 0) + 1);
  }

  /** `turns`: of the folds around it, which read one element again and again. */
  private count(row: Row, times: number, turns = 1): void {
    if (row.k === 'element') {
      const fixed = row.index.k === 'const';
      const own = !fixed ? times : (times * turns) / (row.of.size > 1 && turns === 1 ? row.of.size : 1);
      this.reads.set(row.of, (this.reads.get(row.of) ?? 0) + own);
    }
    for (const c of children(row))
      this.count(c, times, row.k === 'fold' && c === row.body ? turns * row.over : turns);
  }

  /** Is every element of the slot read in one place only? */
  once(slot: Slot): boolean {
    return (this.reads.get(slot) ?? 0) <= 1;
  }

  origin(slot: Slot, i: number): Origin {
    const s = this.madeBy.get(slot);
    if (!s) return { k: 'input' };
    switch (s.k) {
      case 'route':
        return { k: slot === s.slot ? 'route' : 'unknowns', route: s };
      case 'test':
        return { k: 'test', test: s, of: slot === s.truth ? 'truth' : 'unknown' };
      case 'elements':
        return { k: 'body', body: s.bodies[i] as Row };
      case 'define': {
        let known = this.bodies.get(slot);
        if (!known) {
          known = [];
          this.bodies.set(slot, known);
        }
        known[i] ??= slot.size === 1 ? s.body : at(s.body, s.loop, i);
        return { k: 'body', body: known[i] as Row };
      }
    }
  }
}

/** The body of a loop in one of its turns. */
export const at = (body: Row, loop: Parameters<typeof substitute>[1], i: number): Row =>
  simplify(substitute(body, loop, int(i)), none);
