/** The expressions of derived fields, functions and outputs. PMML 4.4.1, Transformations and Functions. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { aggregate, lag } from './acrossRows.ts';
import { dtypeOf } from './algebra.ts';
import { asReal, constantOf, convert } from './convert.ts';
import { intervalOf } from './dictionary.ts';
import { type Document, parts, type Tag, toNumber } from './document.ts';
import { applyBuiltin } from './functions.ts';
import { columnName, inlineRows } from './inlineTable.ts';
import type { Scope, Variable } from './scope.ts';
import { textIndex } from './textIndex.ts';
import { type DataType, dataTypeOf, kindOf, literal, optypes } from './types.ts';

/** Where an expression stands: the model's scope, and the parameters of the function whose body it is in. */
export interface Context {
  readonly scope: Scope;
  readonly parameters: ReadonlyMap<string, Variable> | null;
  /** Functions being expanded. */
  readonly calls: readonly string[];
  readonly depth: number;
}

const depthLimit = 256;

/** Applications that one document may expand to: functions that double at every level end here. */
const expansionLimit = 100_000;

export const topLevel = (scope: Scope): Context => ({ scope, parameters: null, calls: [], depth: 0 });

export const isExpression = (name: string): boolean =>
  [
    'Constant',
    'FieldRef',
    'NormContinuous',
    'NormDiscrete',
    'Discretize',
    'MapValues',
    'TextIndex',
    'Apply',
    'Aggregate',
    'Lag',
  ].includes(name);

/** The one expression that an element holds. */
export const expressionIn = (doc: Document, element: Element): Element =>
  element.children.find((c) => isExpression(c.name)) ??
  doc.fail(element, 'pmml/missing-element', 'it holds no expression');

/** A DerivedField, converted to the type that it declares. */
export const derive = (element: Element, scope: Scope): Variable => {
  const { doc, a } = scope.world;
  for (const part of parts(element)) {
    if (!isExpression(part.name) && part.name !== 'Value' && part.name !== 'Interval') doc.refuse(part);
  }
  const dataType = dataTypeOf(doc, element);
  const optype = doc.choice(element, 'optype', optypes, dataType === 'string' ? 'categorical' : 'continuous');
  const result = express(expressionIn(doc, element), topLevel(scope), dataType);
  const order = parts(element)
    .filter((p) => p.name === 'Value')
    .map((p) => literal(doc, p, doc.need(p, 'value'), dataType));
  const {
    text: _,
    literal: __,
    order: ___,
    ...converted
  } = convert(doc, a, element, result, dataType, scope.real);
  return { ...converted, optype, ...(order.length > 0 && { order }) };
};

const variable = (value: Value, dataType: DataType, invalid: Value | null = null): Variable => ({
  value,
  dataType,
  optype: dataType === 'string' ? 'categorical' : 'continuous',
  notValid: null,
  invalid,
});

/** The column that an expression gives. `wanted`: the type that whoever asked declares; it types literals. */
export const express = (element: Element, at: Context, wanted?: DataType): Variable => {
  const { doc } = at.scope.world;
  if (at.depth > depthLimit) {
    doc.fail(element, 'pmml/too-deep', `expressions are nested more than ${depthLimit} deep`);
  }
  return at.scope.world.a.within(doc.place(element), () => made(element, at, wanted));
};

const made = (element: Element, at: Context, wanted?: DataType): Variable => {
  const { doc } = at.scope.world;
  switch (element.name) {
    case 'Constant':
      return literalOf(element, at);
    case 'FieldRef':
      return reference(element, at);
    case 'NormContinuous':
      return normContinuous(element, at);
    case 'NormDiscrete':
      return normDiscrete(element, at);
    case 'Discretize':
      return discretize(element, at, wanted);
    case 'MapValues':
      return mapValues(element, at, wanted);
    case 'TextIndex': {
      const text = resolve(doc.need(element, 'textField'), element, at);
      const index = express(expressionIn(doc, element), deeper(at));
      return variable(
        textIndex(element, text, index, at.scope),
        'double',
        at.scope.world.a.or(text.invalid, index.invalid),
      );
    }
    case 'Apply':
      return apply(element, at, wanted);
    case 'Lag':
    case 'Aggregate': {
      if (at.parameters) doc.refuse(element, 'a function sees its parameters of one row only');
      return element.name === 'Lag' ? lag(element, at.scope) : aggregate(element, at.scope);
    }
    default:
      return doc.refuse(element, 'this is no expression that is supported');
  }
};

const deeper = (at: Context): Context => ({ ...at, depth: at.depth + 1 });

/** A name: a parameter inside a function's body, else a field. */
const resolve = (name: string, tag: Tag, at: Context): Variable => {
  const { scope, parameters } = at;
  if (parameters === null) return scope.read(name, tag);
  return (
    parameters.get(name) ??
    scope.world.doc.fail(
      tag,
      'pmml/unknown-field',
      `the function has no parameter '${name}'`,
      'a function reads its parameters only',
    )
  );
};

