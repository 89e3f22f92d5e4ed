/** Shapes with symbols: what inference may conclude, and what must be refused. */
import type { Dim, Type } from './model.ts';

export type Dims = readonly Dim[] | null;

/** Numpy broadcasting over possibly unknown extents; undefined where two known extents do not fit. */
export const broadcastDims = (...shapes: readonly Dims[]): Dims | undefined => {
  if (shapes.some((s) => s === null)) return null;
  const known = shapes as readonly (readonly Dim[])[];
  const rank = Math.max(0, ...known.map((s) => s.length));
  const out: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    let dim: Dim = 1;
    for (const s of known) {
      const d = s[i - (rank - s.length)];
      if (d === undefined || d === 1 || d === dim) continue;
      if (dim === 1) dim = d;
      else if (typeof d === 'number' && typeof dim === 'number') return undefined;
      // A known extent other than 1 decides; two different symbols do not.
      else if (typeof d === 'number') dim = d;
      else if (typeof dim !== 'number') dim = null;
    }
    out.push(dim);
  }
  return out;
};

/** Could a value of type `a` stand where `b` is asked for? Unknown parts fit. */
export const fits = (a: Type, b: Type): boolean => {
  if (a.kind === 'unknown' || b.kind === 'unknown') return true;
  if (a.kind !== b.kind) return false;
  if (a.kind === 'tensor' && b.kind === 'tensor') {
    if (a.dtype !== b.dtype || (a.absent === 'missing' && b.absent === 'never')) return false;
    const { dims } = b;
    return (
      a.dims === null ||
      dims === null ||
      (a.dims.length === dims.length &&
        a.dims.every((d, i) => typeof d !== 'number' || typeof dims[i] !== 'number' || d === dims[i]))
    );
  }
  if ((a.kind === 'sequence' || a.kind === 'optional') && (b.kind === 'sequence' || b.kind === 'optional'))
    return fits(a.of, b.of);
  if (a.kind === 'map' && b.kind === 'map') return a.key === b.key && fits(a.of, b.of);
  return true;
};

/** What a value is that is one or the other: what both types say, and no more. */
export const join = (a: Type, b: Type): Type => {
  if (a.kind === 'tensor' && b.kind === 'tensor' && a.dtype === b.dtype) {
    const absent = a.absent === 'missing' ? a.absent : b.absent;
    return { kind: 'tensor', dtype: a.dtype, dims: joinDims(a.dims, b.dims), absent };
  }
  if (a.kind === 'sparse' && b.kind === 'sparse' && a.dtype === b.dtype) {
    return { ...a, dims: joinDims(a.dims, b.dims) };
  }
  if ((a.kind === 'sequence' || a.kind === 'optional') && a.kind === b.kind) {
    return { kind: a.kind, of: join(a.of, b.of) };
  }
  if (a.kind === 'map' && b.kind === 'map' && a.key === b.key) return { ...a, of: join(a.of, b.of) };
  return { kind: 'unknown' };
};

const joinDims = (a: Dims, b: Dims): Dims =>
  a === null || b === null || a.length !== b.length ? null : a.map((d, i) => (d === b[i] ? d : null));

/** The same type without what it says of extents and, if `ranks` goes too, of ranks. */
export const widened = (t: Type, ranks = false): Type => {
  switch (t.kind) {
    case 'tensor':
    case 'sparse':
      return { ...t, dims: ranks ? null : (t.dims?.map(() => null) ?? null) };
    case 'sequence':
    case 'optional':
    case 'map':
      return { ...t, of: widened(t.of, ranks) };
    default:
      return t;
  }
};

/** Do two types say the same, to the last extent? */
export const sameType = (a: Type, b: Type): boolean => {
  if (a.kind !== b.kind || !fits(a, b) || !fits(b, a)) return false;
  if ((a.kind === 'tensor' || a.kind === 'sparse') && (b.kind === 'tensor' || b.kind === 'sparse')) {
    return (
      a.dtype === b.dtype &&
      a.dims?.length === b.dims?.length &&
      (a.dims === null || a.dims.every((d, i) => d === b.dims?.[i]))
    );
  }
  return !('of' in a && 'of' in b) || sameType(a.of, b.of);
};

/** `float64[N, 3]`, `string[N, 1]?` (may be missing), `seq(int64[])`. */
export const formatType = (t: Type): string => {
  switch (t.kind) {
    case 'tensor':
      return `${t.dtype}${t.dims === null ? '[…]' : `[${t.dims.map((d) => d ?? '?').join(', ')}]`}${t.absent === 'missing' ? '?' : ''}`;
    case 'sparse':
      return `sparse(${t.dtype}${t.dims === null ? '[…]' : `[${t.dims.map((d) => d ?? '?').join(', ')}]`})`;
    case 'sequence':
      return `seq(${formatType(t.of)})`;
    case 'optional':
      return `optional(${formatType(t.of)})`;
    case 'map':
      return `map(${t.key}, ${formatType(t.of)})`;
    case 'unknown':
      return 'unknown';
  }
};
