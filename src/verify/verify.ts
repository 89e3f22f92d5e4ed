/**
 * Holds two sides against each other: boundary rows, sampled rows, the user's own. What is found, and what was not
 * looked at, is plain data.
 */

import { sliceRows } from '../evaluate/blocks.ts';
import type { Scorer } from '../ir/converter.ts';
import { type Diagnostics, fail } from '../ir/diagnostic.ts';
import type { Field, Model } from '../ir/model.ts';
import { expand } from '../passes/expand.ts';
import { machines } from '../passes/machines.ts';
import { bind } from '../rows/bind.ts';
import { spell } from '../rows/cell.ts';
import type { Cell, Table } from '../rows/table.ts';
import { countOf, type Tensor, tensor } from '../tensor/tensor.ts';
import { allowanceInWords, errorBounds, type Inexact, inexactWays, tiedRows } from './bounds.ts';
import { Comparison, type Doubt, pairOf, type Tolerance, toleranceInWords } from './compare.ts';
import { CoverageMeter } from './coverage.ts';
import { allValues, type Fed, firstDivergence } from './diverge.ts';
import { type InputOptions, type Inputs, inputsFor } from './inputs.ts';
import { feed, type Matched, match } from './interface.ts';
import type { Limits, Taken } from './probe.ts';
import { command, rowCells } from './reproduce.ts';
import type { Verification, WorstRow } from './result.ts';
import { concatRows } from './rowset.ts';
import type { Predictions } from './scorers.ts';

export interface VerifyOptions extends Tolerance, Omit<InputOptions, keyof Taken> {
  /** From a name on one side to the name on the other. */
  readonly map?: ReadonlyMap<string, string>;
  /** What the sides are called: file names without folders. */
  readonly names?: { readonly a: string; readonly b: string };
  readonly sha256?: { readonly a?: string; readonly b?: string };
  /** Only the user's rows: what a predictions file can answer for. */
  readonly onlyGiven?: boolean;
  readonly notes?: Diagnostics;
  readonly progress?: (done: number, all: number) => void;
}

export interface Sides {
  readonly a: Scorer;
  readonly b: Scorer;
  /** The graph behind side a: what rows are directed by, and errors bounded by. */
  readonly model: Model;
  readonly table?: Table;
}

/** The second side could not be run here. */
export const notExecuted = (
  a: Scorer,
  name: { readonly a: string; readonly b: string },
  runtime: string,
  why: string,
  seed = 1,
): Verification => ({
  a: { name: name.a, runtime: a.runtime },
  b: { name: name.b, runtime },
  executed: false,
  why,
  equivalent: false,
  rows: { boundary: 0, sampled: 0, given: 0 },
  seed,
  columns: [],
  unmatched: [],
  worst: null,
  divergence: null,
  coverage: null,
  unchecked: ['everything: the artifact was not run'],
});

/** The second side wants inputs that the first has not: there is nothing to run it on, and that is the finding. */
const otherInterface = (
  a: Scorer,
  b: Scorer,
  { unmatched }: Matched,
  name: { readonly a: string; readonly b: string },
  seed: number,
): Verification => ({
  a: { name: name.a, runtime: a.runtime },
  b: { name: name.b, runtime: b.runtime },
  executed: true,
  equivalent: false,
  rows: { boundary: 0, sampled: 0, given: 0 },
  seed,
  columns: [],
  unmatched,
  worst: null,
  divergence: null,
  coverage: null,
  unchecked: ['everything: the second side takes other inputs'],
});

const isPredictions = (s: Scorer): s is Predictions => 'slack' in s;

/** Rows given to a side at once, after some single rows and one large batch: the evaluator's own block. */
const chunk = 2048;
const singles = 5;
const large = 10_000;

