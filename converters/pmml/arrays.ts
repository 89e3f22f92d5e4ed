/** The content of <Array>: values between blanks, strings in quotes where they hold blanks. PMML 4.4.1, General Structure. */
import type { Element } from '../shared/xml.ts';
import type { Document } from './document.ts';

/** The values as written; `n`, where it stands, must agree. */
export const arrayValues = (doc: Document, element: Element): string[] => {
  const values: string[] = [];
  const text = element.text;
  for (let i = 0; i < text.length; ) {
    if (/\s/.test(text[i] as string)) {
      i++;
      continue;
    }
    let value = '';
    if (text[i] === '"') {
      for (i++; i < text.length && text[i] !== '"'; i++) {
        if (text[i] === '\\' && (text[i + 1] === '"' || text[i + 1] === '\\')) i++;
        value += text[i];
      }
      if (i >= text.length) doc.fail(element, 'pmml/array', 'a quote is not closed');
      i++;
    } else {
      const start = i;
      while (i < text.length && !/\s/.test(text[i] as string)) i++;
      value = text.slice(start, i);
    }
    values.push(value);
  }
  const type = doc.text(element, 'type');
  if (type !== undefined && !/^(int|real|string)$/.test(type)) {
    doc.warn(
      element,
      'pmml/attribute-value',
      `type="${type}" is none of int, real, string; it is not needed`,
    );
  }
  const n = doc.number(element, 'n');
  if (n !== undefined && n !== values.length) {
    doc.fail(element, 'pmml/array', `it says n="${n}" and holds ${values.length} values`);
  }
  return values;
};

/** The same as numbers. */
export const arrayNumbers = (doc: Document, element: Element): number[] =>
  arrayValues(doc, element).map((t) => doc.parseNumber(element, t, 'a value'));

/** A vector written as an Array, or as a REAL- or INT-SparseArray (indices from 1 on); it must have `n` elements. */
export const vectorValues = (doc: Document, element: Element, n: number): number[] => {
  if (element.name.endsWith('Array') && !element.name.endsWith('-SparseArray')) {
    const values = arrayNumbers(doc, element);
    if (values.length !== n)
      doc.fail(element, 'pmml/array', `it has ${values.length} values where ${n} are needed`);
    return values;
  }
  if (!/^(REAL|INT)-SparseArray$/.test(element.name)) doc.refuse(element);
  const declared = doc.number(element, 'n') ?? n;
  if (declared !== n) doc.fail(element, 'pmml/array', `it says n="${declared}" where ${n} values are needed`);
  const numbers = (name: string): number[] => {
    const part = element.children.find((c) => c.name === name || c.name.endsWith(`-${name}`));
    return part ? arrayNumbers(doc, part) : [];
  };
  const [indices, entries] = [numbers('Indices'), numbers('Entries')];
  if (indices.length !== entries.length) {
    doc.fail(element, 'pmml/array', `it has ${indices.length} indices and ${entries.length} entries`);
  }
  const values = new Array<number>(n).fill(doc.number(element, 'defaultValue') ?? 0);
  const seen = new Set<number>();
  indices.forEach((at, i) => {
    if (!Number.isInteger(at) || at < 1 || at > n || seen.has(at)) {
      doc.fail(element, 'pmml/array', `the index ${at} is twice there, or not one of 1 to ${n}`);
    }
    seen.add(at);
    values[at - 1] = entries[i] as number;
  });
  return values;
};
