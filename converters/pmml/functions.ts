/** The built-in functions. PMML 4.4.1, Built-in Functions. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { isFloat } from '../../src/tensor/dtype.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf, type Real } from './algebra.ts';
import { asReal, asTruth, convert } from './convert.ts';
import { clockOf, daysToYear, secondsOfDay } from './dates.ts';
import type { Document } from './document.ts';
import type { Scope, Variable } from './scope.ts';
import { erf, normalCdf, normalPdf, normalQuantile, over } from './special.ts';
import { type DataType, kindOf } from './types.ts';

/** A call, with its arguments at hand in the form that a function wants them. */
class Call {
  readonly element: Element;
  readonly name: string;
  readonly args: readonly Variable[];
  readonly doc: Document;
  readonly a: Algebra;
  readonly real: Real;
  readonly wanted: DataType | undefined;

  constructor(
    element: Element,
    name: string,
    args: readonly Variable[],
    scope: Scope,
    wanted: DataType | undefined,
  ) {
    this.element = element;
    this.name = name;
    this.args = args;
    this.doc = scope.world.doc;
    this.a = scope.world.a;
    this.real = scope.real;
    this.wanted = wanted;
  }

  fail(message: string): never {
    return this.doc.fail(this.element, 'pmml/arguments', `${this.name} ${message}`);
  }

  arg(i: number): Variable {
    return this.args[i] ?? this.fail(`lacks argument ${i + 1}`);
  }

  as(i: number, type: DataType): Value {
    return convert(this.doc, this.a, this.element, this.arg(i), type, this.real).value;
  }

  number(i: number): Value {
    const arg = this.arg(i);
    if (kindOf(arg.dataType) === 'string')
      return this.fail(`wants a number as argument ${i + 1}, and this is text`);
    return asReal(this.a, arg.value, this.real);
  }

  truth(i: number): Value {
    const arg = this.arg(i);
    return kindOf(arg.dataType) === 'string' ? this.as(i, 'boolean') : asTruth(this.a, arg.value);
  }

  string(i: number): Value {
    return this.as(i, 'string');
  }

  /** Several arguments as columns of one type: literals follow the others, booleans count as numbers. */
  alike(indices: readonly number[]): { readonly values: readonly Value[]; readonly type: DataType } {
    const all = indices.map((i) => this.arg(i));
    const typed = all.filter((v) => v.text === undefined);
    const lead = typed.find((v) => clockOf(v.dataType) !== undefined) ?? typed[0];
    const text =
      typed.length > 0
        ? typed.some((v) => kindOf(v.dataType) === 'string')
        : all.some((v) => kindOf(v.dataType) === 'string');
    if (text) {
      if (typed.some((v) => kindOf(v.dataType) !== 'string'))
        return this.fail('is given text beside numbers');
      return { values: indices.map((i) => this.as(i, 'string')), type: 'string' };
    }
    const clock = lead && clockOf(lead.dataType) !== undefined ? lead.dataType : undefined;
    const values = indices.map((i) => {
      const v = this.arg(i);
      if (clock !== undefined && (v.text !== undefined || clockOf(v.dataType) !== undefined))
        return this.as(i, clock);
      return asReal(this.a, v.value, this.real);
    });
    return { values, type: clock ?? widest(all.map((v) => v.dataType)) };
  }

  every(): number[] {
    return this.args.map((_, i) => i);
  }
}

const widest = (types: readonly DataType[]): DataType =>
  types.every((t) => t === types[0])
    ? (types[0] ?? 'double')
    : types.every((t) => t === 'integer' || t === 'boolean')
      ? 'integer'
      : 'double';

/** What a function gives: a column, its type (double where left out), and the rows where its arguments have no result. */
interface Result {
  readonly value: Value;
  readonly type?: DataType;
  readonly invalid?: Value | null;
  /** Rows that an argument makes invalid which was so already; where left out, those in which any is. */
  readonly given?: Value | null;
}

/** A function applied. */
export interface Applied extends Variable {
  readonly given: Value | null;
}

