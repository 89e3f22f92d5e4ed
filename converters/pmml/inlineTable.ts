/** Tables that stand in the document. PMML 4.4.1, Transformations, InlineTable. */
import type { Element } from '../shared/xml.ts';
import { type Document, parts } from './document.ts';

/** A column as cells call it: `data:output` is written where the cells are elements of another namespace. */
export const columnName = (written: string): string => written.slice(written.lastIndexOf(':') + 1);

/** The cells of an InlineTable, a row a map from column to text. */
export const inlineRows = (doc: Document, owner: Element): ReadonlyMap<string, string>[] => {
  const table = doc.child(owner, 'InlineTable');
  if (!table) {
    const locator = doc.child(owner, 'TableLocator');
    if (locator) return doc.refuse(locator, 'a table outside the document is never fetched');
    return doc.fail(owner, 'pmml/missing-element', 'it holds no InlineTable');
  }
  return parts(table).map((row) => {
    if (row.name !== 'row') doc.refuse(row);
    const cells = new Map<string, string>();
    for (const cell of parts(row)) {
      if (cells.has(cell.name)) doc.fail(cell, 'pmml/duplicate-name', 'the row has this column already');
      cells.set(cell.name, cell.text);
    }
    return cells;
  });
};
