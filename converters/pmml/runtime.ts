/**
 * Runs a written document. There is no PMML engine here but our own reader and the reference evaluator, and the runtime says
 * so: what is proven is that the document says what the model computes, as this reader understands PMML.
 */
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { openSource } from '../../src/files/source.ts';
import type { Runtime, Scorer } from '../../src/ir/converter.ts';
import { reader } from './reader.ts';

export const runtime: Runtime = {
  format: 'pmml',
  unavailable: async () => undefined,
  open: async (file): Promise<Scorer> => {
    const source = openSource(file);
    try {
      const { model } = reader.read(source);
      const { run } = evaluator(model);
      return {
        runtime: "portolan's own reader",
        fields: model.fields,
        run: async (inputs) => run(inputs),
        close: async () => {},
      };
    } finally {
      source.close();
    }
  },
};
