import { attr, intOf, intsOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { ints, knownExtents, rowShape, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { constantInts, earlier } from './earlier.ts';
import { sameElements } from './elements.ts';
import { attributesBut, finish, vector } from './expansion.ts';
import { quotient } from './extents.ts';
import { reshaped } from './take.ts';

/** The new extents: 0 takes over the old one (unless `allowzero`), -1 is what is left. */
const resolve = (node: Node, from: readonly Dim[] | null, shape: readonly Dim[]): readonly Dim[] => {
  const allowZero = intOf(node, 'allowzero', 0) !== 0;
  const bad = shape.find((d) => typeof d === 'number' && d < -1);
  if (bad !== undefined) refused(node, `the shape [${shape}] has the extent ${bad}`);
  if (shape.filter((d) => d === -1).length > 1) refused(node, `the shape [${shape}] has more than one -1`);
  if (allowZero && shape.includes(0) && shape.includes(-1)) {
    refused(node, `the shape [${shape}] has both 0 and -1 under allowzero`);
  }
  const dims = shape.map((d, i): Dim => {
    if (d !== 0 || allowZero) return d;
    if (from !== null && i >= from.length)
      refused(node, `the shape [${shape}] copies axis ${i} of rank ${from.length}`);
    return from?.[i] ?? null;
  });
  // One extent that is not known is what is left, too; beside a -1 it leaves that open.
  const unknown = dims.flatMap((d, i) => (d === -1 || d === null ? [i] : []));
  const [open] = unknown;
  if (open === undefined) return dims;
  const left = from === null || unknown.length > 1 ? null : quotient(from, dims.toSpliced(open, 1));
  return dims.map((d, i) => (i === open ? left : d === -1 ? null : d));
};

/** The same elements, in order, in another shape. ONNX Operators, Reshape. */
export const Reshape: readonly Operator[] = [
  {
    domain: '',
    name: 'Reshape',
    since: [5, 13, 14, 19, 21, 23, 24, 25],
    infer: (node, known) => {
      const x = tensorInput(node, 0);
      tensorInput(node, 1, ['int64']);
      const shape = knownExtents(node, 1, known);
      return [tensorType(x.dtype, shape ? resolve(node, x.dims, shape) : null)];
    },
    elements: sameElements,
    evaluate: ([data, shape], node) => {
      const t = data as Tensor;
      const dims = resolve(node, t.dims, ints(shape) ?? []);
      if (dims.includes(null) || countOf(dims as number[]) !== countOf(t.dims)) {
        refused(node, `[${t.dims}] does not fit the shape [${ints(shape)}]`);
      }
      return [reshaped(t, dims as number[])];
    },
    lower: (node, inputs) => {
      const dims = rowShape(node);
      return isRefusal(dims) ? dims : [{ ...(inputs[0] as Lowered), dims }];
    },
    express: (node, b, opsets) => {
      // Before 5 the shape was an attribute.
      if ((opsets.get('') ?? 0) >= 5) return undefined;
      const shape = constantInts(node, b, 1);
      if (isRefusal(shape)) return shape;
      return earlier(node, b, opsets, [node.inputs[0] ?? null], { shape: attr.ints(shape ?? []) });
    },
    // The same rows, in order: each holds the same elements as before.
    carriers: whereHeld,
    rows: (node) => rowsByType(node),
  },
  {
    domain: '',
    name: 'Reshape',
    since: [1],
    infer: (node) => {
      const x = tensorInput(node, 0);
      return [tensorType(x.dtype, resolve(node, x.dims, intsOf(node, 'shape') ?? []))];
    },
    elements: sameElements,
    expand: (node, b) =>
      finish(
        node,
        b,
        'Reshape',
        [node.inputs[0] ?? null, vector(b, intsOf(node, 'shape') ?? [])],
        attributesBut(node, ['shape', 'consumed_inputs']),
      ),
  },
];
