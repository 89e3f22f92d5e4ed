/** Expressions over fields, as they are put together before they are printed. */
import { shortest32 } from '../../../src/rows/cell.ts';
import type { DType } from '../../../src/tensor/dtype.ts';
import { element, type Markup, numeral } from './xml.ts';

export type DataType = string;

/** A field of the document: given, derived, or put out by a segment. Identity is the object. */
export interface Field {
  /** What a segment puts out may be given another name until it is printed. */
  name: string;
  readonly dataType: DataType;
  /** May it be missing in a row? NaN is missing in PMML. */
  readonly mayMiss: boolean;
  /** What it is derived by; null where it is given, or put out by a segment. Set once all of its makers are known. */
  expression: Expression | null;
  /** The segment of a chain that puts it out. */
  segment: object | null;
}

export type Literal = number | string | boolean | null;

export type Expression =
  /** `sure`: what stands around it has made sure that it is not missing here. */
  | { readonly k: 'field'; readonly field: Field; readonly sure: boolean }
  /** null: missing. */
  | { readonly k: 'constant'; readonly value: Literal; readonly dataType: DataType }
  | {
      readonly k: 'apply';
      readonly fn: string;
      readonly args: readonly Expression[];
      readonly dataType: DataType;
      readonly mayMiss: boolean;
      readonly depth: number;
      /** Where the function has no result: IEEE 754's, not an invalid one. */
      readonly asIs?: true;
    }
  /** The value beside the key that equals the field. */
  | {
      readonly k: 'map';
      readonly field: Field;
      readonly rows: readonly (readonly [key: string | number, value: Literal])[];
      readonly dataType: DataType;
      readonly otherwise: Literal;
      readonly mayMiss: boolean;
    };

export const dataTypeOf = (e: Expression): DataType => (e.k === 'field' ? e.field.dataType : e.dataType);

export const mayMiss = (e: Expression): boolean =>
  e.k === 'field' ? e.field.mayMiss && !e.sure : e.k === 'constant' ? e.value === null : e.mayMiss;

export const depthOf = (e: Expression): number => (e.k === 'apply' ? e.depth : 1);

export const ref = (field: Field, sure = false): Expression => ({ k: 'field', field, sure });

export const constantOf = (value: Literal, dataType: DataType): Expression => ({
  k: 'constant',
  value: typeof value === 'number' && Number.isNaN(value) ? null : value,
  dataType,
});

export const apply = (
  fn: string,
  args: readonly Expression[],
  dataType: DataType,
  may = args.some(mayMiss),
): Expression => ({
  k: 'apply',
  fn,
  args,
  dataType,
  mayMiss: may,
  depth: 1 + Math.max(0, ...args.map(depthOf)),
});

const is = (e: Expression, value: Literal): boolean => e.k === 'constant' && e.value === value;

export const truth = (value: boolean): Expression => constantOf(value, 'boolean');

/** The same function inside is written as one. */
const joined = (fn: 'and' | 'or', args: readonly Expression[]): Expression[] =>
  args.flatMap((a) => (a.k === 'apply' && a.fn === fn ? a.args : [a]));

export const all = (args: readonly Expression[]): Expression => {
  const open = joined('and', args).filter((a) => !is(a, true));
  if (open.some((a) => is(a, false))) return truth(false);
  return open.length === 0
    ? truth(true)
    : open.length === 1
      ? (open[0] as Expression)
      : apply('and', open, 'boolean');
};

export const any = (args: readonly Expression[]): Expression => {
  const open = joined('or', args).filter((a) => !is(a, false));
  if (open.some((a) => is(a, true))) return truth(true);
  return open.length === 0
    ? truth(false)
    : open.length === 1
      ? (open[0] as Expression)
      : apply('or', open, 'boolean');
};

const opposite: Readonly<Record<string, string>> = {
  isMissing: 'isNotMissing',
  isNotMissing: 'isMissing',
  equal: 'notEqual',
  notEqual: 'equal',
};

export const not = (e: Expression): Expression => {
  if (e.k === 'constant') return truth(e.value !== true);
  if (e.k === 'apply' && e.fn === 'not') return e.args[0] as Expression;
  const other = e.k === 'apply' ? opposite[e.fn] : undefined;
  return other !== undefined && e.k === 'apply'
    ? apply(other, e.args, 'boolean', e.mayMiss)
    : apply('not', [e], 'boolean');
};

export const present = (e: Expression): Expression =>
  mayMiss(e) ? apply('isNotMissing', [e], 'boolean', false) : truth(true);

