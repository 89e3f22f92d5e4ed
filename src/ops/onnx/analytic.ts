/**
 * Functions said in those that older versions have. All is computed in doubles and rounded once: of float32 and smaller
 * floats a result is at most 1 ULP from the function's own, of float64 as many as each formula says.
 */

import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { cast } from './earlier.ts';
import { vector } from './expansion.ts';
import { type Spelling, spelling } from './spelling.ts';

type Formula = (s: Spelling, x: Value, b: Builder) => Value;

const inDoubles =
  (formula: Formula): NonNullable<Operator['express']> =>
  (node, b) => {
    const [x] = node.inputs as readonly [Value];
    const said = formula(spelling(b, 'float64'), cast(b, x, 'float64'), b);
    return [cast(b, said, tensorInput(node, 0).dtype)];
  };

/** An odd function, from what it is of |x|; near 0 it is x itself to double precision. */
const odd =
  (positive: (s: Spelling, a: Value) => Value): Formula =>
  (s, x) => {
    const a = s.one('Abs', x);
    const y = positive(s, a);
    return s.where(s.less(a, 1e-9), x, s.where(s.less(x, 0), s.one('Neg', y), y));
  };

/** log(1 + u), u > -1, to 3 ULP: log(w) is wrong by what w = 1 + u was rounded by, and so is w - 1 (Kahan). */
const log1p = (s: Spelling, u: Value): Value => {
  const w = s.add(u, 1);
  const by = s.sub(w, 1);
  const moved = s.greater(s.one('Abs', by), 0);
  return s.where(moved, s.div(s.mul(s.one('Log', w), u), s.where(moved, by, 1)), u);
};

/** exp(a) - 1 for 1e-9 <= a <= 40, to 3 ULP, by the same trick. */
const expm1 = (s: Spelling, a: Value): Value => {
  const w = s.one('Exp', a);
  return s.div(s.mul(s.sub(w, 1), a), s.one('Log', w));
};

const large = 1e8;

/** log(|x| + √(x² + 1)); where x² is all, log |x| + log 2. 6 ULP. */
export const asinh = inDoubles(
  odd((s, a) => {
    const square = s.mul(a, a);
    const u = s.add(s.div(square, s.add(s.one('Sqrt', s.add(square, 1)), 1)), a);
    return s.where(s.greater(a, large), s.add(s.one('Log', a), Math.LN2), log1p(s, u));
  }),
);

/** log(x + √(x² - 1)). 6 ULP. */
export const acosh = inDoubles((s, x) => {
  const t = s.sub(x, 1);
  const u = s.add(s.one('Sqrt', s.add(s.mul(t, t), s.mul(t, 2))), t);
  return s.where(s.greater(x, large), s.add(s.one('Log', x), Math.LN2), log1p(s, u));
});

/** log((1 + x) / (1 - x)) / 2. 6 ULP. */
export const atanh = inDoubles(
  odd((s, a) => s.mul(log1p(s, s.div(s.mul(a, 2), s.sub(s.mul(a, -1), -1))), 0.5)),
);

/** (eˣ - e⁻ˣ) / 2; of large x half of eˣ, in two factors since the whole may overflow before. 6 ULP below 40, 20 up to 710. */
export const sinh = inDoubles(
  odd((s, a) => {
    const e = expm1(s, s.max(s.min(a, 40), 1e-9));
    const half = s.one('Exp', s.mul(a, 0.5));
    return s.where(
      s.greater(a, 40),
      s.mul(s.mul(half, 0.5), half),
      s.mul(s.add(s.div(e, s.add(e, 1)), e), 0.5),
    );
  }),
);

/** (eˣ + e⁻ˣ) / 2. 3 ULP below 40, 20 up to 710. */
export const cosh = inDoubles((s, x) => {
  const half = s.one('Exp', s.mul(s.one('Abs', x), 0.5));
  const grown = s.mul(s.mul(half, 0.5), half);
  return s.add(grown, s.div(s.div(s.add(s.mul(half, 0), 0.5), half), half));
});

const polynomial = (s: Spelling, x: Value, coefficients: readonly number[]): Value => {
  const [last = 0, ...others] = coefficients.toReversed();
  return others.reduce((sum: Value, c) => s.add(s.mul(sum, x), c), s.add(s.mul(x, 0), last));
};

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** π/2 in two parts: 33 bits, and what is left. */
const quarter = [1.5707963267341256, 6.077100506506192e-11] as const;