export const verifyScorers = async (
  { a, b, model, table }: Sides,
  options: VerifyOptions = {},
): Promise<Verification> => {
  const { names = { a: model.name || 'model', b: b.runtime }, seed = 1 } = options;
  const onlyGiven = options.onlyGiven ?? isPredictions(b);
  const whole = match(a.fields, b.fields, options.map);
  // A predictions file holds what somebody wrote down: it has no inputs, and need not have every output.
  const matched = isPredictions(b) ? { ...whole, unmatched: [] } : whole;
  if (isPredictions(b) && matched.outputs.length === 0) {
    const outputs = a.fields.filter((f) => f.role === 'output').map((f) => `'${f.name}'`);
    fail(
      'verify/no-predictions',
      `'${names.b}' has none of the model's outputs: ${outputs.join(', ')}`,
      undefined,
      'say which column is which with --map output=column',
    );
  }
  const starved = b.fields.some((f) => f.role === 'input' && !matched.inputs.some((p) => p.b === f));
  if (starved && !isPredictions(b)) return otherInterface(a, b, matched, names, seed);
  const narrow = narrowInputs(matched);
  const limits = limitsOf(matched);
  const inputs = onlyGiven
    ? { tensors: new Map<string, Tensor>(), boundary: 0, sampled: 0, plan: null }
    : inputsFor(model, { ...options, narrow, limits });
  const given = table ? rounded(bind(table, model.fields, options.notes), matched, narrow) : undefined;
  if (onlyGiven && !given) {
    fail('verify/no-rows', 'there are no rows to compare on', undefined, 'give the rows with --data');
  }
  if (isPredictions(b) && table && b.rows !== table.rows) {
    fail(
      'verify/predictions-rows',
      `there are ${b.rows} predictions for ${table.rows} rows`,
      { file: table.file, at: '' },
      'give the very rows that the predictions were made for with --data',
    );
  }
  const tensors = given
    ? concatRows(inputs.boundary + inputs.sampled > 0 ? [inputs.tensors, given] : [given])
    : inputs.tensors;
  const run = new Run(a, b, model, matched, inputs, tensors, options);
  await run.all(onlyGiven);
  const rows = { boundary: inputs.boundary, sampled: inputs.sampled, given: table?.rows ?? 0 };
  const figures = run.meter?.figures();
  const worst = await run.worst(rows, names.a);
  const columns = run.columns();
  const equivalent =
    matched.unmatched.length === 0 &&
    run.rows > 0 &&
    columns.length > 0 &&
    columns.every((c) => c.different === 0);
  return {
    a: { name: names.a, runtime: a.runtime, ...(options.sha256?.a && { sha256: options.sha256.a }) },
    b: { name: names.b, runtime: b.runtime, ...(options.sha256?.b && { sha256: options.sha256.b }) },
    executed: true,
    equivalent,
    rows,
    seed,
    columns,
    unmatched: matched.unmatched,
    worst: worst?.row ?? null,
    divergence: worst?.divergence ?? null,
    coverage: figures?.coverage ?? null,
    unchecked: [
      ...(figures?.unchecked ?? []),
      ...(isPredictions(b) ? notHeld(whole, a.fields) : []),
      ...unchecked(inputs, onlyGiven, narrow, limits, b),
    ],
  };
};

const unchecked = (
  inputs: Inputs,
  onlyGiven: boolean,
  narrow: ReadonlySet<string>,
  limits: ReadonlyMap<string, Limits>,
  b: Scorer,
): string[] => {
  const out: string[] = [];
  if (onlyGiven) out.push('rows other than those given: a predictions file answers for its own rows alone');
  else if (!inputs.plan) {
    out.push(
      'decision boundaries: the inputs are whole tensors (random ones were tried: zeros, ones, large, small, normal, uniform)',
    );
  }
  if (narrow.size > 0)
    out.push(
      'inputs that are no float32 numbers: the artifact takes float32, and rows were rounded to it first',
    );
  if (limits.size > 0 && !onlyGiven) out.push(inWords(limits));
  if (!isPredictions(b)) out.push('more than one thread', 'GPUs and other processors than this one');
  return out;
};

/** Outputs that a predictions file does not hold. */
const notHeld = ({ outputs }: Matched, fields: readonly Field[]): string[] => {
  const held = new Set(outputs.map((p) => p.a));
  const names = fields.filter((f) => f.role === 'output' && !held.has(f)).map((f) => `'${f.name}'`);
  return names.length > 0 ? [`outputs that the file does not hold: ${names.join(', ')}`] : [];
};

/** Fields that are float64 on side a and float32 on side b. */
const narrowInputs = ({ inputs }: Matched): Set<string> => {
  const dtype = ({ value: { type } }: Field) => (type.kind === 'tensor' ? type.dtype : undefined);
  return new Set(
    inputs.filter(({ a, b }) => dtype(a) === 'float64' && dtype(b) === 'float32').map(({ a }) => a.name),
  );
};

/** Fields of which the second side refuses values that the first takes. */
const limitsOf = ({ inputs }: Matched): Map<string, Limits> => {
  const found = new Map<string, Limits>();
  for (const { a, b } of inputs) {
    const present = (b.demands?.present ?? false) && !a.demands?.present;
    const valid = (b.demands?.valid ?? false) && !a.demands?.valid && (b.intervals?.length ?? 0) > 0;
    if (present || valid) found.set(a.name, { present, intervals: valid ? (b.intervals ?? null) : null });
  }
  return found;
};

