/**
 * Lag and Aggregate: expressions that look at other rows than their own. Rows stand in the order of the table; groups are
 * rows with the same value. Everything is said in operators over whole columns, so that targets which see one row at a
 * time refuse it. PMML 4.4.1, Transformations.
 */
import { attr } from '../../src/ir/attributes.ts';
import { tensorType, type Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf, typeOf } from './algebra.ts';
import { asReal } from './convert.ts';
import { parts } from './document.ts';
import { applyBuiltin } from './functions.ts';
import type { Scope, Variable } from './scope.ts';
import { kindOf } from './types.ts';

/** Rows back, and rows that are taken together. */
const furthest = 10_000;
const widest = 256;

const neutral: Partial<Record<DType, string | boolean>> = { string: '', bool: false };

/** The plain column `n` rows before; `first` where there is no such row. */
const before = (a: Algebra, v: Value, n: number, first: string | number | boolean): Value => {
  const dtype = dtypeOf(v);
  const pad = a.b.op('Expand', [a.constant(dtype, first), a.b.constant(constant('int64', [n, 1], [2]))]);
  const longer = a.b.op('Concat', [pad, v], { axis: attr.int(0) });
  const rows = a.b.op('Gather', [a.b.op('Shape', [v]), a.b.constant(constant('int64', [0], [1]))]);
  const zero = a.b.constant(constant('int64', [0], [1]));
  return a.b.op('Slice', [longer, zero, rows, zero], {}, { types: [typeOf(v)] });
};

/** A number for each run of rows between which no key changes: int32 [N, 1]. */
const blocks = (a: Algebra, keys: readonly Value[], like: Value): Value => {
  if (keys.length === 0) return a.spread(a.constant('int32', 0), like);
  const changes = keys.flatMap((key) => {
    const plain = a.fill(key);
    const missing = a.missing(key);
    const differs = (v: Value, first: string | number | boolean) =>
      a.not(a.b.op('Equal', [v, before(a, v, 1, first)]));
    const value = differs(plain, neutral[dtypeOf(plain)] ?? 0);
    return missing === null ? [value] : [value, differs(a.cast(missing, 'int32'), 0)];
  });
  const changed = a.or(...changes) as Value;
  return a.b.op('CumSum', [a.cast(changed, 'int32'), a.b.constant(constant('int64', [0], []))]);
};

const column = (scope: Scope, name: string, element: Element): Variable => {
  const found = scope.read(name, element);
  if (typeOf(found.value).dims?.[0] === 1) {
    scope.world.doc.refuse(element, `'${name}' is the same in every row: no row is before another`);
  }
  return found;
};

/** The value `n` rows before within the block, or an aggregate of the `n` rows before; missing where there is none. */
export const lag = (element: Element, scope: Scope): Variable => {
  const { doc, a } = scope.world;
  const field = column(scope, doc.need(element, 'field'), element);
  const n = doc.number(element, 'n') ?? 1;
  const how = doc.choice(
    element,
    'aggregate',
    ['none', 'avg', 'max', 'median', 'min', 'product', 'sum', 'stddev'],
    'none',
  );
  const most = how === 'none' ? furthest : widest;
  if (!Number.isInteger(n) || n < 1 || n > most) {
    doc.fail(element, 'pmml/attribute-value', `n="${n}" is no number of rows from 1 to ${most}`);
  }
  const keys = parts(element).map((part) => {
    if (part.name !== 'BlockIndicator') doc.refuse(part);
    return column(scope, doc.need(part, 'field'), part).value;
  });
  const block = blocks(a, keys, field.value);
  const plain = a.fill(field.value);
  const missing = a.missing(field.value);
  const at = (rows: number): Variable => {
    const gone = missing && a.cast(before(a, a.cast(missing, 'int32'), rows, 0), 'bool');
    const outside = a.not(a.b.op('Equal', [block, before(a, block, rows, -1)]));
    const value = a.mask(before(a, plain, rows, neutral[dtypeOf(plain)] ?? 0), a.or(gone, outside));
    const { text: _, literal: __, field: ___, ...rest } = field;
    return { ...rest, value, notValid: null };
  };
  if (how === 'none') return at(n);
  if (how === 'stddev') {
    return doc.refuse(element, 'aggregate="stddev": whether of a sample or of all is not settled');
  }
  if (kindOf(field.dataType) !== 'number') {
    doc.fail(element, 'pmml/type', `aggregate="${how}" is of numbers`);
  }
  const rows = Array.from({ length: n }, (_, i) => at(n - i));
  return applyBuiltin(element, how, rows, scope, undefined);
};

