import { intOf } from '../../ir/attributes.ts';
import { type Cell, type Floats, type Fn, recurrent } from './recurrent.ts';

/**
 * Gates z, r, h: zt = f(Xt·Wzᵀ + Ht-1·Rzᵀ + Wbz + Rbz), rt likewise, ht = g(Xt·Whᵀ + (rt ⊙ Ht-1)·Rhᵀ + Wbh + Rbh) or, with
 * linear_before_reset, g(Xt·Whᵀ + rt ⊙ (Ht-1·Rhᵀ + Rbh) + Wbh); Ht = (1 - zt) ⊙ ht + zt ⊙ Ht-1.
 */
const cell: Cell = {
  gates: 3,
  functions: ['Sigmoid', 'Tanh'],
  states: 1,
  step: (node) => {
    const linear = intOf(node, 'linear_before_reset', 0) !== 0;
    return ({ hidden, bias, functions, recur, clip, store }, x, state) => {
      const [f, g] = functions as [Fn, Fn];
      const [h] = state as [Floats];
      const given = (k: number): number => (x[k] as number) + (bias[k] as number);
      const recurred = (k: number, v: Floats): number => recur(k, v) + (bias[3 * hidden + k] as number);
      const gate = (k: number): number => f(clip(given(k) + recurred(k, h)));
      const z = h.map((_, k) => gate(k));
      const r = h.map((_, k) => gate(hidden + k));
      const held = linear ? h : h.map((v, k) => v * (r[k] as number));
      const next = h.map((v, k) => {
        const i = 2 * hidden + k;
        const past = linear ? (r[k] as number) * recurred(i, h) : recurred(i, held);
        const update = z[k] as number;
        return store((1 - update) * g(clip(given(i) + past)) + update * v);
      });
      h.set(next);
    };
  },
};

/**
 * A gated recurrent layer: X `[steps, batch, input]` → Y `[steps, directions, batch, hidden]` and Y_h, its last step.
 * ONNX Operators, GRU; 1 and 3 had output_sequence, 3 brought linear_before_reset, 14 layout.
 */
export const GRU = recurrent('GRU', cell, [[1], [3, 7]]);
