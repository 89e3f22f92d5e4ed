import { tensorType } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { column, dtypeInfo } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { broadcastAll, broadcastRows, broadcastTypes, reindex, rowsEach, runs } from './elementwise.ts';
import { chooseRow } from './take.ts';

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
  evaluate: (inputs, node) => {
    const [when, x, y] = inputs as readonly [Tensor, Tensor, Tensor];
    const dims = broadcastAll(node, [when, x, y]);
    const { width } = dtypeInfo(x.dtype);
    const out = column(x.dtype, countOf(dims)) as unknown[];
    runs([when.dims, x.dims, y.dims], dims, (at, length, from, steps) => {
      const [w, i, j] = from as unknown as [number, number, number];
      const [dw, di, dj] = steps as unknown as [number, number, number];
      for (let n = 0; n < length; n++) {
        const [of, k] = when.data[w + n * dw] ? [x.data, i + n * di] : [y.data, j + n * dj];
        for (let part = 0; part < width; part++) out[(at + n) * width + part] = of[k * width + part];
      }
    });
    return [tensor(x.dtype, dims, out as unknown as Tensor['data'])];
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
  rows: rowsEach,
};