/** `if`; without `otherwise` the result is missing where the condition does not hold. The condition is never missing. */
export const choose = (when: Expression, then: Expression, otherwise: Expression | null): Expression => {
  if (is(when, true)) return then;
  if (is(when, false)) return otherwise ?? constantOf(null, dataTypeOf(then));
  if (otherwise !== null && otherwise.k === 'constant' && otherwise.value === null) {
    return choose(when, then, null);
  }
  if (then.k === 'constant' && otherwise?.k === 'constant' && then.value === otherwise.value) return then;
  if (then.k === 'constant' && then.value === null && otherwise !== null)
    return choose(not(when), otherwise, null);
  if (otherwise === null) {
    // A result of arithmetic is missing already where one of its operands is.
    const asked = when.k === 'apply' && when.fn === 'and' ? when.args : [when];
    const strict = strictFields(then);
    const open = asked.filter(
      (a) =>
        !(
          a.k === 'apply' &&
          a.fn === 'isNotMissing' &&
          a.args[0]?.k === 'field' &&
          strict.has(a.args[0].field)
        ),
    );
    if (open.length < asked.length) {
      const rest = all(open);
      return is(rest, true) ? unsure(then) : apply('if', [rest, then], dataTypeOf(then), true);
    }
  }
  return apply(
    'if',
    otherwise === null ? [when, then] : [when, then, otherwise],
    dataTypeOf(then),
    otherwise === null || mayMiss(then) || mayMiss(otherwise),
  );
};

/** The same, where nothing makes sure any more that its fields are there. */
const unsure = (e: Expression): Expression =>
  e.k === 'field' ? ref(e.field) : e.k === 'constant' ? e : { ...e, mayMiss: true };

const strictFunctions = new Set('+ - * / abs exp sqrt floor ceil round rint pow'.split(' '));

/** Fields whose being missing makes the expression missing. */
const strictFields = (e: Expression): ReadonlySet<Field> => {
  const found = new Set<Field>();
  const visit = (x: Expression): void => {
    if (x.k === 'field') found.add(x.field);
    else if (x.k === 'map' && x.otherwise === null) found.add(x.field);
    else if (x.k === 'apply' && strictFunctions.has(x.fn)) x.args.forEach(visit);
  };
  visit(e);
  return found;
};

export const fieldsIn = (e: Expression, found: Set<Field> = new Set()): Set<Field> => {
  if (e.k === 'field' || e.k === 'map') found.add(e.field);
  else if (e.k === 'apply') for (const a of e.args) fieldsIn(a, found);
  return found;
};

export const spelled = (value: Exclude<Literal, null>): string =>
  typeof value === 'number' ? numeral(value) : String(value);

/**
 * A literal beside a field of the type. Single precision in the fewest digits that read back the same: an engine that takes
 * `float` for double then still finds it equal to the same digits in the data.
 */
export const spelledAs = (value: Exclude<Literal, null>, dataType: DataType): string =>
  dataType === 'float' && typeof value === 'number' && Math.fround(value) === value
    ? numeral(shortest32(value))
    : spelled(value);

export const markup = (e: Expression): Markup => {
  switch (e.k) {
    case 'field':
      return element('FieldRef', { field: e.field.name });
    case 'constant':
      return e.value === null
        ? element('Constant', { dataType: e.dataType, missing: 'true' })
        : { ...element('Constant', { dataType: e.dataType }), text: spelledAs(e.value, e.dataType) };
    case 'apply':
      return element(
        'Apply',
        { function: e.fn, invalidValueTreatment: e.asIs ? 'asIs' : undefined },
        e.args.map(markup),
      );
    case 'map':
      return element(
        'MapValues',
        {
          outputColumn: 'value',
          dataType: e.dataType,
          defaultValue: e.otherwise === null ? undefined : spelled(e.otherwise),
          mapMissingTo: e.otherwise === null ? undefined : spelled(e.otherwise),
        },
        [
          element('FieldColumnPair', { field: e.field.name, column: 'key' }),
          element(
            'InlineTable',
            {},
            e.rows.flatMap(([key, value]) =>
              value === null
                ? []
                : [
                    element('row', {}, [
                      { ...element('key'), text: spelled(key) },
                      { ...element('value'), text: spelled(value) },
                    ]),
                  ],
            ),
          ),
        ],
      );
  }
};

/** How values of a dtype are called. */
export const typeName = (dtype: DType): DataType =>
  dtype === 'string'
    ? 'string'
    : dtype === 'bool'
      ? 'boolean'
      : dtype === 'float32'
        ? 'float'
        : dtype === 'float64'
          ? 'double'
          : 'integer';

export const optypeOf = (dataType: DataType): 'categorical' | 'continuous' =>
  dataType === 'string' || dataType === 'boolean' ? 'categorical' : 'continuous';
