/** A tree, alone or in a forest that is read into one table. PMML 4.4.1, Tree Models. */
import type { XmlCursor } from '../../shared/xml.ts';
import { embeddedIn } from '../embedded.ts';
import type { Routed } from '../forest.ts';
import { done, type Model, type ModelElement, type ModelResult, type Pending } from '../model.ts';
import { goesSeveralWays, readTree, readTreeModel, treePrediction } from '../tree.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { world, tag, scope, around } = m;
  const { doc } = world;
  let pending: Pending | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (child.name !== 'Node') doc.refuse(child);
    if (pending) doc.fail(child, 'pmml/duplicate-element', 'a TreeModel has one root Node');
    const model = readTreeModel(doc, tag, m.classes);
    const forest =
      goesSeveralWays(model.settings.strategy) || scope.real !== around?.scope.real ? null : around.forest;
    world.counts.trees++;
    const embed = embeddedIn(m, scope);
    if (forest) {
      const before = forest.size;
      const t = forest.read(cursor, scope, model.settings, embed);
      world.counts.nodes += forest.size - before;
      let result: ModelResult | undefined;
      pending = {
        bare: m.plain && forest.spokenFor(t).length === 0 ? t : null,
        model,
        target: m.target,
        classes: m.classes,
        finish: (routed) => {
          result ??= m.result(treePrediction(world.a, routed as Routed, t, model));
          return result;
        },
      };
    } else {
      const { prediction, nodes } = readTree(cursor, scope, model, embed);
      world.counts.nodes += nodes;
      pending = done(m, () => m.result(prediction));
    }
  }
  return pending ?? doc.fail(tag, 'pmml/missing-element', 'a TreeModel needs a Node');
};

export const treeModel: ModelElement = {
  name: 'TreeModel',
  functions: ['classification', 'regression'],
  read,
};
