import { intOf } from '../../ir/attributes.ts';
import { type Cell, type Floats, type Fn, recurrent } from './recurrent.ts';

/**
 * Gates i, o, f, c, each of Xt·Wᵀ + Ht-1·Rᵀ + Wb + Rb: it = f(… + Pi ⊙ Ct-1), ft = f(… + Pf ⊙ Ct-1) or, with input_forget,
 * 1 - it; ct = g(…); Ct = ft ⊙ Ct-1 + it ⊙ ct; ot = f(… + Po ⊙ Ct); Ht = ot ⊙ h(Ct).
 */
const cell: Cell = {
  gates: 4,
  functions: ['Sigmoid', 'Tanh', 'Tanh'],
  states: 2,
  step: (node) => {
    const coupled = intOf(node, 'input_forget', 0) !== 0;
    return ({ hidden, bias, peepholes, functions, recur, clip, store }, x, state) => {
      const [f, g, out] = functions as [Fn, Fn, Fn];
      const [h, c] = state as [Floats, Floats];
      const sum = (gate: number, k: number): number => {
        const i = gate * hidden + k;
        return (x[i] as number) + recur(i, h) + (bias[i] as number) + (bias[4 * hidden + i] as number);
      };
      const peep = (gate: number, k: number, of: number): number =>
        (peepholes[gate * hidden + k] as number) * of;
      const next = h.map((_, k) => {
        const past = c[k] as number;
        const input = f(clip(sum(0, k) + peep(0, k, past)));
        const forget = coupled ? 1 - input : f(clip(sum(2, k) + peep(2, k, past)));
        const now = store(forget * past + input * g(clip(sum(3, k))));
        c[k] = now;
        return store(f(clip(sum(1, k) + peep(1, k, now))) * out(now));
      });
      h.set(next);
    };
  },
};

/**
 * A long short-term memory: X `[steps, batch, input]` → Y `[steps, directions, batch, hidden]`, and the last hidden and
 * cell states Y_h and Y_c. ONNX Operators, LSTM; 1 had output_sequence, 14 brought layout.
 */
export const LSTM = recurrent('LSTM', cell, [[1, 7]]);
