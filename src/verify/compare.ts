/** One output of two runtimes, element against element: counted, measured, the worst kept. */
import type { Field } from '../ir/model.ts';
import { spell } from '../rows/cell.ts';
import { cellOf } from '../rows/unbind.ts';
import { type DType, dtypeInfo } from '../tensor/dtype.ts';
import { ulpDistance } from '../tensor/float.ts';
import { countOf, type Tensor } from '../tensor/tensor.ts';
import { type ColumnAgreement, type Figure, figure } from './result.ts';

/** What the user asks for instead of the contract's allowance. */
export interface Tolerance {
  readonly rtol?: number;
  readonly atol?: number;
  readonly ulp?: number;
}

export const toleranceInWords = (t: Tolerance): string | undefined => {
  const parts: string[] = [];
  if (t.rtol !== undefined || t.atol !== undefined)
    parts.push(`|a - b| ≤ ${t.atol ?? 0} + ${t.rtol ?? 0}·|a|`);
  if (t.ulp !== undefined) parts.push(`${t.ulp} ULP`);
  return parts.length > 0 ? `as asked: ${parts.join(', or ')}` : undefined;
};

/** A column of a result on one side. */
export interface Side {
  readonly field: Field;
  /** Which element of a row; -1: all of them. */
  readonly element: number;
}

/** How two columns are compared. */
export interface Pair {
  readonly column: string;
  readonly a: Side;
  readonly b: Side;
  readonly kind: 'label' | 'number';
  /** Numbers are compared in the narrower of the two dtypes. */
  readonly dtype: DType;
  /** Is one side an artifact, which does not tell NaN and `""` from missing? Then neither does the comparison. */
  readonly edge: boolean;
}

const dtypeOf = ({ field }: Side): DType =>
  field.value.type.kind === 'tensor' ? field.value.type.dtype : 'float64';
const isNumber = (d: DType): boolean => ['float', 'int', 'uint'].includes(dtypeInfo(d).kind);

export const pairOf = (column: string, a: Side, b: Side, edge = true): Pair => {
  const [da, db] = [dtypeOf(a), dtypeOf(b)];
  const kind = isNumber(da) && isNumber(db) ? 'number' : 'label';
  const floats = [da, db].filter((d) => dtypeInfo(d).kind === 'float');
  const narrower = floats.find((d) => d !== 'float64') ?? floats[0] ?? da;
  return { column, a, b, kind, dtype: kind === 'label' ? 'string' : narrower, edge };
};

/** A difference that the quick look did not allow; the caller decides. */
export interface Doubt {
  readonly row: number;
  /** Which element of the first side's row. */
  readonly element: number;
  readonly a: number;
  readonly b: number;
  /** What both sides say, where it is no number: a label is never near another. */
  readonly labels?: readonly [a: string, b: string];
}

export interface Worst {
  readonly row: number;
  readonly a: string | number | null;
  readonly b: string | number | null;
  /** Larger is worse. */
  readonly weight: number;
}

const buckets = 40;

/** Rows that differ and are looked at again. */
const lookedAt = 64;

export class Comparison {
  readonly pair: Pair;
  rows = 0;
  equal = 0;
  different = 0;
  missingOnOneSide = 0;
  /** Elements that differ and are not held against the sides. */
  tied = 0;
  worst: Worst | null = null;
  /** The first rows that differ: to be told apart from ties. */
  readonly differing: number[] = [];
  private maxAbs = 0;
  private maxRel = 0;
  private maxUlp = 0;
  private readonly counts = new Array<number>(buckets + 2).fill(0);

  constructor(pair: Pair) {
    this.pair = pair;
  }

  /**
   * Compares rows; `from` is the number of the first among all rows. `quick` says which differences of numbers are
   * allowed at once (their distance in ULP and both numbers are given); the others are returned, counted as allowed
   * until `reject` is called for them.
   */
  add(
    ta: Tensor,
    tb: Tensor,
    from: number,
    quick: (ulp: number, a: number, b: number, row: number) => boolean,
  ): Doubt[] {
    const { pair } = this;
    const rows = ta.dims[0] ?? 1;
    const wa = countOf(ta.dims.slice(1));
    const wb = countOf(tb.dims.slice(1));
    const doubts: Doubt[] = [];
    const each = pair.a.element < 0 ? wa : 1;
    for (let k = 0; k < rows * each; k++) {
      const i = Math.floor(k / each);
      const ka = each > 1 ? k : i * wa + Math.max(0, pair.a.element);
      const kb = each > 1 ? k : i * wb + Math.max(0, pair.b.element);
      this.rows++;
      const missA = gone(ta, ka, pair.edge);
      const missB = gone(tb, kb, pair.edge);
      if (missA || missB) {
        if (missA && missB) this.count(0, true);
        else this.oneSided(ta, ka, missA, tb, kb, missB, from + i);
        continue;
      }
      if (pair.kind === 'label') {
        const [x, y] = [spell(cellOf(ta, ka)), spell(cellOf(tb, kb))];
        if (x === y) this.count(0, true);
        else {
          this.count(Infinity, false);
          const element = ka - i * wa;
          doubts.push({ row: from + i, element, a: Number.NaN, b: Number.NaN, labels: [x, y] });
        }
        continue;
      }
      const doubt = this.number(
        ta.data[ka] as number | bigint,
        tb.data[kb] as number | bigint,
        from + i,
        quick,
      );
      if (doubt) doubts.push({ ...doubt, element: ka - i * wa });
    }
    return doubts;
  }

