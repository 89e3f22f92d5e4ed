/**
 * The corpora beside the checkout: models of real tools with the tools' own predictions. Prints, for every model that
 * uses what is read today: rows, whether `score` agrees, whether `convert` proves, whether onnxruntime alone agrees.
 * Where the corpora are missing it says so and counts nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { read } from '../src/api/read.ts';
import { score, tableFrom } from '../src/api/score.ts';
import type { Cell, Table } from '../src/rows/table.ts';

const corpus = '../shared/corpora/pmml-real-tools';

const models = [
  'knime/DecisionTreeIris',
  'knime/RegressionOzone',
  'rapidminer/DecisionTreeAudit',
  'rapidminer/DecisionTreeIris',
  'rapidminer/RegressionOzone',
  'rattle/DecisionTreeAudit',
  'rattle/DecisionTreeIris',
  'rattle/RandomForestAudit',
  'rattle/RandomForestIris',
  'rattle/RandomForestOzone',
  'rattle/RegressionIris',
  'rattle/RegressionOzone',
  'rattle/NaiveBayesAudit',
  'rattle/NaiveBayesIris',
  'rapidminer/RuleSetAudit',
  'rapidminer/RuleSetIris',
  'rattle/GeneralRegressionAudit',
  'rattle/GeneralRegressionIris',
  'rattle/GeneralRegressionOzone',
  'knime/GeneralRegressionAudit',
  'knime/GeneralRegressionIris',
  'rattle/NeuralNetworkAudit',
  'rattle/NeuralNetworkIris',
  'rattle/NeuralNetworkOzone',
  'knime/NeuralNetworkIris',
  'knime/NeuralNetworkOzone',
  'rapidminer/NeuralNetworkIris',
  'knime/KMeansIris',
  'rapidminer/KMeansIris',
  'rattle/KMeansIris',
  'rattle/HierarchicalClusteringIris',
  'knime/SupportVectorMachineIris',
  'rattle/SupportVectorMachineIris',
  'rattle/SupportVectorMachineAudit',
  'rattle/SupportVectorMachineOzone',
];

/** Rattle wrote an input of its own into this model, which PMML 4.1 asked for and no data has: it is always missing. */
const placeholders: Readonly<Record<string, string>> = { 'rattle/NaiveBayesIris': 'DiscretePlaceHolder' };

/** What the tool calls confidence these documents keep to themselves: the OutputFields are commented out. */
const hidden = (model: string, column: string): boolean =>
  model.startsWith('rapidminer/RuleSet') && column.startsWith('confidence(');

/** The data of a model; beside it, in `out`, with its placeholder. */
const dataOf = (name: string, file: string, out: string): string => {
  const extra = placeholders[name];
  if (extra === undefined) return file;
  const lines = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  const copy = join(out, `${name.replace('/', '-')}.csv`);
  writeFileSync(copy, lines.map((l, i) => `${l},${i === 0 ? extra : ''}\n`).join(''));
  return copy;
};

/**
 * R's nnet takes the logistic function of anything beyond ±15 for 0 or 1, which the document does not say: how far the
 * predictions are apart for it. With that cut put in, they agree to 6e-13 and 4e-14.
 */
const cut: Readonly<Record<string, number>> = {
  'rattle/NeuralNetworkIris': 3e-5,
  'rattle/NeuralNetworkOzone': 5e-9,
};

type Got = (column: string, row: number) => Cell | undefined;

/**
 * The probabilities beside these two are p / (p + 1/2) of the fitted p: the reference's 0 went through the inverse link
 * too. (Of a fitted logit the p of all rows add up to the number of events: the document's do, the file's do not.) R
 * takes a linear predictor below -30 for one whose probability is the machine epsilon.
 */
const asPrinted = (name: string, got: Got): Got => {
  // Its Output names the column otherwise than the file.
  if (name === 'rattle/HierarchicalClusteringIris') return (_, row) => got('predictedValue', row);
  if (!/^rattle\/GeneralRegression(Audit|Iris)$/.test(name)) return got;
  return (column, row) => {
    if (!column.startsWith('Probability_')) return got(column, row);
    const event = Number(got('Probability_1', row));
    const p = event < 1 / (1 + Math.exp(30)) ? Number.EPSILON : event;
    return (column === 'Probability_1' ? p : 0.5) / (p + 0.5);
  };
};

/** 1e-12 relative, or half a unit of the last digit that the tool printed, whichever is more. */
const allowance = (printed: string, relative: number): number => {
  const [mantissa = '', exponent = '0'] = printed.toLowerCase().split('e');
  const decimals = (mantissa.split('.')[1] ?? '').length - Number(exponent);
  return Math.max(relative * Math.abs(Number(printed)), 0.5000001 * 10 ** -decimals);
};

