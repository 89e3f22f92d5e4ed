/** Cases in the standard's test-data layout, read from an archive (fixtures/onnx-standard) by the ONNX reader. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { reader } from '../../../converters/onnx/reader.ts';
import { readValue } from '../../../converters/onnx/values.ts';
import { memorySource } from '../../../src/files/source.ts';
import { Builder } from '../../../src/ir/builder.ts';
import type { Model, Type, Value } from '../../../src/ir/model.ts';
import { operators } from '../../../src/ops/registry.ts';
import { rebuildRegion } from '../../../src/passes/rebuild.ts';
import type { Data } from '../../../src/tensor/data.ts';
import { type Datum, isTensor } from '../../../src/tensor/datum.ts';
import { dtypeInfo } from '../../../src/tensor/dtype.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';

interface DataSet {
  readonly inputs: ReadonlyMap<string, Datum>;
  /** In the order of the model's outputs. */
  readonly outputs: readonly Datum[];
}

export interface Case {
  /** `test_add`. */
  readonly name: string;
  /** Where it stands in the archive: `1.23.1/node/test_add`. */
  readonly path: string;
  readonly model: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The entries of a USTAR archive; a hard link is the entry it names. */
function* entries(tar: Uint8Array): Generator<[string, Uint8Array]> {
  const seen = new Map<string, Uint8Array>();
  const text = (from: number, length: number): string =>
    Buffer.from(tar.buffer, tar.byteOffset + from, length)
      .toString('latin1')
      .replace(/\0.*$/s, '');
  for (let at = 0; tar[at] !== 0; ) {
    const prefix = text(at + 345, 155);
    const name = `${prefix ? `${prefix}/` : ''}${text(at, 100)}`;
    const size = Number.parseInt(text(at + 124, 12), 8);
    const linked = text(at + 156, 1) === '1';
    const data = linked ? seen.get(text(at + 157, 100)) : tar.subarray(at + 512, at + 512 + size);
    if (!data) throw new Error(`${name} is a link to nothing`);
    seen.set(name, data);
    yield [name, data];
    at += 512 + (linked ? 0 : Math.ceil(size / 512) * 512);
  }
}

/** The cases of an archive in `fixtures/`, in its order; `CASES=<regular expression>` chooses some by their paths. */
export const readCases = (archive = 'onnx-standard/cases.tar.gz'): readonly Case[] => {
  const chosen = new RegExp(process.env.CASES ?? '');
  const tar = gunzipSync(readFileSync(new URL(`../../../fixtures/${archive}`, import.meta.url)));
  const folders = new Map<string, Map<string, Uint8Array>>();
  for (const [name, data] of entries(tar)) {
    const [, path = '', file = ''] = /^(.*?)\/(model\.onnx|test_data_set_.*)$/.exec(name) ?? [];
    const files = folders.get(path) ?? new Map<string, Uint8Array>();
    files.set(file, data);
    folders.set(path, files);
  }
  return [...folders]
    .filter(([path]) => chosen.test(path))
    .map(([path, files]) => ({
      name: path.slice(path.lastIndexOf('/') + 1),
      path,
      model: files.get('model.onnx') as Uint8Array,
      files,
    }));
};

export const open = (c: Case): Model => reader.read(memorySource(c.path, c.model), { asWritten: true }).model;

/** Names of cases whose outputs are random: shapes and types are what can be compared. */
export const random = /^test_bernoulli/;

/** The data sets of a case. */
export const dataSets = (c: Case, model: Model): readonly DataSet[] => {
  const value = (path: string, v: Value): Datum | undefined => {
    const bytes = c.files.get(path);
    return bytes && readValue(memorySource(`${c.path}/${path}`, bytes), v.type);
  };
  const sets: DataSet[] = [];
  for (let n = 0; [...c.files.keys()].some((f) => f.startsWith(`test_data_set_${n}/`)); n++) {
    const inputs = new Map<string, Datum>();
    for (const [k, p] of model.graph.params.entries()) {
      const given = value(`test_data_set_${n}/input_${k}.pb`, p);
      if (given) inputs.set(p.name, given);
    }
    const outputs = model.graph.results.map((r, k) => {
      const wanted = value(`test_data_set_${n}/output_${k}.pb`, r);
      if (!wanted) throw new Error(`${c.path} has no output ${k}`);
      return wanted;
    });
    sets.push({ inputs, outputs });
  }
  return sets;
};

/** The model anew, with nothing declared but its inputs: `input` gives each another type, or makes it a constant. */
export const refit = (
  model: Model,
  input: (p: Value) => Type | Data = (p) => p.type,
  rows: string | null = null,
): Model => {
  const b = new Builder(operators);
  const map = new Map<Value, Value>();
  for (const p of model.graph.params) {
    const as = input(p);
    map.set(p, 'kind' in as ? b.input(p.name, as) : b.parameter(p.name, as));
  }
  const graph = rebuildRegion(
    { ...model.graph, params: [] },
    b,
    (node, inner, inputs) =>
      inner.call(node.op, inputs, {
        attributes: node.attributes,
        name: node.name,
        from: node.from,
        outputs: node.outputs.map((o) => o?.name ?? null),
      }),
    map,
  );
  return { ...model, graph, rows, fields: [] };
};

/**
 * The first place where the values differ, in words; undefined where they agree. The tolerance is the standard's own
 * (rtol 1e-3, atol 1e-7) but for bfloat16, whose numbers lie up to 2^-7 apart: there it is two of them, since the
 * expected values were rounded once and the operators here round at every step.
 */
export const difference = (got: Datum | undefined, wanted: Datum): string | undefined => {
  if (!got) return 'is not there';
  if (isTensor(got) && isTensor(wanted)) return tensorDifference(got, wanted);
  if (isTensor(got) || isTensor(wanted) || got.kind !== wanted.kind) return 'is of another kind';
  switch (wanted.kind) {
    case 'sequence': {
      const { items } = got as typeof wanted;
      if (items.length !== wanted.items.length)
        return `has ${items.length} items, not ${wanted.items.length}`;
      return first(wanted.items, (w, i) => difference(items[i], w));
    }
    case 'optional': {
      const { value } = got as typeof wanted;
      if (value === null || wanted.value === null)
        return value === wanted.value ? undefined : 'is empty, or should be';
      return difference(value, wanted.value);
    }
    case 'map': {
      const { keys, values } = got as typeof wanted;
      return tensorDifference(keys, wanted.keys) ?? first(wanted.values, (w, i) => difference(values[i], w));
    }
    case 'sparse': {
      const { values, indices } = got as typeof wanted;
      return tensorDifference(indices, wanted.indices) ?? tensorDifference(values, wanted.values);
    }
  }
};

const first = (
  items: readonly Datum[],
  of: (d: Datum, i: number) => string | undefined,
): string | undefined => {
  for (const [i, d] of items.entries()) {
    const found = of(d, i);
    if (found) return `item ${i} ${found}`;
  }
  return undefined;
};

const tensorDifference = (got: Tensor, wanted: Tensor): string | undefined => {
  const [rtol, atol] = [wanted.dtype === 'bfloat16' ? 2 ** -6 : 1e-3, 1e-7];
  if (got.dtype !== wanted.dtype) return `is ${got.dtype}, not ${wanted.dtype}`;
  if (got.dims.join() !== wanted.dims.join()) return `has shape [${got.dims}], not [${wanted.dims}]`;
  const { kind } = dtypeInfo(got.dtype);
  const close = (x: unknown, y: unknown): boolean => {
    if (kind !== 'float' && kind !== 'complex') return x === y;
    const [a, b] = [x as number, y as number];
    if (Number.isNaN(b)) return Number.isNaN(a);
    return a === b || Math.abs(a - b) <= atol + rtol * Math.abs(b);
  };
  for (let i = 0; i < wanted.data.length; i++) {
    if (!close(got.data[i], wanted.data[i])) return `element ${i} is ${got.data[i]}, not ${wanted.data[i]}`;
  }
  return undefined;
};
