/** PMML 4.4.1: what works row by row, as model elements where trees decide and as derived fields where arithmetic does. */
import type { Artifact, WriteOptions, Writer } from '../../src/ir/converter.ts';
import { type Diagnostic, fail, PortolanError } from '../../src/ir/diagnostic.ts';
import type { Model } from '../../src/ir/model.ts';
import { lower, type Obstacle } from '../../src/passes/lower.ts';
import { rowwise } from '../../src/passes/rowwise.ts';
import { type Plan, plan } from './write/document.ts';
import { cut } from './write/elements/cut.ts';
import { apart } from './write/elements/SupportVectorMachineModel.ts';
import { chunked } from './write/xml.ts';

const planned = (model: Model, options: WriteOptions): Plan | readonly Obstacle[] => {
  try {
    const { model: left, parts } = cut(apart(model));
    const program = lower(rowwise(left));
    return 'statements' in program ? plan(model, program, parts, options.precision === 'float64') : program;
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
    const { rule, message } = error.diagnostic;
    return [{ operator: 'graph', rule, why: message }];
  }
};

export const writer: Writer = {
  format: 'pmml',
  title: 'PMML 4.4.1',
  endings: ['.pmml'],
  obstacles: (model, options) => {
    const result = planned(model, options);
    return 'pieces' in result ? [] : result;
  },
  write: (model, options): Artifact => {
    if (options.precision === 'float32') {
      fail(
        'pmml/precision',
        'a document computes in the precision of its model, or in double precision',
        undefined,
        'leave out --precision',
      );
    }
    const result = planned(model, options);
    if (!('pieces' in result)) {
      const [first] = result;
      return fail(
        first?.rule ?? 'pmml/not-supported',
        `PMML cannot express this model: ${result.map((o) => `${o.operator}: ${o.why}`).join('; ')}`,
        undefined,
        'portolan report lists where this model can go, and what is in the way of each target',
      );
    }
    const diagnostics: Diagnostic[] = [];
    if (result.widened > 0) {
      diagnostics.push({
        severity: 'warning',
        rule: 'pmml/widened-sum',
        message: 'sums over many trees in single precision are added up in double precision and rounded once',
      });
    }
    return {
      format: 'pmml',
      summary: result.summary,
      files: [{ suffix: '', chunks: () => chunked(result.pieces()) }],
      diagnostics,
    };
  },
};
