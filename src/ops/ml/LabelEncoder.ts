import { attr, dataOfAttribute, floatOf, floatsOf, intOf, stringOf, stringsOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Attribute, type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import { constant, type Data } from '../../tensor/data.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { earlier, type Said } from '../onnx/earlier.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { literal, ML, rowsEach, wideInts } from './build.ts';

/**
 * Each element replaced by the value beside the key it equals, or by the default. ai.onnx.ml, LabelEncoder.
 *
 * 1: strings to their place in `classes_strings`, or int64 places to the strings. 2: keys and values of string, int64
 * or float. 4: also of int32, int16, double, as tensors. NaN equals the key NaN, of whatever bits. 2 compares bits, so that
 * -0 is not the key 0; 4 does not say so. Of equal keys the first counts in 2 (the profile `onnxruntime`; the text is
 * silent) and the last in 4 (its text; onnxruntime 1.30 takes the first, and compares numbers in both).
 */
const versions = (since: readonly number[], table: (node: Node) => Mapping, look = lookUp): Operator => ({
  domain: ML,
  name: 'LabelEncoder',
  since,
  infer: (node) => {
    const { keys, values } = table(node);
    return [tensorType(values.dtype, tensorInput(node, 0, [keys.dtype]).dims)];
  },
  express: (node, b, opsets) => encoded(node, b, opsets, table(node)),
  expand: (node, b) => [look(b, node.inputs[0] as Value, table(node))],
  rows: rowsEach,
});

/** The attributes that hold lists of a dtype, at version 2 and in part at 4. */
const suffixes: ReadonlyMap<DType, string> = new Map<DType, string>([
  ['string', 'strings'],
  ['int64', 'int64s'],
  ['float32', 'floats'],
]);

const listAttribute = (dtype: DType, values: readonly (number | bigint | string)[]): Attribute =>
  dtype === 'string'
    ? attr.strings(values as string[])
    : dtype === 'int64'
      ? attr.ints(values as bigint[])
      : attr.floats(values as number[]);

const oneAttribute = (dtype: DType, value: number | bigint | string): Attribute =>
  dtype === 'string'
    ? attr.string(value as string)
    : dtype === 'int64'
      ? attr.int(value as bigint)
      : attr.float(value as number);

/** The same table at another version; of equal keys the one that counts is left. */
const encoded = (node: Node, b: Builder, opsets: ReadonlyMap<string, number>, table: Mapping): Said => {
  const { keys, values, otherwise } = table;
  const version = b.version(ML, 'LabelEncoder', opsets.get(ML))?.since ?? 0;
  const list = (d: Data) => Array.from(d.read(0, d.count) as ArrayLike<number | bigint | string>);
  if (isFloat(keys.dtype) && list(keys).some((k) => k === 0)) {
    return refuse('express/attribute', 'whether -0 is the key 0 differs between its versions');
  }
  const entries = new Map<number | bigint | string, number | bigint | string>();
  const [found, beside] = [list(keys), list(values)];
  // A Map takes NaN for one key.
  found.forEach((k, i) => {
    if (!entries.has(k)) entries.set(k, beside[i] as number);
  });
  const [kept, given] = [[...entries.keys()], [...entries.values()]];
  const [fallback] = list(otherwise) as [number];
  const attributes: Record<string, Attribute> = {};
  if (version === 1) {
    const forward = keys.dtype === 'string' && values.dtype === 'int64';
    const backward = keys.dtype === 'int64' && values.dtype === 'string';
    const [classes, places] = forward ? [kept, given] : [given, kept];
    if (!(forward || backward) || !places.every((p, i) => BigInt(p) === BigInt(i))) {
      return refuse(
        'express/attribute',
        'before ai.onnx.ml 2 strings are numbered from 0 on, and nothing else',
      );
    }
    attributes.classes_strings = attr.strings(classes as string[]);
    attributes[forward ? 'default_int64' : 'default_string'] = oneAttribute(otherwise.dtype, fallback);
    return earlier(node, b, opsets, node.inputs, attributes);
  }
  for (const [prefix, dtype, held] of [
    ['keys', keys.dtype, kept],
    ['values', values.dtype, given],
  ] as const) {
    const suffix = suffixes.get(dtype);
    if (suffix) attributes[`${prefix}_${suffix}`] = listAttribute(dtype, held);
    else if (version >= 4) attributes[`${prefix}_tensor`] = attr.data(constant(dtype, held as number[]));
    else return refuse('express/dtype', `before ai.onnx.ml 4 it takes and gives no ${dtype}`);
  }
  const suffix = suffixes.get(values.dtype);
  if (suffix) attributes[`default_${suffix.slice(0, -1)}`] = oneAttribute(values.dtype, fallback);
  else attributes.default_tensor = attr.data(constant(values.dtype, [fallback]));
  return earlier(node, b, opsets, node.inputs, attributes);
};

export interface Mapping {
  readonly keys: Data;
  readonly values: Data;
  /** One element of the dtype of the values. */
  readonly otherwise: Data;
}

/** The value beside each key found, else the default; the first of equal keys counts. */
export const lookUp = (b: Builder, x: Value, { keys, values, otherwise }: Mapping): Value => {
  const list = Array.from(keys.read(0, keys.count) as ArrayLike<number | bigint | string>);
  const fallback = b.constant(otherwise);
  const found = b.op([OWN, 'Lookup'], [x], {
    keys: { kind: 'data', data: keys },
    values: { kind: 'data', data: values },
  });
  const filled = b.op([OWN, 'Fill'], [found, fallback]);
  // NaN equals no key; where it is one, it is asked for by itself.
  const nan = isFloat(keys.dtype) ? list.findIndex((k) => Number.isNaN(k)) : -1;
  if (nan === -1) return filled;
  const value = values.read(nan, nan + 1) as ArrayLike<number | bigint | string>;
  return b.op('Where', [b.op('IsNaN', [x]), literal(b, values.dtype, value, []), filled]);
};

/** The same by the bits of floats: `lookUp` finds the first zero for zeros of both signs, and one of them asks for another. */
const lookUpBits = (b: Builder, x: Value, mapping: Mapping): Value => {
  const { keys, values, otherwise } = mapping;
  const found = lookUp(b, x, mapping);
  if (!isFloat(keys.dtype)) return found;
  const list = Array.from(keys.read(0, keys.count) as ArrayLike<number>);
  const zero = list.find((k) => k === 0);
  if (zero === undefined) return found;
  const at = list.findIndex((k) => Object.is(k, -zero));
  const value = at === -1 ? otherwise.read(0, 1) : values.read(at, at + 1);
  const none = literal(b, keys.dtype, 0);
  // The reciprocal tells the sign of a zero.
  const reciprocal = b.op('Div', [literal(b, keys.dtype, 1), x]);
  const signed = b.op(Object.is(zero, -0) ? 'Greater' : 'Less', [reciprocal, none]);
  const other = b.op('And', [b.op('Equal', [x, none]), signed]);
  return b.op('Where', [other, literal(b, values.dtype, value as ArrayLike<number | string>, []), found]);
};

const first = (node: Node): Mapping => {
  const classes = stringsOf(node, 'classes_strings') ?? [];
  const places = constant(
    'int64',
    classes.map((_, i) => i),
  );
  return tensorInput(node, 0, ['string', 'int64']).dtype === 'string'
    ? {
        keys: constant('string', classes),
        values: places,
        otherwise: constant('int64', [intOf(node, 'default_int64', -1)], []),
      }
    : {
        keys: places,
        values: constant('string', classes),
        otherwise: constant('string', [stringOf(node, 'default_string', '_Unused')], []),
      };
};

/** The one list that stands under `prefix`: strings, integers, floats, or (version 4) a tensor. */
const listed = (node: Node, prefix: 'keys' | 'values'): Data => {
  const found: Data[] = [];
  const strings = stringsOf(node, `${prefix}_strings`);
  if (strings && strings.length > 0) found.push(constant('string', strings));
  const ints = wideInts(node, `${prefix}_int64s`);
  if (ints.length > 0) found.push(constant('int64', ints));
  const floats = floatsOf(node, `${prefix}_floats`);
  if (floats && floats.length > 0) found.push(constant('float32', floats));
  const tensor = dataOfAttribute(node, `${prefix}_tensor`);
  if (tensor && tensor.count > 0) found.push(tensor);
  const [only] = found;
  if (only === undefined || found.length > 1) {
    return refused(node, `exactly one of the attributes ${prefix}_* must be given`);
  }
  return only;
};

const keyed = (node: Node): Mapping => {
  const keys = listed(node, 'keys');
  const values = listed(node, 'values');
  if (keys.count !== values.count) refused(node, `there are ${keys.count} keys and ${values.count} values`);
  return { keys, values, otherwise: defaultOf(node, values.dtype) };
};

const defaultOf = (node: Node, dtype: DType): Data => {
  const tensor = dataOfAttribute(node, 'default_tensor');
  if (tensor && tensor.count > 0) {
    if (tensor.dtype !== dtype || tensor.count !== 1) {
      refused(node, `default_tensor must be one ${dtype}, as the values are`);
    }
    return constant(dtype, tensor.read(0, 1) as ArrayLike<number>, []);
  }
  if (dtype === 'string') return constant('string', [stringOf(node, 'default_string', '_Unused')], []);
  if (isFloat(dtype)) return constant(dtype, [floatOf(node, 'default_float', -0)], []);
  return constant(dtype, [intOf(node, 'default_int64', -1)], []);
};

/** The last of equal keys first. */
const lastFirst = ({ keys, values, otherwise }: Mapping): Mapping => {
  const reversed = (d: Data): Data =>
    constant(d.dtype, Array.from(d.read(0, d.count) as ArrayLike<number | bigint | string>).reverse());
  return { keys: reversed(keys), values: reversed(values), otherwise };
};

export const LabelEncoder: readonly Operator[] = [
  versions([1], first),
  versions([2], keyed, lookUpBits),
  versions([4], (node) => lastFirst(keyed(node))),
];
