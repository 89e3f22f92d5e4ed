/** Decimals straight from bytes beside the engine's own Number, which rounds every decimal correctly. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal } from '../../../../converters/shared/xml/number.ts';

const read = (text: string): number | undefined => {
  const bytes = Buffer.from(`"${text}"`);
  return decimal(bytes, 1, bytes.length - 1);
};

const same = (text: string): void => {
  const got = read(text);
  if (!Object.is(got, Number(text))) throw new Error(`${text} was read as ${got}`);
};

const digits = (most: number) =>
  fc.array(fc.nat(9), { minLength: 1, maxLength: most }).map((list) => list.join(''));

describe('numbers from bytes', () => {
  it.each([
    '0',
    '-0',
    '+1',
    '.5',
    '5.',
    '0.1',
    '1e22',
    '1e23',
    '123456789012345678e-5',
    // 2^53, 2^53 + 1 (a tie, to even), + 3, and what is next to the tie.
    '9007199254740992',
    '9007199254740993',
    '9007199254740995',
    '9007199254740993.1',
    '9007199254740992.9',
    '-9007199254740993.001',
    '1797693134862315708e290',
    '4.9e-324',
    '2.2250738585072014e-308',
    '0.00000000000000000000012345678901234567',
  ])('%s', same);

  it.each([
    '',
    '.',
    '-',
    'e5',
    '1e',
    '1e+',
    '1e1234',
    '1 ',
    ' 1',
    '0x10',
    '1_0',
    '1.2.3',
    'INF',
    'NaN',
    '１',
  ])('leaves %j to who reads text', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('any decimal of up to 22 digits', () => {
    const text = fc
      .tuple(fc.constantFrom('', '-', '+'), digits(11), digits(11), fc.integer({ min: -30, max: 30 }))
      .map(([sign, whole, part, e]) => `${sign}${whole}.${part}${e === 0 ? '' : `e${e}`}`);
    fc.assert(fc.property(text, same), { numRuns: 20_000 });
  });

  it('doubles as programs print them', () => {
    const text = fc
      .tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 15, max: 19 }))
      .map(([x, n]) => x.toPrecision(n));
    fc.assert(fc.property(text, same), { numRuns: 20_000 });
  });

  it('the middle between two doubles, and what is just beside it', () => {
    // Odd multiples of half a unit in the last place, from 2^53 on, divided by 2^shift: all of them have at most 19 digits.
    const middle = fc.tuple(
      fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }),
      fc.integer({ min: 0, max: 2 }),
      fc.constantFrom(-1n, 0n, 1n),
    );
    const text = middle.map(([m, shift, beside]) => {
      const scaled = `${((2n * m + 1n) * 5n ** BigInt(shift)) * 10n + beside}`;
      const point = scaled.length - shift - 1;
      return `${scaled.slice(0, point)}.${scaled.slice(point)}`;
    });
    fc.assert(fc.property(text, same), { numRuns: 20_000 });
  });
});
