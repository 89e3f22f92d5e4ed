/** Models for tests, encoded by protobufjs and not by our own codec. */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { expect } from 'vitest';
import { reader } from '../../../converters/onnx/reader.ts';
import { memorySource } from '../../../src/files/source.ts';
import type { ReadResult } from '../../../src/ir/converter.ts';
import { type Diagnostic, PortolanError } from '../../../src/ir/diagnostic.ts';

const { root } = protobuf.parse(
  readFileSync(new URL('../../../schemas/onnx.proto', import.meta.url), 'utf8'),
  {
    keepCase: true,
  },
);
export const ModelProto = root.lookupType('onnx.ModelProto');

export type Fields = Record<string, unknown>;

export const bytesOf = (model: Fields): Uint8Array =>
  ModelProto.encode(ModelProto.fromObject(model)).finish();

/** `dims`: numbers, symbols, or null for an extent that is not said. */
export const value = (
  name: string,
  elem_type = 1,
  dims: readonly (number | string | null)[] = ['N', 2],
): Fields => ({
  name,
  type: {
    tensor_type: {
      elem_type,
      shape: {
        dim: dims.map((d) => (typeof d === 'number' ? { dim_value: d } : d === null ? {} : { dim_param: d })),
      },
    },
  },
});

export const floats = (name: string, dims: readonly number[], values: readonly number[]): Fields => ({
  name,
  dims,
  data_type: 1,
  float_data: values,
});

export const node = (
  op_type: string,
  input: readonly string[],
  output: readonly string[],
  more: Fields = {},
): Fields => ({
  op_type,
  input,
  output,
  name: `${op_type} ${output.join(' ')}`,
  ...more,
});

/** X [N, 2] → Identity → Y unless `graph` says otherwise. */
export const model = (graph: Fields = {}, more: Fields = {}): Fields => ({
  ir_version: 10,
  opset_import: [{ domain: '', version: 21 }],
  graph: {
    name: 'g',
    node: [node('Identity', ['X'], ['Y'])],
    input: [value('X')],
    output: [value('Y')],
    ...graph,
  },
  ...more,
});

export const sourceOf = (content: Fields | Uint8Array, name = 'm.onnx') =>
  memorySource(name, content instanceof Uint8Array ? content : bytesOf(content));

export const read = (content: Fields | Uint8Array): ReadResult => reader.read(sourceOf(content));

/** The PortolanError that `act` must throw. */
export const thrown = (act: () => unknown): PortolanError => {
  try {
    act();
  } catch (error) {
    if (error instanceof PortolanError) return error;
    throw error;
  }
  return expect.unreachable('nothing was refused');
};

/** Its diagnostic. */
export const refusal = (act: () => unknown): Diagnostic => thrown(act).diagnostic;

export const fixture = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../fixtures/onnx/${path}`, import.meta.url)));

export const fixtureFile = (path: string): string =>
  new URL(`../../../fixtures/onnx/${path}`, import.meta.url).pathname;

export const fixtures = [
  'cnn',
  'dtypes',
  'functions',
  'lightgbm-classifier',
  'mlp',
  'sklearn-gradient-boosting',
  'sklearn-gradient-boosting-regressor',
  'sklearn-logistic-regression',
  'sklearn-random-forest',
  'sklearn-scaler-mlp',
  'xgboost-classifier',
] as const;
