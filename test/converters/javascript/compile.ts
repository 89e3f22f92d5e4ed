/** Spells a program as JavaScript and runs it, block by block: what the interpreter is held against. */
import { programCode } from '../../../converters/javascript/program.ts';
import type { Program } from '../../../src/kernel/row.ts';
import { type Column, column } from '../../../src/tensor/dtype.ts';
import { importText } from './models.ts';

interface Compiled {
  readonly score: (n: number) => void;
  readonly buffers: readonly Column[];
}

export const compile = async (program: Program) => {
  const code = programCode(program);
  const slots = [...program.inputs, ...program.outputs.map((o) => o.slot)];
  const text = `${code.source}\nexport const buffers = [${slots.map((s) => code.buffer(s)).join(', ')}];\nexport { score };`;
  const { score, buffers } = await importText<Compiled>(text);
  const bufferOf = new Map(slots.map((s, i) => [s, buffers[i] as Column]));
  return {
    source: code.source,
    /** As `run` of the interpreter: row-major inputs and outputs. */
    run(inputs: ReadonlyMap<string, Column>, rows: number): ReadonlyMap<string, Column> {
      const outputs = new Map(program.outputs.map((o) => [o.name, column(o.slot.dtype, rows * o.slot.size)]));
      for (let from = 0; from < rows; from += code.block) {
        const n = Math.min(code.block, rows - from);
        for (const slot of program.inputs) {
          const all = inputs.get(slot.name) as Column;
          const to = bufferOf.get(slot) as Column;
          for (let i = 0; i < n; i++) {
            for (let e = 0; e < slot.size; e++) to[e * n + i] = all[(from + i) * slot.size + e] as never;
          }
        }
        score(n);
        for (const { name, slot } of program.outputs) {
          const all = bufferOf.get(slot) as Column;
          const to = outputs.get(name) as Column;
          for (let i = 0; i < n; i++) {
            for (let e = 0; e < slot.size; e++) to[(from + i) * slot.size + e] = all[e * n + i] as never;
          }
        }
      }
      return outputs;
    },
  };
};
