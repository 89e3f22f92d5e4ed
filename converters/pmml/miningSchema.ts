/**
 * MiningSchema: what a model lets in, and how. A value is classed as missing, invalid or valid; an invalid one is
 * treated first, then outliers, then what is missing by now. PMML 4.4.1, Mining Schema.
 */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { ABSENT, PredicateTable } from '../../src/ir/predicates.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { dtypeOf } from './algebra.ts';
import type { DataField } from './dictionary.ts';
import { type Document, parts, type Tag } from './document.ts';
import type { Scope, Variable, World } from './scope.ts';
import { kindOf, literal, type OpType, optypes } from './types.ts';

const usages = [
  'active',
  'predicted',
  'target',
  'supplementary',
  'group',
  'order',
  'frequencyWeight',
  'analysisWeight',
] as const;

export interface MiningField {
  readonly name: string;
  readonly tag: Tag;
  readonly usage: (typeof usages)[number];
  readonly optype: OpType | undefined;
}

export const readMiningSchema = (doc: Document, element: Element): MiningField[] => {
  const seen = new Set<string>();
  return parts(element).map((part) => {
    if (part.name !== 'MiningField') doc.refuse(part);
    const name = doc.need(part, 'name');
    if (seen.has(name)) doc.fail(part, 'pmml/duplicate-name', `the field '${name}' is listed twice`);
    seen.add(name);
    const usage = doc.choice(part, 'usageType', usages, 'active');
    const optype =
      doc.text(part, 'optype') === undefined ? undefined : doc.choice(part, 'optype', optypes, 'continuous');
    return { name, tag: part, usage, optype };
  });
};

export const isTarget = (f: MiningField): boolean => f.usage === 'target' || f.usage === 'predicted';

const treatments = ['outliers', 'missingValueReplacement', 'missingValueTreatment', 'invalidValueTreatment'];

/** Does a field of a segment say anything of its own? Otherwise it is taken as the models around let it in. */
const treats = (doc: Document, tag: Tag): boolean => treatments.some((t) => doc.text(tag, t) !== undefined);

/**
 * Lets one field in. Returns the rows that make the whole result invalid, or null.
 * In a segment, only treatments that are written there apply: their defaults would undo those of the model around.
 */
export const admit = (
  world: World,
  field: MiningField,
  raw: Variable,
  scope: Scope,
  inner: boolean,
): Value | null => {
  const { doc, a } = world;
  const { tag } = field;
  const optype = field.optype ?? raw.optype;
  const declared = raw.field;
  if (inner && !treats(doc, tag)) {
    scope.set(field.name, optype === raw.optype ? raw : { ...raw, optype });
    return null;
  }
  if (inner) scope.retreats = true;
  const dtype = dtypeOf(raw.value);
  const text = (name: string): string | number | undefined => {
    const t = doc.text(tag, name);
    return t === undefined ? undefined : literal(doc, tag, t, raw.dataType);
  };
  let { value } = raw;
  let notValid: Value | null = null;
  const returned: (Value | null)[] = [];

  const invalid = declared ? invalidRows(world, value, declared, optype) : null;
  const treatment = doc.choice(
    tag,
    'invalidValueTreatment',
    ['returnInvalid', 'asIs', 'asMissing', 'asValue'],
    // A segment that says nothing about invalid values leaves them to the models around.
    inner ? 'asIs' : 'returnInvalid',
  );
  if (invalid !== null) {
    if (treatment === 'returnInvalid') returned.push(invalid);
    else if (treatment === 'asMissing') value = a.mask(value, invalid);
    else if (treatment === 'asValue') {
      const replacement =
        text('invalidValueReplacement') ??
        doc.fail(tag, 'pmml/missing-attribute', 'asValue needs the attribute invalidValueReplacement');
      value = a.choose([invalid, a.constant(dtype, replacement)], value);
    } else notValid = invalid;
  } else if (inner) ({ notValid } = raw);

  const outliers = doc.choice(tag, 'outliers', ['asIs', 'asMissingValues', 'asExtremeValues'], 'asIs');
  if (outliers !== 'asIs') {
    if (kindOf(raw.dataType) === 'string') {
      doc.fail(tag, 'pmml/attribute-value', 'outliers are of numbers only');
    }
    const low = doc.number(tag, 'lowValue');
    const high = doc.number(tag, 'highValue');
    if (low === undefined && high === undefined) {
      doc.fail(tag, 'pmml/missing-attribute', `outliers="${outliers}" needs lowValue or highValue`);
    }
    const below = low === undefined ? null : a.isTrue(a.compare('Less', value, a.constant(dtype, low)));
    const above = high === undefined ? null : a.isTrue(a.compare('Greater', value, a.constant(dtype, high)));
    if (outliers === 'asMissingValues') value = a.mask(value, a.or(below, above));
    else {
      const branches: Value[] = [];
      if (below !== null) branches.push(below, a.constant(dtype, low as number));
      if (above !== null) branches.push(above, a.constant(dtype, high as number));
      value = a.choose(branches, value);
    }
  }

  const replacement = text('missingValueReplacement');
  const missing = doc.choice(
    tag,
    'missingValueTreatment',
    ['asIs', 'asMean', 'asMode', 'asMedian', 'asValue', 'returnInvalid'],
    'asIs',
  );
  if (!inner) {
    const valid = invalid !== null && treatment === 'returnInvalid';
    if (valid || missing === 'returnInvalid') {
      world.demands.set(field.name, { present: missing === 'returnInvalid', valid });
    }
  }
  if (missing === 'returnInvalid') returned.push(a.missing(value));
  else if (replacement !== undefined && a.mayMiss(value)) value = a.fill(value, replacement);
  scope.set(field.name, { ...raw, value, optype, notValid });
  return a.or(...returned);
};

/** The rows whose value is present and not valid by the data dictionary; null where none can be. */
const invalidRows = (world: World, value: Value, field: DataField, optype: OpType): Value | null => {
  const { a } = world;
  const numeric = kindOf(field.dataType) === 'number';
  const table = new PredicateTable();
  const tests: number[] = [];
  if (field.valid.length > 0) tests.push(table.membership('in', 0, field.valid));
  // Ranges are of continuous fields; for categorical ones only the list counts.
  if (numeric && optype === 'continuous') {
    for (const { low, high, closure } of field.intervals) {
      const bounds: number[] = [];
      if (low !== -Infinity) bounds.push(table.compare(closure[0] === 'o' ? 'gt' : 'ge', 0, low));
      if (high !== Infinity) bounds.push(table.compare(closure[1] === 'o' ? 'lt' : 'le', 0, high));
      tests.push(
        bounds.length === 0
          ? table.presence('isNotMissing', 0, ABSENT.nan)
          : bounds.length === 1
            ? (bounds[0] as number)
            : table.compound('and', bounds),
      );
    }
  }
  const valid = tests.length > 1 ? table.compound('or', tests) : tests[0];
  const not = field.invalid.length > 0 ? table.membership('notIn', 0, field.invalid) : undefined;
  const rows = [valid, not].filter((r) => r !== undefined);
  const last = rows.length === 2 ? table.compound('and', rows) : rows[0];
  if (last === undefined) return null;
  const dtype = dtypeOf(value);
  const predicates = table.build((numbers) => constant(dtype === 'string' ? 'float64' : dtype, numbers));
  const test = a.own('Test', [value], { predicates: attr.predicates(predicates), rows: attr.ints([last]) });
  // UNKNOWN is a missing value, which is not invalid.
  return a.not(a.fill(test, true));
};
