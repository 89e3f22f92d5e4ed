/** A program of the row language as the inner part of a module: buffers for a block of rows, and `score(n)` over them. */
import type { Decisions } from '../../src/kernel/decide.ts';
import {
  children,
  dtypeOf,
  type Loop,
  type Program,
  type Row,
  type Slot,
  type Statement,
} from '../../src/kernel/row.ts';
import type { Data } from '../../src/tensor/data.ts';
import { type Column, isBig } from '../../src/tensor/dtype.ts';
import { nextDown64 } from '../../src/tensor/float.ts';
import { type ForestCode, forestCode, layoutHelper } from './forest.ts';
import { type HelperName, helpers, needs } from './helpers.ts';
import { type Accumulator, type Decided, type Fold, type Forest, type Plan, plan } from './plan.ts';
import { accumulate, arrayOf, type Names, neutral, type Scope, Speller } from './spell.ts';
import { array, decoder, literal, number, quote } from './text.ts';

export interface ProgramCode {
  /** Source of everything from the tables to `score`. */
  readonly source: string;
  /** Name of the buffer of an input or output slot: element e of row i stands at [e * n + i] in a block of n rows. */
  buffer(slot: Slot): string;
  /** Rows in a block. */
  readonly block: number;
}

/** A block's buffers take about this much. */
const memory = 1 << 21;
const largestBlock = 512;

/** Parts of an expression that may be written several times. */
const short = 6;

export const programCode = (program: Program): ProgramCode => new ProgramWriter(program).write();

class ProgramWriter implements Names {
  private readonly program: Program;
  private readonly plan: Plan;
  private readonly block: number;
  private readonly used = new Map<string, number>();
  private readonly helperNames = new Set<HelperName>();
  /** Declarations at the top of the module. */
  private readonly tables: string[] = [];
  private readonly tableNames = new Map<string, string>();
  private readonly indexNames = new Map<string, string>();
  private readonly declarations: string[] = [];
  private readonly functions: string[] = [];
  private readonly slotNames = new Map<Slot, string>();
  private readonly accumulators = new Map<Fold, { name: string; across: Accumulator['across'] }>();

  constructor(program: Program) {
    this.program = program;
    this.plan = plan(program);
    let perRow = 0;
    for (const slot of this.plan.buffered) perRow += 8 * slot.size;
    for (const stage of this.plan.stages) {
      for (const f of stage.forests) perRow += 8 * f.decisions.columns.length;
    }
    const fitting = 8 * Math.floor(memory / Math.max(1, perRow) / 8);
    this.block = Math.min(largestBlock, Math.max(8, fitting));
  }

  fresh(stem: string): string {
    const at = this.used.get(stem) ?? 0;
    this.used.set(stem, at + 1);
    return `${stem}${at}`;
  }

  helper(name: HelperName): string {
    for (const n of needs[name] ?? []) this.helper(n);
    this.helperNames.add(name);
    return name;
  }

  table(data: Data): string {
    return this.once(this.tableNames, data, () => {
      const name = this.fresh('table');
      this.tables.push(`const ${name} = ${this.values(data)};`);
      return name;
    });
  }

  index(data: Data): string {
    return this.once(this.indexNames, data, () => {
      const name = this.fresh('index');
      // Later entries are written first: the first of equal ones stays. NaN, which a Map would find, equals nothing.
      this.tables.push(
        `const ${name} = new Map(Array.from(${this.table(data)}, (key, at) => [key, at]).filter(([key]) => key === key).reverse());`,
      );
      return name;
    });
  }

  private once(names: Map<string, string>, data: Data, make: () => string): string {
    const digest = data.digest();
    const known = names.get(digest);
    if (known) return known;
    const name = make();
    names.set(digest, name);
    return name;
  }

  private values(data: Data): string {
    const all: Column = data.read(0, data.count);
    if (data.dtype === 'string') return `[${(all as string[]).map(quote).join(', ')}]`;
    if (isBig(data.dtype)) {
      return `${arrayOf(data.dtype)}.of(${Array.from(all as BigInt64Array, (x) => literal(x, data.dtype)).join(', ')})`;
    }
    return array(all as ArrayLike<number>, arrayOf(data.dtype));
  }

