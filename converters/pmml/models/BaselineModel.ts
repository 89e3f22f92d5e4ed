/** How far a field has gone from what is normal. PMML 4.4.1, Baseline Models. */
import { attr } from '../../../src/ir/attributes.ts';
import { tensorType, type Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { asReal } from '../convert.ts';
import { countStatistic, countStatistics } from '../countStatistics.ts';
import { distributionIn, logDensity, momentsOf } from '../distributions.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { regression } from '../prediction.ts';
import { kindOf } from '../types.ts';

const statistics = ['zValue', 'CUSUM', ...countStatistics] as const;

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { doc } = m.world;
  let tests: Element | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (child.name !== 'TestDistributions') doc.refuse(child);
    tests = cursor.element(child);
  }
  if (!tests) doc.fail(m.tag, 'pmml/missing-element', 'a BaselineModel needs TestDistributions');
  const prediction = regression(statistic(tests as Element, m));
  return done(m, () => m.result(prediction));
};

export const baselineModel: ModelElement = { name: 'BaselineModel', functions: ['regression'], read };

const statistic = (tests: Element, m: Model): Value => {
  const { scope } = m;
  const { doc, a } = m.world;
  const which = doc.choice(tests, 'testStatistic', [...statistics, ''], '');
  if (which === '') doc.need(tests, 'testStatistic');
  const counted = countStatistics.find((c) => c === which);
  if (counted) return countStatistic(counted, tests, part(tests, 'Baseline', m), m);
  if ((doc.number(tests, 'windowSize') ?? 0) !== 0) {
    doc.refuse(
      tests,
      `testStatistic="${which}" over a window of rows (windowSize) is not defined: all rows are one stream, from the first on`,
    );
  }
  const variable = scope.read(doc.need(tests, 'field'), tests);
  if (kindOf(variable.dataType) !== 'number')
    doc.fail(tests, 'pmml/type', 'a number is wanted, and this is text');
  const x = asReal(a, variable.value, scope.real);
  const baseline = distributionIn(doc, part(tests, 'Baseline', m));
  if (which === 'zValue') {
    const { mean, variance } = momentsOf(doc, baseline);
    return a.div(a.sub(x, a.like(x, mean)), a.like(x, Math.sqrt(variance)));
  }
  const alternate = distributionIn(doc, part(tests, 'Alternate', m));
  const odds = a.sub(logDensity(doc, a, alternate, x), logDensity(doc, a, baseline, x));
  // Where both say that x cannot be, nothing is known.
  const neither = a.b.op('IsNaN', [a.fill(odds)]);
  return cumulative(m, a.mask(odds, neither), doc.number(tests, 'resetValue') ?? 0);
};

const part = (tests: Element, name: string, m: Model): Element => {
  const { doc } = m.world;
  return doc.child(tests, name) ?? doc.fail(tests, 'pmml/missing-element', `it has no ${name}`);
};

/**
 * Z[n] = max(reset, Z[n-1] + g[n]) over the rows in their order, from Z[-1] = 0. A row whose g is missing has no result
 * and leaves Z as it was.
 */
const cumulative = (m: Model, g: Value, reset: number): Value => {
  const { a } = m.world;
  const { real } = m.scope;
  const missing = a.missing(g);
  const number = (v: number) => a.table(constant(real, [v], [1]), 'cusum');
  const inner = a.b.inner();
  const before = inner.input(inner.unique('before'), tensorType(real, [1]));
  const step = inner.input(inner.unique('step'), tensorType(real, [1]));
  const skipped = missing && inner.input(inner.unique('skipped'), tensorType('bool', [1]));
  const moved = inner.op('Max', [number(reset), inner.op('Add', [before, step])]);
  const after = skipped === null ? moved : inner.op('Where', [skipped, before, moved]);
  const body = inner.finish([after, inner.op('Identity', [after])]);
  const scanned = missing === null ? [a.fill(g)] : [a.fill(g), missing];
  const [, sums] = a.b.call(['', 'Scan'], [number(0), ...scanned], {
    attributes: { body: attr.region(body), num_scan_inputs: attr.int(scanned.length) },
    outputs: [a.b.unique('last'), a.b.unique('cusum')],
  });
  return a.mask(sums as Value, missing);
};
