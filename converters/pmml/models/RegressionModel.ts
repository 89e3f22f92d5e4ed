/** Linear, polynomial and logistic regression. PMML 4.4.1, Regression. */
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { readRegression } from '../regression.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag, scope } = m;
  const tables: Element[] = [];
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (child.name !== 'RegressionTable') world.doc.refuse(child);
    tables.push(cursor.element(child));
  }
  const field = m.target === null ? undefined : world.fields.get(m.target);
  const optype = m.fields.find((f) => f.name === m.target)?.optype ?? field?.optype;
  const prediction = readRegression(tag, tables, scope, m.classes, optype === 'ordinal');
  return done(m, () => m.result(prediction));
};

export const regressionModel: ModelElement = {
  name: 'RegressionModel',
  functions: ['classification', 'regression'],
  read,
};