  private number(
    a: number | bigint,
    b: number | bigint,
    row: number,
    quick: (ulp: number, a: number, b: number, row: number) => boolean,
  ): Omit<Doubt, 'element'> | undefined {
    if (a === b) {
      this.count(0, true);
      return undefined;
    }
    const narrow = this.pair.dtype !== 'float64';
    const [x, y] = narrow ? [Math.fround(Number(a)), Math.fround(Number(b))] : [Number(a), Number(b)];
    const integers = typeof a === 'bigint' && typeof b === 'bigint';
    const ulp = integers ? Math.abs(x - y) || 1 : ulpDistance(x, y, narrow ? 'float32' : 'float64');
    this.count(ulp, ulp === 0);
    if (ulp === 0) return undefined;
    const abs = Math.abs(x - y);
    if (Number.isFinite(abs)) {
      this.maxAbs = Math.max(this.maxAbs, abs);
      this.maxRel = Math.max(this.maxRel, abs / Math.max(Math.abs(x), Math.abs(y)));
      this.maxUlp = Math.max(this.maxUlp, ulp);
    } else this.maxUlp = Infinity;
    if (quick(ulp, x, y, row)) {
      this.note(row, x, y, Math.min(ulp, 1e15) / 1e20);
      return undefined;
    }
    return { row, a: x, b: y };
  }

  private oneSided(
    ta: Tensor,
    ka: number,
    missA: boolean,
    tb: Tensor,
    kb: number,
    missB: boolean,
    row: number,
  ): void {
    this.missingOnOneSide++;
    this.different++;
    this.count(Infinity, false);
    const shown = (t: Tensor, k: number) => plain(cellOf(t, k));
    this.note(row, missA ? null : shown(ta, ka), missB ? null : shown(tb, kb), 1e308);
  }

  /** The doubt stands: the row is different. */
  reject({ row, a, b, labels }: Doubt): void {
    this.different++;
    this.remember(row);
    if (labels) {
      this.note(row, ...labels, 1e308);
      return;
    }
    const abs = Math.abs(a - b);
    this.note(
      row,
      plain(a),
      plain(b),
      Number.isFinite(abs) ? 1 + abs / (Math.abs(a) + Number.MIN_VALUE) : 1e307,
    );
  }

  /** The doubt is answered: the difference is within its bound. */
  accept({ row, a, b }: Doubt): void {
    this.note(row, plain(a), plain(b), 1e-4);
  }

  /** The doubt is answered: what the row rests on was chosen among equals. */
  tie({ row, a, b, labels }: Doubt): void {
    this.tied++;
    this.note(row, labels?.[0] ?? plain(a), labels?.[1] ?? plain(b), 1e-3);
  }

  private remember(row: number): void {
    if (this.differing.length < lookedAt) this.differing.push(row);
  }

  private note(row: number, a: string | number | null, b: string | number | null, weight: number): void {
    if (!this.worst || weight > this.worst.weight) this.worst = { row, a, b, weight };
  }

  private count(ulp: number, equal: boolean): void {
    if (equal) this.equal++;
    const at =
      ulp === 0 ? 0 : !Number.isFinite(ulp) ? buckets + 1 : Math.min(buckets, 1 + Math.ceil(Math.log2(ulp)));
    this.counts[at] = (this.counts[at] as number) + 1;
  }

  agreement(allowed: string): ColumnAgreement {
    const { pair, rows, equal, different, missingOnOneSide } = this;
    const histogram: { upTo: Figure; rows: number }[] = [];
    this.counts.forEach((n, i) => {
      if (n > 0)
        histogram.push({
          upTo: i === 0 ? 0 : i === buckets + 1 || i === buckets ? 'Infinity' : 2 ** (i - 1),
          rows: n,
        });
    });
    return {
      column: pair.column,
      kind: pair.kind,
      dtype: pair.dtype,
      rows,
      equal,
      different,
      missingOnOneSide,
      maxAbs: figure(this.maxAbs),
      maxRel: figure(this.maxRel),
      maxUlp: figure(this.maxUlp),
      allowed,
      histogram,
    };
  }
}

/** Is the element missing? At an artifact's edge NaN and `""` stand for it. */
const gone = (t: Tensor, k: number, edge: boolean): boolean => {
  if (t.missing?.[k]) return true;
  if (!edge) return false;
  const x = t.data[k];
  return typeof x === 'string' ? x === '' : Number.isNaN(x);
};

const plain = (c: unknown): string | number | null =>
  c === null ? null : typeof c === 'number' ? (Number.isFinite(c) ? c : String(c)) : String(c);
