import { attr, floatOf, intsOf, stringOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import { strides, type Tensor, tensorOf, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, fromFront, ints, knownInts, rowShape, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { floats } from './constraints.ts';
import { constantInts, earlier, notConstant } from './earlier.ts';
import { movedElements } from './elements.ts';
import { attributesBut, finish, number, vector } from './expansion.ts';
import { sum } from './extents.ts';
import { chooseRow, copy, lookUp, take, whole } from './take.ts';

interface Padding {
  readonly before: number;
  readonly after: number;
}

/** How much is put before and behind each axis; negative takes away. */
const paddings = (
  node: Node,
  rank: number,
  pads: readonly number[],
  axes: readonly number[] | undefined,
): readonly Padding[] => {
  const named = axes ?? Array.from({ length: rank }, (_, i) => i);
  if (pads.length !== 2 * named.length) refused(node, `${pads.length} pads for ${named.length} axes`);
  const out = new Array<Padding>(rank).fill({ before: 0, after: 0 });
  named.forEach((axis, i) => {
    out[fromFront(node, axis, rank)] = {
      before: pads[i] as number,
      after: pads[named.length + i] as number,
    };
  });
  return out;
};

const modes = new Map<string, (at: number, extent: number) => number>([
  ['constant', (at, extent) => (at >= 0 && at < extent ? at : -1)],
  ['edge', (at, extent) => Math.min(Math.max(at, 0), extent - 1)],
  ['wrap', (at, extent) => ((at % extent) + extent) % extent],
  [
    // Mirrored at the first and at the last element, which stand once.
    'reflect',
    (at, extent) => {
      if (extent === 1) return 0;
      const period = 2 * (extent - 1);
      const there = ((at % period) + period) % period;
      return there < extent ? there : period - there;
    },
  ],
]);

/** For each element of the result, the element of the input, or -1 where there is none. */
const origins = (node: Node, dims: readonly number[], by: readonly Padding[]): Int32Array => {
  const mode = stringOf(node, 'mode', 'constant');
  const along = modes.get(mode) ?? refused(node, `there is no mode '${mode}'`);
  const own = strides(dims);
  let index: number[] = [0];
  dims.forEach((extent, axis) => {
    const { before, after } = by[axis] as Padding;
    const length = extent + before + after;
    if (length < 0) refused(node, `axis ${axis} of extent ${extent} loses ${-before - after} elements`);
    if (extent === 0 && length > 0 && mode !== 'constant')
      refused(node, `axis ${axis} has nothing to repeat`);
    const places = Array.from({ length }, (_, i) => along(i - before, extent));
    index = index.flatMap((at) => places.map((p) => (at < 0 || p < 0 ? -1 : at + p * (own[axis] as number))));
  });
  return Int32Array.from(index);
};

const padded = (dims: readonly Dim[], by: readonly Padding[]): Dim[] =>
  dims.map((d, i) => {
    const { before, after } = by[i] as Padding;
    return before === 0 && after === 0 ? d : sum([d, before, after]);
  });

/** More elements around the input: one value, or its own elements repeated. ONNX Operators, Pad. */
export const Pad: readonly Operator[] = [
  {
    domain: '',
    name: 'Pad',
    since: [11, 13, 18, 19, 21, 23, 24, 25],
    infer: (node, known) => {
      const { dtype, dims } = tensorInput(node, 0);
      if (node.inputs[2]) tensorInput(node, 2, [dtype]);
      if (dims === null) return [tensorType(dtype, null)];
      const [pads, axes] = [knownInts(node, 1, known), knownInts(node, 3, known)];
      if (!pads || (node.inputs[3] && !axes))
        return [
          tensorType(
            dtype,
            dims.map(() => null),
          ),
        ];
      return [tensorType(dtype, padded(dims, paddings(node, dims.length, pads, axes)))];
    },
    elements: movedElements(0, 2),
    evaluate: ([x, pads, value, axes], node) => {
      const t = x as Tensor;
      const by = paddings(node, t.dims.length, ints(pads) ?? [], ints(axes));
      const index = origins(node, t.dims, by);
      // The value that stands where nothing does is one element more, behind the last one.
      const filling = value ? (value as Tensor) : zeros(t.dtype, [1]);
      const all = zeros(t.dtype, [t.dims.reduce((n, d) => n * d, 1) + 1]);
      const last = (all.dims[0] as number) - 1;
      copy(all, 0, t, 0, last);
      copy(all, last, filling, 0, 1);
      const dims = t.dims.map((d, i) => d + (by[i] as Padding).before + (by[i] as Padding).after);
      return [
        take(
          all,
          dims,
          index.map((i) => (i < 0 ? last : i)),
        ),
      ];
    },
    lower: (node, inputs, to) => {
      const dims = rowShape(node);
      if (isRefusal(dims)) return dims;
      const [x, , value] = inputs as readonly [Lowered, ...(Lowered | null | undefined)[]];
      const [pads = [], axes] = [knownInts(node, 1, to.known), knownInts(node, 3, to.known)];
      const by = paddings(node, x.dims.length + 1, pads, axes).slice(1);
      const index = origins(node, x.dims, by);
      const filling = value?.element(whole(0)) ?? {
        k: 'const' as const,
        dtype: x.dtype,
        value: tensorOf(x.dtype, [], [0]).data[0] as number | bigint,
      };
      const present = index.map((i) => (i < 0 ? 0 : 1));
      return [
        {
          dtype: x.dtype,
          dims,
          element: (key) =>
            chooseRow(
              [{ k: 'apply', fn: 'ne', dtype: 'bool', args: [lookUp(present, key), whole(0)] }],
              [
                x.element(
                  lookUp(
                    index.map((i) => Math.max(i, 0)),
                    key,
                  ),
                ),
              ],
              filling,
            ),
        },
      ];
    },
    carriers: whereHeld,
    express: (node, b, opsets) => {
      const opset = opsets.get('') ?? 0;
      const [x, , value, axes] = node.inputs as readonly (Value | null | undefined)[];
      const rank = dimsOf(x)?.length;
      const [pads, named] = [constantInts(node, b, 1), constantInts(node, b, 3)];
      const last = value ? b.known(value) : null;
      if (isRefusal(named)) return named;
      if (opset >= 11 && isRefusal(pads) && named && rank !== undefined && axes) {
        // Pads that are computed, spread over all axes: what is not named gets a 0.
        const at = Array.from({ length: 2 * rank }, (_, i) => {
          const k = named.map((a) => (a + rank) % rank).indexOf(i % rank);
          return k < 0 ? 0 : 1 + k + (i < rank ? 0 : named.length);
        });
        const all = b.op('Concat', [vector(b, [0]), node.inputs[1] as Value], { axis: attr.int(0) });
        return earlier(
          node,
          b,
          opsets,
          [x as Value, b.op('Gather', [all, vector(b, at)]), value ?? null],
          attributesBut(node, []),
        );
      }
      if (isRefusal(pads)) return pads;
      if (last === undefined) return notConstant(node, 2);
      if (rank === undefined)
        return refuse('express/rank', 'at this opset all axes must be named, and the rank is not known');
      const by = paddings(node, rank, pads ?? [], named);
      const list = [...by.map((p) => p.before), ...by.map((p) => p.after)];
      if (opset >= 11)
        return earlier(
          node,
          b,
          opsets,
          [x as Value, vector(b, list), value ?? null],
          attributesBut(node, []),
        );
      const filling = last ? { value: attr.float(Number(last.read(0, 1)[0])) } : {};
      return earlier(node, b, opsets, [x as Value], {
        ...attributesBut(node, []),
        ...filling,
        [opset < 2 ? 'paddings' : 'pads']: attr.ints(list),
      });
    },
    rows: (node) => rowsByType(node),
  },
  padByAttribute(2, 'pads'),
  padByAttribute(1, 'paddings'),
];

/** The versions that had amounts and value as attributes. */
function padByAttribute(since: number, name: string): Operator {
  return {
    domain: '',
    name: 'Pad',
    since: [since],
    infer: (node) => {
      const { dtype, dims } = tensorInput(node, 0, floats);
      const by = dims && paddings(node, dims.length, intsOf(node, name) ?? [], undefined);
      return [tensorType(dtype, dims && by && padded(dims, by))];
    },
    expand: (node, b) => {
      const { dtype } = tensorInput(node, 0);
      const value = number(b, dtype, floatOf(node, 'value', 0));
      return finish(node, b, 'Pad', [node.inputs[0] ?? null, vector(b, intsOf(node, name) ?? []), value], {
        mode: attr.string(stringOf(node, 'mode', 'constant')),
      });
    },
  };
}
