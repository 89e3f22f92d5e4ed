import { stringOf } from '../../ir/attributes.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import { FALSE, TRUE, UNKNOWN } from '../../ir/predicates.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { at, Collector, together } from './elements.ts';
import { anyAbsent, arity, broadcastAll, tensorInputs } from './types.ts';
import { missingInput } from './where.ts';

/** Kleene's strong three-valued connectives, from two values to one. */
export const kleene = {
  and: (a: number, b: number): number =>
    a === FALSE || b === FALSE ? FALSE : a === UNKNOWN || b === UNKNOWN ? UNKNOWN : TRUE,
  or: (a: number, b: number): number =>
    a === TRUE || b === TRUE ? TRUE : a === UNKNOWN || b === UNKNOWN ? UNKNOWN : FALSE,
  xor: (a: number, b: number): number => (a === UNKNOWN || b === UNKNOWN ? UNKNOWN : a === b ? FALSE : TRUE),
};

const fnOf = (node: Node): 'and' | 'or' | 'xor' | 'not' => {
  const fn = stringOf(node, 'fn');
  if (fn === 'and' || fn === 'or' || fn === 'xor' || fn === 'not') return fn;
  return refused(node, `fn is '${fn}'; it is one of and, or, xor, not`);
};

/** Three-valued logic over booleans where missing is UNKNOWN: FALSE decides `and`, TRUE `or`, UNKNOWN `xor` and `not`. */
export const Kleene: Operator = {
  domain: OWN,
  name: 'Kleene',
  since: [1],
  infer: (node) => {
    if (fnOf(node) === 'not') arity(node, 1);
    const types = tensorInputs(node);
    types.forEach((_, i) => {
      tensorInput(node, i, ['bool']);
    });
    return [tensorType('bool', broadcastAll(node, types), anyAbsent(types))];
  },
  evaluate: (inputs, node) => {
    const fn = fnOf(node);
    const { dims, count, operands } = together(node, inputs);
    const out = new Collector('bool', dims);
    const step = fn === 'not' ? kleene.xor : kleene[fn];
    for (let i = 0; i < count; i++) {
      // not x is x xor TRUE; each of the others begins with the value that changes nothing.
      let truth = fn === 'and' || fn === 'not' ? TRUE : FALSE;
      for (const x of operands) {
        const j = at(x, i);
        truth = step(truth, x.missing?.[j] ? UNKNOWN : x.data[j] ? TRUE : FALSE);
      }
      if (truth !== UNKNOWN) out.set(i, truth);
    }
    return [out.tensor()];
  },
  express: (node, b) => {
    const inputs = node.inputs as readonly Value[];
    const fn = fnOf(node);
    const op = { and: 'And', or: 'Or', xor: 'Xor', not: 'Not' }[fn];
    const joined = fn === 'not' ? b.op(op, inputs) : inputs.reduce((x, y) => b.op(op, [x, y]));
    return missingInput(node) ?? [joined];
  },
  rows: () => 'each',
};
