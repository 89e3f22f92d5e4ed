/** ModelVerification: rows with expected results that a document carries to check a reader by. PMML 4.4.1. */
import type { Examples } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import { type Document, parts } from './document.ts';
import { columnName, inlineRows } from './inlineTable.ts';

/** `inputs` and `outputs` are the model's names; a field that is neither is left out with a warning. */
export const readVerification = (
  doc: Document,
  element: Element,
  inputs: ReadonlySet<string>,
  outputs: ReadonlySet<string>,
): Examples => {
  const fields = doc.child(element, 'VerificationFields');
  if (!fields) return doc.fail(element, 'pmml/missing-element', 'it holds no VerificationFields');
  const rows = inlineRows(doc, element);
  const declared = doc.number(element, 'recordCount');
  if (declared !== undefined && declared !== rows.length) {
    doc.warn(element, 'pmml/record-count', `it says recordCount="${declared}" and holds ${rows.length} rows`);
  }
  const given = new Map<string, (string | null)[]>();
  const expected: Examples['outputs'][number][] = [];
  for (const f of parts(fields)) {
    if (f.name !== 'VerificationField') doc.refuse(f);
    const name = doc.need(f, 'field');
    const column = columnName(doc.text(f, 'column') ?? name);
    const cells = rows.map((r) => r.get(column) ?? null);
    if (inputs.has(name)) given.set(name, cells);
    if (outputs.has(name)) {
      expected.push({
        field: name,
        expected: cells,
        precision: doc.number(f, 'precision') ?? 1e-6,
        zeroThreshold: doc.number(f, 'zeroThreshold') ?? 1e-16,
      });
    } else if (!inputs.has(name)) {
      doc.warn(f, 'pmml/verification-field', `the model has no field '${name}'; it is not verified`);
    }
  }
  return { inputs: given, outputs: expected };
};
