/** Where the operators that draw at random draw from, and what they share. */
import { randomBytes } from 'node:crypto';
import { intOf, intsOf } from '../../ir/attributes.ts';
import { type Node, tensorType } from '../../ir/model.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dtypeByNumber, floats, numberOfDtype } from './constraints.ts';
import { asked } from './extents.ts';

/**
 * MT19937 (Matsumoto and Nishimura 1998, seeded by init_genrand of 2002). The standard leaves the generator open; its
 * seeded cases were drawn by this one, so a seed gives here what it gives there. Nothing secret may depend on it.
 */
export class Twister {
  private readonly state = new Uint32Array(624);
  private at = 624;
  private second: number | undefined;

  /** Any 32 bits of a seed. */
  constructor(seed: number) {
    this.state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const last = this.state[i - 1] as number;
      this.state[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i;
    }
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < 624; i++) {
      const y = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % 624] as number) & 0x7fffffff);
      state[i] = (state[(i + 397) % 624] as number) ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.at = 0;
  }

  /** 32 bits. */
  bits(): number {
    if (this.at === 624) this.twist();
    let y = this.state[this.at++] as number;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** In [0, 1), 53 bits of it. */
  uniform(): number {
    const high = this.bits() >>> 5;
    return (high * 2 ** 26 + (this.bits() >>> 6)) / 2 ** 53;
  }

  /** Mean 0, deviation 1: Marsaglia's polar method, which gives two at a time. */
  normal(): number {
    if (this.second !== undefined) {
      const kept = this.second;
      this.second = undefined;
      return kept;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.second = factor * x;
      return factor * y;
    }
  }
}

/** The generator of a node: from its attribute `seed`, each time the same; fresh where it has none. */
export const twisterOf = (node: Node): Twister => {
  const seed = node.attributes.get('seed');
  if (seed?.kind !== 'float' && seed?.kind !== 'int') return new Twister(randomBytes(4).readUInt32LE());
  const value = Number(seed.value);
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) return new Twister(value);
  // Any other number: all of its bits count.
  const [low, high] = new Uint32Array(Float64Array.of(value).buffer) as unknown as [number, number];
  return new Twister(low ^ high);
};

/** `count` elements drawn one by one. */
export const drawn = (dtype: DType, dims: readonly number[], draw: () => number): Tensor => {
  const round = rounder(dtype);
  const out = column(dtype, countOf(dims)) as Float64Array;
  for (let i = 0; i < out.length; i++) out[i] = round(draw());
  return tensor(dtype, dims, out);
};

/** The attribute `dtype`, or another; a located refusal where it is none of those allowed. */
export const dtypeOr = (node: Node, otherwise: DType, allowed: readonly DType[]): DType => {
  const given = intOf(node, 'dtype', numberOfDtype(otherwise));
  const dtype = dtypeByNumber(given);
  return dtype && allowed.includes(dtype)
    ? dtype
    : refused(node, `it cannot draw ${dtype ?? `type ${given}`}; it draws ${allowed.join(', ')}`);
};

/** What one element is drawn by, told from the attributes. */
export type Distribution = (node: Node, from: Twister) => () => number;

/** An operator that draws each element from one distribution, in the shape of its attribute `shape`. */
export const drawing = (name: string, distribution: Distribution): Operator => ({
  domain: '',
  name,
  since: [1, 22],
  pure: false,
  infer: (node) => [tensorType(dtypeOr(node, 'float32', floats), asked(node, shapeOf(node)))],
  evaluate: (_, node) => [
    drawn(dtypeOr(node, 'float32', floats), shapeOf(node), distribution(node, twisterOf(node))),
  ],
});

const shapeOf = (node: Node): readonly number[] =>
  intsOf(node, 'shape') ?? refused(node, 'its attribute shape is missing');

/** The same in the shape of the input, and in its dtype unless another is named. */
export const drawingLike = (name: string, distribution: Distribution): Operator => ({
  domain: '',
  name,
  since: [1, 22],
  pure: false,
  infer: (node) => {
    const { dtype, dims } = tensorInput(node, 0);
    return [tensorType(dtypeOr(node, dtype, floats), dims)];
  },
  evaluate: ([x], node) => {
    const { dtype, dims } = x as Tensor;
    return [drawn(dtypeOr(node, dtype, floats), dims, distribution(node, twisterOf(node)))];
  },
});
