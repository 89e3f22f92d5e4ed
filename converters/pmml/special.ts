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
  p: [0.18577770618460315, 3.1611237438705655, 113.86415415105016, 377.485237685302, 3209.3775891384694],
  q: [1, 23.601290952344122, 244.02463793444417, 1282.6165260773723, 2844.236833439171],
};
const erfcMiddle = {
  p: [
    2.1531153547440383e-8, 0.5641884969886701, 8.883149794388377, 66.11919063714163, 298.6351381974001,
    881.952221241769, 1712.0476126340707, 2051.0783778260716, 1230.3393547979972,
  ],
  q: [
    1, 15.744926110709835, 117.6939508913125, 537.1811018620099, 1621.3895745666903, 3290.7992357334597,
    4362.619090143247, 3439.3676741437216, 1230.3393548037495,
  ],
};
const erfcLarge = {
  p: [
    0.016315387137302097, 0.30532663496123236, 0.36034489994980445, 0.12578172611122926, 0.016083785148742275,
    0.0006587491615298378,
  ],
  q: [
    1, 2.568520192289822, 1.8729528499234604, 0.5279051029514285, 0.06051834131244132, 0.0023352049762686918,
  ],
};

/** exp(-s·x²), s a power of two, with x² split so that its rounding does not grow in the exponent. */
const decay = (a: Algebra, x: Value, s: number): Value => {
  const { b } = a;
  const k = (v: number) => a.like(x, v);
  const head = b.op('Div', [b.op('Floor', [b.op('Mul', [x, k(16)])]), k(16)]);
  const tail = b.op('Mul', [b.op('Sub', [x, head]), b.op('Add', [x, head])]);
  const exp = (v: Value) => b.op('Exp', [b.op('Mul', [v, k(-s)])]);
  return b.op('Mul', [exp(b.op('Mul', [head, head])), exp(tail)]);
};

/** erfc(x) for every x: 2 - erfc(-x) below zero. `falling` is exp(-x²). */
const erfc = (a: Algebra, x: Value, falling: Value): Value => {
  const { b } = a;
  const k = (v: number) => a.like(x, v);
  const y = b.op('Abs', [x]);
  const square = b.op('Mul', [y, y]);
  // |x| <= 0.46875: 1 - erf(x), with erf odd.
  const small = b.op('Sub', [k(1), b.op('Mul', [x, ratio(a, square, erfSmall.p, erfSmall.q)])]);
  const middle = b.op('Mul', [falling, ratio(a, y, erfcMiddle.p, erfcMiddle.q)]);
  const far = b.op('Greater', [y, k(4)]);
  const inverse = b.op('Div', [k(1), a.where(far, square, k(1))]);
  const series = b.op('Mul', [inverse, ratio(a, inverse, erfcLarge.p, erfcLarge.q)]);
  const large = b.op('Div', [
    b.op('Mul', [falling, b.op('Sub', [k(0.5641895835477563), series])]),
    a.where(far, y, k(1)),
  ]);
  const upper = a.where(far, a.where(b.op('Greater', [y, k(27)]), k(0), large), middle);
  const signed = a.where(b.op('Less', [x, k(0)]), b.op('Sub', [k(2), upper]), upper);
  return a.where(b.op('LessOrEqual', [y, k(0.46875)]), small, signed);
};

export const erf: Unary = (a, x) => {
  const y = a.b.op('Abs', [x]);
  const small = a.b.op('Mul', [x, ratio(a, a.b.op('Mul', [x, x]), erfSmall.p, erfSmall.q)]);
  const large = a.b.op('Sub', [a.like(x, 1), erfc(a, x, decay(a, y, 1))]);
  return a.where(a.b.op('LessOrEqual', [y, a.like(x, 0.46875)]), small, large);
};

/** P(Z <= x) = erfc(-x / √2) / 2, accurate in both tails. */
export const normalCdf: Unary = (a, x) => {
  const scaled = a.b.op('Mul', [x, a.like(x, -Math.SQRT1_2)]);
  return a.b.op('Mul', [a.like(x, 0.5), erfc(a, scaled, decay(a, a.b.op('Abs', [x]), 0.5))]);
};

/** exp(-x² / 2) / √(2π). */
export const normalPdf: Unary = (a, x) =>
  a.b.op('Mul', [a.like(x, 1 / Math.sqrt(2 * Math.PI)), decay(a, a.b.op('Abs', [x]), 0.5)]);

const as241 = {
  central: {
    p: [
      2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
      1971.5909503065513, 133.14166789178438, 3.3871328727963665,
    ],
    q: [
      5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
      687.1870074920579, 42.31333070160091, 1,
    ],
  },
  near: {
    p: [
      0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
      5.769497221460691, 4.630337846156546, 1.4234371107496835,
    ],
    q: [
      1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008,
      0.6897673349851, 1.6763848301838038, 2.053191626637759, 1,
    ],
  },
  far: {
    p: [
      2.0103343992922881e-7, 0.000027115555687434876, 0.0012426609473880784, 0.026532189526576124,
      0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
    ],
    q: [
      2.0442631033899397e-15, 1.421511758316446e-7, 0.000018463183175100548, 0.0007868691311456133,
      0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
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
