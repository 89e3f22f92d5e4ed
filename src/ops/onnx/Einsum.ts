import { attr, stringOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { column, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, strides, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { stepRounder } from './accumulate.ts';
import { dimsOf } from './axes.ts';
import { numeric } from './constraints.ts';
import { cast } from './earlier.ts';
import { attributesBut, finish, vector } from './expansion.ts';
import { extents, reshaped, whole } from './spelling.ts';
import { walk } from './take.ts';

interface Plan {
  /** The label of each axis of each input, and of the output. */
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/** Labels of one term. The axes that `...` stands for are labelled from the back: `.0` is the last one. */
const labels = (node: Node, term: string, rank: number | null): string[] => {
  const [before = '', after, more] = term.split('...');
  if (more !== undefined || /[^a-zA-Z]/.test(before + (after ?? ''))) {
    refused(node, `the term '${term}' is not understood`);
  }
  const open = after === undefined || rank === null ? 0 : rank - before.length - after.length;
  if (open < 0 || (after === undefined && rank !== null && rank !== before.length)) {
    refused(node, `the term '${term}' does not fit a tensor of rank ${rank}`);
  }
  return [...before, ...Array.from({ length: open }, (_, i) => `.${open - 1 - i}`), ...(after ?? '')];
};

/** The equation, which may leave out the output: then it has, in order, the labels that stand once. */
const planOf = (node: Node, ranks: readonly number[]): Plan => {
  const [left = '', right] = stringOf(node, 'equation').replaceAll(' ', '').split('->');
  const terms = left.split(',');
  if (terms.length !== ranks.length) refused(node, `${terms.length} terms for ${ranks.length} inputs`);
  const inputs = terms.map((term, i) => labels(node, term, ranks[i] ?? null));
  const all = inputs.flat();
  const open = [...new Set(all.filter((l) => l.startsWith('.')))].sort(
    (a, b) => Number(b.slice(1)) - Number(a.slice(1)),
  );
  const once = all.filter((l) => !l.startsWith('.') && all.indexOf(l) === all.lastIndexOf(l)).sort();
  const output = right === undefined ? [...open, ...once] : outputLabels(node, right, open);
  const unknown = output.find((l) => !all.includes(l));
  if (unknown !== undefined) refused(node, `no input has the label '${unknown}'`);
  return { inputs, output };
};

const outputLabels = (node: Node, term: string, open: readonly string[]): string[] => {
  const named = term.replace('...', '').length;
  return labels(node, term, term.includes('...') ? named + open.length : named);
};

/** The extent of each label; 1 gives way where `...` broadcasts. */
const extentsOf = <D extends Dim>(
  node: Node,
  { inputs }: Plan,
  shapes: readonly (readonly D[])[],
): Map<string, D> => {
  const extents = new Map<string, D>();
  inputs.forEach((own, i) => {
    own.forEach((label, axis) => {
      const d = shapes[i]?.[axis] as D;
      const known = extents.get(label);
      if (known === undefined || known === 1 || known === null) extents.set(label, d);
      else if (d !== 1 && d !== known && typeof d === 'number' && typeof known === 'number') {
        refused(node, `the label '${label}' stands for ${known} and for ${d}`);
      }
    });
  });
  return extents;
};

/**
 * The sum over the labels that the output has not, in their order, of the products of the inputs' elements; each product
 * and sum is rounded as MatMul has it. ONNX Operators, Einsum.
 */
export const Einsum: Operator = {
  domain: '',
  name: 'Einsum',
  since: [12, 28],
  infer: (node) => {
    const types = node.inputs.map((_, i) => tensorInput(node, i, numeric));
    const [first] = types;
    if (!first) return refused(node, 'it takes at least one input');
    const shapes = types.map((t) => t.dims);
    if (shapes.some((s) => s === null)) return [tensorType(first.dtype, null)];
    const known = shapes as readonly (readonly Dim[])[];
    const plan = planOf(
      node,
      known.map((s) => s.length),
    );
    const extents = extentsOf(node, plan, known);
    return [
      tensorType(
        first.dtype,
        plan.output.map((l) => extents.get(l) ?? null),
      ),
    ];
  },
  evaluate: (inputs, node) => {
    const given = inputs as readonly [Tensor, ...Tensor[]];
    const [{ dtype }] = given;
    const plan = planOf(
      node,
      given.map((t) => t.dims.length),
    );
    const extents = extentsOf(
      node,
      plan,
      given.map((t) => t.dims),
    );
    const summed = [...extents.keys()].filter((l) => !plan.output.includes(l));
    const shape = (list: readonly string[]) => list.map((l) => extents.get(l) as number);
    // How far one step along a label moves in each input: a label may stand twice (a diagonal), and 1 stands still.
    const moves = (list: readonly string[], i: number): Int32Array => {
      const t = given[i] as Tensor;
      const own = strides(t.dims);
      const step = (label: string) =>
        (plan.inputs[i] as readonly string[]).reduce(
          (sum, l, axis) => (l === label && t.dims[axis] !== 1 ? sum + (own[axis] as number) : sum),
          0,
        );
      return walk(shape(list), list.map(step));
    };
    const kept = given.map((_, i) => moves(plan.output, i));
    const over = given.map((_, i) => moves(summed, i));
    const dims = shape(plan.output);
    const [count, terms] = [countOf(dims), countOf(shape(summed))];
    const out = column(dtype, count) as unknown as (number | bigint)[];
    const element = (i: number, k: number, l: number) =>
      (given[i] as Tensor).data[
        ((kept[i] as Int32Array)[k] as number) + ((over[i] as Int32Array)[l] as number)
      ];
    if (isFloat(dtype)) {
      const [step, round] = [stepRounder(dtype), rounder(dtype)];
      for (let k = 0; k < count; k++) {
        let sum = 0;
        for (let l = 0; l < terms; l++) {
          let product = element(0, k, l) as number;
          for (let i = 1; i < given.length; i++) product = step(product * (element(i, k, l) as number));
          sum = step(sum + product);
        }
        out[k] = round(sum);
      }
    } else {
      // Integers are summed exactly, and wrap when they are stored.
      for (let k = 0; k < count; k++) {
        let sum = 0n;
        for (let l = 0; l < terms; l++) {
          sum += given.reduce((product, _, i) => product * BigInt(element(i, k, l) as number | bigint), 1n);
        }
        out[k] = isBig(dtype) ? sum : Number(BigInt.asIntN(32, sum));
      }
    }
    return [tensor(dtype, dims, out as unknown as Tensor['data'])];
  },
  express: (node, b, opsets) => {
    const { dtype } = tensorInput(node, 0);
    if ((opsets.get('') ?? 0) >= 12) {
      const wide = node.inputs.map((v) => cast(b, v as Value, 'float32'));
      return dtype === 'bfloat16'
        ? [cast(b, b.op('Einsum', wide, attributesBut(node, [])), dtype)]
        : undefined;
    }
    // Before 12: every input stretched over all labels, their product, its sum.
    const shapes = node.inputs.map((v) => extents(v));
    const unknown = shapes.find((s) => isRefusal(s));
    if (unknown && isRefusal(unknown)) return unknown;
    const known = shapes as readonly (readonly number[])[];
    const plan = planOf(
      node,
      known.map((d) => d.length),
    );
    const all = [...plan.output, ...[...new Set(plan.inputs.flat())].filter((l) => !plan.output.includes(l))];
    const stretched = node.inputs.map((v, i) =>
      overLabels(b, v as Value, known[i] as readonly number[], plan.inputs[i] as readonly string[], all),
    );
    const product = stretched.reduce((x, y) => b.op('Mul', [x, y]));
    const summed = all.flatMap((_, i) => (i < plan.output.length ? [] : [i]));
    return summed.length > 0
      ? finish(node, b, 'ReduceSum', [product, vector(b, summed)], { keepdims: attr.int(0) })
      : [product];
  },
  rows: (node) => {
    const shapes = node.inputs.map(dimsOf);
    if (shapes.some((s) => s === null)) return 'all';
    const known = shapes as readonly (readonly Dim[])[];
    const { inputs, output } = planOf(
      node,
      known.map((s) => s.length),
    );
    // Rows are a label of their own: on axis 0 of the output and of what has rows, and nowhere else.
    const [label] = output;
    const rows = dimsOf(node.outputs[0])?.[0];
    const fits = inputs.every((own, i) =>
      own.every((l, axis) => {
        const d = known[i]?.[axis];
        return l === label ? axis === 0 && (d === rows || d === 1) : typeof d !== 'string';
      }),
    );
    return label !== undefined && fits ? 'each' : 'all';
  },
};

/** An input with an axis a label: of a label that stands twice the diagonal, of one that it has not 1. */
const overLabels = (
  b: Builder,
  x: Value,
  dims: readonly number[],
  labels: readonly string[],
  all: readonly string[],
): Value => {
  const own = all.filter((l) => labels.includes(l));
  const extent = (l: string): number =>
    labels.reduce((most, other, i) => (other === l ? Math.max(most, dims[i] as number) : most), 1);
  const steps = strides(dims);
  const shape = own.map(extent);
  const places = walk(
    shape,
    own.map((l) =>
      labels.reduce(
        (step, other, i) => (other === l && dims[i] !== 1 ? step + (steps[i] as number) : step),
        0,
      ),
    ),
  );
  const perm = own.map((l) => labels.indexOf(l));
  const twice = own.length < labels.length;
  const inOrder = twice
    ? b.op('Gather', [reshaped(b, x, [-1]), whole(b, places)])
    : b.op('Transpose', [x], { perm: attr.ints(perm) });
  return reshaped(
    b,
    inOrder,
    all.map((l) => (own.includes(l) ? extent(l) : 1)),
  );
};
