/** BaseCumHazardTables: the baseline cumulative hazard of a Cox regression at a time. PMML 4.4.1, General Regression. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { asReal, constantOf } from './convert.ts';
import { parts } from './document.ts';
import type { Scope, Variable } from './scope.ts';
import { kindOf, literal } from './types.ts';

/** At the time, in the stratum that the row is of; missing beyond the last time, and in a stratum that is not listed. */
export const baselineHazard = (
  element: Element,
  time: Value,
  stratum: Variable | null,
  scope: Scope,
): Value => {
  const { doc, a } = scope.world;
  const strata = parts(element).filter((p) => p.name === 'BaselineStratum');
  if (strata.length === 0) {
    if (stratum !== null)
      doc.fail(element, 'pmml/missing-element', 'baselineStrataVariable needs a BaselineStratum');
    return steps(element, time, scope);
  }
  if (stratum === null) {
    return doc.fail(
      element,
      'pmml/missing-attribute',
      'a BaselineStratum needs the attribute baselineStrataVariable',
    );
  }
  const text = kindOf(stratum.dataType) === 'string';
  const value = text ? stratum.value : asReal(a, stratum.value, scope.real);
  const branches = strata.flatMap((s) => {
    const of = constantOf(a, scope.real, literal(doc, s, doc.need(s, 'value'), stratum.dataType));
    return [a.compare('Equal', value, of), steps(s, time, scope)];
  });
  return a.choose(branches, a.nothing(scope.real));
};

/** 0 before the first time listed; from each on, what is listed there; missing beyond maxTime. */
const steps = (element: Element, time: Value, scope: Scope): Value => {
  const { doc, a } = scope.world;
  const cells = parts(element)
    .filter((p) => p.name === 'BaselineCell')
    .map((p) => ({ tag: p, time: doc.needNumber(p, 'time'), hazard: doc.needNumber(p, 'cumHazard') }))
    .sort((x, y) => x.time - y.time);
  const twice = cells.findIndex((c, i) => i > 0 && cells[i - 1]?.time === c.time);
  if (twice >= 0)
    doc.fail((cells[twice] as { tag: Element }).tag, 'pmml/duplicate-name', 'this time is listed twice');
  const last = doc.number(element, 'maxTime') ?? cells[cells.length - 1]?.time ?? Infinity;
  const starts = [-Infinity, ...cells.map((c) => c.time)];
  const edges = starts.flatMap((from, i) => [from, Math.min(starts[i + 1] ?? last, last)]);
  const closures = starts.map((_, i) =>
    i + 1 < starts.length && (starts[i + 1] as number) <= last ? 'co' : 'cc',
  );
  const bin = a.own('Bin', [time], {
    edges: attr.data(constant(scope.real, edges, [starts.length, 2])),
    closures: attr.strings(closures),
  });
  const none = a.b.op('Less', [bin, a.like(bin, 0)]);
  const table = a.table(constant(scope.real, [0, ...cells.map((c) => c.hazard)]), 'hazard');
  return a.pick(table, a.where(none, a.like(bin, 0), bin), none);
};
