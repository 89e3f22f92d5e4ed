import { intOf, intsOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';
import { floats } from './constraints.ts';
import { earlier } from './earlier.ts';
import { attributesBut, finish } from './expansion.ts';
import { norm, powerAs } from './lp.ts';
import { pool, pooledType } from './pool.ts';

const evaluate: NonNullable<Operator['evaluate']> = ([x], node) => {
  const given = x as Tensor;
  const of = norm(node, given.dtype);
  return [
    pool(node, given, (data, from, out, to, { base, taps, place, padded }) => {
      const plane = new Float64Array(padded);
      for (let i = 0; i < place.length; i++) plane[place[i] as number] = data[from + i] as number;
      for (let o = 0; o < base.length; o++) {
        out[to + o] = of((add) => {
          for (const t of taps) add(plane[(base[o] as number) + t] as number);
        });
      }
    }),
  ];
};

const shared = {
  domain: '',
  name: 'LpPool',
  infer: (node) => [pooledType(node, floats)],
  rows: () => 'each',
} satisfies Partial<Operator>;

/**
 * The Lp norm of each window, padding being 0: (Σ |x|^p)^(1/p). ONNX Operators, LpPool. In version 1 p is a float; 18
 * brought ceil_mode and dilations.
 */
export const LpPool: readonly Operator[] = [
  {
    ...shared,
    since: [18, 22],
    evaluate,
    express: (node, b, opsets) => {
      const dilated = intsOf(node, 'dilations')?.some((d) => d !== 1);
      if (dilated || intOf(node, 'ceil_mode', 0) !== 0) {
        return refuse('express/not-at-opset', 'before opset 18 it had neither dilations nor ceil_mode');
      }
      const p = powerAs(node, (opsets.get('') ?? 0) < 2 ? 'float' : 'int');
      if (isRefusal(p)) return p;
      return earlier(node, b, opsets, node.inputs, attributesBut(node, ['dilations', 'ceil_mode'], p));
    },
  },
  {
    ...shared,
    since: [2, 11],
    expand: (node, b) => finish(node, b, 'LpPool', node.inputs, attributesBut(node, [])),
  },
  {
    ...shared,
    since: [1],
    evaluate,
    express: (node, b) => {
      const p = powerAs(node, 'int');
      return isRefusal(p) ? p : finish(node, b, 'LpPool', node.inputs, attributesBut(node, [], p));
    },
  },
];