  /** Declares the slot's memory when it is first named. */
  private slotName(slot: Slot): string {
    const known = this.slotNames.get(slot);
    if (known) return known;
    const buffered = this.plan.buffered.has(slot);
    const name = this.fresh(buffered ? 'block' : slot.size === 1 ? 's' : 'v');
    this.slotNames.set(slot, name);
    if (buffered || slot.size > 1) {
      const count = slot.size * (buffered ? this.block : 1);
      const fill = slot.dtype === 'string' ? '.fill("")' : '';
      this.declarations.push(`const ${name} = new ${arrayOf(slot.dtype)}(${count})${fill};`);
    }
    return name;
  }

  private place(slot: Slot, index: string): string {
    const name = this.slotName(slot);
    if (!this.plan.buffered.has(slot)) return slot.size === 1 ? name : `${name}[${index}]`;
    return `${name}[${inBlock(index, slot.size, 'i')}]`;
  }

  private readonly scope: Scope = {
    element: (slot, index) => this.place(slot, index),
    fold: (fold) => {
      const a = this.accumulators.get(fold);
      if (!a) return undefined;
      return `${a.name}[${a.across ? inBlock(this.loops.get(a.across.loop) as string, a.across.size, 'i') : 'i'}]`;
    },
  };

  private loops = new Map<Loop, string>();

  write(): ProgramCode {
    for (const slot of this.program.inputs) this.slotName(slot);
    const calls: string[] = [];
    for (const stage of this.plan.stages) {
      const forests = stage.forests.map((f) => this.forest(f));
      stage.parts.forEach((statements, at) => {
        const last = at === stage.parts.length - 1;
        const lines = this.part(statements, last ? forests : []);
        if (lines.length === 0) return;
        const name = this.fresh('part');
        this.functions.push(
          `const ${name} = (n) => {`,
          '  for (let i = 0; i < n; i++) {',
          ...lines,
          '  }',
          '};',
        );
        calls.push(`${name}(n);`);
      });
      for (const f of forests) calls.push(f.code.call);
    }
    for (const { slot } of this.program.outputs) this.slotName(slot);
    const text = [...this.tables, ...this.functions].join('\n');
    const source = [
      ...(text.includes('decode(') ? [decoder] : []),
      ...[...this.helperNames].sort().map((name) => helpers[name]),
      ...(text.includes('layout(') ? [layoutHelper] : []),
      ...this.tables,
      ...this.declarations,
      ...this.functions,
      'const score = (n) => {',
      ...calls.map((c) => `  ${c}`),
      '};',
    ].join('\n');
    return { source, block: this.block, buffer: (slot) => this.slotName(slot) };
  }

  /** One function: statements, then the columns that forests test. */
  private part(
    statements: readonly Statement[],
    forests: readonly { forest: Forest; id: number }[],
  ): string[] {
    this.loops = new Map();
    const s = new Speller(this, this.scope, '    ', this.loops);
    for (const statement of statements) this.statement(statement, s);
    for (const { forest, id } of forests) this.columns(forest.decisions, id, s);
    return s.lines;
  }

  private statement(statement: Statement, s: Speller): void {
    switch (statement.k) {
      case 'define': {
        const { slot, loop, body } = statement;
        if (slot.size === 1) {
          this.loops.set(loop, '0');
          this.assign(slot, '0', body, s);
        } else s.loop(loop, slot.size, (j) => this.assign(slot, j, body, s));
        return;
      }
      case 'elements':
        statement.bodies.forEach((body, e) => {
          this.assign(statement.slot, String(e), body, s);
        });
        return;
      default:
        this.branches(statement, this.plan.branches.get(statement) as Decisions, s);
    }
  }

  private assign(slot: Slot, index: string, body: Row, s: Speller): void {
    const code = s.expression(body);
    const declare = slot.size === 1 && !this.plan.buffered.has(slot) ? 'const ' : '';
    s.line(`${declare}${this.place(slot, index)} = ${code};`);
  }

