/** DataDictionary: what a field is, before any model uses it. PMML 4.4.1, Data Dictionary. */
import type { Interval } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import { checkCount, type Document, parts, type Tag } from './document.ts';
import { type DataType, dataTypeOf, kindOf, literal, type OpType, optypes, parse } from './types.ts';

export interface DataField {
  readonly name: string;
  readonly tag: Tag;
  readonly dataType: DataType;
  readonly optype: OpType;
  /** Declared valid values as literals of the type, in order; empty where any value is valid. */
  readonly valid: readonly (string | number)[];
  /** The same as written. */
  readonly spelled: readonly string[];
  readonly invalid: readonly (string | number)[];
  /** Spellings that mean missing, as written. */
  readonly missing: readonly string[];
  readonly display: ReadonlyMap<string | number, string>;
  readonly intervals: readonly Interval[];
  readonly cyclic: boolean;
}

const closures = { openOpen: 'oo', openClosed: 'oc', closedOpen: 'co', closedClosed: 'cc' } as const;

export const intervalOf = (doc: Document, element: Tag, type: DataType): Interval => {
  const closure = doc.choice(
    element,
    'closure',
    ['openOpen', 'openClosed', 'closedOpen', 'closedClosed'],
    'closedClosed',
  );
  const margin = (name: string, otherwise: number): number => {
    const text = doc.text(element, name);
    if (text === undefined) return otherwise;
    return Number(literal(doc, element, text, kindOf(type) === 'string' ? 'double' : type));
  };
  return {
    low: margin('leftMargin', -Infinity),
    high: margin('rightMargin', Infinity),
    closure: closures[closure],
  };
};

export const readDataField = (doc: Document, element: Element): DataField => {
  const dataType = dataTypeOf(doc, element);
  const optype = doc.choice(element, 'optype', optypes, dataType === 'string' ? 'categorical' : 'continuous');
  const valid = new Set<string | number>();
  const spelled: string[] = [];
  const invalid: (string | number)[] = [];
  const missing: string[] = [];
  const display = new Map<string | number, string>();
  const intervals: Interval[] = [];
  for (const part of parts(element)) {
    if (part.name === 'Interval') intervals.push(intervalOf(doc, part, dataType));
    else if (part.name === 'Value') {
      const text = doc.need(part, 'value');
      switch (doc.choice(part, 'property', ['valid', 'invalid', 'missing'], 'valid')) {
        case 'missing':
          missing.push(text);
          break;
        case 'invalid': {
          const value = parse(text, dataType);
          // A text that no value of the type can equal needs no test.
          if (value !== undefined) invalid.push(value);
          break;
        }
        default: {
          const value = literal(doc, part, text, dataType);
          if (!valid.has(value)) {
            valid.add(value);
            spelled.push(text);
          }
          const shown = doc.text(part, 'displayValue');
          if (shown !== undefined) display.set(value, shown);
        }
      }
    } else doc.refuse(part);
  }
  return {
    name: doc.need(element, 'name'),
    tag: element,
    dataType,
    optype,
    valid: [...valid],
    spelled,
    invalid,
    missing,
    display,
    intervals,
    cyclic: doc.flag(element, 'isCyclic', false),
  };
};

/** By name, in order; a name that stands twice is refused. */
export const readDictionary = (doc: Document, element: Element): Map<string, DataField> => {
  const fields = new Map<string, DataField>();
  for (const part of parts(element)) {
    if (part.name === 'Taxonomy')
      doc.warn(part, 'pmml/ignored', 'taxonomies change no prediction of this model');
    else if (part.name === 'DataField') {
      const field = readDataField(doc, part);
      if (fields.has(field.name)) {
        doc.fail(part, 'pmml/duplicate-name', `the field '${field.name}' is defined twice`);
      }
      fields.set(field.name, field);
    } else doc.refuse(part);
  }
  checkCount(doc, element, 'numberOfFields', fields.size);
  return fields;
};
