/** The shape shared by the windows that are sums of cosines. */
import { attr, intOf } from '../../ir/attributes.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, knownInts } from './axes.ts';
import { dtypeByNumber, indices, numberOfDtype, numeric } from './constraints.ts';
import { cast } from './conversion.ts';
import { finish, number } from './expansion.ts';
import { asked } from './extents.ts';

/**
 * a0 - a1 cos(2πn / N) + a2 cos(4πn / N) for n from 0 to size - 1, N being the size, or one less where the window is
 * symmetric; in double precision, and brought into the dtype as Cast does it. A symmetric window of one element divides by
 * zero: NaN, as the function body of the standard has it.
 */
export const cosineWindow = (name: string, [a0, a1, a2]: readonly [number, number, number]): Operator => ({
  domain: '',
  name,
  since: [17],
  infer: (node, known) => {
    tensorInput(node, 0, indices);
    if ((dimsOf(node.inputs[0])?.length ?? 0) > 0) refused(node, 'the size is one number');
    const [size] = knownInts(node, 0, known) ?? [];
    return [tensorType(outputType(node), size === undefined ? [null] : asked(node, [size]))];
  },
  evaluate: ([size], node) => {
    const [count] = asked(node, [Number((size as Tensor).data[0])]) as [number];
    const step = (2 * Math.PI) / (periodic(node) ? count : count - 1);
    const window = Float64Array.from({ length: count }, (_, n) => {
      const angle = n * step;
      return a0 - a1 * Math.cos(angle) + a2 * Math.cos(2 * angle);
    });
    return [cast(tensor('float64', [count], window), outputType(node), { saturate: true, roundMode: 'up' })];
  },
  express: (node, b) => {
    const [size] = node.inputs as readonly [Value];
    const [whole, double] = [numberOfDtype('int64'), numberOfDtype('float64')];
    const constant = (value: number) => number(b, 'float64', value);
    const count = b.op('Cast', [size], { to: attr.int(whole) });
    const length = b.op('Cast', [count], { to: attr.int(double) });
    const extent = periodic(node) ? length : b.op('Sub', [length, constant(1)]);
    const range = b.op('Range', [number(b, 'int64', 0), count, number(b, 'int64', 1)]);
    const step = b.op('Div', [constant(2 * Math.PI), extent]);
    const angle = b.op('Mul', [b.op('Cast', [range], { to: attr.int(double) }), step]);
    const wave = (amplitude: number, of: Value) => b.op('Mul', [constant(amplitude), b.op('Cos', [of])]);
    const single = b.op('Sub', [constant(a0), wave(a1, angle)]);
    const sum = b.op('Add', [single, wave(a2, b.op('Mul', [constant(2), angle]))]);
    return finish(node, b, 'Cast', [sum], { to: attr.int(numberOfDtype(outputType(node))) });
  },
});

const periodic = (node: Node): boolean => intOf(node, 'periodic', 1) !== 0;

/** The attribute `output_datatype`, float32 unless it is given. */
export const outputType = (node: Node): DType => {
  const given = intOf(node, 'output_datatype', numberOfDtype('float32'));
  const dtype = dtypeByNumber(given);
  return dtype && numeric.includes(dtype)
    ? dtype
    : refused(node, `output_datatype ${given} has no arithmetic`);
};
