import { stringOf } from '../../ir/attributes.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import { FALSE, TRUE, UNKNOWN } from '../../ir/predicates.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { at, Collector, together } from './elements.ts';
import { isFalse, isTrue, plane } from './planes.ts';
import { anyAbsent, arity, broadcastAll, tensorInputs } from './types.ts';
import { missingInput, not, orAll } from './where.ts';

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
  plain: (node, b, inputs) => {
    const given = inputs as readonly Plane[];
    const [out] = node.outputs as readonly [Value];
    const fn = fnOf(node);
    const join = (op: string, values: readonly Value[]) => values.reduce((x, y) => b.op(op, [x, y]));
    if (fn === 'not')
      return [{ data: not(b, (given[0] as Plane).data), missing: (given[0] as Plane).missing }];
    const data = given.map((x) => x.data);
    if (fn === 'xor') {
      const missing = orAll(
        b,
        given.map((x) => x.missing),
      );
      return [plane(b, out, join('Xor', data), missing)];
    }
    if (given.every((x) => x.missing === null))
      return [plane(b, out, join(fn === 'and' ? 'And' : 'Or', data), null)];
    const all = (truth: typeof isTrue, op: string) =>
      join(
        op,
        given.map((x) => truth(b, x)),
      );
    const yes = all(isTrue, fn === 'and' ? 'And' : 'Or');
    const no = all(isFalse, fn === 'and' ? 'Or' : 'And');
    // Neither TRUE nor FALSE; and where it is not known to be TRUE the data says so.
    return [{ ...plane(b, out, yes, not(b, b.op('Or', [yes, no]))), under: 'zero' }];
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
