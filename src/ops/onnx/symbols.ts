/**
 * Arithmetic and comparison of two elements that are not both numbers. A symbol is an extent: it is not below 0, and equal
 * ones are equal; nothing else is known of it.
 */
import type { Dim } from '../../ir/model.ts';

const isSymbol = (d: Dim): boolean => typeof d === 'string';
const below = (d: Dim, limit: number): boolean => typeof d === 'number' && d < limit;

export const plus = (a: Dim, b: Dim): Dim => (a === 0 ? b : b === 0 ? a : null);

export const minus = (a: Dim, b: Dim): Dim => (b === 0 ? a : isSymbol(a) && a === b ? 0 : null);

export const times = (a: Dim, b: Dim): Dim => {
  if (a === 1 || b === 1) return a === 1 ? b : a;
  return (a === 0 && isSymbol(b)) || (b === 0 && isSymbol(a)) ? 0 : null;
};

export const divided = (a: Dim, b: Dim): Dim => (b === 1 ? a : null);

export const larger = (a: Dim, b: Dim): Dim => {
  if (a === b) return a;
  if (typeof a === 'number' && typeof b === 'number') return Math.max(a, b);
  if (isSymbol(a) && below(b, 1)) return a;
  return isSymbol(b) && below(a, 1) ? b : null;
};

export const smaller = (a: Dim, b: Dim): Dim => {
  if (a === b) return a;
  if (typeof a === 'number' && typeof b === 'number') return Math.min(a, b);
  if (isSymbol(a) && below(b, 1)) return b;
  return isSymbol(b) && below(a, 1) ? a : null;
};

export const equals = (a: Dim, b: Dim): Dim => {
  if (isSymbol(a) && a === b) return 1;
  return (isSymbol(a) && below(b, 0)) || (isSymbol(b) && below(a, 0)) ? 0 : null;
};

export const isLess = (a: Dim, b: Dim): Dim => {
  if (isSymbol(a) && (a === b || below(b, 1))) return 0;
  return isSymbol(b) && below(a, 0) ? 1 : null;
};

/** a <= b is not b < a. */
export const isAtMost = (a: Dim, b: Dim): Dim => {
  const less = isLess(b, a);
  return typeof less === 'number' ? 1 - less : null;
};
