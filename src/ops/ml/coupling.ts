/**
 * Probabilities of classes from probabilities of pairs. Wu, Lin, Weng: Probability estimates for multi-class
 * classification by pairwise coupling (2004), algorithm 2, in float32 with LIBSVM's stopping rule, as onnxruntime does.
 */
import type { Builder } from '../../ir/builder.ts';
import type { Value } from '../../ir/model.ts';
import { literal } from './build.ts';

const f = Math.fround;

/** `pairs[p]` is the probability of the first class of pair p, in the order (0,1), (0,2) … (1,2) …. */
export const coupled = (classes: number, pairs: readonly number[]): number[] => {
  const r = (i: number, j: number): number => {
    const [a, b] = i < j ? [i, j] : [j, i];
    const p = pairs[a * classes - (a * (a + 1)) / 2 + (b - a - 1)] as number;
    return i < j ? p : f(1 - p);
  };
  const q = Array.from({ length: classes }, () => new Float32Array(classes));
  for (let i = 0; i < classes; i++) {
    const row = q[i] as Float32Array;
    for (let j = 0; j < classes; j++) {
      if (j === i) continue;
      row[i] = (row[i] as number) + f(r(j, i) * r(j, i));
      row[j] = -f(r(j, i) * r(i, j));
    }
  }
  const p = new Float32Array(classes).fill(1 / classes);
  const qp = new Float32Array(classes);
  const enough = f(f(0.005) / classes);
  for (let step = 0; step < 100; step++) {
    let pqp = 0;
    for (let i = 0; i < classes; i++) {
      let sum = 0;
      for (let j = 0; j < classes; j++) sum = f(sum + f((q[i]?.[j] as number) * (p[j] as number)));
      qp[i] = sum;
      pqp = f(pqp + f((p[i] as number) * sum));
    }
    if (!qp.some((v) => Math.abs(f(v - pqp)) >= enough)) break;
    for (let i = 0; i < classes; i++) {
      const own = q[i]?.[i] as number;
      const d = f(f(-(qp[i] as number) + pqp) / own);
      p[i] = (p[i] as number) + d;
      const grown = f(pqp + f(d * f(f(d * own) + f(2 * (qp[i] as number)))));
      pqp = f(f(grown / f(1 + d)) / f(1 + d));
      for (let j = 0; j < classes; j++) {
        qp[j] = f((qp[j] as number) + f(d * (q[i]?.[j] as number))) / f(1 + d);
        p[j] = (p[j] as number) / f(1 + d);
      }
    }
  }
  return Array.from(p);
};

/** Steps that are written out: of all the pairs that were tried, near 0, near 1 and between, none took more than 4. */
const most = 8;

/**
 * The same in operators: columns `[N, 1]` in `real`, each step written out. A row that would take more steps is NaN.
 */
export const coupling = (
  b: Builder,
  classes: number,
  pairs: readonly Value[],
  real: 'float32' | 'float64',
): Value[] => {
  const c = (x: number) => literal(b, real, x);
  const op = (name: string) => (x: Value, y: Value) => b.op(name, [x, y]);
  const [add, sub, mul, div] = [op('Add'), op('Sub'), op('Mul'), op('Div')] as const;
  const each = <T>(make: (i: number) => T): T[] => Array.from({ length: classes }, (_, i) => make(i));
  const sum = (terms: readonly Value[]): Value => terms.reduce(add);
  const first = pairs.map((p) => sub(c(1), p));
  const r = (i: number, j: number): Value => {
    const [x, y] = i < j ? [i, j] : [j, i];
    return (i < j ? pairs : first)[x * classes - (x * (x + 1)) / 2 + (y - x - 1)] as Value;
  };
  const others = (i: number) => each((j) => j).filter((j) => j !== i);
  const own = each((i) => sum(others(i).map((j) => mul(r(j, i), r(j, i)))));
  const q = each((i) => each((j) => (i === j ? (own[i] as Value) : b.op('Neg', [mul(r(j, i), r(i, j))]))));
  const enough = c(f(f(0.005) / classes));
  let p = each(() => c(f(1 / classes)));
  let done: Value | null = null;
  for (let step = 0; step <= most; step++) {
    const start = p;
    const qp = each((i) => sum(each((j) => mul(q[i]?.[j] as Value, start[j] as Value))));
    let pqp = sum(each((i) => mul(start[i] as Value, qp[i] as Value)));
    const far = qp.map((v) => b.op('GreaterOrEqual', [b.op('Abs', [sub(v, pqp)]), enough])).reduce(op('Or'));
    const near: Value = b.op('Not', [far]);
    const over: Value = done === null ? near : b.op('Or', [done, near]);
    done = over;
    if (step === most) break;
    let next = [...start];
    for (let i = 0; i < classes; i++) {
      const at = qp[i] as Value;
      const d = div(sub(pqp, at), own[i] as Value);
      const grown = add(c(1), d);
      next[i] = add(next[i] as Value, d);
      pqp = div(div(add(pqp, mul(d, add(mul(d, own[i] as Value), mul(c(2), at)))), grown), grown);
      for (let j = 0; j < classes; j++) qp[j] = div(add(qp[j] as Value, mul(d, q[i]?.[j] as Value)), grown);
      next = next.map((v) => div(v, grown));
    }
    p = next.map((v, i) => b.op('Where', [over, start[i] as Value, v]));
  }
  const settled = done as Value;
  return p.map((v) => b.op('Where', [settled, v, c(Number.NaN)]));
};