interface Builtin {
  readonly least: number;
  readonly most: number;
  readonly apply: (c: Call) => Result;
}

const builtin = (least: number, most: number, apply: (c: Call) => Result): Builtin => ({
  least,
  most,
  apply,
});

// Arithmetic

const arithmetic = (op: 'Add' | 'Sub' | 'Mul'): Builtin =>
  builtin(2, 2, (c) => ({
    value: c.a.lift(op, [c.number(0), c.number(1)]),
    type: c.args.every((v) => v.dataType === 'integer') ? 'integer' : 'double',
  }));

/** TRUE of a test that may be UNKNOWN, as a plain plane. */
const test = (c: Call, op: Parameters<Algebra['compare']>[0], x: Value, y: number): Value =>
  c.a.isTrue(c.a.compare(op, x, c.a.like(x, y)));

const divide: Builtin = builtin(2, 2, (c) => {
  const y = c.number(1);
  return { value: c.a.div(c.number(0), y), invalid: test(c, 'Equal', y, 0) };
});

const modulo: Builtin = builtin(2, 2, (c) => {
  const { a } = c;
  const [x, y] = [c.number(0), c.number(1)];
  return {
    value: a.sub(x, a.mul(a.lift('Floor', [a.div(x, y)]), y)),
    type: widest(c.args.map((v) => v.dataType)),
    invalid: test(c, 'Equal', y, 0),
  };
});

/** One number in, one out. `bad`: where the argument has no result. */
const unary = (f: (a: Algebra, x: Value) => Value, bad?: (c: Call, x: Value) => Value | null): Builtin =>
  builtin(1, 1, (c) => {
    const x = c.number(0);
    return { value: f(c.a, x), invalid: bad ? bad(c, x) : null };
  });

const lifted = (op: string) => (a: Algebra, x: Value) => a.lift(op, [x]);

/** The same, but whole numbers stay whole. */
const keeping = (f: (a: Algebra, x: Value) => Value): Builtin =>
  builtin(1, 1, (c) => ({
    value: f(c.a, c.number(0)),
    type: c.arg(0).dataType === 'integer' ? 'integer' : 'double',
  }));

const outside = (c: Call, x: Value) => c.a.or(test(c, 'Less', x, -1), test(c, 'Greater', x, 1));

/** log10, exact at the powers of ten. */
const log10 = (a: Algebra, v: Value): Value => {
  const x = a.fill(v, 1);
  const near = a.b.op('Div', [a.b.op('Log', [x]), a.like(x, Math.LN10)]);
  const whole = a.b.op('Round', [near]);
  const exact = a.b.op('Equal', [a.b.op('Pow', [a.like(x, 10), whole]), x]);
  return a.mask(a.where(exact, whole, near), a.missing(v));
};

/** exp(x) - 1 without cancellation near 0 (W. Kahan's quotient). */
const expm1 = (a: Algebra, v: Value): Value => {
  const { b } = a;
  const x = a.fill(v);
  const one = a.like(x, 1);
  const u = b.op('Exp', [x]);
  const less = b.op('Sub', [u, one]);
  const tiny = b.op('Equal', [u, one]);
  const plain = b.op('Or', [
    b.op('LessOrEqual', [less, a.like(x, -1)]),
    b.op('Greater', [b.op('Abs', [x]), one]),
  ]);
  const safe = a.where(b.op('Or', [tiny, plain]), a.like(x, 2), u);
  const ratio = b.op('Mul', [less, b.op('Div', [x, b.op('Log', [safe])])]);
  return a.mask(a.where(tiny, x, a.where(plain, less, ratio)), a.missing(v));
};

/** ln(1 + x) without cancellation near 0. */
const ln1p = (a: Algebra, v: Value): Value => {
  const { b } = a;
  const x = a.fill(v);
  const one = a.like(x, 1);
  const u = b.op('Add', [x, one]);
  const tiny = b.op('Equal', [u, one]);
  const step = b.op('Sub', [a.where(tiny, a.like(x, 2), u), one]);
  const ratio = b.op('Mul', [b.op('Log', [a.where(tiny, one, u)]), b.op('Div', [x, step])]);
  return a.mask(a.where(tiny, x, ratio), a.missing(v));
};

