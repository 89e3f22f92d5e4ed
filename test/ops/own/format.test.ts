import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { datetimeFormatter, numberFormatter } from '../../../src/ops/own/format.ts';

interface Cases {
  readonly numbers: readonly (readonly [pattern: string, x: number | string, text: string])[];
  readonly moments: readonly (readonly [pattern: string, seconds: number, text: string])[];
}

const cases: Cases = JSON.parse(readFileSync('fixtures/text/format/cases.json', 'utf8'));

describe('numbers as text', () => {
  it('are what the C library prints', () => {
    expect(cases.numbers.length).toBeGreaterThan(600);
    const differ = cases.numbers.flatMap(([pattern, x, text]) => {
      const said = numberFormatter(pattern)?.(Number(x));
      return said === text ? [] : [{ pattern, x, text, said }];
    });
    expect(differ).toEqual([]);
  });

  it('have no other patterns', () => {
    for (const wrong of ['', 'none', '%', '%d %d', '%y', '%5', '%*d', '%n', '%99999d', '%.9999f']) {
      expect(numberFormatter(wrong), wrong).toBeUndefined();
    }
  });
});

describe('moments as text', () => {
  it('are what the C library prints', () => {
    expect(cases.moments.length).toBe(150);
    const differ = cases.moments.flatMap(([pattern, seconds, text]) => {
      const said = datetimeFormatter(pattern)?.(seconds);
      return said === text ? [] : [{ pattern, seconds, text, said }];
    });
    expect(differ).toEqual([]);
  });

  it('have no other patterns', () => {
    for (const wrong of ['%', '%Q', '%d %', '%5d']) expect(datetimeFormatter(wrong), wrong).toBeUndefined();
  });
});
