import { expect, it } from 'vitest';
import { stepsOf } from '../../src/ops/regex.ts';

it.each([
  ['', 0],
  ['abc', 3],
  ['a\\{2}', 4],
  ['a{3}', 3],
  ['a{2,5}b', 6],
  ['a{3,}', 3],
  ['(ab){10}', 20],
  ['((ab){10}c){10}', 210],
  ['a|b', 3],
  // A star is a step of its own, and repeated with what it stars.
  ['(a*){5}', 10],
  ['[]a]{2}', 8],
  ['[[:alpha:]x]', 12],
  ['\\p{Lu}{2}', 40],
  ['{3}', 0],
  ['(a', 1],
  ['a)', 2],
])('/%s/ has %i steps', (pattern, steps) => {
  expect(stepsOf(pattern)).toBe(steps);
});
