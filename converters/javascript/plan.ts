/** Orders a program for working on blocks of rows: what is computed row by row, and between that the trees. */
import type { Decisions } from '../../src/kernel/decide.ts';
import { decisionsOf } from '../../src/kernel/decide.ts';
import {
  children,
  type Loop,
  type Program,
  type Row,
  rowsOf,
  type Slot,
  type Statement,
  slotsOf,
} from '../../src/kernel/row.ts';

export type Fold = Extract<Row, { k: 'fold' }>;
export type Decided = Extract<Statement, { k: 'route' | 'test' }>;

/** A fold over the trees of a forest, done while the trees are walked. */
export interface Accumulator {
  readonly fold: Fold;
  /** The vector it stands in, whose elements it differs for. */
  readonly across: { readonly loop: Loop; readonly size: number } | null;
}

/** Trees, walked for a whole block of rows once their columns are there. */
export interface Forest {
  readonly statement: Decided;
  readonly decisions: Decisions;
  readonly accumulators: readonly Accumulator[];
  /** Is the outcome itself read, beside the accumulators? */
  readonly stored: boolean;
}

/** Statements computed row by row; then the columns of the forests are filled in; then the forests are walked. */
export interface Stage {
  /** Each in a function of its own, so that none is too long to be optimised. */
  readonly parts: readonly (readonly Statement[])[];
  readonly forests: readonly Forest[];
}

export interface Plan {
  readonly stages: readonly Stage[];
  /** Slots kept for a whole block, since they are read outside the part that fills them. */
  readonly buffered: ReadonlySet<Slot>;
  /** Trees so small that they are written as code, in the part where they stand. */
  readonly branches: ReadonlyMap<Statement, Decisions>;
}

/** A model's trees are written as if/else as long as they have no more tests in all. */
const readable = 64;
/** Expressions a part may hold. */
const partSize = 3000;
/** Accumulators across a vector of at most this many elements. */
const widest = 64;

export const plan = (program: Program): Plan => {
  const decided = new Map<Statement, Decisions>();
  const branches = new Map<Statement, Decisions>();
  let tests = 0;
  for (const s of program.statements) {
    if (s.k !== 'route' && s.k !== 'test') continue;
    const d = decisionsOf(s);
    tests += d.column.length;
    (tests <= readable && isTree(d) ? branches : decided).set(s, d);
  }

  const accumulators = findAccumulators(program, new Set(decided.keys()));

  // The stage of a slot: one after the forests it depends on.
  const level = new Map<Slot, number>(program.inputs.map((s) => [s, 0]));
  const stages: { statements: Statement[]; forests: Forest[] }[] = [];
  const stageAt = (at: number) => {
    while (stages.length <= at) stages.push({ statements: [], forests: [] });
    return stages[at] as { statements: Statement[]; forests: Forest[] };
  };
  stageAt(0);
  for (const s of program.statements) {
    const at = Math.max(0, ...readBy(s).map((slot) => level.get(slot) as number));
    const d = decided.get(s);
    if (d) {
      const found = accumulators.get(s);
      stageAt(at).forests.push({
        statement: s as Decided,
        decisions: d,
        accumulators: found?.list ?? [],
        stored: found?.stored ?? true,
      });
    } else stageAt(at).statements.push(s);
    for (const slot of slotsOf(s)) level.set(slot, d ? at + 1 : at);
  }
  // A statement's level only says what it waits for; the stage after the last forest must exist.
  if (stages.at(-1)?.forests.length) stageAt(stages.length);

  const planned = stages.map(({ statements, forests }) => ({ parts: parts(statements), forests }));
  return { stages: planned, branches, buffered: crossing(program, planned) };
};

/** Slots that a statement reads. */
const readBy = (s: Statement): Slot[] => {
  const found: Slot[] = [];
  const visit = (row: Row): void => {
    if (row.k === 'element') found.push(row.of);
    for (const c of children(row)) visit(c);
  };
  for (const row of rowsOf(s)) visit(row);
  return found;
};

const weight = (row: Row): number => children(row).reduce((sum, c) => sum + weight(c), 1);

