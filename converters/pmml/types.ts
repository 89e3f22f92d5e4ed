/** PMML's data types, and what a literal of each stands for in the graph. */
import { isTemporal, parseTemporal } from '../../src/rows/dates.ts';
import { type Document, type Tag, toNumber } from './document.ts';

/** As written: `double`, `dateDaysSince[1960]`. */
export type DataType = string;
export type OpType = 'continuous' | 'categorical' | 'ordinal';

/** How values of a type stand in the graph: strings, or numbers (booleans as 0 and 1, dates and times as counts). */
export type Kind = 'string' | 'number';

export const optypes = ['continuous', 'categorical', 'ordinal'] as const;

const numbers = new Set(['integer', 'float', 'double', 'boolean', 'real', 'number']);

export const kindOf = (type: DataType): Kind => (type === 'string' ? 'string' : 'number');

/** The attribute dataType, checked. */
export const dataTypeOf = (doc: Document, tag: Tag, otherwise?: DataType): DataType => {
  const type = otherwise === undefined ? doc.need(tag, 'dataType') : (doc.text(tag, 'dataType') ?? otherwise);
  if (type === 'string' || numbers.has(type) || isTemporal(type)) return type;
  return doc.fail(tag, 'pmml/data-type', `there is no data type "${type}"`);
};

/** A literal in the graph's terms; undefined where the text is no value of the type. */
export const parse = (text: string, type: DataType): string | number | undefined => {
  if (type === 'string') return text;
  if (type === 'double' || type === 'integer') return toNumber(text);
  if (type === 'float') {
    const x = toNumber(text);
    return x === undefined ? undefined : Math.fround(x);
  }
  if (type === 'boolean') {
    const t = text.trim().toLowerCase();
    if (t === 'true' || t === '1' || t === '1.0') return 1;
    return t === 'false' || t === '0' || t === '0.0' ? 0 : undefined;
  }
  return isTemporal(type) ? parseTemporal(type, text.trim()) : toNumber(text);
};

/** A literal that must be a value of the type. */
export const literal = (doc: Document, tag: Tag, text: string, type: DataType): string | number =>
  parse(text, type) ?? doc.fail(tag, 'pmml/literal', `"${text}" is no value of type ${type}`);

/** What a type is called on a field of the graph, where the dtype says less. */
export const logicalOf = (type: DataType): string | undefined =>
  type === 'string' || type === 'double' ? undefined : type;