  /** Small trees as if and else. */
  private branches(statement: Decided, d: Decisions, s: Speller): void {
    const columns = d.columns.map(({ value, set }) => {
      const name = this.fresh('x');
      const declare = (): void => s.line(`const ${name} = ${this.column(s.expression(value), set)};`);
      // One tree asks a row for a few of its columns only: what is short is declared where it is first asked for.
      const late = d.roots.length === 1 && size(value) <= short;
      if (!late) declare();
      return { name, declare, late, number: neverNaN(value) };
    });
    const slots: [Slot, Slot | null] =
      statement.k === 'route' ? [statement.slot, statement.unknowns] : [statement.truth, statement.unknown];
    for (const slot of slots) {
      if (slot && slot.size === 1 && !this.plan.buffered.has(slot)) s.line(`let ${this.slotName(slot)};`);
    }
    d.roots.forEach((root, t) => {
      const reached = (outcome: number): void => {
        const results =
          statement.k === 'route'
            ? [number(outcome)]
            : [outcome % 3 === 1, outcome % 3 === 2].map((b) => (b ? '1' : '0'));
        results.forEach((code, k) => {
          s.line(`${this.place(slots[k] as Slot, String(t))} = ${code};`);
        });
      };
      const counts = statement.k === 'route' ? statement.unknowns : null;
      if (counts) s.line(`${this.place(counts, String(t))} = 0;`);
      const go = (at: number, known: ReadonlySet<number>, before: ReadonlySet<number>): void => {
        if (at < 0) {
          reached(~at);
          return;
        }
        const c = d.column[at] as number;
        const { name, declare, late, number: always } = columns[c] as (typeof columns)[number];
        if (late && !before.has(c)) declare();
        const declared = new Set([...before, c]);
        const value = d.value[at] as number;
        const way = (bit: number, to: number, present: boolean) => {
          if (counts && (d.met[at] as number) & bit) s.line(`${this.place(counts, String(t))} += 1;`);
          go(to, present ? new Set([...known, c]) : known, declared);
        };
        const [yes, no, unknown] = [d.ifTrue[at], d.ifFalse[at], d.ifUnknown[at]] as [number, number, number];
        const present = always || known.has(c);
        const met = d.met[at] as number;
        /** Comparisons with NaN are false: which of the two ways may UNKNOWN take with the others? */
        const like = (to: number, bit: number) => unknown === to && ((met & bit) === 0) === ((met & 4) === 0);
        const decide = (present: boolean, condition: string): void => {
          // Asks of presence only.
          if (value === -Infinity) {
            way(2, no, present);
            return;
          }
          s.block(`if (${condition})`, () => way(1, yes, present));
          s.block('else', () => way(2, no, present));
        };
        // x < value is x <= the double below: what the source said is the shorter of the two.
        const below = nextDown64(value);
        const strict = number(value).length <= number(below).length;
        const less = strict ? `${name} < ${number(value)}` : `${name} <= ${number(below)}`;
        const notLess = strict ? `${name} >= ${number(value)}` : `${name} > ${number(below)}`;
        if (present || like(no, 2)) decide(present, less);
        else if (like(yes, 1) && value !== -Infinity) decide(false, `!(${notLess})`);
        else {
          s.block(`if (${name} !== ${name})`, () => way(4, unknown, false));
          s.block('else', () => decide(true, less));
        }
      };
      go(root, new Set(), new Set());
    });
  }

  /** A column's code from the code of its value. */
  private column(value: string, set: Uint8Array | null): string {
    if (set === null) return value;
    const members = [...set.keys()].filter((k) => set[k] === 1);
    const inside =
      members.length <= 3
        ? members.map((m) => `${value} === ${m}`).join(' || ') || 'false'
        : `${this.bits(set)}[${value}] === 1`;
    return `${value} !== ${value} ? NaN : ${inside} ? 0 : 1`;
  }

  private bits(set: Uint8Array): string {
    const name = this.fresh('set');
    this.tables.push(`const ${name} = ${array(set, 'Uint8Array')};`);
    return name;
  }

  /** Fills in the columns that a forest tests, for row i. */
  private columns(d: Decisions, id: number, s: Speller): void {
    const width = d.columns.length;
    if (width === 0) return;
    const base = this.fresh('o');
    s.line(`const ${base} = i * ${width};`);
    for (let c = 0; c < width; ) {
      const { value, set } = d.columns[c] as Decisions['columns'][number];
      const code = s.expression(value);
      if (set === null) {
        s.line(`cells${id}[${base} + ${c}] = ${code};`);
        c++;
        continue;
      }
      // All sets over one code: a table of bits, set after set.
      let end = c;
      while (end < width && d.columns[end]?.value === value) end++;
      const sets = d.columns.slice(c, end).map((x) => x.set as Uint8Array);
      const outside = Uint8Array.from(sets.flatMap((x) => [...x].map((bit) => 1 - bit)));
      const table = this.bits(outside);
      const k = this.fresh('k');
      const first = c;
      s.line(`const ${k} = ${code};`);
      s.block(`for (let j = 0; j < ${sets.length}; j++)`, () => {
        s.line(
          `cells${id}[${base} + ${first} + j] = ${k} !== ${k} ? NaN : ${table}[j * ${set.length} + ${k}];`,
        );
      });
      c = end;
    }
  }

