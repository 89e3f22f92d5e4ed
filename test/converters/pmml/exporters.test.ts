/**
 * Documents as the exporters of libraries write them, against what the libraries themselves predict of the same rows
 * (fixtures/pmml/exporters): read and evaluated, then written as ONNX and run in onnxruntime.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { read } from '../../../src/api/read.ts';
import { score, tableFrom } from '../../../src/api/score.ts';
import type { PortolanError } from '../../../src/ir/diagnostic.ts';
import type { Cell, Table } from '../../../src/rows/table.ts';

const root = 'fixtures/pmml/exporters';

const folders = (at: string): string[] =>
  readdirSync(at, { withFileTypes: true })
    .filter((e) => e.isDirectory())
    .map((e) => e.name);

/** Documents that do not say what their library predicts: in how many rows. The reasons are in each origin.md. */
const otherwise: Readonly<Record<string, number>> = {
  'catboost/regressor-missing': 15,
  'catboost/regressor-missing-max': 15,
  'jpmml-sparkml/logistic-threshold': 1,
  'nyoka/gaussian-nb': 40,
  'nyoka/isolation-forest': 40,
  'nyoka/lightgbm-missing': 9,
  'nyoka/linear-svc': 25,
  'nyoka/logistic-multinomial': 40,
  'nyoka/random-forest-regressor': 1,
  'nyoka/xgboost-binary': 10,
  'nyoka/xgboost-multiclass': 10,
  'nyoka/xgboost-regressor': 8,
  'r/rpart-stop': 11,
  'r/svm-label-order': 50,
  'r/svm-one-class': 50,
  'sklearn2pmml/decision-tree-missing-unsaid': 12,
  'sklearn2pmml/k-neighbors': 1,
  'sklearn2pmml/missing-indicator': 23,
  'sklearn2pmml/multinomial-nb': 3,
  'spark/logistic-regression-threshold': 7,
  'spark/svm': 8,
};

/** What ONNX cannot say of them, and by which rule. */
const refused: Readonly<Record<string, string>> = {
  'jpmml-sparkml/text': 'plain/not-supported',
  'sklearn2pmml/count-vectorizer': 'plain/not-supported',
  'sklearn2pmml/count-vectorizer-binary-bigrams': 'plain/not-supported',
  'sklearn2pmml/strings': 'express/text',
  'sklearn2pmml/tfidf-sublinear': 'plain/not-supported',
  'sklearn2pmml/tfidf-vectorizer': 'plain/not-supported',
};

/** Double precision: the libraries sum in another order (BLAS, pairwise). */
const double = 1e-10;
/** Single precision: 8 ULP, relative to the largest number of the column (a probability may be 1 less another). */
const single = 8 * 2 ** -24;

/** Documents whose numbers have fewer digits than those that the library computes with. */
const rounded: Readonly<Record<string, number>> = {
  // Leaves have nine digits; the library sums them in single precision.
  'nyoka/xgboost-binary': single,
  'nyoka/xgboost-multiclass': single,
  'nyoka/xgboost-regressor': single,
  // rescaleConstant has seven digits.
  'nyoka/gradient-boosting-regressor': 5e-7,
  // nnet takes sigmoids beyond ±15 as 0 and 1.
  'r/nnet-softmax': 1e-6,
};

const toleranceOf = (name: string, document: string): number =>
  rounded[name] ?? (/dataType="float"|x-mathContext="float"/.test(document) ? single : double);

const plain = (cell: Cell | undefined): string | number | null => {
  if (cell === undefined || cell === null || cell === '') return null;
  if (typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'string') return cell;
  return Number.isNaN(Number(cell)) ? null : Number(cell);
};

/** Booleans are numbers in results. */
const numberOf = (want: string | number): number =>
  want === 'true' ? 1 : want === 'false' ? 0 : Number(want);

/** Rows that are not what the library says, each with its first difference in words. */
const differences = (results: Table, expected: Table, tolerance: number): Map<number, string> => {
  const found = new Map<number, string>();
  for (const [column, cells] of expected.columns) {
    const ours = results.columns.get(column);
    const numbers = cells.map((c) => Math.abs(Number(c)) || 0);
    const floor = Math.max(...numbers) * (tolerance > double ? 1 : 1e-3);
    cells.forEach((cell, i) => {
      const [got, want] = [plain(ours?.[i]), plain(cell)];
      const same =
        typeof got === 'number' && want !== null
          ? Math.abs(got - numberOf(want)) <= tolerance * Math.max(numbers[i] as number, floor)
          : got === want;
      if (!same && !found.has(i)) found.set(i, `${column}, row ${i}: ${got}, not ${want}`);
    });
  }
  return found;
};

const counts = { documents: 0, agree: 0, converted: 0, rows: 0 };

for (const exporter of folders(root)) {
  describe(exporter, () => {
    it.each(folders(join(root, exporter)))('%s', async (name) => {
      const [id, at] = [`${exporter}/${name}`, join(root, exporter, name)];
      const tolerance = toleranceOf(id, readFileSync(join(at, 'model.pmml'), 'utf8'));
      const model = await read(join(at, 'model.pmml'));
      const [rows, expected] = [join(at, 'input.csv'), tableFrom(join(at, 'expected.csv'))];
      const told = otherwise[id] ?? 0;

      const { results } = await score(model, rows);
      expect(results.rows).toBe(expected.rows);
      expect([...results.columns.keys()]).toEqual(expect.arrayContaining([...expected.columns.keys()]));
      const found = differences(results, expected, tolerance);
      expect(found.size, [...found.values()].slice(0, 4).join('\n')).toBe(told);
      counts.documents++;
      counts.rows += results.rows;
      if (told === 0) counts.agree++;

      const onnx = score(model, rows, { engine: 'onnxruntime' });
      if (refused[id]) {
        const error = await onnx.catch((e: unknown) => e);
        expect((error as PortolanError).diagnostic?.rule).toBe(refused[id]);
        return;
      }
      const also = differences((await onnx).results, expected, tolerance);
      expect([...also.keys()], [...also.values()].slice(0, 4).join('\n')).toEqual([...found.keys()]);
      counts.converted++;
    });
  });
}

describe('all exporters', () => {
  afterAll(() => console.info(`exporters: ${JSON.stringify(counts)}`));

  it('are as many documents as they were', () => expect(counts.documents).toBe(203));
});
