/**
 * Probabilities of classes from probabilities of pairs. Wu, Lin, Weng: Probability estimates for multi-class
 * classification by pairwise coupling (2004), algorithm 2, in float32 with LIBSVM's stopping rule, as onnxruntime does.
 */
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
    if (qp.every((v) => Math.abs(f(v - pqp)) < enough)) break;
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