const literalOf = (element: Element, at: Context): Variable => {
  const { doc, a } = at.scope.world;
  const { text } = element;
  const declared = doc.text(element, 'dataType') === undefined ? undefined : dataTypeOf(doc, element);
  const number = toNumber(text);
  const dataType =
    declared ?? (number === undefined ? 'string' : Number.isInteger(number) ? 'integer' : 'double');
  if (doc.flag(element, 'missing', false)) {
    return variable(a.nothing(dataType === 'string' ? 'string' : at.scope.real), dataType);
  }
  const value = literal(doc, element, text, dataType);
  return {
    ...variable(constantOf(a, at.scope.real, value), dataType),
    literal: value,
    ...(declared === undefined && { text }),
  };
};

/** The text of mapMissingTo or defaultValue as a column of the type. */
const instead = (element: Element, name: string, dataType: DataType, at: Context): Value | undefined => {
  const { doc, a } = at.scope.world;
  const text = doc.text(element, name);
  return text === undefined ? undefined : constantOf(a, at.scope.real, literal(doc, element, text, dataType));
};

const reference = (element: Element, at: Context): Variable => {
  const { a } = at.scope.world;
  const found = resolve(at.scope.world.doc.need(element, 'field'), element, at);
  const other = instead(element, 'mapMissingTo', found.dataType, at);
  return other === undefined
    ? found
    : { ...found, value: a.coalesce(found.value, matching(at, other, found.value)) };
};

/** A literal beside a column: booleans meet as booleans. */
const matching = (at: Context, v: Value, beside: Value): Value => {
  const { a } = at.scope.world;
  return dtypeOf(beside) === 'bool' && dtypeOf(v) !== 'bool' ? a.cast(v, 'bool') : v;
};

const numberOf = (found: Variable, tag: Tag, at: Context): Value => {
  const { doc, a } = at.scope.world;
  if (kindOf(found.dataType) !== 'number')
    doc.fail(tag, 'pmml/type', 'a number is wanted here, and this is text');
  return asReal(a, found.value, at.scope.real);
};

const normContinuous = (element: Element, at: Context): Variable => {
  const { doc, a } = at.scope.world;
  const found = resolve(doc.need(element, 'field'), element, at);
  const points = parts(element).map((p) => {
    if (p.name !== 'LinearNorm') doc.refuse(p);
    return [doc.needNumber(p, 'orig'), doc.needNumber(p, 'norm')] as const;
  });
  if (points.length < 2) doc.fail(element, 'pmml/missing-element', 'it needs two LinearNorm or more');
  if (points.some(([o], i) => i > 0 && !(o > (points[i - 1] as readonly [number, number])[0]))) {
    doc.fail(element, 'pmml/attribute-value', 'the orig values of its LinearNorm do not ascend');
  }
  const outliers = doc.choice(element, 'outliers', ['asIs', 'asMissingValues', 'asExtremeValues'], 'asIs');
  const value = a.own('Interpolate', [numberOf(found, element, at)], {
    origs: attr.data(
      constant(
        at.scope.real,
        points.map(([o]) => o),
      ),
    ),
    norms: attr.data(
      constant(
        at.scope.real,
        points.map(([, n]) => n),
      ),
    ),
    outliers: attr.string(outliers),
  });
  const other = instead(element, 'mapMissingTo', 'double', at);
  return variable(other === undefined ? value : a.coalesce(value, other), 'double', found.invalid);
};

const normDiscrete = (element: Element, at: Context): Variable => {
  const { doc, a } = at.scope.world;
  const found = resolve(doc.need(element, 'field'), element, at);
  const text = literal(doc, element, doc.need(element, 'value'), found.dataType);
  const beside = matching(at, constantOf(a, at.scope.real, text), found.value);
  const equal = a.compare('Equal', found.value, beside);
  const value = a.cast(equal, at.scope.real);
  const other = instead(element, 'mapMissingTo', 'double', at);
  return variable(other === undefined ? value : a.coalesce(value, other), 'double', found.invalid);
};