/** What all rows of a group say of a field, on each row of it. Missing values, and rows of no group, are left out. */
export const aggregate = (element: Element, scope: Scope): Variable => {
  const { doc, a } = scope.world;
  const sql = doc.text(element, 'sqlWhere');
  if (sql !== undefined) doc.refuse(element, 'sqlWhere is a condition in a language of its own');
  const how = doc.choice(element, 'function', ['count', 'sum', 'average', 'min', 'max', 'multiset'], 'count');
  doc.need(element, 'function');
  if (how === 'multiset') doc.refuse(element, 'function="multiset" gives a set, which is no value of a row');
  const field = column(scope, doc.need(element, 'field'), element);
  const name = doc.text(element, 'groupField');
  const key = name === undefined ? null : column(scope, name, element).value;
  if (how !== 'count' && kindOf(field.dataType) !== 'number') {
    doc.fail(element, 'pmml/type', `function="${how}" is of numbers`);
  }
  const { real } = scope;
  const flat = a.b.constant(constant('int64', [-1], [1]));
  const none = a.or(a.missing(field.value), key && a.missing(key));
  const vector = (v: Value) => a.b.op('Reshape', [v, flat]);
  const groups = groupNumbers(a, key, field.value);
  /** Of the values of each group, on its rows. */
  const over = (v: Value, left: number, reduction: 'add' | 'min' | 'max'): Value => {
    const given = none === null ? v : a.where(none, a.constant(real, left), v);
    const start = a.b.op('Expand', [a.b.constant(constant(real, [left], [1])), groups.count]);
    const sums = a.b.op('ScatterElements', [start, groups.of, vector(given)], {
      axis: attr.int(0),
      reduction: attr.string(reduction),
    });
    return a.b.op(
      'Reshape',
      [a.b.op('Gather', [sums, groups.of]), groups.shape],
      {},
      {
        types: [tensorType(real, typeOf(field.value).dims)],
      },
    );
  };
  const ones = a.spread(a.constant(real, 1), field.value);
  const count = over(ones, 0, 'add');
  const result = (value: Value, dataType: string): Variable => ({
    value: a.mask(value, key && a.missing(key)),
    dataType,
    optype: 'continuous',
    notValid: null,
    invalid: field.invalid,
  });
  if (how === 'count') return result(count, 'integer');
  const x = a.fill(asReal(a, field.value, real));
  const empty = a.b.op('Equal', [count, a.constant(real, 0)]);
  const dataType = how === 'average' ? 'double' : field.dataType;
  if (how === 'min') return result(a.mask(over(x, Infinity, 'min'), empty), dataType);
  if (how === 'max') return result(a.mask(over(x, -Infinity, 'max'), empty), dataType);
  const sum = over(x, 0, 'add');
  return result(a.mask(how === 'sum' ? sum : a.b.op('Div', [sum, count]), empty), dataType);
};

/** The number of each row's group, [N]; how many there are, [1]; and the shape of a column. */
const groupNumbers = (a: Algebra, key: Value | null, like: Value) => {
  const { b } = a;
  const shape = b.op('Shape', [a.fill(like)]);
  const flat = b.constant(constant('int64', [-1], [1]));
  if (key === null) {
    const zeros = b.op('Expand', [b.constant(constant('int64', [0], [1, 1])), shape]);
    return { of: b.op('Reshape', [zeros, flat]), count: b.constant(constant('int64', [1], [1])), shape };
  }
  const [values, , of] = b.call(['', 'Unique'], [b.op('Reshape', [a.fill(key), flat])], {
    attributes: { sorted: attr.int(1) },
    outputs: [b.unique('groups'), null, b.unique('group')],
  });
  return { of: of as Value, count: b.op('Shape', [values as Value]), shape };
};
