/** Runs programs of the row language plainly, row by row: what targets are held against. Slow on purpose. */
import { ABSENT, FALSE, KIND, nearZero, type Predicates, TRUE, UNKNOWN } from '../ir/predicates.ts';
import type { Data } from '../tensor/data.ts';
import { type Column, column as columnOf, type DType, isBig } from '../tensor/dtype.ts';
import { rounder } from '../tensor/float.ts';
import { functionOf, type Scalar, scalarOf } from './functions.ts';
import {
  dtypeOf,
  type Loop,
  type Program,
  type Row,
  type Slot,
  type Statement,
  type TestedColumn,
} from './row.ts';

/** Values of the slots and loop variables of one row. */
export interface Frame {
  readonly slots: Map<Slot, Scalar[]>;
  readonly loops: Map<Loop, number>;
}

/**
 * Runs `program` on `rows` rows. `inputs` by slot name, row after row (`size` elements each); the outputs alike.
 * Bools are 0 and 1.
 */
export const run = (
  program: Program,
  inputs: ReadonlyMap<string, Column>,
  rows: number,
): ReadonlyMap<string, Column> => {
  const outputs = new Map(
    program.outputs.map((o) => [o.name, columnOf(o.slot.dtype, rows * o.slot.size)] as const),
  );
  for (let r = 0; r < rows; r++) {
    const frame: Frame = { slots: new Map(), loops: new Map() };
    for (const slot of program.inputs) {
      const all = inputs.get(slot.name);
      if (!all) throw new Error(`no column for the input '${slot.name}'`);
      const own: Scalar[] = [];
      for (let i = 0; i < slot.size; i++) own.push(all[r * slot.size + i] as Scalar);
      frame.slots.set(slot, own);
    }
    for (const s of program.statements) execute(s, frame);
    for (const { name, slot } of program.outputs) {
      const out = outputs.get(name) as Scalar[] & Column;
      const own = frame.slots.get(slot) as Scalar[];
      for (let i = 0; i < slot.size; i++) out[r * slot.size + i] = own[i] as never;
    }
  }
  return outputs;
};

const execute = (s: Statement, frame: Frame): void => {
  switch (s.k) {
    case 'define': {
      const out: Scalar[] = [];
      for (let i = 0; i < s.slot.size; i++) {
        frame.loops.set(s.loop, i);
        out.push(value(s.body, frame));
      }
      frame.slots.set(s.slot, out);
      return;
    }
    case 'elements':
      frame.slots.set(
        s.slot,
        s.bodies.map((b) => value(b, frame)),
      );
      return;
    case 'test': {
      const columns = s.columns.map((c) => tested(c, frame));
      const results = s.rows.map((p) => truth(s.predicates, p, columns));
      frame.slots.set(
        s.truth,
        results.map((t) => (t === TRUE ? 1 : 0)),
      );
      frame.slots.set(
        s.unknown,
        results.map((t) => (t === UNKNOWN ? 1 : 0)),
      );
      return;
    }
    case 'route': {
      const columns = s.columns.map((c) => tested(c, frame));
      const { trees } = s;
      const reached: number[] = [];
      const met: number[] = [];
      for (const root of trees.roots) {
        let at = root;
        let unknowns = 0;
        while (at >= 0) {
          const t = truth(s.predicates, trees.test[at] as number, columns);
          if (t === UNKNOWN) unknowns++;
          at = (t === TRUE ? trees.ifTrue : t === FALSE ? trees.ifFalse : trees.ifUnknown)[at] as number;
        }
        reached.push(~at);
        met.push(unknowns);
      }
      frame.slots.set(s.slot, reached);
      if (s.unknowns) frame.slots.set(s.unknowns, met);
    }
  }
};

/** A column under test: null is missing. */
interface Tested {
  readonly value: Scalar | null;
  readonly dtype: DType;
}

const tested = (c: TestedColumn, frame: Frame): Tested => ({
  dtype: c.dtype,
  value: c.missing && value(c.missing, frame) !== 0 ? null : value(c.value, frame),
});

