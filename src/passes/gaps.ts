/**
 * What onnxruntime cannot compute in float64, or not well, though the standard has it (tried with 1.30 on a CPU): there
 * is no kernel, or, for Sigmoid, one that loses nine digits at x = -30 and everything at -40. Elementary functions are said by Exp, Log,
 * Sqrt, Sin, Cos and arithmetic, at most 8 units in the last place from the exact value where those are exact to one or two
 * (measured; onnxruntime's own Sin and Cos, and so Tan, are as near only in absolute terms, next to their zeros). Functions
 * of other operators are said by those, as the standard defines them.
 */
import type { Builder } from '../ir/builder.ts';
import type { Refusal } from '../ir/diagnostic.ts';
import { type Node, opName, type Value } from '../ir/model.ts';
import { find } from '../ops/registry.ts';
import { constant } from '../tensor/data.ts';

type Term = Value | number;

/** Arithmetic on float64 values, as it is written down in a book. */
class Terms {
  private readonly b: Builder;

  constructor(b: Builder) {
    this.b = b;
  }

  value(x: Term): Value {
    return typeof x === 'number' ? this.b.constant(constant('float64', [x], [])) : x;
  }

  private on(op: string, ...args: readonly Term[]): Value {
    return this.b.op(
      op,
      args.map((x) => this.value(x)),
    );
  }

  add = (x: Term, y: Term): Value => this.on('Add', x, y);
  sub = (x: Term, y: Term): Value => this.on('Sub', x, y);
  mul = (x: Term, y: Term): Value => this.on('Mul', x, y);
  div = (x: Term, y: Term): Value => this.on('Div', x, y);
  min = (x: Term, y: Term): Value => this.on('Min', x, y);
  max = (x: Term, y: Term): Value => this.on('Max', x, y);
  less = (x: Term, y: Term): Value => this.on('Less', x, y);
  equal = (x: Term, y: Term): Value => this.on('Equal', x, y);
  where = (when: Value, x: Term, y: Term): Value => this.on('Where', when, x, y);
  neg = (x: Term): Value => this.on('Neg', x);
  abs = (x: Term): Value => this.on('Abs', x);
  exp = (x: Term): Value => this.on('Exp', x);
  log = (x: Term): Value => this.on('Log', x);
  sqrt = (x: Term): Value => this.on('Sqrt', x);
  sin = (x: Term): Value => this.on('Sin', x);
  cos = (x: Term): Value => this.on('Cos', x);

  /** c₀ + c₁x + c₂x² + … by Horner's rule. */
  polynomial(x: Term, coefficients: readonly number[]): Value {
    return this.value(
      coefficients.reduceRight<Term>((sum, c) => (sum === 0 ? c : this.add(this.mul(sum, x), c)), 0),
    );
  }

  /** f(|x|) with the sign of x: odd functions. */
  odd(x: Value, f: (a: Value) => Value): Value {
    const y = f(this.abs(x));
    return this.where(this.less(x, 0), this.neg(y), y);
  }

  /** log(1 + u) for u ≥ 0: the rounding of 1 + u is undone. */
  log1p(u: Value): Value {
    const w = this.add(u, 1);
    const corrected = this.div(this.mul(this.log(w), u), this.sub(w, 1));
    return this.where(this.equal(w, 1), u, this.where(this.less(u, 1e16), corrected, this.log(w)));
  }