const pow: Builtin = builtin(2, 2, (c) => {
  const { a } = c;
  const [x, y] = [c.number(0), c.number(1)];
  const whole = a.compare('Equal', a.lift('Floor', [y]), y);
  const root = a.and(test(c, 'Less', x, 0), a.not(a.fill(whole, true)));
  const pole = a.and(test(c, 'Equal', x, 0), test(c, 'Less', y, 0));
  return {
    value: a.lift('Pow', [x, y]),
    type: c.args.every((v) => v.dataType === 'integer') ? 'integer' : 'double',
    invalid: a.or(root, pole),
  };
});

const hypot: Builtin = builtin(2, 2, (c) => {
  const [x, y] = [c.number(0), c.number(1)];
  return { value: c.a.lift('Sqrt', [c.a.add(c.a.mul(x, x), c.a.mul(y, y))]) };
});

const threshold: Builtin = builtin(2, 2, (c) => ({
  value: c.a.cast(c.a.compare('Greater', c.number(0), c.number(1)), c.real),
  type: 'integer',
}));

// Over any number of arguments, missing ones left out

const aggregate = (
  f: (c: Call, data: Value, missing: Value | null, count: Value) => Value,
  type: (types: readonly DataType[]) => DataType = () => 'double',
): Builtin =>
  builtin(1, Infinity, (c) => {
    const { a } = c;
    const values = c.every().map((i) => c.number(i));
    const { data, missing } = a.join(values);
    const ones = missing === null ? undefined : a.cast(a.not(missing), c.real);
    const count =
      ones === undefined
        ? a.constant(c.real, values.length)
        : a.own('Sum', [ones], { base: attr.string('first') });
    const none = ones === undefined ? null : a.b.op('Equal', [count, a.constant(c.real, 0)]);
    return {
      value: a.mask(f(c, data, missing, count), none),
      type: type(c.args.map((v) => v.dataType)),
    };
  });

const without = (c: Call, data: Value, missing: Value | null, instead: number): Value =>
  missing === null ? data : c.a.where(missing, c.a.constant(c.real, instead), data);

const total = (c: Call, data: Value, missing: Value | null): Value =>
  c.a.own('Sum', [without(c, data, missing, 0)], { base: attr.string('first') });

const chained =
  (op: 'Mul' | 'Min' | 'Max', neutral: number) => (c: Call, data: Value, missing: Value | null) => {
    const full = without(c, data, missing, neutral);
    return c.every().reduce<Value | null>((x, i) => {
      const column = c.args.length === 1 ? full : c.a.column(full, i);
      return x === null ? column : c.a.b.op(op, [x, column]);
    }, null) as Value;
  };

/** 0 / 0 where nothing is present; masked afterwards. */
const mean = (c: Call, data: Value, missing: Value | null, count: Value): Value => {
  const some = c.a.b.op('Max', [count, c.a.like(count, 1)]);
  return c.a.b.op('Div', [total(c, data, missing), some]);
};

// Logic and comparison

const comparison = (op: Parameters<Algebra['compare']>[0], negated = false): Builtin =>
  builtin(2, 2, (c) => {
    const { values, type } = c.alike([0, 1]);
    if (type === 'string' && op !== 'Equal') return c.fail('compares numbers, dates and times, not text');
    const result = c.a.compare(op, values[0] as Value, values[1] as Value);
    return { value: negated ? negation(c.a, result) : result, type: 'boolean' };
  });

const negation = (a: Algebra, v: Value): Value =>
  a.mayMiss(v) ? a.own('Kleene', [v], { fn: attr.string('not') }) : a.not(v);

/** Both where both may be; null is nowhere. */
const both = (a: Algebra, x: Value | null, y: Value): Value | null => (x === null ? null : a.and(x, y));

