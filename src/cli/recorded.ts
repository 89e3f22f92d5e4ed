/** Recorded test data on the command line: data sets that are compared with, and data sets that are written. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CaseResult, readDataSet, verifyCases, writeDataSet } from '../api/cases.ts';
import { type Engine, openEngine } from '../api/open.ts';
import { type ReadModel, read } from '../api/read.ts';
import { tableFrom } from '../api/score.ts';
import { evaluator } from '../evaluate/evaluate.ts';
import { AtomicFiles } from '../files/atomic.ts';
import { reasonOf } from '../files/source.ts';
import { fail, printable } from '../ir/diagnostic.ts';
import type { Field } from '../ir/model.ts';
import { renderCases } from '../report/junit.ts';
import { bind } from '../rows/bind.ts';
import { jsonOfOutput } from '../rows/datum.ts';
import { atEdge } from '../rows/edge.ts';
import type { ReadOptions } from '../rows/read.ts';
import { type Datum, isTensor } from '../tensor/datum.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Tolerance } from '../verify/compare.ts';
import { explain, say, step } from './terminal.ts';

interface Options extends Tolerance, ReadOptions {
  readonly data?: string;
  readonly report?: readonly string[];
  readonly json?: boolean;
}

const verdicts: Readonly<Record<CaseResult['verdict'], string>> = {
  equal: 'equal',
  different: 'DIFFERS',
  refused: 'REFUSED',
};

const line = ({ verdict, why }: CaseResult, label: string): void =>
  step(verdicts[verdict], printable(why ? `${label}   ${why}` : label));

/** Each case below a folder, one line a case: exit 0 if all are as recorded, 1 if one is not. */
export const verifyRecorded = async (
  folder: string,
  models: readonly string[],
  { report = [], json, rtol, atol, ulp }: Options,
): Promise<number> => {
  for (const file of report) {
    if (!/\.(json|xml)$/i.test(file)) {
      fail(
        'report/ending',
        'recorded cases are reported as .json or .xml (JUnit)',
        { file, at: '' },
        'choose one of these',
      );
    }
  }
  const asked = {
    ...(rtol !== undefined && { rtol }),
    ...(atol !== undefined && { atol }),
    ...(ulp !== undefined && { ulp }),
  };
  const tolerance = Object.keys(asked).length > 0 ? asked : undefined;
  const results: CaseResult[] = [];
  for (const model of models.length > 0 ? models : [undefined]) {
    for await (const result of verifyCases(folder, model, tolerance)) {
      const label = models.length > 1 ? `${model}   ${result.name}` : result.name;
      results.push({ ...result, name: label });
      if (!json) line(result, label);
    }
  }
  const wrong = results.filter((r) => r.verdict !== 'equal').length;
  if (json) say(JSON.stringify(results, null, 2));
  else
    step(
      wrong === 0 ? 'equal' : 'DIFFERS',
      `${results.length - wrong} of ${results.length} data sets are as recorded`,
    );
  const files = new AtomicFiles();
  try {
    for (const file of report) {
      const text = /\.xml$/i.test(file)
        ? renderCases(folder, results)
        : `${JSON.stringify(results, null, 2)}\n`;
      files.add(file, [new TextEncoder().encode(text)]);
    }
    files.commit();
  } finally {
    files.discard();
  }
  if (!json) for (const file of report) step('report', printable(file));
  return wrong === 0 ? 0 : 1;
};

/** Writes files into a folder, which is made: all of them, or none. */
export const writeFolder = (folder: string, contents: ReadonlyMap<string, Iterable<Uint8Array>>): void => {
  const files = new AtomicFiles();
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, chunks] of contents) files.add(join(folder, name), chunks);
    files.commit();
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      fail(
        'file/unwritable',
        reasonOf(error),
        { file: folder, at: '' },
        'check the path and the permissions',
      );
    }
    throw error;
  } finally {
    files.discard();
  }
};

/** `<folder>/model.onnx` where a model in that format is at hand, and `<folder>/test_data_set_0` with the rows and what `a` gives for them. */
export const saveDataSet = async (
  a: string,
  b: string | undefined,
  folder: string,
  { data, ...csv }: Options,
): Promise<void> => {
  if (data === undefined) {
    return fail('verify/no-rows', 'there are no rows to write', undefined, 'give the rows with --data');
  }
  const model = await read(a);
  const other = b === undefined ? undefined : await written(b);
  // Files are counted in the order of the model they stand beside.
  const beside = [other, model].find((m) => m?.source.format.name === 'onnx');
  const inputs = bind(tableFrom(data, csv), model.fields);
  const outputs = evaluator(model).run(inputs);
  const files = await writeDataSet(
    {
      inputs: moved(inputs, model.fields, beside?.fields),
      outputs: moved(outputs, model.fields, beside?.fields),
    },
    beside ?? model,
  );
  writeFolder(join(folder, 'test_data_set_0'), files);
  if (beside) copyFileSync(beside.source.name, join(folder, 'model.onnx'));
  step('save', printable(`${folder}   ${files.size} files`));
  explain(model.diagnostics);
};

/** Tensors of one model under the names that another has for the same fields, with markers for what is missing. */
const moved = (
  tensors: ReadonlyMap<string, Tensor>,
  from: readonly Field[],
  to: readonly Field[] = from,
): Map<string, Datum> => {
  const out = new Map<string, Datum>();
  for (const f of from) {
    const t = tensors.get(f.value.name);
    const target = to.find((o) => o.role === f.role && o.name === f.name);
    if (t && target) out.set(target.value.name, atEdge(f.name, t));
  }
  return out;
};

/** The second side, where it is a model at all. */
const written = async (file: string): Promise<ReadModel | undefined> =>
  /\.onnx$/i.test(file) ? read(file) : undefined;

/** What a model gives for a test data set: `output_0.pb …` in the folder `out`, else a line of JSON an output. */
export const scoreRecorded = async (
  file: string,
  { data, out, engine }: { readonly data: string; readonly out?: string; readonly engine: Engine },
): Promise<number> => {
  const model = await read(file, { asWritten: true });
  const { inputs } = await readDataSet(data, model);
  const outputs = await results(model, inputs, engine);
  explain(model.diagnostics);
  if (out === undefined) for (const [name, d] of outputs) say(jsonOfOutput(fieldOf(model, name), d));
  else writeFolder(out, await writeDataSet({ inputs: new Map(), outputs }, model));
  return 0;
};

/** What a person calls a result: its field, where it is one alone. */
const fieldOf = ({ fields }: ReadModel, name: string): string =>
  fields.find((f) => f.role === 'output' && f.value.name === name && f.column === undefined)?.name ?? name;

const results = async (
  model: ReadModel,
  inputs: ReadonlyMap<string, Datum>,
  engine: Engine,
): Promise<ReadonlyMap<string, Datum>> => {
  if (engine === 'reference') return evaluator(model).evaluate(inputs);
  const tensors = new Map<string, Tensor>();
  for (const [name, d] of inputs) {
    if (isTensor(d)) tensors.set(name, d);
    else fail('score/not-a-tensor', `input '${name}' is a ${d.kind}; only the reference engine takes it`);
  }
  const scorer = await openEngine(model, engine);
  try {
    return await scorer.run(tensors);
  } finally {
    await scorer.close();
  }
};