  /** atan(a) for a ≥ 0: a below 1, two halvings of the angle, then the series. */
  atan(a: Value): Value {
    const inverse = this.less(1, a);
    const half = (z: Value): Value => this.div(z, this.add(1, this.sqrt(this.add(1, this.mul(z, z)))));
    const z = half(half(this.where(inverse, this.div(1, a), a)));
    const series = Array.from({ length: 13 }, (_, k) => (k % 2 ? -4 : 4) / (2 * k + 1));
    const y = this.mul(z, this.polynomial(this.mul(z, z), series));
    return this.where(inverse, this.sub(Math.PI / 2, y), y);
  }
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** 2ⁿ / (1·3·5 … (2n+1)). */
const erfCoefficients = Array.from({ length: 20 }, (_, n) =>
  Array.from({ length: n }, (_, k) => 2 / (2 * k + 3)).reduce((c, f) => c * f, 1),
);

/** Step of the trapezoidal rule in erfc: its error is e^(-π²/h²), 7e-18. */
const erfcStep = 0.5;

const erfc = (t: Terms, a: Value): Value => {
  const square = t.mul(a, a);
  const h = erfcStep;
  const sum = Array.from({ length: 12 }, (_, i) => ((i + 1) * h) ** 2)
    .map((s) => t.div(Math.exp(-s), t.add(square, s)))
    .reduceRight((total, term) => t.add(total, term));
  const bracket = t.add(t.div(0.5, square), sum);
  const main = t.mul(t.mul(t.mul(a, (2 * h) / Math.PI), t.exp(t.neg(square))), bracket);
  return t.add(main, t.div(2, t.sub(1, t.exp(t.mul(a, (2 * Math.PI) / h)))));
};

/** tanh(a) for a ≥ 0: Lambert's continued fraction below 1, eᵃ above. */
const tanh = (t: Terms, a: Value): Value => {
  const z = t.mul(a, a);
  const fraction = [15, 13, 11, 9, 7, 5, 3, 1].reduce<Term>((below, n) => t.add(n, t.div(z, below)), 17);
  const above = t.sub(1, t.div(2, t.add(t.exp(t.mul(2, a)), 1)));
  return t.where(t.less(a, 1), t.div(a, fraction), above);
};

type Form = (t: Terms, x: Value) => Value;

/** log(2a) for large a, where a² would be lost; 2²⁸ is far past where it matters. */
const large = 2 ** 28;

const forms: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['Sigmoid', (t, x) => t.div(1, t.add(1, t.exp(t.neg(x))))],
  ['Softplus', (t, x) => t.add(t.max(x, 0), t.log1p(t.exp(t.neg(t.abs(x)))))],
  ['Tan', (t, x) => t.div(t.sin(x), t.cos(x))],
  ['Atan', (t, x) => t.odd(x, (a) => t.atan(a))],
  ['Asin', (t, x) => t.odd(x, (a) => t.atan(t.div(a, t.sqrt(t.mul(t.sub(1, a), t.add(1, a))))))],
  ['Acos', (t, x) => t.mul(2, t.atan(t.sqrt(t.div(t.sub(1, x), t.add(1, x)))))],
  // onnxruntime has a kernel, 7 units from the exact value.
  ['Tanh', (t, x) => t.odd(x, (a) => tanh(t, a))],
  [
    'Sinh',
    (t, x) =>
      t.odd(x, (a) => {
        const series = Array.from({ length: 10 }, (_, k) => 1 / factorial(2 * k + 1));
        const small = t.mul(a, t.polynomial(t.mul(a, a), series));
        return t.where(t.less(a, 1), small, t.sub(halfExp(t, a), t.mul(0.5, t.exp(t.neg(a)))));
      }),
  ],
  [
    'Cosh',
    (t, x) => {
      const a = t.abs(x);
      return t.add(halfExp(t, a), t.mul(0.5, t.exp(t.neg(a))));
    },
  ],
  [
    'Asinh',
    (t, x) =>
      t.odd(x, (a) => {
        const s = t.mul(a, a);
        const near = t.log1p(t.add(a, t.div(s, t.add(1, t.sqrt(t.add(1, s))))));
        return t.where(t.less(a, large), near, t.add(t.log(a), Math.LN2));
      }),
  ],
  [
    'Acosh',
    (t, x) => {
      const d = t.sub(x, 1);
      const near = t.log1p(t.add(d, t.sqrt(t.mul(d, t.add(d, 2)))));
      return t.where(t.less(x, large), near, t.add(t.log(x), Math.LN2));
    },
  ],
  ['Atanh', (t, x) => t.odd(x, (a) => t.mul(0.5, t.log1p(t.div(t.mul(2, a), t.sub(1, a)))))],
  [
    'Erf',
    (t, x) =>
      t.odd(x, (given) => {
        // Past 6 the result is 1 in float64.
        const a = t.min(given, 6);
        const square = t.mul(a, a);
        const series = t.polynomial(square, erfCoefficients);
        const small = t.mul(t.mul(t.mul(a, 2 / Math.sqrt(Math.PI)), t.exp(t.neg(square))), series);
        return t.where(t.less(a, 1), small, t.sub(1, erfc(t, t.max(a, 1))));
      }),
  ],
]);

/** eᵃ / 2, also where eᵃ alone is too large. */
const halfExp = (t: Terms, a: Value): Value => {
  const root = t.exp(t.mul(a, 0.5));
  return t.mul(t.mul(root, 0.5), root);
};

/** Functions of others in the standard; their own kernels are float32. */
const composite = new Set(
  'Celu Elu Gelu HardSigmoid HardSwish LeakyRelu Mean Mish PRelu Selu Softsign ThresholdedRelu'.split(' '),
);

type Said = readonly (Value | null)[] | Refusal;

/** What to write in place of a node that onnxruntime has no float64 kernel for; undefined where it has one. */
export const gapOf = (node: Node): ((node: Node, b: Builder) => Said) | undefined => {
  const type = node.inputs[0]?.type;
  if (type?.kind !== 'tensor' || type.dtype !== 'float64') return undefined;
  const form = forms.get(opName(node.op));
  if (form) return (moved, b) => [form(new Terms(b), moved.inputs[0] as Value)];
  return composite.has(opName(node.op)) ? find(node.op)?.expand : undefined;
};