  private forests = 0;

  private forest(forest: Forest): { forest: Forest; id: number; code: ForestCode } {
    const id = this.forests++;
    const d = forest.decisions;
    this.declarations.push(`const cells${id} = new Float64Array(${this.block * d.columns.length});`);
    const { statement } = forest;
    const start: string[] = [];
    const visits: ((outcome: string, met: string, row: string) => string[])[] = [];
    if (statement.k === 'test') {
      visits.push((o, _, row) => [
        `${this.slotName(statement.truth)}[${inBlock('t', d.roots.length, row)}] = ${o} - 3 * t === 1 ? 1 : 0;`,
        `${this.slotName(statement.unknown)}[${inBlock('t', d.roots.length, row)}] = ${o} - 3 * t === 2 ? 1 : 0;`,
      ]);
    } else {
      if (forest.stored) {
        visits.push((o, _, row) => [
          `${this.slotName(statement.slot)}[${inBlock('t', d.roots.length, row)}] = ${o};`,
        ]);
      }
      const { unknowns } = statement;
      if (unknowns) {
        visits.push((_, met, row) => [
          `${this.slotName(unknowns)}[${inBlock('t', d.roots.length, row)}] = ${met};`,
        ]);
      }
      for (const a of forest.accumulators) {
        if (!this.accumulators.has(a.fold)) visits.push(this.accumulator(a, statement, start));
      }
    }
    const code = forestCode(forest, id, (o, met, row) => visits.flatMap((v) => v(o, met, row)));
    this.functions.push(...code.lines);
    if (start.length === 0) return { forest, id, code };
    return { forest, id, code: { ...code, call: `${start.join(' ')} ${code.call}` } };
  }

  /** Memory of a fold done while trees are walked, what it begins with, and the step for one outcome. */
  private accumulator(
    { fold, across }: Accumulator,
    statement: Extract<Decided, { k: 'route' }>,
    start: string[],
  ): (outcome: string, met: string, row: string) => string[] {
    const name = this.fresh('sum');
    this.accumulators.set(fold, { name, across });
    const size = across?.size ?? 1;
    this.declarations.push(`const ${name} = new ${arrayOf(fold.dtype)}(${this.block * size});`);
    const first = fold.start?.k === 'const' ? literal(fold.start.value, fold.start.dtype) : neutral(fold);
    start.push(`${name}.fill(${first}, 0, ${size === 1 ? 'n' : `${size} * n`});`);
    return (outcome, _, row) => {
      const loops = new Map<Loop, string>([[fold.loop, 't']]);
      if (across) loops.set(across.loop, 'c');
      const s = new Speller(
        this,
        { element: (slot) => (slot === statement.slot ? `(${outcome})` : ''), fold: () => undefined },
        across ? '  ' : '',
        loops,
      );
      const code = s.expression(fold.body);
      const target = `${name}[${across ? inBlock('c', size, row) : row}]`;
      s.line(`${target} = ${accumulate(fold, target, code, this)};`);
      return across ? [`for (let c = 0; c < ${size}; c++) {`, ...s.lines, '}'] : s.lines;
    };
  }
}

/** Where element `index` of a row stands in a block: all rows of one element lie together. */
const inBlock = (index: string, size: number, row: string): string => {
  if (size === 1 || index === '0') return row;
  return `${index === '1' ? 'n' : `${/^\w+$/.test(index) ? index : `(${index})`} * n`} + ${row}`;
};

/** How many parts an expression has. */
const size = (row: Row): number => children(row).reduce((n, r) => n + size(r), 1);

/** Can the column never be NaN? */
const neverNaN = (row: Row): boolean => {
  if (row.k === 'const') return !Number.isNaN(row.value);
  if (row.k === 'choose') return [...row.then, row.otherwise].every(neverNaN);
  if (row.k !== 'apply' || row.fn !== 'cast') return false;
  const from = dtypeOf(row.args[0] as Row);
  return from !== 'float64' && from !== 'float32' && from !== 'string';
};
