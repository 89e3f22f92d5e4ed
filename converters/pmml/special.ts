/**
 * The normal distribution in plain arithmetic and Exp, so that every engine computes it alike: W. J. Cody, Rational
 * Chebyshev approximations for the error function (1969); M. J. Wichura, Algorithm AS 241 (1988), PPND16.
 */
import type { Value } from '../../src/ir/model.ts';
import { type Algebra, dtypeOf } from './algebra.ts';

/** Plain columns only: missing values are taken off before and put back after. */
type Unary = (a: Algebra, x: Value) => Value;

const horner = (a: Algebra, x: Value, coefficients: readonly number[]): Value => {
  const c = (k: number) => a.like(x, coefficients[k] as number);
  let y = c(0);
  for (let k = 1; k < coefficients.length; k++) y = a.b.op('Add', [a.b.op('Mul', [y, x]), c(k)]);
  return y;
};

const ratio = (a: Algebra, x: Value, p: readonly number[], q: readonly number[]): Value =>
  a.b.op('Div', [horner(a, x, p), horner(a, x, q)]);

// Cody's coefficients, highest power first.
const erfSmall = {
  p: [
    1.85777706184603153e-1, 3.1611237438705656, 1.1386415415105016e2, 3.77485237685302021e2,
    3.20937758913846947e3,
  ],
  q: [1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3],
};
const erfcMiddle = {
  p: [
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
    2.98635138197400131e2, 8.8195222124176909e2, 1.71204761263407058e3, 2.05107837782607147e3,
    1.23033935479799725e3,
  ],
  q: [
    1, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
  ],
};
const erfcLarge = {
  p: [
    1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
    1.60837851487422766e-2, 6.58749161529837803e-4,
  ],
  q: [
    1, 2.56852019228982242, 1.87295284992346047, 5.27905102951428412e-1, 6.05183413124413191e-2,
    2.33520497626869185e-3,
  ],
};

/** erfc(x) for every x: 2 - erfc(-x) below zero. */
const erfc: Unary = (a, x) => {
  const { b } = a;
  const k = (v: number) => a.like(x, v);
  const y = b.op('Abs', [x]);
  const square = b.op('Mul', [y, y]);
  // |x| <= 0.46875: 1 - erf(x), with erf odd.
  const small = b.op('Sub', [k(1), b.op('Mul', [x, ratio(a, square, erfSmall.p, erfSmall.q)])]);
  // exp(-y²) with y² split, so that the square's rounding does not grow in the exponent.
  const head = b.op('Div', [b.op('Floor', [b.op('Mul', [y, k(16)])]), k(16)]);
  const tail = b.op('Mul', [b.op('Sub', [y, head]), b.op('Add', [y, head])]);
  const decay = b.op('Mul', [
    b.op('Exp', [b.op('Neg', [b.op('Mul', [head, head])])]),
    b.op('Exp', [b.op('Neg', [tail])]),
  ]);
  const middle = b.op('Mul', [decay, ratio(a, y, erfcMiddle.p, erfcMiddle.q)]);
  const far = b.op('Greater', [y, k(4)]);
  const inverse = b.op('Div', [k(1), a.where(far, square, k(1))]);
  const series = b.op('Mul', [inverse, ratio(a, inverse, erfcLarge.p, erfcLarge.q)]);
  const large = b.op('Div', [
    b.op('Mul', [decay, b.op('Sub', [k(5.6418958354775628695e-1), series])]),
    a.where(far, y, k(1)),
  ]);
  const upper = a.where(far, a.where(b.op('Greater', [y, k(27)]), k(0), large), middle);
  const signed = a.where(b.op('Less', [x, k(0)]), b.op('Sub', [k(2), upper]), upper);
  return a.where(b.op('LessOrEqual', [y, k(0.46875)]), small, signed);
};

export const erf: Unary = (a, x) => {
  const y = a.b.op('Abs', [x]);
  const small = a.b.op('Mul', [x, ratio(a, a.b.op('Mul', [x, x]), erfSmall.p, erfSmall.q)]);
  const large = a.b.op('Sub', [a.like(x, 1), erfc(a, x)]);
  return a.where(a.b.op('LessOrEqual', [y, a.like(x, 0.46875)]), small, large);
};

/** P(Z <= x) = erfc(-x / √2) / 2, accurate in both tails. */
export const normalCdf: Unary = (a, x) =>
  a.b.op('Mul', [a.like(x, 0.5), erfc(a, a.b.op('Mul', [x, a.like(x, -Math.SQRT1_2)]))]);

/** exp(-x² / 2) / √(2π). */
export const normalPdf: Unary = (a, x) =>
  a.b.op('Mul', [
    a.like(x, 1 / Math.sqrt(2 * Math.PI)),
    a.b.op('Exp', [a.b.op('Mul', [a.like(x, -0.5), a.b.op('Mul', [x, x])])]),
  ]);

const as241 = {
  central: {
    p: [
      2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
      1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.387132872796366608,
    ],
    q: [
      5.226495278852545925e3, 2.8729085735721942674e4, 3.930789580009271061e4, 2.1213794301586595867e4,
      5.3941960214247511077e3, 6.871870074920579083e2, 4.2313330701600911252e1, 1,
    ],
  },
  near: {
    p: [
      7.7454501427834140764e-4, 2.27238449892691845833e-2, 2.4178072517745061177e-1, 1.27045825245236838258,
      3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
    ],
    q: [
      1.05075007164441684324e-9, 5.475938084995344946e-4, 1.51986665636164571966e-2, 1.4810397642748007459e-1,
      6.8976733498510000455e-1, 1.6763848301838038494, 2.05319162663775882187, 1,
    ],
  },
  far: {
    p: [
      2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.2426609473880784386e-3,
      2.6532189526576123093e-2, 2.9656057182850489123e-1, 1.7848265399172913358, 5.4637849111641143699,
      6.6579046435011037772,
    ],
    q: [
      2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
      1.48753612908506148525e-2, 1.3692988092273580531e-1, 5.9983220655588793769e-1, 1,
    ],
  },
};

/** The x with P(Z <= x) = p, for 0 < p < 1. */
export const normalQuantile: Unary = (a, p) => {
  const { b } = a;
  const k = (v: number) => a.like(p, v);
  const q = b.op('Sub', [p, k(0.5)]);
  const inner = b.op('Sub', [k(0.180625), b.op('Mul', [q, q])]);
  const central = b.op('Mul', [q, ratio(a, inner, as241.central.p, as241.central.q)]);
  const left = b.op('Less', [q, k(0)]);
  const side = a.where(left, p, b.op('Sub', [k(1), p]));
  const r = b.op('Sqrt', [b.op('Neg', [b.op('Log', [side])])]);
  const tail = a.where(
    b.op('LessOrEqual', [r, k(5)]),
    ratio(a, b.op('Sub', [r, k(1.6)]), as241.near.p, as241.near.q),
    ratio(a, b.op('Sub', [r, k(5)]), as241.far.p, as241.far.q),
  );
  const signed = a.where(left, b.op('Neg', [tail]), tail);
  return a.where(b.op('LessOrEqual', [b.op('Abs', [q]), k(0.425)]), central, signed);
};

/** One of the above over a column that may be missing. */
export const over = (a: Algebra, f: Unary, v: Value, instead = 0.5): Value =>
  a.mask(f(a, a.fill(v, dtypeOf(v) === 'string' ? '' : instead)), a.missing(v));
