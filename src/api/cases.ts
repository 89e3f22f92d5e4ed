/** Test data sets: what a model gives for recorded inputs, held against the recorded outputs. */
import { statSync } from 'node:fs';
import { evaluator } from '../evaluate/evaluate.ts';
import { formats } from '../formats.ts';
import type { DataSet, TestCase, TestData } from '../ir/converter.ts';
import { fail, PortolanError } from '../ir/diagnostic.ts';
import type { Model, Region } from '../ir/model.ts';
import { find } from '../ops/registry.ts';
import type { Datum } from '../tensor/datum.ts';
import { disagreement, standardTolerance } from '../verify/agreement.ts';
import type { Tolerance } from '../verify/compare.ts';
import { read } from './read.ts';

export interface CaseResult {
  /** The case's path below the folder asked for, and its data set's where it has several. */
  readonly name: string;
  /** `refused`: the model or its data could not be read or evaluated; `why` says it. */
  readonly verdict: 'equal' | 'different' | 'refused';
  readonly why?: string;
}

/** Is it a folder? Rows stand in files, data sets in folders. */
export const isFolder = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

interface Found {
  readonly cases: readonly TestCase[];
  readonly testData: TestData;
}

const findCases = async (folder: string): Promise<Found> => {
  for (const format of formats) {
    const { testData } = await format.load();
    const cases = testData?.find(folder) ?? [];
    if (testData && cases.length > 0) return { cases, testData };
  }
  return fail(
    'data/no-cases',
    'no test data set stands here',
    { file: folder, at: '' },
    'name a CSV or JSON Lines file of rows; or a folder with input_0.pb and output_0.pb, with model.onnx and test_data_set_0, or of such folders',
  );
};

/** The one data set of a folder that holds a single one. */
export const readDataSet = async (folder: string, model: Model): Promise<DataSet> => {
  const { cases, testData } = await findCases(folder);
  const sets = cases.flatMap((c) => c.sets);
  const [only] = sets;
  if (only === undefined || sets.length > 1) {
    return fail(
      'data/many-sets',
      `${sets.length} data sets stand here`,
      { file: folder, at: '' },
      'name one of them',
    );
  }
  return testData.read(only, model);
};

/** The files of a data set, by name, in the layout of the format that has one. */
export const writeDataSet = async (
  set: DataSet,
  model: Model,
): Promise<ReadonlyMap<string, Iterable<Uint8Array>>> => {
  for (const format of formats) {
    const { testData } = await format.load();
    if (testData) return testData.write(set, model);
  }
  return fail('data/no-layout', 'no format here has a layout for test data');
};

/** Does the graph draw random numbers? Then only shapes and types can be compared. */
const isRandom = (region: Region): boolean =>
  region.nodes.some(
    (n) =>
      find(n.op)?.pure === false ||
      [...n.attributes.values()].some((a) => a.kind === 'region' && isRandom(a.region)),
  );

/** The first output that is not as recorded, in words. */
const compare = (
  results: ReadonlyMap<string, Datum>,
  { outputs }: DataSet,
  tolerance: Tolerance | null,
): string | undefined => {
  for (const [name, wanted] of outputs) {
    const why = disagreement(results.get(name), wanted, tolerance);
    if (why) return `${name} ${why}`;
  }
  return undefined;
};

/** What the reference evaluator makes of each data set of a case. */
function* judge(
  { name, sets }: TestCase,
  model: Model,
  testData: TestData,
  tolerance: Tolerance,
): Generator<CaseResult> {
  const { evaluate } = evaluator(model);
  const random = isRandom(model.graph);
  for (const set of sets) {
    const label = sets.length > 1 ? `${name}/${set.replace(/^.*[/\\]/, '')}` : name;
    const data = testData.read(set, model);
    const results = evaluate(data.inputs);
    if (data.outputs.size === 0)
      yield { name: label, verdict: 'refused', why: 'there is no output to compare with' };
    else {
      const why = compare(results, data, random ? null : tolerance);
      yield why === undefined
        ? {
            name: label,
            verdict: 'equal',
            ...(random && { why: 'random: only types and shapes were compared' }),
          }
        : { name: label, verdict: 'different', why };
    }
  }
}

/**
 * Evaluates each case below `folder`, with `model` or, without one, each case's own, and compares at the standard's
 * tolerance unless another is asked for. Throws where the folder holds no case; what is wrong with one is its result.
 */
export async function* verifyCases(
  folder: string,
  model?: string,
  tolerance: Tolerance = standardTolerance,
): AsyncGenerator<CaseResult> {
  const { cases, testData } = await findCases(folder);
  for (const c of cases) {
    try {
      const file = model ?? c.model;
      if (file === null) {
        fail(
          'data/no-model',
          'no model stands beside this data set',
          { file: c.name, at: '' },
          'name the model first',
        );
      } else if (c.sets.length === 0) {
        yield { name: c.name, verdict: 'refused', why: 'no data set stands beside the model' };
      } else {
        yield* judge(c, await read(file, { asWritten: true }), testData, tolerance);
      }
    } catch (error) {
      if (!(error instanceof PortolanError)) throw error;
      if (error.diagnostic.rule === 'data/no-model') throw error;
      yield { name: c.name, verdict: 'refused', why: `[${error.diagnostic.rule}] ${error.message}` };
    }
  }
}
