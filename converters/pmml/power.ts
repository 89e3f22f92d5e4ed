/** Powers that every engine computes alike. */
import type { Value } from '../../src/ir/model.ts';
import type { Algebra } from './algebra.ts';

/** x to a constant power; small whole ones by multiplication, so that every engine gives the same bits. */
export const power = (a: Algebra, x: Value, exponent: number): Value => {
  if (Number.isInteger(exponent) && exponent >= 1 && exponent <= 8) {
    let y = x;
    for (let k = 1; k < exponent; k++) y = a.mul(y, x);
    return y;
  }
  return a.lift('Pow', [x, a.like(x, exponent)]);
};
