/** A model as writers that work row by row take it, ready to be lowered: canonical operators, missing values as planes. */
import type { Model } from '../ir/model.ts';
import { expand } from './expand.ts';
import { fold } from './fold.ts';
import { plain } from './plain.ts';
import { rowsFirst } from './rowsFirst.ts';
import { tabulate } from './tabulate.ts';
import { views } from './views.ts';

/** Keeps values. Throws a located error where an operator has no canonical form, or not without missing values. */
export const rowwise = (model: Model): Model =>
  tabulate(rowsFirst(views(fold(plain(expand(model), { edge: 'planes' })))));
