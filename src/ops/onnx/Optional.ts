import { fail } from '../../ir/diagnostic.ts';
import { type Node, opName, type Type } from '../../ir/model.ts';
import { fits, formatType } from '../../ir/shape.ts';
import { optional } from '../../tensor/datum.ts';
import { type Operator, refused } from '../operator.ts';

/** The attribute `type`, where it is given. */
const declared = (node: Node): Type | undefined => {
  const a = node.attributes.get('type');
  if (a && a.kind !== 'type') {
    fail(
      'ir/attribute-kind',
      `${opName(node.op)} '${node.name}': attribute type is ${a.kind}, not type`,
      node.from[0],
    );
  }
  return a?.kind === 'type' ? a.type : undefined;
};

/** An optional that holds the input or, without one, nothing of the type that is said. ONNX Operators, Optional. */
export const Optional: Operator = {
  domain: '',
  name: 'Optional',
  since: [15, 28],
  infer: (node) => {
    const said = declared(node);
    const given = node.inputs[0]?.type;
    if (!given)
      return [{ kind: 'optional', of: said ?? refused(node, 'it has neither an input nor a type') }];
    if (said && !fits(given, said))
      refused(node, `its input is ${formatType(given)}, its type ${formatType(said)}`);
    return [{ kind: 'optional', of: given }];
  },
  apply: ([x]) => [optional(x ?? null)],
};
