import { type Cell, type Floats, type Fn, recurrent } from './recurrent.ts';

/** Ht = f(Xt·Wᵀ + Ht-1·Rᵀ + Wb + Rb). */
const cell: Cell = {
  gates: 1,
  functions: ['Tanh'],
  states: 1,
  step:
    () =>
    ({ hidden, bias, functions, recur, clip, store }, x, state) => {
      const [f] = functions as [Fn];
      const [h] = state as [Floats];
      const at = (k: number): number => bias[k] as number;
      h.set(x.map((v, k) => store(f(clip(v + recur(k, h) + at(k) + at(hidden + k))))));
    },
};

/**
 * A recurrent layer: X `[steps, batch, input]` → Y `[steps, directions, batch, hidden]` and Y_h, its last step. ONNX
 * Operators, RNN; 1 had output_sequence, 14 brought layout.
 */
export const RNN = recurrent('RNN', cell, [[1, 7]]);
