/** From one PMML data type to another. Casting follows XQuery's rules where PMML is silent. */
import type { Value } from '../../src/ir/model.ts';
import { type Algebra, dtypeOf, type Real } from './algebra.ts';
import { clockOf, secondsOfDay } from './dates.ts';
import type { Document, Tag } from './document.ts';
import type { Variable } from './scope.ts';
import { type DataType, kindOf, literal } from './types.ts';

const logical = (type: DataType) => type === 'boolean';

/** Booleans as 0 and 1, other columns as they are, in the model's real type. */
export const asReal = (a: Algebra, v: Value, real: Real): Value =>
  dtypeOf(v) === 'string' ? v : a.cast(v, real);

/** A three-valued boolean of a condition: a boolean column, or a number that is not 0. */
export const asTruth = (a: Algebra, v: Value): Value => {
  if (dtypeOf(v) === 'bool') return v;
  return a.mask(a.not(a.b.op('Equal', [a.fill(v), a.like(v, 0)])), a.missing(v));
};

/** A literal as a column. */
export const constantOf = (a: Algebra, real: Real, value: string | number): Value =>
  typeof value === 'string' ? a.constant('string', value) : a.constant(real, value);

/**
 * The variable as another type. Numbers become integers by dropping the fraction and floats by rounding to single
 * precision; dates move to another unit or origin; text must spell a value of the type.
 */
export const convert = (
  doc: Document,
  a: Algebra,
  tag: Tag,
  from: Variable,
  to: DataType,
  real: Real,
): Variable => {
  const source = from.dataType;
  if (source === to) return from;
  const out = (value: Value): Variable => {
    const { text: _, literal: __, order: ___, field: ____, ...rest } = from;
    return { ...rest, value, dataType: to };
  };
  if (from.text !== undefined) return out(constantOf(a, real, literal(doc, tag, from.text, to)));
  const fromString = kindOf(source) === 'string';
  if (to === 'string') {
    if (logical(source)) {
      const truth = asTruth(a, from.value);
      return out(
        a.choose(
          [truth, a.constant('string', 'true')],
          a.mask(a.constant('string', 'false'), a.missing(truth)),
        ),
      );
    }
    if (clockOf(source) !== undefined)
      doc.refuse(tag, `turning ${source} into text is not supported here; use formatDatetime`);
    return out(a.cast(from.value, 'string'));
  }
  const clock = clockOf(to);
  if (clock !== undefined) {
    const was = clockOf(source);
    if (was === undefined) {
      if (fromString) doc.refuse(tag, `turning text into ${to} is not supported`);
      return out(asReal(a, from.value, real));
    }
    if (was.dated !== clock.dated && !(was.dated && was.unit === 'seconds')) {
      doc.fail(tag, 'pmml/type', `${source} does not become ${to}`);
    }
    const k = (n: number) => a.constant(real, n);
    let v = from.value;
    if (was.dated && !clock.dated) {
      // The time within the day of a moment.
      const days = a.lift('Floor', [a.div(v, k(secondsOfDay))]);
      return out(a.sub(v, a.mul(days, k(secondsOfDay))));
    }
    const origin = was.unit === 'days' ? was.origin * secondsOfDay : was.origin;
    const target = clock.unit === 'days' ? clock.origin * secondsOfDay : clock.origin;
    if (was.unit === 'days') v = a.mul(v, k(secondsOfDay));
    if (origin !== target) v = a.add(v, k(origin - target));
    if (clock.unit === 'days') v = a.lift('Floor', [a.div(v, k(secondsOfDay))]);
    return out(v);
  }
  if (fromString) {
    if (logical(to)) {
      const is = (text: string) => a.compare('Equal', from.value, a.constant('string', text));
      const known = a.choose(
        [a.isTrue(is('true')), a.constant('bool', true), a.isTrue(is('false')), a.constant('bool', false)],
        a.nothing('bool'),
      );
      return out(known);
    }
    const number = a.mask(a.cast(a.fill(from.value, '0'), real), a.missing(from.value));
    return out(narrowed(a, number, to, real));
  }
  if (logical(to)) return out(asTruth(a, from.value));
  return out(narrowed(a, asReal(a, from.value, real), to, real));
};

const narrowed = (a: Algebra, v: Value, to: DataType, real: Real): Value => {
  if (to === 'float' && real === 'float64') return a.cast(a.cast(v, 'float32'), 'float64');
  if (to !== 'integer') return v;
  const x = a.fill(v);
  const toward = a.where(a.b.op('Less', [x, a.like(x, 0)]), a.b.op('Ceil', [x]), a.b.op('Floor', [x]));
  return a.mask(toward, a.missing(v));
};