const inWords = (limits: ReadonlyMap<string, Limits>): string => {
  const named = (which: (l: Limits) => boolean) =>
    [...limits].filter(([, l]) => which(l)).map(([name]) => `'${name}'`);
  const some = (names: readonly string[]) =>
    names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  const parts = [
    [named((l) => l.present), 'missing values of'] as const,
    [named((l) => l.intervals !== null), 'values out of range (infinite ones) of'] as const,
  ];
  const said = parts.filter(([names]) => names.length > 0).map(([names, what]) => `${what} ${some(names)}`);
  return `${said.join(', ')}: the second side gives no result for them`;
};

/** The user's rows as the narrower side sees them. */
const rounded = (
  tensors: ReadonlyMap<string, Tensor>,
  { inputs }: Matched,
  narrow: ReadonlySet<string>,
): ReadonlyMap<string, Tensor> => {
  if (narrow.size === 0) return tensors;
  const out = new Map(tensors);
  for (const { a } of inputs) {
    const t = out.get(a.value.name);
    if (!narrow.has(a.name) || t?.dtype !== 'float64') continue;
    out.set(
      a.value.name,
      tensor('float64', t.dims, Float64Array.from(t.data as Float64Array, Math.fround), t.missing),
    );
  }
  return out;
};

/** One comparison under way. */
class Run {
  readonly meter: CoverageMeter | null;
  rows = 0;
  private readonly a: Scorer;
  private readonly b: Scorer;
  private readonly expanded: Model;
  private readonly matched: Matched;
  private readonly tensors: ReadonlyMap<string, Tensor>;
  private readonly options: VerifyOptions;
  private readonly ways: ReadonlyMap<string, Inexact>;
  private comparisons: Comparison[] | undefined;
  /** Rows on which the sides agree. */
  private calm: Fed | null = null;
  constructor(
    a: Scorer,
    b: Scorer,
    model: Model,
    matched: Matched,
    inputs: Inputs,
    tensors: ReadonlyMap<string, Tensor>,
    options: VerifyOptions,
  ) {
    this.a = a;
    this.b = b;
    this.expanded = machines(expand(model), 'float32');
    this.matched = matched;
    this.tensors = tensors;
    this.options = options;
    this.meter = inputs.plan ? new CoverageMeter(inputs.plan) : null;
    this.ways = new Map([...inexactWays(this.expanded.graph)].map(([v, w]) => [v.name, w]));
    const [first] = tensors.values();
    this.rows = model.rows === null ? 1 : (first?.dims[0] ?? 0);
  }

  /** All rows: some alone, some in one large batch, the rest in chunks; at once where only a whole can be answered. */
  async all(atOnce: boolean): Promise<void> {
    let from = 0;
    while (from < this.rows) {
      const size = atOnce ? this.rows : from < singles ? 1 : from === singles ? large : chunk;
      const to = Math.min(this.rows, from + size);
      await this.part(from, to);
      from = to;
      this.options.progress?.(from, this.rows);
    }
  }

  private slice(from: number, to: number): Map<string, Tensor> {
    if (this.expanded.rows === null) return new Map(this.tensors);
    return new Map([...this.tensors].map(([name, t]) => [name, sliceRows(t, from, to)]));
  }

  private async part(from: number, to: number): Promise<void> {
    const inputs = this.slice(from, to);
    const fed = feed(inputs, this.matched.inputs);
    const outA = await this.a.run(inputs, this.meter?.watch);
    const outB = await this.b.run(fed);
    const before = this.different;
    this.meter?.add(inputs, outA, from, to - from);
    this.comparisons ??= this.pairs(outA, outB);
    const doubts: { comparison: Comparison; doubts: Doubt[] }[] = [];
    for (const c of this.comparisons) {
      const ta = outA.get(c.pair.a.field.value.name);
      const tb = outB.get(c.pair.b.field.value.name);
      if (!ta || !tb) {
        fail(
          'verify/missing-output',
          `'${c.pair.column}' was not computed by ${ta ? this.b.runtime : this.a.runtime}`,
        );
        continue;
      }
      const found = c.add(ta, tb, from, this.quick(c));
      if (found.length > 0) doubts.push({ comparison: c, doubts: found });
    }
    if (doubts.length > 0) this.decide(inputs, from, doubts);
    if (this.different === before && to - from <= chunk) this.calm = { a: inputs, b: fed };
  }

  private get different(): number {
    return (this.comparisons ?? []).reduce((n, c) => n + c.different, 0);
  }