const parts = (statements: readonly Statement[]): Statement[][] => {
  const out: Statement[][] = [[]];
  let size = 0;
  for (const s of statements) {
    const own = rowsOf(s).reduce((sum, row) => sum + weight(row), 1);
    if (size > 0 && size + own > partSize) {
      out.push([]);
      size = 0;
    }
    (out.at(-1) as Statement[]).push(s);
    size += own;
  }
  return out;
};

const crossing = (program: Program, stages: readonly Stage[]): Set<Slot> => {
  const buffered = new Set<Slot>([...program.inputs, ...program.outputs.map((o) => o.slot)]);
  const home = new Map<Slot, number>();
  let part = 0;
  for (const stage of stages) {
    const read = (s: Statement): void => {
      for (const slot of readBy(s)) if (home.get(slot) !== part) buffered.add(slot);
    };
    for (const statements of stage.parts) {
      part++;
      for (const s of statements) {
        read(s);
        for (const slot of slotsOf(s)) home.set(slot, part);
      }
    }
    // The columns of the forests are filled in the last part.
    for (const f of stage.forests) {
      read(f.statement);
      for (const slot of slotsOf(f.statement)) buffered.add(slot);
    }
  }
  return buffered;
};

/** No test is reached in two ways. */
const isTree = (d: Decisions): boolean => {
  const seen = new Set<number>();
  for (const s of [...d.roots, ...d.ifTrue, ...d.ifFalse]) {
    if (s >= 0 && seen.has(s)) return false;
    seen.add(s);
  }
  // Under UNKNOWN it may go where one of the others goes, or on its own to an outcome.
  return d.ifUnknown.every((u, n) => u < 0 || u === d.ifTrue[n] || u === d.ifFalse[n]);
};

const findAccumulators = (
  program: Program,
  forests: ReadonlySet<Statement>,
): ReadonlyMap<Statement, { list: Accumulator[]; stored: boolean }> => {
  const of = new Map<Slot, Statement>();
  const result = new Map<Statement, { list: Accumulator[]; stored: boolean }>();
  for (const s of forests) {
    if (s.k !== 'route') continue;
    result.set(s, { list: [], stored: false });
    of.set(s.slot, s);
    // How often UNKNOWN was met is counted only where the counts are kept.
    if (s.unknowns) of.set(s.unknowns, s);
  }
  const stored = (slot: Slot): void => {
    const found = result.get(of.get(slot) as Statement);
    if (found) found.stored = true;
  };
  const visit = (row: Row, across: Accumulator['across']): void => {
    if (row.k === 'fold') {
      const forest = overForest(row, across, of);
      if (forest) {
        result.get(forest)?.list.push({ fold: row, across: mentions(row, across?.loop) ? across : null });
        return;
      }
    }
    if (row.k === 'element') stored(row.of);
    for (const c of children(row)) visit(c, row.k === 'fold' ? null : across);
  };
  for (const s of program.statements) {
    const across = s.k === 'define' && s.slot.size > 1 ? { loop: s.loop, size: s.slot.size } : null;
    for (const row of rowsOf(s)) visit(row, across);
  }
  for (const o of program.outputs) stored(o.slot);
  return result;
};

const mentions = (row: Row, loop: Loop | undefined): boolean =>
  row.k === 'index' ? row.loop === loop : children(row).some((c) => mentions(c, loop));

/** The forest whose trees a fold runs over, reading nothing else of the row. */
const overForest = (
  fold: Fold,
  across: Accumulator['across'],
  forests: ReadonlyMap<Slot, Statement>,
): Statement | null => {
  if (fold.with === 'argmin' || fold.with === 'argmax') return null;
  if (fold.start && fold.start.k !== 'const') return null;
  if (across && across.size > widest) return null;
  let forest: Statement | null = null;
  const fits = (row: Row): boolean => {
    if (row.k === 'fold' || row.k === 'intrinsic') return false;
    if (row.k === 'index') return row.loop === fold.loop || row.loop === across?.loop;
    if (row.k === 'element') {
      const s = forests.get(row.of);
      if (s?.k !== 'route' || row.of !== s.slot || (forest !== null && forest !== s)) return false;
      forest = s;
      return row.index.k === 'index' && row.index.loop === fold.loop && fold.over === row.of.size;
    }
    return children(row).every(fits);
  };
  return fits(fold.body) ? forest : null;
};
