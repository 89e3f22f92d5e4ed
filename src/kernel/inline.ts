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
 * elements; copies and constants go wherever they are read. Statements that nothing depends on go.
 */
export const inline = (program: Program): Program => {
  const { live, uses } = needed(program);
  const kept = new Set(program.outputs.map((o) => o.slot));
  const indices = new Map<Slot | Loop, number>();
  const bodies = new Map<Slot, { loop: Loop; body: Row }>();
  /** Elements that are copies or constants. */
  const copies = new Map<Slot, readonly Row[]>();
  const depths = new Map<Row, number>();
  const place = (row: Row): Row => {
    const moved = mapChildren(row, place);
    if (moved.k !== 'element') return moved;
    const from = bodies.get(moved.of);
    if (from) return substitute(from.body, from.loop, moved.index);
    const copy = moved.index.k === 'const' ? copies.get(moved.of)?.[Number(moved.index.value)] : undefined;
    return copy && isCopy(copy) ? copy : moved;
  };
  const statements: Statement[] = [];
  for (const s of live) {
    if (s.k === 'route') indices.set(s.slot, s.trees.outcomes);
    if (s.k === 'define') indices.set(s.loop, s.slot.size);
    const placed = whole(mapRows(s, (row) => simplify(place(row), indices)));
    if (placed.k === 'elements') copies.set(placed.slot, placed.bodies);
    if (placed.k === 'define') {
      const { slot, loop, body } = placed;
      const most = isInteger(slot.dtype) ? greatest(body, indices) : undefined;
      if (most !== undefined) indices.set(slot, most + 1);
      const use = uses.get(slot);
      const once = use?.count === 1 && use.times <= slot.size && depthOf(body, depths) <= deepest;
      if (!kept.has(slot) && (once || isCopy(body))) {
        bodies.set(slot, { loop, body });
        continue;
      }
    }
    statements.push(placed);
  }
  return { ...program, statements: needed({ ...program, statements }).live };
};

/** Statements that an output depends on, and how their slots are read. */
const needed = (program: Program): { live: Statement[]; uses: ReadonlyMap<Slot, Use> } => {
  const kept = new Set(program.outputs.map((o) => o.slot));
  const uses = new Map<Slot, Use>();
  const isRead = (slot: Slot | null): boolean => slot !== null && (kept.has(slot) || uses.has(slot));
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
    if (!slotsOf(s).some(isRead)) continue;
    // Counts of UNKNOWN that nobody reads are not counted.
    live.push(s.k === 'route' && !isRead(s.unknowns) ? { ...s, unknowns: null } : s);
    for (const row of rowsOf(s)) countUses(row, s.k === 'define' ? s.slot.size : 1);
  }
  return { live: live.reverse(), uses };
};

const isCopy = (row: Row): boolean =>
  row.k === 'const' || (row.k === 'element' && (row.index.k === 'const' || row.index.k === 'index'));

/** Elements written out that are all of another vector, in order, as a copy of that vector. */
const whole = (s: Statement): Statement => {
  if (s.k !== 'elements') return s;
  const [first] = s.bodies;
  if (first?.k !== 'element' || first.of.size !== s.slot.size) return s;
  const { of } = first;
  const same = s.bodies.every(
    (b, i) => b.k === 'element' && b.of === of && b.index.k === 'const' && Number(b.index.value) === i,
  );
  if (!same) return s;
  const loop: Loop = { loop: true };
  return { k: 'define', slot: s.slot, loop, body: { k: 'element', of, index: { k: 'index', loop } } };
};

const depthOf = (row: Row, known: Map<Row, number>): number => {
  const found = known.get(row);
  if (found !== undefined) return found;
  const depth = 1 + Math.max(0, ...children(row).map((c) => depthOf(c, known)));
  known.set(row, depth);
  return depth;
};