  private pairs(outA: ReadonlyMap<string, Tensor>, outB: ReadonlyMap<string, Tensor>): Comparison[] {
    const edge = this.a.runtime !== 'reference' || this.b.runtime !== 'reference';
    return this.matched.outputs.flatMap(({ a, b }) => {
      const width = (t: Tensor | undefined) => (t ? countOf(t.dims.slice(1)) : 1);
      const wa = a.column === undefined ? width(outA.get(a.value.name)) : 1;
      const wb = b.column === undefined ? width(outB.get(b.value.name)) : 1;
      if (wa !== wb) {
        fail(
          'verify/output-width',
          `'${a.name}' has ${wa} elements a row on the first side and ${wb} on the second`,
        );
      }
      if (wa > 64)
        return [new Comparison(pairOf(a.name, { field: a, element: -1 }, { field: b, element: -1 }, edge))];
      return Array.from({ length: wa }, (_, j) => {
        const side = (f: Field) => ({ field: f, element: f.column ?? j });
        return new Comparison(pairOf(wa === 1 ? a.name : `${a.name}_${j}`, side(a), side(b), edge));
      });
    });
  }

  /** Does the other side compute in float32 what the model computes in float64? */
  private get narrowed(): boolean {
    return (this.comparisons ?? []).some((c) => this.isNarrowed(c));
  }

  private isNarrowed(c: Comparison): boolean {
    const { type } = c.pair.a.field.value;
    return (
      c.pair.kind === 'number' &&
      c.pair.dtype === 'float32' &&
      type.kind === 'tensor' &&
      type.dtype === 'float64'
    );
  }

  /** What is allowed without a closer look. */
  private quick(c: Comparison): (ulp: number, a: number, b: number, row: number) => boolean {
    const { rtol, atol, ulp: most } = this.options;
    if (rtol !== undefined || atol !== undefined || most !== undefined) {
      return (ulp, a, b) =>
        ((rtol !== undefined || atol !== undefined) &&
          Math.abs(a - b) <= (atol ?? 0) + (rtol ?? 0) * Math.abs(a)) ||
        (most !== undefined && ulp <= most);
    }
    const { b } = this;
    if (isPredictions(b)) {
      return (_, x, y, row) => Math.abs(x - y) <= b.slack(c.pair.b.field.name, row) + 1e-12 * Math.abs(x);
    }
    let functions = 0;
    for (const k of this.ways.get(c.pair.a.field.value.name)?.functions.values() ?? []) functions += k;
    return (ulp) => ulp <= 4 * functions;
  }

  /** Differences beyond the first look, held against the bound of their own row. */
  private decide(
    inputs: ReadonlyMap<string, Tensor>,
    from: number,
    parts: readonly { comparison: Comparison; doubts: readonly Doubt[] }[],
  ): void {
    const { rtol, atol, ulp } = this.options;
    const fixed = rtol !== undefined || atol !== undefined || ulp !== undefined || isPredictions(this.b);
    const rows = new Map<number, number>();
    for (const { comparison, doubts } of parts) {
      const bounded =
        !fixed && (this.isNarrowed(comparison) || this.ways.has(comparison.pair.a.field.value.name));
      for (const d of doubts) if (bounded && !d.labels && !rows.has(d.row)) rows.set(d.row, rows.size);
    }
    const bounds =
      rows.size > 0
        ? this.bounds(
            inputs,
            [...rows.keys()].map((r) => r - from),
            parts,
          )
        : new Map<string, Bound>();
    const open: (readonly [Comparison, Doubt])[] = [];
    for (const { comparison, doubts } of parts) {
      const bound = bounds.get(comparison.pair.a.field.value.name);
      for (const d of doubts) {
        const at = rows.get(d.row);
        const most = bound && at !== undefined ? (bound.errors[at * bound.width + d.element] ?? 0) : 0;
        if (Math.abs(d.a - d.b) <= most) comparison.accept(d);
        else open.push([comparison, d]);
      }
    }
    const tied = fixed ? new Set<number>() : this.amongEquals(inputs, from, open);
    for (const [comparison, d] of open) {
      if (tied.has(d.row) && this.rests(comparison)) comparison.tie(d);
      else comparison.reject(d);
    }
  }

  /** Does the column rest on neighbours that are chosen by inexact distances? */
  private rests(c: Comparison): boolean {
    return this.ways.get(c.pair.a.field.value.name)?.choices.has('TopK') ?? false;
  }

