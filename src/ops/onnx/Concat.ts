import { attr, intOf } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { type Node, type TensorType, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, rowShape } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { earlier } from './earlier.ts';
import { movedElements } from './elements.ts';
import { attributesBut, finish } from './expansion.ts';
import { same, sum } from './extents.ts';
import { chooseRow, copyRuns, intRow, lookUp, whole } from './take.ts';

const inferConcat =
  (otherwise?: number) =>
  (node: Node): readonly TensorType[] => {
    const types = node.inputs.map((_, i) => tensorInput(node, i));
    const [first, ...others] = types;
    if (!first) return refused(node, 'it takes at least one input');
    const odd = others.find((t) => t.dtype !== first.dtype);
    if (odd) refused(node, `the inputs are ${first.dtype} and ${odd.dtype}; they must be one type`);
    const rank = types.find((t) => t.dims !== null)?.dims?.length;
    if (rank === undefined) return [tensorType(first.dtype, null)];
    const axis = axisOf(node, rank, otherwise);
    const shapes = types.map((t) => t.dims ?? new Array<null>(rank).fill(null));
    for (const s of shapes) {
      if (s.length !== rank) refused(node, `the inputs have ranks ${rank} and ${s.length}`);
    }
    const dims = Array.from({ length: rank }, (_, d) => {
      const extents = shapes.map((s) => s[d] ?? null);
      if (d === axis) return sum(extents);
      const known = extents.filter((e) => typeof e === 'number');
      if (known.some((e) => e !== known[0])) refused(node, `the inputs differ along axis ${d}: ${known}`);
      return same(extents);
    });
    return [tensorType(first.dtype, dims)];
  };

/** The inputs one behind the other along `axis`. ONNX Operators, Concat. */
export const Concat: readonly Operator[] = [
  {
    domain: '',
    name: 'Concat',
    since: [4, 11, 13],
    infer: inferConcat(),
    elements: movedElements(),
    evaluate: (inputs, node) => {
      const given = inputs as readonly Tensor[];
      const first = given[0] as Tensor;
      const axis = axisOf(node, first.dims.length);
      const fits = (t: Tensor) =>
        t.dims.length === first.dims.length && t.dims.every((d, i) => i === axis || d === first.dims[i]);
      if (!given.every(fits))
        refused(node, `shapes ${given.map((t) => `[${t.dims}]`)} do not join at axis ${axis}`);
      const length = given.reduce((n, t) => n + (t.dims[axis] as number), 0);
      const out = zeros(first.dtype, first.dims.with(axis, length));
      const inner = countOf(first.dims.slice(axis + 1));
      const outer = countOf(first.dims.slice(0, axis));
      let at = 0;
      for (const t of given) {
        const run = (t.dims[axis] as number) * inner;
        copyRuns({ to: out, at, step: length * inner }, { from: t, start: 0, step: run }, run, outer);
        at += run;
      }
      return [out];
    },
    lower: (node, inputs) => {
      const dims = rowShape(node);
      if (isRefusal(dims)) return dims;
      const given = inputs as readonly Lowered[];
      const axis = axisOf(node, dims.length + 1) - 1;
      // For each element of the result: which input it is of, and where it stands there.
      const inner = countOf(dims.slice(axis + 1));
      const length = dims[axis] as number;
      const count = countOf(dims);
      const which = new Int32Array(count);
      const where = new Int32Array(count);
      let at = 0;
      given.forEach((x, input) => {
        const extent = x.dims[axis] as number;
        for (let i = 0; i < countOf(x.dims); i++) {
          const outer = Math.floor(i / (extent * inner));
          const target = outer * length * inner + at * inner + (i % (extent * inner));
          which[target] = input;
          where[target] = i;
        }
        at += extent;
      });
      const element = (index: Row): Row => {
        if (index.k === 'const') {
          const i = Number(index.value);
          return (given[which[i] as number] as Lowered).element(whole(where[i] as number));
        }
        const input: Row = { k: 'at', table: constant('int32', which), key: index };
        // One input alone: its elements stand at an even distance in the result, or in a table.
        const branches = given.map((x, k) => {
          const own = where.map((w, i) => (which[i] === k ? w : -1));
          const first = own.findIndex((w) => w >= 0);
          const contiguous = first >= 0 && own.every((w, i) => w < 0 || w === i - first);
          return x.element(
            contiguous
              ? intRow('sub', index, whole(first))
              : lookUp(
                  own.map((w) => Math.max(w, 0)),
                  index,
                ),
          );
        });
        const tests = given
          .slice(0, -1)
          .map((_, k): Row => ({ k: 'apply', fn: 'eq', dtype: 'bool', args: [input, whole(k)] }));
        return tests.length === 0
          ? (branches[0] as Row)
          : chooseRow(tests, branches.slice(0, -1), branches.at(-1) as Row);
      };
      return [{ dtype: (given[0] as Lowered).dtype, dims, element }];
    },
    carriers: whereHeld,
    express: (node, b, opsets) => earlier(node, b, opsets, node.inputs, attributesBut(node, [])),
    rows: (node) => {
      const rows = dimsOf(node.outputs[0])?.[0];
      const rank = dimsOf(node.outputs[0])?.length ?? 0;
      const aligned = node.inputs.every((v) => dimsOf(v)?.[0] === rows);
      return rank > 0 && aligned && axisOf(node, rank) !== 0 ? 'each' : 'all';
    },
  },
  {
    domain: '',
    name: 'Concat',
    since: [1],
    infer: inferConcat(1),
    expand: (node, b) =>
      finish(
        node,
        b,
        'Concat',
        node.inputs as readonly Value[],
        attributesBut(node, [], { axis: attr.int(intOf(node, 'axis', 1)) }),
      ),
  },
];
