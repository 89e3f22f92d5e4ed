import { describe, expect, it } from 'vitest';
import { erf, erfc, normalCdf } from '../../src/kernel/special.ts';
import { ulpDistance } from '../../src/tensor/float.ts';

// Values of glibc's erf and erfc (within 1 ULP), through Python's math module.
const ofErf: readonly [number, number][] = [
  [0, 0],
  [1e-300, 1.1283791670955126e-300],
  [1e-8, 1.1283791670955126e-8],
  [0.1, 0.1124629160182849],
  [0.3, 0.3286267594591274],
  [0.5, 0.5204998778130465],
  [0.84375, 0.7672256612323416],
  [1, 0.8427007929497149],
  [1.25, 0.9229001282564582],
  [1.7, 0.9837904585907745],
  [2, 0.9953222650189527],
  [2.4, 0.999311486103355],
  [2.85, 0.9999443437200386],
  [2.9999, 0.9999778955735178],
  [3, 0.9999779095030014],
  [3.5, 0.9999992569016276],
  [4.2, 0.9999999971445058],
  [5.5, 0.9999999999999927],
  [6, 1],
];
const ofErfc: readonly [number, number][] = [
  [-3, 1.9999779095030015],
  [-0.5, 1.5204998778130465],
  [0.3, 0.6713732405408726],
  [1.5, 0.033894853524689274],
  [2, 0.004677734981047265],
  [2.1, 0.002979466656332984],
  [2.5, 0.0004069520174449589],
  [3.3, 3.0577097964381654e-6],
  [5, 1.5374597944280351e-12],
  [8, 1.1224297172982928e-29],
  [12, 1.3562611692059042e-64],
  [20, 5.3958656116079005e-176],
  [26, 5.663192408856143e-296],
];
const ofCdf: readonly [number, number][] = [
  [-37.5, 4.605353009582584e-308],
  [-20, 2.7536241186063314e-89],
  [-8, 6.220960574271819e-16],
  [-3, 0.0013498980316300957],
  [-1.96, 0.024997895148220435],
  [-0.5, 0.3085375387259869],
  [0, 0.5],
  [0.7, 0.758036347776927],
  [1.96, 0.9750021048517795],
  [4, 0.9999683287581669],
  [9, 1],
];

describe('the error function', () => {
  it.each(ofErf)('erf(%d) within 4 ULP, and odd', (x, y) => {
    expect(ulpDistance(erf(x), y)).toBeLessThanOrEqual(4);
    expect(erf(-x)).toBe(-erf(x));
  });

  // exp(-x²) loses x² ULP in its argument: relative error about x² · 2⁻⁵³.
  it.each(ofErfc)('erfc(%d), relatively within (x² + 200) · 2⁻⁵³', (x, y) => {
    expect(Math.abs(erfc(x) / y - 1)).toBeLessThanOrEqual((x * x + 200) * 2 ** -53);
  });

  it.each(ofCdf)('the normal distribution up to %d, as exactly', (x, y) => {
    expect(Math.abs(normalCdf(x) / y - 1)).toBeLessThanOrEqual((x * x + 200) * 2 ** -53);
  });

  it('at the ends', () => {
    expect([erf(Infinity), erf(-Infinity), erf(Number.NaN), erfc(Number.NaN)]).toEqual([
      1,
      -1,
      Number.NaN,
      Number.NaN,
    ]);
    expect([erfc(Infinity), erfc(-Infinity), normalCdf(-Infinity), normalCdf(Infinity)]).toEqual([
      0, 2, 0, 1,
    ]);
    expect(Object.is(erf(-0), -0)).toBe(true);
  });
});