const discretize = (element: Element, at: Context, wanted?: DataType): Variable => {
  const { doc, a } = at.scope.world;
  const dataType = dataTypeOf(doc, element, wanted ?? 'string');
  const found = resolve(doc.need(element, 'field'), element, at);
  const bins = parts(element).map((bin) => {
    if (bin.name !== 'DiscretizeBin') doc.refuse(bin);
    const interval = doc.child(bin, 'Interval');
    if (!interval) return doc.fail(bin, 'pmml/missing-element', 'it holds no Interval');
    return {
      value: literal(doc, bin, doc.need(bin, 'binValue'), dataType),
      ...intervalOf(doc, interval, found.dataType),
    };
  });
  const dtype = kindOf(dataType) === 'string' ? 'string' : at.scope.real;
  const x = numberOf(found, element, at);
  const missing = a.missing(x);
  const otherwise = instead(element, 'defaultValue', dataType, at) ?? a.nothing(dtype);
  let value: Value = otherwise;
  if (bins.length > 0) {
    const bin = a.own('Bin', [x], {
      edges: attr.data(
        constant(
          at.scope.real,
          bins.flatMap((b) => [b.low, b.high]),
          [bins.length, 2],
        ),
      ),
      closures: attr.strings(bins.map((b) => b.closure)),
    });
    const none = a.b.op('Less', [bin, a.like(bin, 0)]);
    const inside = a.where(none, a.like(bin, 0), bin);
    value = a.choose(
      [none, otherwise],
      a.pick(
        a.table(
          constant(
            dtype,
            bins.map((b) => b.value),
          ),
        ),
        inside,
      ),
    );
  }
  value =
    missing === null
      ? value
      : a.choose([missing, instead(element, 'mapMissingTo', dataType, at) ?? a.nothing(dtype)], value);
  return variable(value, dataType, found.invalid);
};

const mapValues = (element: Element, at: Context, wanted?: DataType): Variable => {
  const { doc, a } = at.scope.world;
  const dataType = dataTypeOf(doc, element, wanted ?? 'string');
  const dtype = kindOf(dataType) === 'string' ? 'string' : at.scope.real;
  const pairs = parts(element)
    .filter((p) => p.name === 'FieldColumnPair')
    .map((p) => ({
      tag: p,
      found: resolve(doc.need(p, 'field'), p, at),
      column: columnName(doc.need(p, 'column')),
    }));
  const output = columnName(doc.need(element, 'outputColumn'));
  const rows = inlineRows(doc, element);
  for (const column of [output, ...pairs.map((p) => p.column)]) {
    if (rows.length > 0 && !rows.some((r) => r.has(column)))
      doc.fail(element, 'pmml/unknown-column', `no row of its table has a column '${column}'`);
  }
  const texts = rows.map((r) => r.get(output));
  const invalid = a.or(...pairs.map((p) => p.found.invalid));
  const missing = a.or(...pairs.map((p) => a.missing(p.found.value)));
  const otherwise = instead(element, 'defaultValue', dataType, at);
  const ifMissing = instead(element, 'mapMissingTo', dataType, at) ?? a.nothing(dtype);
  const first = pairs[0];
  if (!first) return doc.fail(element, 'pmml/missing-element', 'it holds no FieldColumnPair');

  /** Each column's values numbered; a row of the table is found by its numbers. */
  const single = pairs.length === 1;
  const numbered = pairs.map(({ tag, found, column }) => {
    const seen = new Map<string | number, number>();
    const codes = rows.map((r) => {
      const text = r.get(column);
      if (text === undefined) return -1;
      const value = literal(doc, tag, text, found.dataType);
      if (!seen.has(value)) seen.set(value, seen.size);
      return seen.get(value) as number;
    });
    return { found, seen, codes };
  });
  const keyOf = (v: Variable): Value =>
    kindOf(v.dataType) === 'string' ? v.value : asReal(a, v.value, at.scope.real);
  const keyType = (v: Variable) => (kindOf(v.dataType) === 'string' ? 'string' : at.scope.real);

  let key: Value;
  let keys: readonly (string | number)[];
  let kept = rows.map((_, i) => i).filter((i) => numbered.every((n) => (n.codes[i] as number) >= 0));
  let keyDtype: 'string' | 'float64' | 'float32';
  if (single) {
    const n = numbered[0] as (typeof numbered)[number];
    const values = [...n.seen.keys()];
    key = keyOf(n.found);
    keyDtype = keyType(n.found);
    keys = kept.map((i) => values[n.codes[i] as number] as string | number);
  } else {
    // The numbers of the columns as the digits of one number; what no row lists is missing, and finds nothing.
    let base = 1;
    let sum: Value | undefined;
    const combined = new Array<number>(rows.length).fill(0);
    for (const n of numbered) {
      const code = a.own('Lookup', [keyOf(n.found)], {
        keys: attr.data(constant(keyType(n.found), [...n.seen.keys()])),
        values: attr.data(constant('float64', [...n.seen.values()])),
      });
      const digit = a.mul(code, a.constant('float64', base));
      sum = sum === undefined ? digit : a.add(sum, digit);
      n.codes.forEach((c, i) => {
        combined[i] = (combined[i] as number) + c * base;
      });
      base *= Math.max(1, n.seen.size);
    }
    if (base > Number.MAX_SAFE_INTEGER)
      doc.fail(element, 'pmml/too-large', 'the table has too many combinations');
    key = sum as Value;
    keyDtype = 'float64';
    keys = kept.map((i) => combined[i] as number);
  }
  // The first of equal rows counts.
  const seen = new Set<string | number>();
  const firsts = keys.map((k) => !seen.has(k) && seen.add(k) !== undefined);
  kept = kept.filter((_, i) => firsts[i]);
  keys = keys.filter((_, i) => firsts[i]);
  const gaps = kept.map((i) => texts[i] === undefined);
  const values = kept.map((i) => {
    const t = texts[i];
    return t === undefined ? (dtype === 'string' ? '' : 0) : literal(doc, element, t, dataType);
  });
  const found =
    keys.length === 0
      ? a.mask(a.nothing(dtype), null)
      : a.own('Lookup', [key], {
          keys: attr.data(constant(keyDtype, keys)),
          values: attr.data(constant(dtype, values)),
          ...(gaps.includes(true) && { missing: attr.data(constant('bool', gaps)) }),
        });
  const mapped = otherwise === undefined ? found : a.coalesce(found, otherwise);
  return variable(missing === null ? mapped : a.choose([missing, ifMissing], mapped), dataType, invalid);
};

