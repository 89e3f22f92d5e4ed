/** Every rule of fixtures/pmml/spec once more, as an artifact: written, run in its own runtime, held to the same expectation. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTemporarily } from '../../src/api/open.ts';
import { read } from '../../src/api/read.ts';
import { tableFrom } from '../../src/api/score.ts';
import { write } from '../../src/api/write.ts';
import { PortolanError } from '../../src/ir/diagnostic.ts';
import { bind } from '../../src/rows/bind.ts';
import { unbind } from '../../src/rows/unbind.ts';
import { differences } from './differences.ts';

const folder = 'fixtures/pmml/spec';
const cases = readdirSync(folder, { withFileTypes: true })
  .filter((e) => e.isDirectory())
  .map((e) => e.name);

/** What a target cannot say, and the words in which it says so. A case that is written after all must leave this list. */
const refused: Readonly<Record<'onnx' | 'javascript', Readonly<Record<string, RegExp>>>> = {
  onnx: {
    'function-format-datetime': /formatDatetime/,
    'function-format-number': /formatNumber/,
    'function-matches': /whole strings and constant patterns/,
    'function-replace': /replace/,
    'function-strings': /substring/,
    'function-trim': /trimBlanks/,
    'text-index': /TextIndex/,
    'text-model-words': /TextIndex/,
  },
  javascript: {
    'aggregate-group': /Unique/,
    'association-fields': /is a list/,
    'association-measures': /is a list/,
    'association-transactions': /is a list/,
    'baseline-chi-square': /Scan/,
    'baseline-chi-square-joint': /Scan/,
    'baseline-chi-square-window': /Scan/,
    'baseline-cusum': /Scan/,
    'baseline-independence': /Scan/,
    'baseline-scalar-product': /Scan/,
    'baseline-scalar-product-independent': /Scan/,
    'baseline-scalar-product-sizes': /Scan/,
    'function-format-datetime': /formatDatetime/,
    'function-format-number': /formatNumber/,
    'function-matches': /matches/,
    'function-replace': /replace/,
    lag: /Concat does not treat rows one by one/,
    'lag-aggregate': /Concat does not treat rows one by one/,
    'sequence-equidistant': /is a list/,
    'sequence-order': /is a list/,
    'sequence-times': /is a list/,
    'text-index': /TextIndex/,
    'text-model-words': /TextIndex/,
  },
};

describe.each([
  ['onnx', '.onnx'],
  ['javascript', '.mjs'],
] as const)('the PMML specification in %s', (to, ending) => {
  it.each(cases)('%s', async (name) => {
    const at = join(folder, name);
    const model = await read(join(at, 'model.pmml'));
    const why = refused[to][name];
    if (why) {
      const error = await write(model, { to }).then(
        () => null,
        (e: unknown) => e,
      );
      expect(error).toBeInstanceOf(PortolanError);
      expect((error as PortolanError).message).toMatch(why);
      return;
    }
    const scorer = await openTemporarily(await write(model, { to }), ending, model);
    try {
      const results = unbind(
        await scorer.run(bind(tableFrom(join(at, 'input.csv')), scorer.fields)),
        scorer.fields,
      );
      expect(differences(results, tableFrom(join(at, 'expected.csv')))).toEqual([]);
    } finally {
      await scorer.close();
    }
  });
});