const isFalse = (a: Algebra, v: Value): Value => a.not(a.fill(v, true));

/** One operand that is FALSE (of `or`: TRUE) decides, whatever the others are: UNKNOWN, or invalid. */
const logic = (fn: 'and' | 'or'): Builtin =>
  builtin(1, Infinity, (c) => {
    const { a } = c;
    const values = c.every().map((i) => c.truth(i));
    if (values.length === 1) return { value: values[0] as Value, type: 'boolean' };
    const any = a.or(...c.args.map((v) => v.invalid));
    const deciding = () =>
      values.map((v, i) => {
        const decides = fn === 'or' ? a.isTrue(v) : isFalse(a, v);
        const { invalid } = c.arg(i);
        return invalid === null ? decides : a.and(decides, a.not(invalid));
      });
    return {
      value: a.own('Kleene', values, { fn: attr.string(fn) }),
      type: 'boolean',
      given: any && a.and(any, a.not(a.or(...deciding()) as Value)),
    };
  });

const membership = (negated: boolean): Builtin =>
  builtin(2, Infinity, (c) => {
    const { values } = c.alike(c.every());
    const [x, ...list] = values as [Value, ...Value[]];
    const equal = list.map((v) => c.a.compare('Equal', x, v));
    const any =
      equal.length === 1 ? (equal[0] as Value) : c.a.own('Kleene', equal, { fn: attr.string('or') });
    return { value: negated ? negation(c.a, any) : any, type: 'boolean' };
  });

const conditional: Builtin = builtin(2, 3, (c) => {
  const { a } = c;
  const when = c.truth(0);
  const branches = c.args.length === 3 ? [1, 2] : [1];
  // Literals of both branches take the type that the result is wanted in.
  const literal = branches.every((i) => c.arg(i).text !== undefined);
  const { values, type } =
    literal && c.wanted !== undefined
      ? { values: branches.map((i) => c.as(i, c.wanted as DataType)), type: c.wanted }
      : c.alike(branches);
  const then = values[0] as Value;
  const otherwise = values[1] ?? a.nothing(dtypeOf(then));
  const invalid = (i: number) => c.args[i]?.invalid ?? null;
  return {
    value: a.mask(a.choose([when, then], otherwise), a.missing(when)),
    type,
    // The branch that is not taken has no part in the result.
    given: a.or(invalid(0), both(a, invalid(1), a.isTrue(when)), both(a, invalid(2), isFalse(a, when))),
  };
});

/** NaN that arithmetic left, by `asIs` or of infinite numbers: it is no value. */
const notANumber = (a: Algebra, v: Value): Value | null =>
  isFloat(dtypeOf(v)) && a.b.producer(v) ? a.b.op('IsNaN', [a.fill(v, 0)]) : null;

const presence = (missing: boolean): Builtin =>
  builtin(1, 1, (c) => {
    const { value } = c.arg(0);
    const plane = c.a.or(c.a.missing(value), notANumber(c.a, value));
    if (plane === null) return { value: c.a.constant('bool', !missing), type: 'boolean' };
    return { value: missing ? plane : c.a.not(plane), type: 'boolean' };
  });

const validity = (valid: boolean): Builtin =>
  builtin(1, 1, (c) => {
    const { value, notValid, invalid } = c.arg(0);
    const not = c.a.or(c.a.missing(value), notValid, invalid);
    if (not === null) return { value: c.a.constant('bool', valid), type: 'boolean' };
    return { value: valid ? c.a.not(not) : not, type: 'boolean', given: null };
  });

// Text

const text = (fn: string, type: DataType, args: readonly ('string' | 'number')[], rest?: 'string'): Builtin =>
  builtin(args.length, rest ? Infinity : args.length, (c) => {
    const inputs = c.every().map((i) => ((args[i] ?? rest) === 'number' ? c.number(i) : c.string(i)));
    const pattern = fn === 'replace' || fn === 'matches' ? c.arg(1).literal : undefined;
    if (pattern !== undefined) c.doc.spend(c.element, `${pattern}`);
    const value = c.a.own('Text', inputs, { fn: attr.string(fn) });
    return { value: type === 'integer' ? c.a.cast(value, c.real) : value, type };
  });

