/** Puts what is computed once and read once where it is read, and drops what nobody reads. */

import { isInteger } from '../tensor/dtype.ts';
import {
  children,
  type Loop,
  mapChildren,
  mapRows,
  type Program,
  type Row,
  rowsOf,
  type Slot,
  type Statement,
  slotsOf,
} from './row.ts';
import { greatest, simplify, substitute } from './simplify.ts';

/** Expressions nest no deeper: whoever spells or reads them recurses. */
const deepest = 40;

interface Use {
  count: number;
  /** How often the reading is evaluated for one row. */
  times: number;
}

/**
 * A slot goes where it is read if it is read in one place only, and not evaluated more often there than it has
 * elements. Statements that nothing depends on go.
 */
export const inline = (program: Program): Program => {
  const kept = new Set(program.outputs.map((o) => o.slot));
  const uses = new Map<Slot, Use>();
  const countUses = (row: Row, times: number): void => {
    if (row.k === 'element') {
      const use = uses.get(row.of) ?? { count: 0, times: 0 };
      uses.set(row.of, { count: use.count + 1, times: use.times + times });
    }
    const inner = row.k === 'fold' ? times * Math.max(1, row.over) : times;
    for (const c of children(row)) countUses(c, inner);
  };
  // Backwards: a statement that nobody reads reads nothing either.
  const live: Statement[] = [];
  for (const s of [...program.statements].reverse()) {
    const filled = slotsOf(s);
    if (!filled.some((slot) => kept.has(slot) || uses.has(slot))) continue;
    live.push(s);
    for (const row of rowsOf(s)) countUses(row, s.k === 'define' ? s.slot.size : 1);
  }
  live.reverse();

  const indices = new Map<Slot | Loop, number>();
  const bodies = new Map<Slot, { loop: Loop; body: Row; depth: number }>();
  const depths = new Map<Row, number>();
  const place = (row: Row): Row => {
    const moved = mapChildren(row, place);
    if (moved.k !== 'element') return moved;
    const from = bodies.get(moved.of);
    return from ? substitute(from.body, from.loop, moved.index) : moved;
  };
  const statements: Statement[] = [];
  for (const s of live) {
    if (s.k === 'route') indices.set(s.slot, s.trees.outcomes);
    if (s.k === 'define') indices.set(s.loop, s.slot.size);
    const placed = mapRows(s, (row) => simplify(place(row), indices));
    if (placed.k === 'define' && isInteger(placed.slot.dtype)) {
      const most = greatest(placed.body, indices);
      if (most !== undefined) indices.set(placed.slot, most + 1);
    }
    if (placed.k === 'define' && !kept.has(placed.slot)) {
      const use = uses.get(placed.slot);
      const depth = depthOf(placed.body, depths);
      const trivial = placed.body.k === 'const' || (placed.body.k === 'element' && placed.slot.size === 1);
      if (trivial || (use && use.count === 1 && use.times <= placed.slot.size && depth <= deepest)) {
        bodies.set(placed.slot, { loop: placed.loop, body: placed.body, depth });
        continue;
      }
    }
    statements.push(placed);
  }
  return { ...program, statements };
};

const depthOf = (row: Row, known: Map<Row, number>): number => {
  const found = known.get(row);
  if (found !== undefined) return found;
  const depth = 1 + Math.max(0, ...children(row).map((c) => depthOf(c, known)));
  known.set(row, depth);
  return depth;
};