/**
 * The sine (of x + π/2: the cosine), from that of what is left of x by the nearest quarter turn; Taylor's series to x^17.
 * Absolute error 2e-16 for |x| below 10, growing with the quarter turns by 1e-26 each: below 1e-10 up to 2^20.
 */
const turning = (s: Spelling, x: Value, ahead: 0 | 1): Value => {
  const turns = s.one('Floor', s.add(s.mul(x, 2 / Math.PI), 0.5));
  const r = s.sub(s.sub(x, s.mul(turns, quarter[0])), s.mul(turns, quarter[1]));
  const square = s.mul(r, r);
  const series = (first: 0 | 1) =>
    polynomial(
      s,
      square,
      Array.from({ length: 9 }, (_, i) => (i % 2 === 0 ? 1 : -1) / factorial(2 * i + first)),
    );
  const [sine, cosine] = [s.mul(series(1), r), series(0)];
  const at = s.add(turns, ahead);
  const half = s.sub(at, s.mul(s.one('Floor', s.mul(at, 0.25)), 4));
  const below = s.one('Floor', s.mul(half, 0.5));
  const isOdd = s.sub(half, s.mul(below, 2));
  const even = s.add(s.mul(isOdd, -1), 1);
  return s.mul(s.add(s.mul(cosine, isOdd), s.mul(sine, even)), s.add(s.mul(below, -2), 1));
};

export const sin = inDoubles((s, x) => turning(s, x, 0));
export const cos = inDoubles((s, x) => turning(s, x, 1));
export const tan = inDoubles((s, x) => s.div(turning(s, x, 0), turning(s, x, 1)));

/** Of t or 1/t, whichever is below 1, with the angle halved twice; then Taylor's series. 6 ULP. */
const arc = (s: Spelling, x: Value, b: Builder): Value => {
  const a = s.one('Abs', x);
  const truth = (v: Value): Value => cast(b, v, 'float64');
  const steep = s.greater(a, 1);
  const inverse = truth(steep);
  const t = s.where(steep, s.one('Reciprocal', a), a);
  const halved = (v: Value): Value => s.div(v, s.add(s.one('Sqrt', s.add(s.mul(v, v), 1)), 1));
  const h = halved(halved(t));
  const series = polynomial(
    s,
    s.mul(h, h),
    Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 1 : -1) / (2 * i + 1)),
  );
  const angle = s.mul(s.mul(series, h), 4);
  const whole = s.add(s.mul(inverse, Math.PI / 2), s.mul(angle, s.add(s.mul(inverse, -2), 1)));
  return s.mul(whole, s.sub(truth(s.greater(x, 0)), truth(s.less(x, 0))));
};

const opposite = (s: Spelling, x: Value): Value => s.add(s.mul(x, -1), 1);

export const atan = inDoubles(arc);
/** atan(x / √(1 - x²)). */
export const asin = inDoubles((s, x, b) =>
  arc(s, s.div(x, s.one('Sqrt', s.mul(opposite(s, x), s.add(x, 1)))), b),
);
/** 2 atan(√((1 - x) / (1 + x))). */
export const acos = inDoubles((s, x, b) =>
  s.mul(arc(s, s.one('Sqrt', s.div(opposite(s, x), s.add(x, 1))), b), 2),
);

/**
 * 2/√π · x · e^(-x²) · Σ (2x²)ⁿ / (1 · 3 · … · (2n + 1)), whose terms are all positive; at |x| = 6 it is 1 to double
 * precision. 30 ULP.
 */
export const erf = inDoubles((s, x, b) => {
  const near = s.max(s.min(x, 6), -6);
  const square = s.mul(near, near);
  const terms = 140;
  const coefficients = [1];
  for (let n = 1; n < terms; n++) coefficients.push(((coefficients[n - 1] as number) * 2) / (2 * n + 1));
  const powers = Array.from({ length: terms }, (_, n) => n);
  const last = vector(b, [-1]);
  const series = b.op(
    'ReduceSum',
    [
      b.op('Mul', [
        b.op('Pow', [b.op('Unsqueeze', [square, last]), b.constant(constant('float64', powers))]),
        b.constant(constant('float64', coefficients)),
      ]),
      last,
    ],
    { keepdims: attr.int(0) },
  );
  return s.mul(s.mul(s.mul(series, near), s.one('Exp', s.one('Neg', square))), 2 / Math.sqrt(Math.PI));
});