interface Agreement {
  values: number;
  apart: number;
  /** Largest relative difference among numbers. */
  worst: number;
}

const compare = (name: string, expected: Table, from: Got): Agreement => {
  const got = asPrinted(name, from);
  const result: Agreement = { values: 0, apart: 0, worst: 0 };
  for (const [column, cells] of expected.columns) {
    for (let i = 0; i < cells.length; i++) {
      const want = String(cells[i]);
      const have = got(column, i);
      result.values++;
      if (typeof have === 'number') {
        const off = Math.abs(have - Number(want));
        if (!(off <= allowance(want, cut[name] ?? 1e-12))) result.apart++;
        result.worst = Math.max(result.worst, off === 0 ? 0 : off / Math.max(Math.abs(Number(want)), 1e-300));
      } else if (String(have) !== want) result.apart++;
    }
  }
  return result;
};

/** onnxruntime by itself: the CSV's columns fed by name, nothing of this project in between. */
const onnxruntimeAlone = async (file: string, rows: Table) => {
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  const feeds: Record<string, Tensor> = {};
  for (const input of session.inputMetadata) {
    const cells = rows.columns.get(input.name) ?? [];
    const text = 'type' in input && input.type === 'string';
    feeds[input.name] = text
      ? new Tensor(
          'string',
          cells.map((c) => (c === null ? '' : String(c))),
          [rows.rows, 1],
        )
      : new Tensor(
          'float64',
          Float64Array.from(cells, (c) => (c === null ? Number.NaN : Number(c))),
          [rows.rows, 1],
        );
  }
  return session.run(feeds);
};

const row = (cells: readonly string[]): void => {
  const widths = [30, 6, 22, 12, 10, 24];
  console.log(
    cells
      .map((c, i) => c.padEnd(widths[i] ?? 0))
      .join(' ')
      .trimEnd(),
  );
};

const spoken = ({ values, apart, worst }: Agreement): string =>
  `${values - apart}/${values}${worst > 0 ? ` (${worst.toExponential(0)})` : ''}`;

const main = async (): Promise<number> => {
  if (!existsSync(corpus)) {
    console.log(`corpora: 0 of ${models.length} models run, ${corpus} is not here`);
    return 0;
  }
  const out = mkdtempSync(join(tmpdir(), 'portolan-corpora-'));
  let failed = 0;
  row(['model', 'rows', 'score = the tool', 'score to', 'convert', 'onnxruntime = the tool']);
  for (const name of models) {
    const [tool, model] = name.split('/') as [string, string];
    const plain = `${corpus}/${tool}/csv/${/(Iris|Ozone|Audit)$/.exec(model)?.[0]}.csv`;
    const data = dataOf(name, plain, out);
    const pmml = `${corpus}/${tool}/pmml/${model}.pmml`;
    const theirTable = tableFrom(`${corpus}/${tool}/csv/${model}.csv`);
    const shown = [...theirTable.columns].filter(([column]) => !hidden(name, column));
    const expected: Table = { ...theirTable, columns: new Map(shown) };
    const rows = tableFrom(data);
    const { results } = await score(await read(pmml), rows);
    const ours = compare(name, expected, (column, i) => results.columns.get(column)?.[i]);

    const onnx = join(out, `${tool}-${model}.onnx`);
    const reports = ['json', 'html'].flatMap((e) => ['--report', join(out, `${tool}-${model}.${e}`)]);
    const cli = ['--import', 'tsx', 'src/cli/main.ts', 'convert', pmml, onnx, '--data', data, ...reports];
    const run = spawnSync(process.execPath, cli, { encoding: 'utf8' });
    if (run.status !== 0) console.log(run.stdout, run.stderr);

    let theirs: Agreement | undefined;
    if (run.status === 0) {
      const results = await onnxruntimeAlone(onnx, rows);
      theirs = compare(name, expected, (column, i) => results[column]?.data[i] as Cell | undefined);
      const report = JSON.parse(readFileSync(join(out, `${tool}-${model}.json`), 'utf8'));
      if (report.verdict.status !== 'equivalent') failed++;
    }
    if (ours.apart > 0 || run.status !== 0 || !theirs || theirs.apart > 0) failed++;
    row([
      name,
      String(rows.rows),
      spoken(ours),
      ours.apart === 0 ? 'agrees' : 'DIFFERS',
      `exit ${run.status}`,
      theirs ? spoken(theirs) : '–',
    ]);
  }
  rmSync(out, { recursive: true, force: true });
  console.log(`corpora: ${models.length - failed} of ${models.length} models agree throughout`);
  return failed === 0 ? 0 : 1;
};

process.exitCode = await main();