  /** Of the rows in doubt, those whose neighbours are chosen among equals: distances closer together than their errors. */
  private amongEquals(
    inputs: ReadonlyMap<string, Tensor>,
    from: number,
    open: readonly (readonly [Comparison, Doubt])[],
  ): Set<number> {
    const rows = [...new Set(open.filter(([c]) => this.rests(c)).map(([, d]) => d.row))];
    if (rows.length === 0 || this.expanded.rows === null) return new Set();
    const picked = concatRows(
      rows.map((r) => new Map([...inputs].map(([n, t]) => [n, sliceRows(t, r - from, r - from + 1)]))),
    );
    const values = allValues(this.expanded, picked);
    const { graph } = this.expanded;
    const tied = tiedRows(graph, values, errorBounds(graph, values, this.narrowed), rows.length, 'TopK');
    return new Set([...tied].map((i) => rows[i] as number));
  }

  private bounds(
    inputs: ReadonlyMap<string, Tensor>,
    rows: readonly number[],
    parts: readonly { comparison: Comparison }[],
  ): Map<string, Bound> {
    const picked =
      this.expanded.rows === null
        ? inputs
        : concatRows(rows.map((r) => new Map([...inputs].map(([n, t]) => [n, sliceRows(t, r, r + 1)]))));
    const values = allValues(this.expanded, picked);
    const narrowed = parts.some((p) => this.isNarrowed(p.comparison));
    const errors = errorBounds(this.expanded.graph, values, narrowed);
    const out = new Map<string, Bound>();
    for (const [v, e] of errors) {
      const t = values.get(v);
      if (t) out.set(v.name, { errors: e, width: countOf(t.dims.slice(1)) });
    }
    return out;
  }

  columns() {
    return (this.comparisons ?? []).map((c) => {
      const way = this.ways.get(c.pair.a.field.value.name);
      let allowed =
        toleranceInWords(this.options) ??
        (isPredictions(this.b)
          ? 'as many digits as the file prints (half a unit of the last), at least 1e-12 relative'
          : allowanceInWords(way, this.isNarrowed(c)));
      if (c.pair.kind === 'label') allowed = 'exactly equal';
      const looked = isPredictions(this.b) || !(way || this.narrowed) ? [] : c.differing;
      if (c.tied > 0) {
        allowed += `; ${c.tied} are ties: neighbours were chosen there among records that rounding cannot tell apart`;
      }
      const ties = looked.length > 0 ? this.ties(looked) : 0;
      if (ties > 0) {
        const which = looked.length < c.different ? `of the first ${looked.length} rows` : 'of the rows';
        allowed += `; ${ties} ${which} that differ are ties: what decides there lies within its own allowance`;
      }
      return c.agreement(allowed);
    });
  }

  /** On how many of these rows a decision falls within the errors of what it compares. */
  private ties(rows: readonly number[]): number {
    const picked = concatRows(rows.map((r) => this.slice(r, r + 1)));
    const values = allValues(this.expanded, picked);
    const { graph } = this.expanded;
    return tiedRows(graph, values, errorBounds(graph, values, this.narrowed), rows.length).size;
  }

  /** The worst row of all, and where the sides part on it. */
  async worst(
    rows: Verification['rows'],
    name: string,
  ): Promise<{ row: WorstRow; divergence: Verification['divergence'] } | null> {
    const found = (this.comparisons ?? []).filter((c) => c.worst !== null);
    found.sort((x, y) => (y.worst?.weight ?? 0) - (x.worst?.weight ?? 0));
    const [c] = found;
    if (!c?.worst) return null;
    const { row, a, b } = c.worst;
    const inputs = this.slice(row, row + 1);
    const cells = rowCells(inputs, this.a.fields, 0);
    const source =
      row < rows.boundary ? 'boundary' : row < rows.boundary + rows.sampled ? 'sampled' : 'given';
    const before =
      source === 'boundary' ? 0 : source === 'sampled' ? rows.boundary : rows.boundary + rows.sampled;
    const worst: WorstRow = {
      column: c.pair.column,
      source,
      index: row - before,
      inputs: Object.fromEntries(cells.map(([n, x]) => [n, shown(x)])),
      a,
      b,
      reproduce: command(name, cells),
    };
    const divergence =
      isPredictions(this.b) || this.different === 0
        ? null
        : await firstDivergence(
            this.expanded,
            this.b,
            { a: inputs, b: feed(inputs, this.matched.inputs) },
            this.calm,
            this.isNarrowed(c),
          );
    return { row: worst, divergence };
  }
}

interface Bound {
  readonly errors: Float64Array;
  readonly width: number;
}

/** A cell for JSON: what JSON has no number for is spelled. */
const shown = (c: Cell): string | number | null =>
  c === null || typeof c === 'string' ? c : typeof c === 'number' && Number.isFinite(c) ? c : spell(c);