const expansions = new WeakMap<Document, number>();

const apply = (element: Element, at: Context, wanted?: DataType): Variable => {
  const { scope } = at;
  const { doc, functions } = scope.world;
  // What the document itself writes out is as large as the document.
  const count = (expansions.get(doc) ?? 0) + (at.calls.length > 0 ? 1 : 0);
  expansions.set(doc, count);
  if (count > expansionLimit) {
    doc.fail(element, 'pmml/too-large', `functions expand to more than ${expansionLimit} applications`);
  }
  const name = doc.need(element, 'function');
  const definition = functions.get(name);
  const args = parts(element).map((arg) => express(arg, deeper(at), wanted));
  if (definition) {
    // Its body stands for the call: an argument is invalid there where it is read.
    return finish(element, at, args, call(element, name, definition, args, at), null);
  }
  const { given, ...result } = applyBuiltin(element, name, args, scope, wanted);
  return finish(element, at, args, result, given);
};

/**
 * What the attributes of Apply make of a result: mapMissingTo, defaultValue, invalidValueTreatment. `given`: rows that
 * an argument made invalid.
 */
const finish = (
  element: Element,
  at: Context,
  args: readonly Variable[],
  result: Variable,
  given: Value | null,
): Variable => {
  const { doc, a } = at.scope.world;
  let { value, invalid } = result;
  const treatment = doc.choice(
    element,
    'invalidValueTreatment',
    ['returnInvalid', 'asIs', 'asMissing'],
    'returnInvalid',
  );
  if (invalid !== null && treatment !== 'returnInvalid') {
    if (treatment === 'asMissing') value = a.mask(value, invalid);
    invalid = null;
  }
  const otherwise = instead(element, 'defaultValue', result.dataType, at);
  if (otherwise !== undefined) value = a.coalesce(value, matching(at, otherwise, value));
  const ifMissing = instead(element, 'mapMissingTo', result.dataType, at);
  const missing = a.or(...args.map((v) => a.missing(v.value)));
  if (ifMissing !== undefined && missing !== null) {
    value = a.choose([missing, matching(at, ifMissing, value)], value);
  }
  return { ...result, value, invalid: a.or(invalid, given) };
};

/** A DefineFunction, expanded where it is called. */
const call = (
  element: Element,
  name: string,
  definition: Element,
  args: readonly Variable[],
  at: Context,
): Variable => {
  const { doc, a } = at.scope.world;
  if (at.calls.includes(name))
    doc.fail(definition, 'pmml/cyclic-function', `the function '${name}' calls itself`);
  const formal = parts(definition).filter((p) => p.name === 'ParameterField');
  if (formal.length !== args.length) {
    doc.fail(
      element,
      'pmml/arguments',
      `the function '${name}' takes ${formal.length} arguments, not ${args.length}`,
    );
  }
  const parameters = new Map<string, Variable>();
  formal.forEach((p, i) => {
    const arg = args[i] as Variable;
    const type = doc.text(p, 'dataType') === undefined ? undefined : dataTypeOf(doc, p);
    const key = doc.need(p, 'name');
    if (parameters.has(key)) doc.fail(p, 'pmml/duplicate-name', `the parameter '${key}' is listed twice`);
    parameters.set(key, type === undefined ? arg : convert(doc, a, p, arg, type, at.scope.real));
  });
  const result = express(
    expressionIn(doc, definition),
    { scope: at.scope, parameters, calls: [...at.calls, name], depth: at.depth + 1 },
    doc.text(definition, 'dataType'),
  );
  const type = doc.text(definition, 'dataType') === undefined ? undefined : dataTypeOf(doc, definition);
  return type === undefined ? result : convert(doc, a, definition, result, type, at.scope.real);
};
