import { intOf } from '../../ir/attributes.ts';
import type { Known } from '../../ir/builder.ts';
import { type Node, type Type, tensorType } from '../../ir/model.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { floats } from './constraints.ts';

/**
 * Outside of training a copy of the input, and a mask of ones. ONNX Operators, Dropout. Training drops at random and is
 * refused: by `is_test` = 0 in versions 1 and 6, by the input `training_mode` from 12 on (unless `ratio` is 0); versions
 * 7 and 10 leave the mode to the runtime, which infers. The mask is of the input's dtype before 10, then bool.
 */
const versions = (
  since: readonly number[],
  mask: 'bool' | 'same',
  check: (node: Node) => void,
): Operator => ({
  domain: '',
  name: 'Dropout',
  since,
  infer: (node, known): readonly Type[] => {
    const x = tensorInput(node, 0, floats);
    check(node);
    if (training(known, node)) refusedTraining(node);
    return [x, tensorType(mask === 'bool' ? 'bool' : x.dtype, x.dims)].slice(0, node.outputs.length);
  },
  evaluate: ([x, ratio, mode], node) => {
    const given = x as Tensor;
    if (mode?.data[0] && ratio?.data[0] !== 0) refusedTraining(node);
    const count = countOf(given.dims);
    const dtype = mask === 'bool' ? 'bool' : given.dtype;
    const ones =
      mask === 'bool' ? new Uint8Array(count).fill(1) : (given.data.slice() as Float32Array).fill(1);
    return [given, tensor(dtype, given.dims, ones)];
  },
  lower: (_, [x]) => [
    x ?? null,
    x
      ? {
          dtype: mask === 'bool' ? 'bool' : x.dtype,
          dims: x.dims,
          element: () => ({
            k: 'const',
            dtype: mask === 'bool' ? 'bool' : x.dtype,
            value: mask === 'bool' ? true : 1,
          }),
        }
      : null,
  ],
  rows: () => 'each',
});

const refusedTraining = (node: Node): never =>
  refused(node, 'in training mode it is random, and cannot be evaluated');

/** Is it known to be in training mode, and to drop anything? */
const training = (known: Known, node: Node): boolean => {
  const mode = known(node.inputs[2]);
  const ratio = known(node.inputs[1]);
  const drops = !(ratio && (ratio.read(0, 1) as Float32Array)[0] === 0);
  return Boolean(mode && (mode.read(0, 1) as Uint8Array)[0]) && drops;
};

export const Dropout: readonly Operator[] = [
  versions([1, 6], 'same', (node) => {
    if (intOf(node, 'is_test', 0) === 0) refusedTraining(node);
  }),
  versions([7], 'same', () => {}),
  versions([10, 12, 13, 22], 'bool', () => {}),
];
