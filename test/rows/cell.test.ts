import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNumber, shortest32, spell } from '../../src/rows/cell.ts';
import { formatTemporal, parseTemporal } from '../../src/rows/dates.ts';

describe('numbers', () => {
  it('read back exactly in float64', () => {
    fc.assert(
      fc.property(fc.double(), (x) => {
        expect(parseNumber(spell(x))).toBe(x);
      }),
    );
  });

  it('read back exactly in float32, in at most 9 digits and never longer than needed', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (x) => {
        const text = spell(shortest32(x));
        expect(Math.fround(parseNumber(text) as number)).toBe(x);
        const digits = (s: string) =>
          s
            .replace(/e.*/, '')
            .replace(/\D/g, '')
            .replace(/^0+|0+$/g, '').length;
        for (let p = 1; p < digits(text); p++) expect(Math.fround(Number(x.toPrecision(p)))).not.toBe(x);
      }),
    );
    expect(spell(shortest32(Math.fround(0.1)))).toBe('0.1');
    expect(spell(shortest32(-0))).toBe('-0');
    expect(spell(shortest32(3.4028234663852886e38))).toBe('3.4028235e+38');
  });
});

describe('dates', () => {
  it('are counts', () => {
    expect(parseTemporal('date', '1970-01-02')).toBe(1);
    expect(parseTemporal('dateTime', '1970-01-02T00:00:01')).toBe(86401);
    expect(parseTemporal('dateTime', '1970-01-01T01:00:00+01:00')).toBe(0);
    expect(parseTemporal('dateDaysSince[1970]', '1969-12-31')).toBe(-1);
    expect(parseTemporal('dateDaysSince[1960]', '366')).toBe(366);
    // 1960 is a leap year.
    expect(parseTemporal('dateDaysSince[1960]', '1961-01-01')).toBe(366);
    expect(parseTemporal('dateTimeSecondsSince[1960]', '1960-01-01T00:01:00')).toBe(60);
    expect(parseTemporal('timeSeconds', '01:00:00')).toBe(3600);
    expect(parseTemporal('date', '2023-02-29')).toBeUndefined();
    expect(parseTemporal('time', '24:00:00')).toBeUndefined();
  });

  it('are written as they are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719162, max: 2932896 }), (d) => {
        expect(parseTemporal('date', formatTemporal('date', d) as string)).toBe(d);
      }),
    );
    expect(formatTemporal('dateTime', 86401.5)).toBe('1970-01-02T00:00:01.5');
    expect(formatTemporal('time', 90)).toBe('00:01:30');
    expect(formatTemporal('dateDaysSince[1960]', 3)).toBeUndefined();
  });
});
