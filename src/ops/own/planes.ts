/** What `plain` of our own operators is said in: ONNX operators over data and boolean planes. */
import type { Builder } from '../../ir/builder.ts';
import { type Node, OWN, type Value } from '../../ir/model.ts';
import { ABSENT, type Predicates } from '../../ir/predicates.ts';
import type { Plane } from '../operator.ts';
import { not, orAll, where } from './where.ts';

/** Where the value is there and TRUE; UNKNOWN is not TRUE. */
export const isTrue = (b: Builder, { data, missing, under }: Plane): Value =>
  missing === null || under === 'zero' ? data : b.op('And', [data, not(b, missing)]);

/** Where the value is there and FALSE. */
export const isFalse = (b: Builder, { data, missing }: Plane): Value =>
  not(b, missing === null ? data : b.op('Or', [data, missing]));

const dimsOf = (v: Value) => (v.type.kind === 'tensor' ? v.type.dims : null);

/** Is the shape of `v` known to be that of the output? */
const hasShape = (v: Value, like: Value): boolean => {
  const [own, out] = [dimsOf(v), dimsOf(like)];
  return (
    own !== null &&
    out !== null &&
    own.length === out.length &&
    own.every((d, i) => d !== null && d === out[i])
  );
};

/** `v` brought to the shape that it and all of `others` broadcast to, which is known to be that of `like`. */
const toShape = (b: Builder, v: Value, like: Value, others: readonly (Value | null)[]): Value =>
  others
    .filter((o): o is Value => o !== null && !hasShape(v, like) && o !== v)
    .reduce((x, o) => (hasShape(x, like) ? x : b.op('Expand', [x, b.op('Shape', [o])])), v);

/** Data and plane of one shape, that of the output `like`. */
export const plane = (
  b: Builder,
  like: Value,
  data: Value,
  missing: Value | null,
  others: readonly (Value | null)[] = [],
): Plane => ({
  data: toShape(b, data, like, [missing, ...others]),
  missing: missing && toShape(b, missing, like, [data, ...others]),
});

/** Branches chosen by plain conditions, the first TRUE one wins: data and plane. */
export const choose = (
  b: Builder,
  when: readonly Value[],
  then: readonly Plane[],
  otherwise: Plane,
): { data: Value; missing: Value | null } => {
  let { data, missing } = otherwise;
  for (let i = when.length - 1; i >= 0; i--) {
    const w = when[i] as Value;
    const branch = then[i] as Plane;
    data = where(b, w, branch.data, data);
    const [here, after] = [branch.missing, missing];
    missing = orAll(b, [here && b.op('And', [w, here]), after && b.op('And', [not(b, w), after])]);
  }
  return { data, missing };
};

/**
 * The columns, without the planes that say what the tests see anyway: the data is NaN just where it is missing, and every
 * test takes NaN for missing.
 */
export const trimmed = (predicates: Predicates, columns: readonly Plane[]): readonly Plane[] => {
  const needed = new Set<number>();
  predicates.absent.forEach((bits, i) => {
    if (!(bits & (ABSENT.nan | ABSENT.asZero))) needed.add(predicates.column[i] as number);
  });
  return columns.map((c, i) => (c.under === 'nan' && !needed.has(i) ? { ...c, missing: null } : c));
};

/** The same operator over plain columns, followed by their planes. */
export const withPlanesBehind = (
  node: Node,
  b: Builder,
  columns: readonly Plane[],
): readonly (Value | null)[] =>
  b.call([OWN, node.op.name], [...columns.map((c) => c.data), ...columns.map((c) => c.missing)], {
    attributes: new Map([...node.attributes, ['planes', { kind: 'int', value: 1 }]]),
    name: node.name,
    from: node.from,
    outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
  });

/** The same operator over plain values, its one output. */
export const again = (node: Node, b: Builder, inputs: readonly Value[]): Value =>
  b.op(node.op, inputs, Object.fromEntries(node.attributes), {
    name: node.name,
    from: node.from,
    output: b.unique((node.outputs[0] as Value).name),
  });
