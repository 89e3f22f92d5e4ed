/** Every support vector machine in bare SVMRegressors and ordinary operators (`takenApart`). Keeps labels, and scores up to rounding. */
import type { Model, Node } from '../ir/model.ts';
import { type Real, takenApart } from '../ops/ml/machines.ts';
import { rebuild } from './rebuild.ts';

/** `keep`: which nodes stay as they are. */
export const machines = (model: Model, real: Real, keep: (node: Node) => boolean = () => false): Model =>
  model.graph.nodes.some((n) => n.op.name === 'SVMClassifier' || n.op.name === 'SVMRegressor')
    ? rebuild(model, (node, b, inputs) => (keep(node) ? undefined : takenApart({ ...node, inputs }, b, real)))
    : model;
