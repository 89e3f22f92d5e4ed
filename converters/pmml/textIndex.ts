/** TextIndex: how often a term stands in a text. PMML 4.4.1, Transformations, TextIndex. */
import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import type { Scope, Variable } from './scope.ts';

export const textIndex = (element: Element, _text: Value, _term: Variable, scope: Scope): Value =>
  scope.world.doc.refuse(element);