const truth = (p: Predicates, row: number, columns: readonly Tested[]): number => {
  const kind = p.kind[row] as number;
  const from = p.from[row] as number;
  const to = p.to[row] as number;
  const args = () => [...p.args.subarray(from, to)].map((a) => truth(p, a, columns));
  switch (kind) {
    case KIND.true:
      return TRUE;
    case KIND.false:
      return FALSE;
    case KIND.and: {
      const all = args();
      return all.includes(FALSE) ? FALSE : all.includes(UNKNOWN) ? UNKNOWN : TRUE;
    }
    case KIND.or: {
      const all = args();
      return all.includes(TRUE) ? TRUE : all.includes(UNKNOWN) ? UNKNOWN : FALSE;
    }
    case KIND.xor: {
      const all = args();
      return all.includes(UNKNOWN) ? UNKNOWN : all.filter((t) => t === TRUE).length % 2 === 1 ? TRUE : FALSE;
    }
    case KIND.surrogate:
      return args().find((t) => t !== UNKNOWN) ?? UNKNOWN;
  }
  const column = columns[p.column[row] as number] as Tested;
  const x = absent(column.value, p.absent[row] as number);
  if (kind === KIND.isMissing) return x === null ? TRUE : FALSE;
  if (kind === KIND.isNotMissing) return x === null ? FALSE : TRUE;
  if (x === null) return UNKNOWN;
  const round = rounder(column.dtype);
  const literal = (at: number): Scalar =>
    typeof x === 'string' ? (p.strings[at] as string) : round(Number(p.numbers.read(at, at + 1)[0]));
  // int64 columns compare with whole literals as numbers: exact up to 2^53.
  const a = typeof x === 'bigint' ? Number(x) : x;
  if (kind === KIND.in || kind === KIND.notIn) {
    const inside = [...p.members.subarray(from, to)].some((m) => literal(m) === a);
    return inside === (kind === KIND.in) ? TRUE : FALSE;
  }
  const b = literal(p.literal[row] as number);
  const holds =
    kind === KIND.lt
      ? a < b
      : kind === KIND.le
        ? a <= b
        : kind === KIND.gt
          ? a > b
          : kind === KIND.ge
            ? a >= b
            : kind === KIND.eq
              ? a === b
              : a !== b;
  return holds ? TRUE : FALSE;
};

/** The column as the test sees it: see ABSENT. */
const absent = (x: Scalar | null, bits: number): Scalar | null => {
  const nothing = x === null || Number.isNaN(x);
  if (bits & ABSENT.asZero) return nothing ? 0 : x;
  if (bits & ABSENT.nan && nothing) return null;
  if (bits & ABSENT.zero && typeof x !== 'string' && Math.abs(Number(x)) <= nearZero && x !== null)
    return null;
  return x;
};

/** What an expression gives in one row. */
export const value = (row: Row, frame: Frame): Scalar => {
  switch (row.k) {
    case 'const':
      return scalarOf(row);
    case 'element':
      return need(frame.slots.get(row.of)?.[Number(value(row.index, frame))], row.of.name);
    case 'index':
      return need(frame.loops.get(row.loop), 'loop');
    case 'apply':
      return functionOf(row.fn, row.dtype, dtypeOf(row.args[0] as Row))(row.args.map((a) => value(a, frame)));
    case 'choose': {
      const at = row.when.findIndex((w) => value(w, frame) !== 0);
      return value(at < 0 ? row.otherwise : (row.then[at] as Row), frame);
    }
    case 'at':
      return entry(row.table, Number(value(row.key, frame)));
    case 'find':
      return indexIn(row.table, value(row.key, frame));
    case 'fold':
      return fold(row, frame);
    case 'intrinsic':
      throw new Error(`the interpreter has no intrinsic ${row.name}`);
  }
};

const need = <T>(x: T | undefined, name: string): T => {
  if (x === undefined) throw new Error(`'${name}' is read before it is defined, or outside its range`);
  return x;
};

const entry = (table: Data, key: number): Scalar => need(table.read(key, key + 1)[0], `table at ${key}`);

const indexIn = (table: Data, key: Scalar): number => {
  const all = table.read(0, table.count);
  for (let i = 0; i < all.length; i++) {
    const x = all[i] as Scalar;
    if (x === key || (isBig(table.dtype) && BigInt(key) === x)) return i;
  }
  return -1;
};

const fold = (row: Extract<Row, { k: 'fold' }>, frame: Frame): Scalar => {
  const bodies: Scalar[] = [];
  for (let i = 0; i < row.over; i++) {
    frame.loops.set(row.loop, i);
    bodies.push(value(row.body, frame));
  }
  const body = dtypeOf(row.body);
  switch (row.with) {
    case 'argmin':
    case 'argmax': {
      let best = 0;
      bodies.forEach((x, i) => {
        const b = bodies[best] as Scalar;
        if ((row.with === 'argmax' ? x > b : x < b) || (row.last && x === b)) best = i;
      });
      return isBig(row.dtype) ? BigInt(best) : best;
    }
    case 'any':
      return bodies.some((x) => x !== 0) ? 1 : 0;
    case 'all':
      return bodies.every((x) => x !== 0) ? 1 : 0;
    default: {
      const fn = ({ sum: 'add', product: 'mul', min: 'min', max: 'max' } as const)[row.with];
      const step = functionOf(fn, row.dtype, body);
      const first = row.start ? value(row.start, frame) : need(bodies.shift(), 'fold over nothing');
      return bodies.reduce((acc, x) => step([acc, x]), first);
    }
  }
};
