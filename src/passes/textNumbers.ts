/**
 * Text that spells no number is NaN here, where the standard leaves it undefined; onnxruntime refuses the whole batch for
 * it. So it is asked first whether it spells one. Keeps values.
 */
import { attr } from '../ir/attributes.ts';
import { type Model, opName, type Value } from '../ir/model.ts';
import { literal } from '../ops/ml/build.ts';
import { isFloat } from '../tensor/dtype.ts';
import { rebuild } from './rebuild.ts';

/** The opset that has RegexFullMatch. */
export const oldestAsking = 20;

const spelling = '\\s*([+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?|[+-]?[iI][nN][fF])\\s*';

export const guardTextNumbers = (model: Model): Model => {
  const asks = model.graph.nodes.some((n) => isTextCast(opName(n.op), n.inputs[0], n.outputs[0]));
  if (!asks) return model;
  return rebuild(model, (node, b, [x]) => {
    if (!x || !isTextCast(opName(node.op), x, node.outputs[0])) return undefined;
    const spells = b.op('RegexFullMatch', [x], { pattern: attr.string(spelling) });
    const text = b.op('Where', [spells, x, literal(b, 'string', 'NaN')]);
    return [b.op('Cast', [text], Object.fromEntries(node.attributes))];
  });
};

const isTextCast = (name: string, x: Value | null | undefined, y: Value | null | undefined): boolean =>
  name === 'Cast' &&
  x?.type.kind === 'tensor' &&
  x.type.dtype === 'string' &&
  y?.type.kind === 'tensor' &&
  isFloat(y.type.dtype);