const formatDatetime: Builtin = builtin(2, 2, (c) => {
  const clock = clockOf(c.arg(0).dataType);
  if (clock === undefined) return c.fail('formats dates and times only');
  const seconds = clock.dated ? c.as(0, 'dateTime') : c.number(0);
  return {
    value: c.a.own('Text', [seconds, c.string(1)], { fn: attr.string('formatDatetime') }),
    type: 'string',
  };
});

// Dates

const literalYear = (c: Call): number => {
  const year = Number(c.arg(1).literal ?? Number.NaN);
  return Number.isInteger(year) ? year : c.fail('wants the year as a literal');
};

const daysSince: Builtin = builtin(2, 2, (c) => ({
  value: c.a.sub(c.as(0, 'date'), c.a.constant(c.real, daysToYear(literalYear(c)))),
  type: 'integer',
}));

const secondsSince: Builtin = builtin(2, 2, (c) => ({
  value: c.a.sub(c.as(0, 'dateTime'), c.a.constant(c.real, daysToYear(literalYear(c)) * secondsOfDay)),
  type: 'integer',
}));

const secondsSinceMidnight: Builtin = builtin(1, 1, (c) => ({
  value: c.as(0, 'timeSeconds'),
  type: 'integer',
}));

// The normal distribution

const standardised = (c: Call): { readonly z: Value; readonly sd: Value; readonly invalid: Value } => {
  const sd = c.number(2);
  return {
    z: c.a.div(c.a.sub(c.number(0), c.number(1)), sd),
    sd,
    invalid: test(c, 'LessOrEqual', sd, 0),
  };
};

const improbable = (c: Call, p: Value) =>
  c.a.or(test(c, 'LessOrEqual', p, 0), test(c, 'GreaterOrEqual', p, 1));

