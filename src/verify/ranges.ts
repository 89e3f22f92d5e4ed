/** Sets of indices as runs: `[from, to, from, to, …]`, ascending, apart, `to` exclusive. */
export type Ranges = readonly number[];

export const all = (n: number): Ranges => (n > 0 ? [0, n] : []);

export const isEmpty = (a: Ranges): boolean => a.length === 0;

export const intersect = (a: Ranges, b: Ranges): Ranges => {
  if (a.length === 2 && b.length === 2) {
    const from = Math.max(a[0] as number, b[0] as number);
    const to = Math.min(a[1] as number, b[1] as number);
    return from < to ? [from, to] : [];
  }
  const out: number[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const from = Math.max(a[i] as number, b[j] as number);
    const to = Math.min(a[i + 1] as number, b[j + 1] as number);
    if (from < to) out.push(from, to);
    if ((a[i + 1] as number) < (b[j + 1] as number)) i += 2;
    else j += 2;
  }
  return out;
};

export const union = (a: Ranges, b: Ranges): Ranges => {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  const runs: [number, number][] = [];
  for (const r of [a, b]) {
    for (let i = 0; i < r.length; i += 2) runs.push([r[i] as number, r[i + 1] as number]);
  }
  runs.sort((x, y) => x[0] - y[0]);
  const out: number[] = [];
  for (const [from, to] of runs) {
    const last = out.length - 1;
    if (last > 0 && from <= (out[last] as number)) out[last] = Math.max(out[last] as number, to);
    else out.push(from, to);
  }
  return out;
};

/** What of `0 … n` is not in it. */
export const complement = (a: Ranges, n: number): Ranges => {
  const out: number[] = [];
  let at = 0;
  for (let i = 0; i < a.length; i += 2) {
    if (at < (a[i] as number)) out.push(at, a[i] as number);
    at = a[i + 1] as number;
  }
  if (at < n) out.push(at, n);
  return out;
};

export const has = (a: Ranges, x: number): boolean => {
  for (let i = 0; i < a.length; i += 2) {
    if (x < (a[i] as number)) return false;
    if (x < (a[i + 1] as number)) return true;
  }
  return false;
};

export const sizeOf = (a: Ranges): number => {
  let n = 0;
  for (let i = 0; i < a.length; i += 2) n += (a[i + 1] as number) - (a[i] as number);
  return n;
};

/** The k-th index of the set, k below its size. */
export const nth = (a: Ranges, k: number): number => {
  let left = k;
  for (let i = 0; i < a.length; i += 2) {
    const n = (a[i + 1] as number) - (a[i] as number);
    if (left < n) return (a[i] as number) + left;
    left -= n;
  }
  throw new RangeError(`the set has no ${k}-th element`);
};

/** The indices from `first` on and below n for which `test` holds. */
export const where = (n: number, test: (i: number) => boolean, first = 0): Ranges => {
  const out: number[] = [];
  for (let i = first; i < n; i++) {
    if (!test(i)) continue;
    const from = i;
    while (i + 1 < n && test(i + 1)) i++;
    out.push(from, i + 1);
  }
  return out;
};
