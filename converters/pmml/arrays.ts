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
  const n = doc.number(element, 'n');
  if (n !== undefined && n !== values.length) {
    doc.fail(element, 'pmml/array', `it says n="${n}" and holds ${values.length} values`);
  }
  return values;
};
