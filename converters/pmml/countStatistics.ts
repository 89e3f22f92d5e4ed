/**
 * Statistics over counts of events: how often each value of a field (or each combination of several) was met in a window of
 * rows that ends with this one, held against a table of a baseline, or against each other. Their text was not at hand while
 * this was written: the chi-square statistics are Pearson's; the scalar product and its normalisations are those of
 * Augustus, the engine of the model's authors. PMML 4.4.1, Baseline Models.
 */
import { attr } from '../../src/ir/attributes.ts';
import { tensorType, type Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { asReal } from './convert.ts';
import { parts } from './document.ts';
import type { Model } from './model.ts';
import type { Variable } from './scope.ts';
import { kindOf, literal } from './types.ts';

export const countStatistics = ['chiSquareIndependence', 'chiSquareDistribution', 'scalarProduct'] as const;

type Statistic = (typeof countStatistics)[number];

/** Combinations of values, and numbers that a window holds. */
const mostCells = 1 << 9;
const widestWindow = 1 << 16;

/** What is counted: fields with the values that they may have. Cells are combinations, the last field's value first to change. */
interface Axis {
  readonly tag: Element;
  readonly variable: Variable;
  readonly values: (string | number)[];
}

/** What each row's window holds. */
interface Counts {
  /** Of every cell, [N, cells]. */
  readonly cells: Value;
  /** Altogether, [N, 1]. */
  readonly total: Value;
  /** Rows without a result: nothing is known of them, or their window holds what is no cell. */
  readonly missing: Value | null;
}

export const countStatistic = (which: Statistic, tests: Element, baseline: Element, m: Model): Value => {
  const { doc, a } = m.world;
  doc.warn(
    tests,
    'pmml/undefined-statistic',
    `testStatistic="${which}" is read as the value of that statistic over the rows up to each one`,
  );
  if (which === 'chiSquareIndependence') {
    const axes = parts(baseline).map((ref) => {
      if (ref.name !== 'FieldRef') doc.refuse(ref, 'independence is of the fields that FieldRefs name');
      return axisOf(ref, m, []);
    });
    if (axes.length < 2) doc.fail(baseline, 'pmml/missing-element', 'independence is of two fields or more');
    const counts = count(tests, axes, m);
    return a.mask(independence(m, axes, counts), counts.missing);
  }
  const table = tableIn(baseline, m);
  const counts = count(tests, table.axes, m);
  const statistic = which === 'scalarProduct' ? product(tests, table, counts, m) : distance(table, counts, m);
  return a.mask(statistic, counts.missing);
};

// What is counted

const axisOf = (tag: Element, m: Model, values: readonly string[]): Axis => {
  const { doc } = m.world;
  const variable = m.scope.read(doc.need(tag, 'field'), tag);
  const listed = values.map((v) => literal(doc, tag, v, variable.dataType));
  const all = [...new Set([...listed, ...(variable.field?.valid ?? variable.order ?? [])])];
  if (all.length === 0)
    doc.fail(tag, 'pmml/missing-element', 'the field lists no values that could be counted');
  return { tag, variable, values: all };
};

/** The counts of a baseline. */
interface Table {
  readonly axes: readonly Axis[];
  readonly counts: readonly number[];
  readonly normalized: boolean;
}

/** A CountTable: FieldValues within each other, a FieldValueCount innermost. */
const tableIn = (baseline: Element, m: Model): Table => {
  const { doc } = m.world;
  const [table] = parts(baseline);
  if (table?.name !== 'CountTable' && table?.name !== 'NormalizedCountTable')
    return doc.fail(baseline, 'pmml/missing-element', 'it holds no CountTable');
  const leaves: { readonly path: readonly Element[]; readonly count: number }[] = [];
  const walk = (element: Element, path: readonly Element[]): void => {
    for (const part of parts(element)) {
      if (part.name === 'FieldValue') walk(part, [...path, part]);
      else if (part.name === 'FieldValueCount') {
        const n = doc.needNumber(part, 'count');
        if (!(n >= 0)) doc.fail(part, 'pmml/attribute-value', `count="${n}" is below 0`);
        leaves.push({ path: [...path, part], count: n });
      } else doc.refuse(part);
    }
  };
  walk(table, []);
  const first = leaves[0];
  if (!first) return doc.fail(table, 'pmml/missing-element', 'it holds no FieldValueCount');
  const names = first.path.map((e) => doc.need(e, 'field'));
  for (const { path } of leaves) {
    const last = path[path.length - 1] as Element;
    if (path.map((e) => doc.need(e, 'field')).join(' ') !== names.join(' '))
      doc.fail(last, 'pmml/count-table', 'not every count is of the same fields, in the same order');
  }
  const axes = first.path.map((tag, i) =>
    axisOf(
      tag,
      m,
      leaves.map(({ path }) => doc.need(path[i] as Element, 'value')),
    ),
  );
  const counts = new Array<number>(size(axes, m)).fill(0);
  const seen = new Set<number>();
  for (const { path, count: n } of leaves) {
    const last = path[path.length - 1] as Element;
    const at = axes.reduce((place, { values, variable }, i) => {
      const value = literal(doc, last, doc.need(path[i] as Element, 'value'), variable.dataType);
      return place * values.length + values.indexOf(value);
    }, 0);
    if (seen.has(at)) doc.fail(last, 'pmml/duplicate-name', 'these values have a count already');
    seen.add(at);
    counts[at] = n;
  }
  if (!counts.some((n) => n > 0)) doc.fail(table, 'pmml/attribute-value', 'its counts are all zero');
  return { axes, counts, normalized: table.name === 'NormalizedCountTable' };
};

const size = (axes: readonly Axis[], m: Model): number => {
  const cells = axes.reduce((n, { values }) => n * values.length, 1);
  if (cells <= mostCells) return cells;
  const { tag } = axes[0] as Axis;
  return m.world.doc.fail(
    tag,
    'pmml/too-large',
    `there are ${cells} combinations of values, more than ${mostCells}`,
  );
};

/** Which cell a row is in; -1 where a value is none of those that are counted, missing where one is missing. */
const cellOf = (axes: readonly Axis[], m: Model): Value => {
  const { a } = m.world;
  const { real } = m.scope;
  const placeOf = ({ variable, values }: Axis): Value => {
    const text = kindOf(variable.dataType) === 'string';
    const x = text ? variable.value : asReal(a, variable.value, real);
    const found = a.own('Lookup', [x], {
      keys: attr.data(constant(text ? 'string' : real, values)),
      values: attr.data(
        constant(
          'int32',
          values.map((_, i) => i),
        ),
      ),
    });
    return a.mask(a.fill(found, -1), a.missing(x));
  };
  return axes.map(placeOf).reduce((outer, at, i) => {
    const none = a.like(at, -1);
    const known = a.lift('And', [a.compare('Greater', outer, none), a.compare('Greater', at, none)]);
    const place = a.add(a.mul(outer, a.like(outer, (axes[i] as Axis).values.length)), at);
    return a.mask(a.where(a.fill(known), a.fill(place), none), a.missing(known));
  });
};

// Counting

const count = (tests: Element, axes: readonly Axis[], m: Model): Counts => {
  const { doc, a } = m.world;
  const { real } = m.scope;
  const { b } = a;
  const cells = size(axes, m);
  const window = doc.number(tests, 'windowSize') ?? 0;
  if (!(Number.isInteger(window) && window >= 0))
    doc.fail(tests, 'pmml/attribute-value', `windowSize="${window}" is no number of rows`);
  if (window * (cells + 1) > widestWindow)
    doc.fail(tests, 'pmml/too-large', `a window of ${window} rows over ${cells} values is too large`);
  const cell = cellOf(axes, m);
  const field = doc.text(tests, 'weightField');
  const weight = field === undefined ? null : asReal(a, m.scope.read(field, tests).value, real);
  const skipped = a.or(a.missing(cell), weight && a.missing(weight));
  // What is no cell is counted behind them, whatever it weighs.
  const numbers = Array.from({ length: cells }, (_, i) => i);
  const hits = (at: readonly number[]) =>
    a.cast(b.op('Equal', [a.fill(cell), a.table(constant('int32', at, [1, at.length]), 'cells')]), real);
  const weighed = weight === null ? hits(numbers) : b.op('Mul', [hits(numbers), a.fill(weight)]);
  const events = b.op('Concat', [weighed, hits([-1])], { axis: attr.int(1) });
  const sums = windowed(m, events, skipped, window, cells + 1);
  const strange = b.op('Greater', [a.column(sums, cells), a.constant(real, 0)]);
  const from = (i: number) => b.constant(constant('int64', [i], [1]));
  const known = b.op('Slice', [sums, from(0), from(cells), from(1)]);
  const total = a.own('Sum', [known], { base: attr.string('first') });
  const empty = b.op('LessOrEqual', [total, a.constant(real, 0)]);
  return {
    cells: known,
    total: a.where(empty, a.constant(real, 1), total),
    missing: a.or(skipped, strange, empty),
  };
};

/** The sum of the last `window` rows of [N, K], of all rows so far for 0; a row that is skipped takes no place. */
const windowed = (m: Model, rows: Value, skipped: Value | null, window: number, width: number): Value => {
  const { a } = m.world;
  const { real } = m.scope;
  const inner = a.b.inner();
  const shape = window === 0 ? [width] : [window, width];
  const before = inner.input(inner.unique('before'), tensorType(real, shape));
  const row = inner.input(inner.unique('row'), tensorType(real, [width]));
  const skip = skipped && inner.input(inner.unique('skip'), tensorType('bool', [1]));
  const ints = (...values: number[]) => a.table(constant('int64', values), 'axes');
  const moved = (): Value => {
    if (window === 0) return inner.op('Add', [before, row]);
    const kept = inner.op('Slice', [before, ints(1), ints(window), ints(0)]);
    return inner.op('Concat', [kept, inner.op('Unsqueeze', [row, ints(0)])], { axis: attr.int(0) });
  };
  const after = skip === null ? moved() : inner.op('Where', [skip, before, moved()]);
  const sum =
    window === 0
      ? inner.op('Identity', [after])
      : inner.op('ReduceSum', [after, ints(0)], { keepdims: attr.int(0) });
  const body = inner.finish([after, sum]);
  const scanned = skipped === null ? [rows] : [rows, skipped];
  const empty = a.table(
    constant(real, new Array<number>(width * Math.max(1, window)).fill(0), shape),
    'window',
  );
  const [, sums] = a.b.call(['', 'Scan'], [empty, ...scanned], {
    attributes: { body: attr.region(body), num_scan_inputs: attr.int(scanned.length) },
    outputs: [a.b.unique('last'), a.b.unique('counts')],
  });
  return sums as Value;
};

// Statistics

/** Σ (observed - expected)² / expected, over the cells where something is expected. */
const pearson = (m: Model, observed: Value, expected: Value): Value => {
  const { a } = m.world;
  const { b } = a;
  const zero = a.constant(m.scope.real, 0);
  const some = b.op('Greater', [expected, zero]);
  const d = b.op('Sub', [observed, expected]);
  const divisor = a.where(some, expected, a.constant(m.scope.real, 1));
  const terms = a.where(some, b.op('Div', [b.op('Mul', [d, d]), divisor]), zero);
  return a.own('Sum', [terms], { base: attr.string('first') });
};

/** Of the counts from what the baseline lets expect; none where something was met that it excludes. */
const distance = ({ counts }: Table, { cells, total }: Counts, m: Model): Value => {
  const { a } = m.world;
  const { real } = m.scope;
  const sum = counts.reduce((x, n) => x + n, 0);
  const row = (values: readonly number[]) => a.table(constant(real, values, [1, values.length]), 'baseline');
  const expected = a.b.op('Mul', [total, row(counts.map((n) => n / sum))]);
  const excluded = row(counts.map((n) => (n === 0 ? 1 : 0)));
  const met = a.own('Sum', [a.b.op('Mul', [cells, excluded])], { base: attr.string('first') });
  return a.mask(pearson(m, cells, expected), a.b.op('Greater', [met, a.constant(real, 0)]));
};

/** Of the counts from those that the sums over each field would give, were the fields independent. */
const independence = (m: Model, axes: readonly Axis[], { cells, total }: Counts): Value => {
  const { a } = m.world;
  const { real } = m.scope;
  const widths = axes.map(({ values }) => values.length);
  const n = widths.reduce((x, w) => x * w, 1);
  /** The value of field `i` in a cell. */
  const valueAt = (cell: number, i: number): number =>
    Math.floor(cell / widths.slice(i + 1).reduce((x, w) => x * w, 1)) % (widths[i] as number);
  const alike = (i: number) =>
    Array.from({ length: n * n }, (_, p) => (valueAt(Math.floor(p / n), i) === valueAt(p % n, i) ? 1 : 0));
  const expected = axes
    .map((_, i) => a.b.op('MatMul', [cells, a.table(constant(real, alike(i), [n, n]), 'alike')]))
    .reduce((x, sums) => a.b.op('Div', [a.b.op('Mul', [x, sums]), total]));
  return pearson(m, cells, expected);
};

const schemes = ['Independent', 'SizeWeighted', ''] as const;

/** ⟨v, w⟩, over |v| |w| (Independent) or (⟨v, v⟩ + ⟨w, w⟩) / 2 (SizeWeighted). */
const product = (tests: Element, { counts, normalized }: Table, counted: Counts, m: Model): Value => {
  const { doc, a } = m.world;
  const { real } = m.scope;
  const { b } = a;
  const scheme = doc.choice(tests, 'normalizationScheme', schemes, '');
  const sum = (v: Value): Value => a.own('Sum', [v], { base: attr.string('first') });
  const w = normalized ? b.op('Div', [counted.cells, counted.total]) : counted.cells;
  const inner = sum(b.op('Mul', [w, a.table(constant(real, counts, [1, counts.length]), 'baseline')]));
  if (scheme === '') return inner;
  const own = sum(b.op('Mul', [w, w]));
  const given = a.constant(
    real,
    counts.reduce((x, n) => x + n * n, 0),
  );
  if (scheme === 'Independent') return b.op('Div', [inner, b.op('Sqrt', [b.op('Mul', [own, given])])]);
  return b.op('Div', [inner, b.op('Div', [b.op('Add', [own, given]), a.constant(real, 2)])]);
};
