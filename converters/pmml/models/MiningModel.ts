/** Models inside a model. PMML 4.4.1, Multiple Models. */
import type { XmlCursor } from '../../shared/xml.ts';
import { readEmbedded } from '../embedded.ts';
import { isEmbedded } from '../forest.ts';
import { readSegmentation, type Segments } from '../mining.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import type { Prediction } from '../prediction.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag } = m;
  let segments: Segments | undefined;
  let embedded: Prediction | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (isEmbedded(child.name)) {
      embedded = readEmbedded(cursor.element(child), m);
      continue;
    }
    if (child.name !== 'Segmentation') {
      world.doc.refuse(child);
    }
    if (segments) world.doc.fail(child, 'pmml/duplicate-element', 'a MiningModel has one Segmentation');
    segments = readSegmentation(cursor, child, m);
  }
  const last = embedded;
  if (!segments && last) return done(m, () => m.result(last));
  const read = segments ?? world.doc.fail(tag, 'pmml/missing-element', 'a MiningModel needs a Segmentation');
  return done(m, () => m.result(read.prediction, read, read.targets));
};

export const miningModel: ModelElement = {
  name: 'MiningModel',
  functions: ['classification', 'regression', 'clustering', 'mixed'],
  read,
};
