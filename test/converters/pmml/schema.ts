/** The standard's own schema, asked by libxml2. */
import { readFileSync } from 'node:fs';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';

let validator: XsdValidator | undefined;

/** What the schema of PMML 4.4 says against a document; empty where it is valid. */
export const violations = (document: Uint8Array): string[] => {
  validator ??= XsdValidator.fromDoc(XmlDocument.fromBuffer(readFileSync('../shared/schemas/pmml-4-4.xsd')));
  const doc = XmlDocument.fromBuffer(document);
  try {
    validator.validate(doc);
    return [];
  } catch (error) {
    return [(error as Error).message];
  } finally {
    doc.dispose();
  }
};
