/** A model around a graph made by hand. */
import type { Model, Region } from '../../src/ir/model.ts';

export const modelOf = (graph: Region, opset = 25): Model => ({
  format: 'test',
  version: '',
  name: 'test',
  graph,
  rows: null,
  fields: [],
  templates: [],
  opsets: new Map([['', opset]]),
  profile: 'ONNX',
  metadata: new Map(),
  extra: new Map(),
});
