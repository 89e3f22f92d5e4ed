import { attr } from '../../ir/attributes.ts';
import { isRefusal } from '../../ir/diagnostic.ts';
import { tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { column, dtypeInfo } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { cast } from './earlier.ts';
import { chosenElements } from './elements.ts';
import { broadcastAll, broadcastRows, broadcastTypes, reindex, rowsEach, runs } from './elementwise.ts';
import { finish, vector } from './expansion.ts';
import { counting, extents, reshaped, spelling } from './spelling.ts';
import { chooseRow } from './take.ts';

/** One run of choices. The same loop twice: the engine compiles one for doubles alone. */
const chooseDoubles = (
  when: Uint8Array,
  x: Float64Array,
  y: Float64Array,
  out: Float64Array,
  at: number,
  length: number,
  from: Int32Array,
  steps: Int32Array,
): void => {
  const [w, i, j] = from as unknown as [number, number, number];
  const [dw, di, dj] = steps as unknown as [number, number, number];
  for (let n = 0; n < length; n++) {
    out[at + n] = (when[w + n * dw] ? x[i + n * di] : y[j + n * dj]) as number;
  }
};

const chooseElements = (
  when: Uint8Array,
  x: ArrayLike<unknown>,
  y: ArrayLike<unknown>,
  out: unknown[],
  at: number,
  length: number,
  from: Int32Array,
  steps: Int32Array,
  width: number,
): void => {
  const [w, i, j] = from as unknown as [number, number, number];
  const [dw, di, dj] = steps as unknown as [number, number, number];
  for (let n = 0; n < length; n++) {
    for (let part = 0; part < width; part++) {
      out[(at + n) * width + part] = when[w + n * dw]
        ? x[(i + n * di) * width + part]
        : y[(j + n * dj) * width + part];
    }
  }
};

/** X where the condition is true, else Y; all three broadcast. ONNX Operators, Where. */
export const Where: Operator = {
  domain: '',
  name: 'Where',
  since: [9, 16],
  infer: (node) => {
    const types = [tensorInput(node, 0, ['bool']), tensorInput(node, 1), tensorInput(node, 2)] as const;
    const [, x, y] = types;
    if (x.dtype !== y.dtype) refused(node, `X is ${x.dtype} and Y ${y.dtype}; they must be one type`);
    return [tensorType(x.dtype, broadcastTypes(node, types))];
  },
  elements: chosenElements,
  evaluate: (inputs, node) => {
    const [when, x, y] = inputs as readonly [Tensor, Tensor, Tensor];
    const dims = broadcastAll(node, [when, x, y]);
    const { width } = dtypeInfo(x.dtype);
    const out = column(x.dtype, countOf(dims));
    const choose = out instanceof Float64Array && width === 1 ? chooseDoubles : chooseElements;
    runs([when.dims, x.dims, y.dims], dims, (at, length, from, steps) =>
      choose(
        when.data as never,
        x.data as never,
        y.data as never,
        out as never,
        at,
        length,
        from,
        steps,
        width,
      ),
    );
    return [tensor(x.dtype, dims, out)];
  },
  lower: (node, inputs) => {
    const given = inputs as readonly [Lowered, Lowered, Lowered];
    const dims = broadcastRows(node, given);
    const [, { dtype }] = given;
    return [
      {
        dtype,
        dims,
        element: (index) => {
          const [when, x, y] = given.map((g) => g.element(reindex(g.dims, dims, index))) as [Row, Row, Row];
          return chooseRow([when], [x], y);
        },
      },
    ];
  },
  carriers: whereHeld,
  express: (node, b) => {
    // Before 9: one after the other, and the place of what is chosen.
    const [when] = node.inputs as readonly [Value];
    const dims = extents(node.outputs[0]);
    if (isRefusal(dims)) return dims;
    const shape = vector(b, dims);
    const flat = (v: Value | null | undefined): Value => {
      const same = dimsOf(v)?.join() === dims.join();
      return reshaped(b, same ? (v as Value) : b.op('Expand', [v ?? null, shape]), [-1]);
    };
    const count = countOf(dims);
    const both = b.op('Concat', [flat(node.inputs[2]), flat(node.inputs[1])], { axis: attr.int(0) });
    // In doubles, which every version adds.
    const s = spelling(b, 'float64');
    const places = cast(b, counting(b, [count]), 'float64');
    const place = cast(b, s.add(s.mul(cast(b, flat(when), 'float64'), count), places), 'int32');
    return finish(node, b, 'Reshape', [b.op('Gather', [both, place]), shape]);
  },
  rows: rowsEach,
};
