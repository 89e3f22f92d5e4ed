/** The inputs that Test, Route and Spread share: columns `[N, 1]`, and behind them their planes where `planes` is 1. */
import { intOf, predicatesOf, treesOf } from '../../ir/attributes.ts';
import { type Dim, type Node, tensorType } from '../../ir/model.ts';
import { checkPredicates, type Predicates } from '../../ir/predicates.ts';
import { broadcastDims, fits } from '../../ir/shape.ts';
import { checkTrees, type Trees } from '../../ir/trees.ts';
import type { DType } from '../../tensor/dtype.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { refused, tensorInput } from '../operator.ts';
import type { TestedColumn } from './predicate.ts';

/** Are the columns followed by their planes? */
export const withPlanes = (node: Node): boolean => intOf(node, 'planes', 0) === 1;

/** How many of the inputs are columns. */
export const columnCount = (node: Node): number => {
  const n = node.inputs.length;
  if (!withPlanes(node)) return n;
  return n % 2 === 0
    ? n / 2
    : refused(node, `with planes it takes as many planes as columns, not ${n} inputs`);
};

export interface Columns {
  readonly rows: Dim;
  readonly columns: readonly { readonly dtype: DType; readonly missing: boolean }[];
  readonly predicates: Predicates;
}

/** Checks the columns and the predicate table against each other. */
export const inferColumns = (node: Node): Columns => {
  const count = columnCount(node);
  if (count === 0) refused(node, 'it takes at least one column, which says how many rows there are');
  const plane = withPlanes(node);
  let rows: Dim = 1;
  const columns = Array.from({ length: count }, (_, i) => {
    const { dtype, dims, absent } = tensorInput(node, i);
    if (dims !== null && (dims.length !== 2 || (typeof dims[1] === 'number' && dims[1] !== 1))) {
      refused(node, `column ${i} must be one column, [N, 1]`);
    }
    const together: readonly Dim[] | null | undefined = broadcastDims([rows], [dims?.[0] ?? null]);
    rows = (together ?? refused(node, 'the columns have different numbers of rows'))?.[0] ?? null;
    if (plane && absent === 'missing') refused(node, `column ${i} may be missing, but has a plane for that`);
    const missing = plane ? node.inputs[count + i] : null;
    if (missing && !fits(missing.type, tensorType('bool', null))) {
      refused(node, `the plane of column ${i} must be bool and never missing`);
    }
    return { dtype, missing: plane ? missing !== null : absent === 'missing' };
  });
  const predicates = predicatesOf(node);
  checkPredicates(
    predicates,
    columns.map((c) => c.dtype),
    node.from[0],
  );
  return { rows, columns, predicates };
};

/** The trees, checked. */
export const inferTrees = (node: Node, predicates: Predicates): Trees => {
  const trees = treesOf(node);
  checkTrees(trees, predicates.kind.length, node.from[0]);
  return trees;
};

export interface Given {
  readonly rows: number;
  readonly columns: readonly TestedColumn[];
}

/** The columns at run time. */
export const givenColumns = (inputs: readonly (Tensor | null)[], node: Node): Given => {
  const count = columnCount(node);
  const columns = inputs.slice(0, count).map((t, i): TestedColumn => {
    const { dtype, data, missing } = t as Tensor;
    return { dtype, data, missing: withPlanes(node) ? plane(inputs[count + i]) : missing };
  });
  let rows = 1;
  for (const t of inputs.slice(0, count)) {
    const n = countOf((t as Tensor).dims);
    if (n === rows || n === 1) continue;
    if (rows !== 1) refused(node, `the columns have ${rows} and ${n} rows`);
    rows = n;
  }
  return { rows, columns };
};

const plane = (t: Tensor | null | undefined): Uint8Array | undefined => t?.data as Uint8Array | undefined;
