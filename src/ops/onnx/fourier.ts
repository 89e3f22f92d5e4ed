/** The discrete Fourier transform of one line of complex numbers. */

/** Real and imaginary parts. */
export interface Line {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

type Round = (x: number) => number;
type Transform = (x: Line) => void;

const exact: Round = (x) => x;

export const line = (length: number): Line => ({
  re: new Float64Array(length),
  im: new Float64Array(length),
});

/**
 * A transform of lines of `length` numbers in place: Σ x[n] e^(∓2πi kn / length), without a factor in front. Every step is
 * rounded by `round`; lengths with a large prime factor go by way of double precision.
 */
export const fourier = (length: number, inverse: boolean, round = exact): Transform => {
  const factors = primes(length);
  return factors.every((p) => p <= largestFactor)
    ? byFactors(length, factors, inverse, round)
    : byChirp(length, inverse, round);
};

/** A butterfly of p numbers takes p² steps: beyond this the chirp is faster. */
const largestFactor = 31;

const primes = (length: number): readonly number[] => {
  const out: number[] = [];
  let left = length;
  for (let p = 2; p * p <= left; p++) {
    for (; left % p === 0; left /= p) out.push(p);
  }
  return left > 1 ? [...out, left] : out;
};

/** e^(∓2πi angle(k) / length) for k below `count`. */
const turns = (
  length: number,
  count: number,
  inverse: boolean,
  round: Round,
  angle = (k: number) => k,
): Line => {
  const out = line(count);
  for (let k = 0; k < count; k++) {
    const turn = ((inverse ? 2 : -2) * Math.PI * angle(k)) / length;
    out.re[k] = round(Math.cos(turn));
    out.im[k] = round(Math.sin(turn));
  }
  return out;
};

/**
 * Stockham's form of the mixed-radix transform. Before the pass of factor p the line is `parts` transforms done, of
 * elements `stride` · p apart from each other's next; it leaves parts · p of them, in order at the end.
 */
const byFactors = (length: number, factors: readonly number[], inverse: boolean, round: Round): Transform => {
  const turn = turns(length, length, inverse, round);
  const other = line(length);
  return (x) => {
    let [from, to] = [x, other];
    let parts = 1;
    for (const p of factors) {
      const stride = length / (parts * p);
      const butterfly = butterflies(p, turn, round);
      const wings = line(p);
      for (let k = 0; k < parts; k++) {
        for (let i = 0; i < stride; i++) {
          for (let j = 0; j < p; j++) {
            wings.re[j] = from.re[i + stride * (j + p * k)] as number;
            wings.im[j] = from.im[i + stride * (j + p * k)] as number;
          }
          butterfly(wings);
          for (let u = 0; u < p; u++) {
            const at = i + stride * (k + parts * u);
            const t = u * parts * i;
            const [a, b] = [wings.re[u] as number, wings.im[u] as number];
            const [c, s] = [turn.re[t] as number, turn.im[t] as number];
            to.re[at] = t === 0 ? a : round(round(a * c) - round(b * s));
            to.im[at] = t === 0 ? b : round(round(a * s) + round(b * c));
          }
        }
      }
      [from, to] = [to, from];
      parts *= p;
    }
    if (from !== x) {
      x.re.set(from.re);
      x.im.set(from.im);
    }
  };
};

/** The transform of p numbers, p prime: sums and differences of the pairs j, p - j, which the turns weigh alike. */
const butterflies = (p: number, turn: Line, round: Round): Transform => {
  const pairs = Math.floor(p / 2);
  const step = turn.re.length / p;
  const [plus, minus, out] = [line(pairs + 1), line(pairs + 1), line(p)];
  if (p === 2) {
    return ({ re, im }) => {
      for (const part of [re, im]) {
        const [a, b] = part as unknown as [number, number];
        part[0] = round(a + b);
        part[1] = round(a - b);
      }
    };
  }
  return ({ re, im }) => {
    const [first, second] = [re[0] as number, im[0] as number];
    let [sumRe, sumIm] = [first, second];
    for (let j = 1; j <= pairs; j++) {
      plus.re[j] = round((re[j] as number) + (re[p - j] as number));
      plus.im[j] = round((im[j] as number) + (im[p - j] as number));
      minus.re[j] = round((re[j] as number) - (re[p - j] as number));
      minus.im[j] = round((im[j] as number) - (im[p - j] as number));
      sumRe = round(sumRe + (plus.re[j] as number));
      sumIm = round(sumIm + (plus.im[j] as number));
    }
    out.re[0] = sumRe;
    out.im[0] = sumIm;
    for (let u = 1; u <= pairs; u++) {
      let [evenRe, evenIm, oddRe, oddIm] = [first, second, 0, 0];
      for (let j = 1; j <= pairs; j++) {
        const t = ((u * j) % p) * step;
        const [c, s] = [turn.re[t] as number, turn.im[t] as number];
        evenRe = round(evenRe + round(c * (plus.re[j] as number)));
        evenIm = round(evenIm + round(c * (plus.im[j] as number)));
        oddRe = round(oddRe + round(s * (minus.im[j] as number)));
        oddIm = round(oddIm + round(s * (minus.re[j] as number)));
      }
      out.re[u] = round(evenRe - oddRe);
      out.im[u] = round(evenIm + oddIm);
      out.re[p - u] = round(evenRe + oddRe);
      out.im[p - u] = round(evenIm - oddIm);
    }
    re.set(out.re);
    im.set(out.im);
  };
};

/** Bluestein: kn = (k² + n² - (k - n)²) / 2 makes the transform a convolution, which transforms of a power of two give. */
const byChirp = (length: number, inverse: boolean, round: Round): Transform => {
  let padded = 1;
  while (padded < 2 * length - 1) padded *= 2;
  const [there, back] = [fourier(padded, false), fourier(padded, true)];
  // n² modulo 2 · length keeps angles small, and so exact.
  const square = (n: number) => Number((BigInt(n) * BigInt(n)) % BigInt(2 * length));
  const chirp = turns(2 * length, length, inverse, exact, square);
  const filter = line(padded);
  for (let n = 0; n < length; n++) {
    for (const at of [n, (padded - n) % padded]) {
      filter.re[at] = chirp.re[n] as number;
      filter.im[at] = -(chirp.im[n] as number);
    }
  }
  there(filter);
  return (x) => {
    const work = line(padded);
    multiply(work, x, chirp, length, 1);
    there(work);
    multiply(work, work, filter, padded, 1 / padded);
    back(work);
    multiply(x, work, chirp, length, 1);
    for (let i = 0; i < length; i++) {
      x.re[i] = round(x.re[i] as number);
      x.im[i] = round(x.im[i] as number);
    }
  };
};

/** out = x · y · scale, number by number. */
const multiply = (out: Line, x: Line, y: Line, count: number, scale: number): void => {
  for (let i = 0; i < count; i++) {
    const [a, b] = [x.re[i] as number, x.im[i] as number];
    const [c, d] = [y.re[i] as number, y.im[i] as number];
    out.re[i] = (a * c - b * d) * scale;
    out.im[i] = (a * d + b * c) * scale;
  }
};
