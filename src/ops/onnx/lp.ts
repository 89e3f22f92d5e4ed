/** What LpPool and GlobalLpPool share: the Lp norm of some elements. */
import { attr, floatOf, intOf } from '../../ir/attributes.ts';
import { type Refusal, refuse } from '../../ir/diagnostic.ts';
import type { Attribute, Node } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { refused } from '../operator.ts';
import { stepRounder } from './accumulate.ts';

/** The attribute p: a float in version 1, an integer since. */
const powerOf = (node: Node): number => {
  const p = node.op.since === 1 ? floatOf(node, 'p', 2) : intOf(node, 'p', 2);
  return p > 0 ? p : refused(node, `p is ${p}; it is above 0`);
};

/** (Σ |x|^p)^(1/p), summed in order; `each` visits the elements. */
export const norm = (node: Node, dtype: DType): ((each: (add: (x: number) => void) => void) => number) => {
  const p = powerOf(node);
  const [step, round] = [stepRounder(dtype), rounder(dtype)];
  const [power, root] =
    p === 2
      ? [(x: number) => x * x, Math.sqrt]
      : [(x: number) => Math.abs(x) ** p, (x: number) => x ** (1 / p)];
  return (each) => {
    let sum = 0;
    each((x) => {
      sum = step(sum + step(power(x)));
    });
    return round(root(sum));
  };
};

/** p as an integer, for the versions from 2 on, or as version 1 has it. */
export const powerAs = (node: Node, to: 'int' | 'float'): Readonly<Record<string, Attribute>> | Refusal => {
  const p = powerOf(node);
  if (to === 'float') return { p: attr.float(p) };
  return Number.isInteger(p)
    ? { p: attr.int(p) }
    : refuse('express/not-at-opset', `from version 2 on p is an integer, and here it is ${p}`);
};
