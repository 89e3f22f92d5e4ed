/** The standard's test layout: `model.onnx` beside `test_data_set_<n>/input_<k>.pb`, `output_<k>.pb`, counted from 0 in the model's order. */
import { readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { openSource } from '../../src/files/source.ts';
import type { DataSet, TestCase, TestData } from '../../src/ir/converter.ts';
import { fail } from '../../src/ir/diagnostic.ts';
import type { Model, Value } from '../../src/ir/model.ts';
import type { Datum } from '../../src/tensor/datum.ts';
import { readValue, writeValue } from './values.ts';

/** What no folder of cases meets. */
const deepest = 16;

const value = /^(input|output)_(\d+)\.pb$/;

interface Listing {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** Links are not followed: a folder of cases may come from anywhere. */
const list = (folder: string): Listing => {
  const entries = readdirSync(folder, { withFileTypes: true });
  // By number where names differ in one: test_data_set_2 before test_data_set_10.
  const names = (of: typeof entries) =>
    of.map((e) => e.name).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return {
    files: names(entries.filter((e) => e.isFile())),
    folders: names(entries.filter((e) => e.isDirectory())),
  };
};

const isSet = ({ files }: Listing): boolean => files.some((f) => value.test(f));

const find = (top: string): readonly TestCase[] => {
  const cases: TestCase[] = [];
  const walk = (folder: string, depth: number): void => {
    if (depth > deepest) {
      fail('onnx/test-data-depth', `folders are nested more than ${deepest} deep`, { file: folder, at: '' });
    }
    const here = list(folder);
    const name = (relative(top, folder) || basename(folder)).replaceAll('\\', '/');
    const model = here.files.includes('model.onnx') ? join(folder, 'model.onnx') : null;
    const sets = isSet(here)
      ? [folder]
      : here.folders.map((f) => join(folder, f)).filter((f) => isSet(list(f)));
    if (model !== null || sets.length > 0) cases.push({ name, model, sets });
    else for (const f of here.folders) walk(join(folder, f), depth + 1);
  };
  walk(top, 0);
  return cases;
};

const read = (set: string, { graph }: Model): DataSet => {
  const { files } = list(set);
  const of = (kind: 'input' | 'output', values: readonly Value[]): Map<string, Datum> => {
    const found = new Map<string, Datum>();
    for (const file of files) {
      const [, which, index] = value.exec(file) ?? [];
      if (which !== kind) continue;
      const at = join(set, file);
      const v =
        values[Number(index)] ??
        fail(
          'onnx/test-data',
          `the model has ${values.length} ${kind}s`,
          { file: at, at: '' },
          'check that the data set belongs to this model',
        );
      const source = openSource(at);
      try {
        found.set(v.name, readValue(source, v.type));
      } finally {
        source.close();
      }
    }
    return found;
  };
  return { inputs: of('input', graph.params), outputs: of('output', graph.results) };
};

const write = ({ inputs, outputs }: DataSet, { graph }: Model): ReadonlyMap<string, Iterable<Uint8Array>> => {
  const files = new Map<string, Iterable<Uint8Array>>();
  const add = (kind: string, values: readonly Value[], of: ReadonlyMap<string, Datum>): void => {
    for (const [k, v] of values.entries()) {
      const d = of.get(v.name);
      if (d) files.set(`${kind}_${k}.pb`, writeValue(d, v.name).chunks());
    }
  };
  add('input', graph.params, inputs);
  add('output', graph.results, outputs);
  return files;
};

export const testData: TestData = { find, read, write };
