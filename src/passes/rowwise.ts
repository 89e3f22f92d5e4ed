/** A model as writers that work row by row take it, ready to be lowered: canonical operators, missing values as planes. */
import { fail } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';
import { expand } from './expand.ts';
import { fold } from './fold.ts';
import { plain } from './plain.ts';
import { rowsFirst } from './rowsFirst.ts';
import { tabulate } from './tabulate.ts';
import { unroll } from './unroll.ts';
import { views } from './views.ts';

/**
 * Keeps values. Throws a located error where an operator has no canonical form, or not without missing values, and where a
 * row has a list of results.
 */
export const rowwise = (model: Model): Model => {
  const list = model.fields.find((f) => f.list);
  if (list) fail('lower/list', `the output '${list.name}' is a list in every row, of as many as there are`);
  return tabulate(rowsFirst(views(fold(unroll(plain(expand(model), { edge: 'planes' }))))));
};