const builtins: ReadonlyMap<string, Builtin> = new Map([
  ['+', arithmetic('Add')],
  ['-', arithmetic('Sub')],
  ['*', arithmetic('Mul')],
  ['/', divide],
  ['min', aggregate(chained('Min', Infinity), widest)],
  ['max', aggregate(chained('Max', -Infinity), widest)],
  ['sum', aggregate(total, widest)],
  ['avg', aggregate(mean)],
  ['median', aggregate((c, data, missing) => c.a.fill(c.a.own('Median', [c.a.mask(data, missing)])))],
  ['product', aggregate(chained('Mul', 1), widest)],
  ['log10', unary(log10, (c, x) => test(c, 'LessOrEqual', x, 0))],
  ['ln', unary(lifted('Log'), (c, x) => test(c, 'LessOrEqual', x, 0))],
  ['ln1p', unary(ln1p, (c, x) => test(c, 'LessOrEqual', x, -1))],
  ['sqrt', unary(lifted('Sqrt'), (c, x) => test(c, 'Less', x, 0))],
  ['abs', keeping(lifted('Abs'))],
  ['exp', unary(lifted('Exp'))],
  ['expm1', unary(expm1)],
  ['pow', pow],
  ['hypot', hypot],
  ['threshold', threshold],
  ['floor', keeping(lifted('Floor'))],
  ['ceil', keeping(lifted('Ceil'))],
  ['round', keeping((a, x) => a.roundHalfUp(x))],
  ['rint', keeping(lifted('Round'))],
  ['modulo', modulo],
  ['sin', unary(lifted('Sin'))],
  ['cos', unary(lifted('Cos'))],
  ['tan', unary(lifted('Tan'))],
  ['asin', unary(lifted('Asin'), outside)],
  ['acos', unary(lifted('Acos'), outside)],
  ['atan', unary(lifted('Atan'))],
  ['sinh', unary(lifted('Sinh'))],
  ['cosh', unary(lifted('Cosh'))],
  ['tanh', unary(lifted('Tanh'))],
  ['erf', unary((a, x) => over(a, erf, x))],
  ['stdNormalCDF', unary((a, x) => over(a, normalCdf, x))],
  ['stdNormalPDF', unary((a, x) => over(a, normalPdf, x))],
  ['stdNormalIDF', unary((a, p) => over(a, normalQuantile, p), improbable)],
  [
    'normalCDF',
    builtin(3, 3, (c) => {
      const { z, invalid } = standardised(c);
      return { value: over(c.a, normalCdf, z), invalid };
    }),
  ],
  [
    'normalPDF',
    builtin(3, 3, (c) => {
      const { z, sd, invalid } = standardised(c);
      return { value: c.a.div(over(c.a, normalPdf, z), sd), invalid };
    }),
  ],
  [
    'normalIDF',
    builtin(3, 3, (c) => {
      const [p, mean, sd] = [c.number(0), c.number(1), c.number(2)];
      return {
        value: c.a.add(mean, c.a.mul(sd, over(c.a, normalQuantile, p))),
        invalid: c.a.or(improbable(c, p), test(c, 'LessOrEqual', sd, 0)),
      };
    }),
  ],
  ['isMissing', presence(true)],
  ['isNotMissing', presence(false)],
  ['isValid', validity(true)],
  ['isNotValid', validity(false)],
  ['equal', comparison('Equal')],
  ['notEqual', comparison('Equal', true)],
  ['lessThan', comparison('Less')],
  ['lessOrEqual', comparison('LessOrEqual')],
  ['greaterThan', comparison('Greater')],
  ['greaterOrEqual', comparison('GreaterOrEqual')],
  ['and', logic('and')],
  ['or', logic('or')],
  ['not', builtin(1, 1, (c) => ({ value: negation(c.a, c.truth(0)), type: 'boolean' }))],
  ['isIn', membership(false)],
  ['isNotIn', membership(true)],
  ['if', conditional],
  ['uppercase', text('uppercase', 'string', ['string'])],
  ['lowercase', text('lowercase', 'string', ['string'])],
  ['stringLength', text('stringLength', 'integer', ['string'])],
  ['substring', text('substring', 'string', ['string', 'number', 'number'])],
  ['trimBlanks', text('trimBlanks', 'string', ['string'])],
  ['concat', text('concat', 'string', ['string', 'string'], 'string')],
  ['replace', text('replace', 'string', ['string', 'string', 'string'])],
  ['matches', text('matches', 'boolean', ['string', 'string'])],
  ['formatNumber', text('formatNumber', 'string', ['number', 'string'])],
  ['formatDatetime', formatDatetime],
  ['dateDaysSinceYear', daysSince],
  ['dateSecondsSinceYear', secondsSince],
  ['dateSecondsSinceMidnight', secondsSinceMidnight],
]);

/** A built-in function applied, or a located refusal where there is none of this name. */
export const applyBuiltin = (
  element: Element,
  name: string,
  args: readonly Variable[],
  scope: Scope,
  wanted: DataType | undefined,
): Applied => {
  // Before PMML 4.4 had them, JPMML wrote `x-tanh` and so on.
  const f = builtins.get(name) ?? builtins.get(name.replace(/^x-/, ''));
  if (!f) return scope.world.doc.fail(element, 'pmml/unknown-function', `there is no function '${name}'`);
  const c = new Call(element, name, args, scope, wanted);
  if (args.length < f.least || args.length > f.most) {
    const count =
      f.least === f.most
        ? `${f.least}`
        : f.most === Infinity
          ? `${f.least} or more`
          : `${f.least} to ${f.most}`;
    c.fail(`takes ${count} arguments, not ${args.length}`);
  }
  const made = f.apply(c);
  const { value, type = 'double', invalid = null } = made;
  return {
    value,
    dataType: type,
    optype: type === 'string' || type === 'boolean' ? 'categorical' : 'continuous',
    notValid: null,
    invalid,
    given: made.given === undefined ? c.a.or(...args.map((v) => v.invalid)) : made.given,
  };
};
