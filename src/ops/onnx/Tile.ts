import { attr } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import { constant } from '../../tensor/data.ts';
import { countOf, strides, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, ints, knownExtents, knownInts, rowShape, rowsByType } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { cast } from './earlier.ts';
import { movedElements } from './elements.ts';
import { finish, vector } from './expansion.ts';
import { quotient } from './extents.ts';
import { take, takeRow } from './take.ts';

/** For each element of the tiled tensor, the element of the tile. */
const tiles = (dims: readonly number[], out: readonly number[]): Int32Array => {
  const [own, all] = [strides(dims), strides(out)];
  const place = (i: number) =>
    dims.reduce((at, d, axis) => at + (Math.floor(i / (all[axis] as number)) % d) * (own[axis] as number), 0);
  return Int32Array.from({ length: countOf(out) }, (_, i) => place(i));
};

/** The input side by side with itself, so many times along each axis. ONNX Operators, Tile. */
export const Tile: readonly Operator[] = [
  {
    domain: '',
    name: 'Tile',
    since: [6, 13],
    infer: (node, known) => {
      const { dtype, dims } = tensorInput(node, 0);
      const repeats = knownExtents(node, 1, known);
      return [tensorType(dtype, dims?.map((d, i) => quotient([d, repeats?.[i] ?? null])) ?? null)];
    },
    elements: movedElements(0),
    evaluate: ([x, repeats], node) => {
      const t = x as Tensor;
      const by = ints(repeats) ?? [];
      if (by.length !== t.dims.length || by.some((n) => n < 0)) {
        refused(node, `repeats [${by}] do not fit a tensor of rank ${t.dims.length}`);
      }
      const dims = t.dims.map((d, i) => d * (by[i] as number));
      return [take(t, dims, tiles(t.dims, dims))];
    },
    lower: (node, inputs) => {
      const dims = rowShape(node);
      if (isRefusal(dims)) return dims;
      const x = inputs[0] as Lowered;
      return [takeRow(x, dims, tiles(x.dims, dims))];
    },
    express: (node, b, opsets) => {
      // Before 6: along one axis after the other.
      const op = b.version('', 'Tile', opsets.get(''));
      const [x, repeats] = node.inputs as readonly [Value, Value];
      const { dtype, dims } = tensorInput(node, 0);
      if (op?.since !== 1) return undefined;
      if (dims === null) return refuse('express/extent', 'before opset 6 the rank must be known');
      const times = (i: number): Value => cast(b, b.op('Gather', [repeats, vector(b, [i])]), dtype);
      const along = (v: Value, i: number): Value => {
        const out = b.unique(node.outputs[0]?.name ?? 'tile');
        const types = [
          tensorType(
            dtype,
            dims.map((d, k) => (k > i ? d : null)),
          ),
        ];
        const axis = b.constant(constant(dtype, [i]));
        return b.call(op, [v, times(i), axis], { outputs: [out], types })[0] as Value;
      };
      return [dims.reduce<Value>((v, _, i) => along(v, i), x)];
    },
    carriers: whereHeld,
    rows: (node) => rowsByType(node),
  },
  {
    domain: '',
    name: 'Tile',
    // Version 1: so many times along one axis, both of them inputs.
    since: [1],
    infer: (node) => {
      const { dtype, dims } = tensorInput(node, 0);
      return [tensorType(dtype, dims === null ? null : dims.map(() => null))];
    },
    expand: (node, b) => {
      const [x, times, axis] = node.inputs as readonly [Value, Value, Value];
      const rank = dimsOf(x)?.length;
      const [along] = knownInts(node, 2, b.known) ?? [];
      if (rank === undefined || along === undefined) {
        return refuse(
          'ops/axis-constant',
          `the axis '${axis.name}' is not constant, or the rank is not known`,
        );
      }
      const once = (count: number) => vector(b, new Array<number>(count).fill(1));
      const count = b.op('Reshape', [b.op('Cast', [times], { to: attr.int(7) }), vector(b, [1])]);
      const repeats = b.op('Concat', [once(along), count, once(rank - 1 - along)], { axis: attr.int(0) });
      return finish(node, b, 'Tile', [x, repeats]);
    },
  },
];
