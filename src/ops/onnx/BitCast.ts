import { intOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { column, type DType, dtypeInfo, dtypes } from '../../tensor/dtype.ts';
import { decodeMini, encodeMini } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dtypeByNumber } from './constraints.ts';
import { cast } from './earlier.ts';
import { rowsEach } from './elementwise.ts';

const taken: readonly DType[] = dtypes.filter((d) => d !== 'string' && dtypeInfo(d).bits !== 6);

/**
 * The same bits read as another type of the same width, little endian. ONNX Operators, BitCast. Floats of 16 bits and
 * fewer are held as numbers here: the payload of a NaN among them is not kept.
 */
export const BitCast: Operator = {
  domain: '',
  name: 'BitCast',
  since: [26],
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0, taken);
    return [tensorType(target(node, dtype), dims)];
  },
  evaluate: ([x], node) => {
    const t = x as Tensor;
    const to = target(node, t.dtype);
    if (dtypeInfo(to).bits > 16) return [tensor(to, t.dims, reread(t, to))];
    const out = column(to, countOf(t.dims)) as Uint8Array;
    for (let i = 0; i < out.length; i++)
      out[i] = numberOf(codeOf((t.data as Uint8Array)[i] as number, t.dtype), to);
    return [tensor(to, t.dims, out)];
  },
  express: (node, b) => {
    // Before 26 integers are read as others of their width by Cast, which keeps the bits; nothing reads those of floats.
    const { dtype } = tensorInput(node, 0, taken);
    const to = target(node, dtype);
    const whole = (d: DType) => ['int', 'uint', 'bool'].includes(dtypeInfo(d).kind);
    return whole(dtype) && whole(to)
      ? [cast(b, node.inputs[0] as Value, to)]
      : refuse('express/no-operator', `before opset 26 no operator reads the bits of ${dtype} as ${to}`);
  },
  rows: rowsEach,
};

const target = (node: Node, from: DType): DType => {
  const to = dtypeByNumber(intOf(node, 'to'));
  if (!to || !taken.includes(to))
    return refused(node, `there is no type ${intOf(node, 'to')} to read bits as`);
  const [has, wants] = [dtypeInfo(from).bits, dtypeInfo(to).bits];
  return has === wants ? to : refused(node, `${from} has ${has} bits and ${to} ${wants}`);
};

/** Elements of 32 bits and more are in memory as they are in a file. */
const reread = (t: Tensor, to: DType): Tensor['data'] => {
  const out = column(to, countOf(t.dims));
  const bytes = (data: Tensor['data']) => {
    const { buffer, byteOffset, byteLength } = data as Float64Array;
    return new Uint8Array(buffer, byteOffset, byteLength);
  };
  bytes(out).set(bytes(t.data));
  return out;
};

/** The bits of a number of a type of 16 bits or fewer. */
const codeOf = (x: number, dtype: DType): number =>
  dtypeInfo(dtype).kind === 'float' ? encodeMini(x, dtype) : x & (2 ** dtypeInfo(dtype).bits - 1);

/** The number that the bits stand for; a bool is true where any bit is set. */
const numberOf = (code: number, dtype: DType): number => {
  const { kind, bits } = dtypeInfo(dtype);
  if (kind === 'float') return decodeMini(code, dtype);
  if (kind === 'bool') return code === 0 ? 0 : 1;
  return kind === 'int' && code >= 2 ** (bits - 1) ? code - 2 ** bits : code;
};
