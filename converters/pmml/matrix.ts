/** The content of <Matrix>. PMML 4.4.1, General Structure. */
import type { Element } from '../shared/xml.ts';
import { arrayValues } from './arrays.ts';
import { type Document, parts, type Tag } from './document.ts';

/** Rows of numbers. More cells than this are refused before they are made. */
const cellLimit = 1 << 24;

/** The rows of the one <Matrix> inside an element. */
export const matrixIn = (doc: Document, owner: Element): number[][] => {
  const element = doc.child(owner, 'Matrix');
  if (!element) return doc.fail(owner, 'pmml/missing-element', 'it holds no Matrix');
  const content = parts(element);
  return content.some((c) => c.name === 'MatCell') ? cells(doc, element, content) : arrays(doc, element);
};

const extent = (doc: Document, tag: Tag, name: string, otherwise: number): number => {
  const n = doc.number(tag, name) ?? otherwise;
  if (!Number.isInteger(n) || n < 1 || n > cellLimit)
    doc.fail(tag, 'pmml/matrix', `${name}="${n}" is no number of rows`);
  return n;
};

const filled = (doc: Document, element: Element, rows: number, columns: number): number[][] => {
  if (rows * columns > cellLimit)
    doc.fail(element, 'pmml/matrix', `a matrix of ${rows} x ${columns} cells is not read`);
  const diagonal = doc.number(element, 'diagDefault') ?? 0;
  const other = doc.number(element, 'offDiagDefault') ?? 0;
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: columns }, (_, j) => (i === j ? diagonal : other)),
  );
};

const kindOf = (doc: Document, element: Element) =>
  doc.choice(element, 'kind', ['diagonal', 'symmetric', 'any'], 'any');

/** One number a cell, what is not given by the defaults. */
const cells = (doc: Document, element: Element, content: readonly Element[]): number[][] => {
  const given = content.map((cell) => {
    if (cell.name !== 'MatCell') doc.refuse(cell);
    return {
      tag: cell,
      row: extent(doc, cell, 'row', Number.NaN),
      column: extent(doc, cell, 'col', Number.NaN),
      value: doc.parseNumber(cell, cell.text, 'the cell'),
    };
  });
  const rows = extent(doc, element, 'nbRows', Math.max(...given.map((c) => c.row)));
  const columns = extent(doc, element, 'nbCols', Math.max(...given.map((c) => c.column)));
  const matrix = filled(doc, element, rows, columns);
  const symmetric = kindOf(doc, element) === 'symmetric';
  for (const { tag, row, column, value } of given) {
    if (row > rows || column > columns)
      doc.fail(tag, 'pmml/matrix', `the matrix has no cell ${row}, ${column}`);
    (matrix[row - 1] as number[])[column - 1] = value;
    if (symmetric && column <= rows && row <= columns) (matrix[column - 1] as number[])[row - 1] = value;
  }
  return matrix;
};

/** One Array a row; the diagonal alone; or the lower left triangle with the diagonal. */
const arrays = (doc: Document, element: Element): number[][] => {
  const rows = parts(element).map((row) =>
    arrayValues(doc, row).map((t) => doc.parseNumber(row, t, 'a value')),
  );
  const kind = kindOf(doc, element);
  const [first] = rows;
  if (!first) return doc.fail(element, 'pmml/matrix', 'it holds no Array');
  if (kind === 'diagonal' && rows.length === 1) {
    const matrix = filled(doc, element, first.length, first.length);
    for (const [i, v] of first.entries()) (matrix[i] as number[])[i] = v;
    return matrix;
  }
  if (kind === 'symmetric' && rows.every((r, i) => r.length === i + 1)) {
    return rows.map((r, i) => rows.map((s, j) => (j <= i ? r[j] : s[i]) as number));
  }
  if (rows.some((r) => r.length !== first.length))
    doc.fail(element, 'pmml/matrix', `its rows are not equally long, and it is of kind "${kind}"`);
  return rows;
};
