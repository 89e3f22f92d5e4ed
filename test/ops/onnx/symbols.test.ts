/** What is concluded of symbols must hold whatever extents they stand for: tried for every pair and every binding. */
import { describe, expect, test } from 'vitest';
import type { Dim } from '../../../src/ir/model.ts';
import {
  divided,
  equals,
  isAtMost,
  isLess,
  larger,
  minus,
  plus,
  smaller,
  times,
} from '../../../src/ops/onnx/symbols.ts';

const rules: readonly (readonly [(a: Dim, b: Dim) => Dim, (a: number, b: number) => number])[] = [
  [plus, (a, b) => a + b],
  [minus, (a, b) => a - b],
  [times, (a, b) => a * b],
  [divided, (a, b) => Math.trunc(a / b)],
  [larger, Math.max],
  [smaller, Math.min],
  [equals, (a, b) => Number(a === b)],
  [isLess, (a, b) => Number(a < b)],
  [isAtMost, (a, b) => Number(a <= b)],
];

const dims: readonly Dim[] = [-2, -1, 0, 1, 2, 'N', 'M', null];
const extents = [0, 1, 2, 7];

describe.each(rules.map(([rule, means]) => ({ name: rule.name, rule, means })))(
  '$name',
  ({ rule, means }) => {
    test('concludes nothing that is not so for every extent', () => {
      for (const a of dims) {
        for (const b of dims) {
          if (typeof a === 'number' && typeof b === 'number') continue;
          const told = rule(a, b);
          if (told === null) continue;
          for (const N of extents) {
            for (const M of extents) {
              for (const other of [-3, 0, 1, 4]) {
                const bound = (d: Dim) => (typeof d === 'number' ? d : d === 'N' ? N : d === 'M' ? M : other);
                // Not known on both sides is not the same value.
                const second = b === null ? other + 1 : bound(b);
                const sum = means(bound(a), second) + 0;
                expect([a, b, N, M, bound(told)]).toEqual([a, b, N, M, sum]);
              }
            }
          }
        }
      }
    });
  },
);

test('symbols are kept where nothing is changed', () => {
  expect(plus('N', 0)).toBe('N');
  expect(minus('N', 'N')).toBe(0);
  expect(times(1, 'N')).toBe('N');
  expect(divided('N', 1)).toBe('N');
  expect(larger('N', 0)).toBe('N');
  expect(smaller('N', 'N')).toBe('N');
  expect(equals('N', -1)).toBe(0);
  expect(equals('N', 'M')).toBeNull();
  expect(isLess('N', 0)).toBe(0);
  expect(isAtMost(0, 'N')).toBe(1);
});
