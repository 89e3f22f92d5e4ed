/** ZipMap (ai.onnx.ml) is taken off: its maps are no tensors, and its labels are better the names of columns. */
import { fail } from '../../src/ir/diagnostic.ts';
import type { Region, Value } from '../../src/ir/model.ts';
import type { Labels } from './fields.ts';
import { domainOf } from './identifiers.ts';
import type { GraphProto, NodeProto } from './schema.ts';

export interface ZipMaps {
  readonly removed: ReadonlySet<NodeProto>;
  /** Output of the graph → the tensor that goes into the ZipMap. */
  readonly results: ReadonlyMap<string, string>;
  /** The tensor → labels of its columns. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

export const noZipMaps: ZipMaps = { removed: new Set(), results: new Map(), labels: new Map() };

/** The ZipMaps that make outputs of the graph, each with what goes into it and its labels. */
export const takeOffZipMaps = (graph: GraphProto): ZipMaps => {
  const removed = new Set<NodeProto>();
  const results = new Map<string, string>();
  const labels = new Map<string, readonly string[]>();
  const outputs = new Set((graph.output ?? []).map((o) => o.name));
  const read = new Set((graph.node ?? []).flatMap((n) => n.input ?? []));
  for (const node of graph.node ?? []) {
    if (node.op_type !== 'ZipMap' || domainOf(node.domain) !== 'ai.onnx.ml') continue;
    const [output = ''] = node.output ?? [];
    const [input = ''] = node.input ?? [];
    // Where the maps are read again they stay: nothing reads maps but operators that are refused anyway.
    if (!outputs.has(output) || read.has(output) || input === '') continue;
    const attributes = new Map((node.attribute ?? []).map((a) => [a.name, a]));
    const strings = attributes.get('classlabels_strings')?.strings;
    const numbers = attributes.get('classlabels_int64s')?.ints;
    removed.add(node);
    results.set(output, input);
    labels.set(input, (strings ?? numbers ?? []).map(String));
  }
  return { removed, results, labels };
};

/** After these a classifier's scores are probabilities; without one they may be anything. */
const probabilistic: ReadonlySet<string> = new Set(['LOGISTIC', 'SOFTMAX']);
const classifiers: ReadonlySet<string> = new Set([
  'TreeEnsembleClassifier',
  'LinearClassifier',
  'SVMClassifier',
]);

/** Labels of the scores that a classifier of ai.onnx.ml gives, as they stand: one column a label. */
const classifierLabels = (region: Region): Labels => {
  const labels = new Map<Value, readonly string[]>();
  for (const n of region.nodes) {
    const transform = n.attributes.get('post_transform');
    const scores = n.outputs[1];
    if (n.op.domain !== 'ai.onnx.ml' || !classifiers.has(n.op.name) || !scores) continue;
    if (transform?.kind !== 'string' || !probabilistic.has(transform.value)) continue;
    for (const name of ['classlabels_strings', 'classlabels_ints', 'classlabels_int64s']) {
      const list = n.attributes.get(name);
      if ((list?.kind === 'strings' || list?.kind === 'ints') && list.values.length > 1) {
        labels.set(scores, list.values.map(String));
      }
    }
  }
  return labels;
};

/** Labels of the columns of results: what a ZipMap said, or a classifier whose scores are results as they stand. */
export const labelsOf = (region: Region, graph: GraphProto, zipMaps: ZipMaps, file: string): Labels => {
  const scores = classifierLabels(region);
  const labels = new Map<Value, readonly string[]>();
  (graph.output ?? []).forEach(({ name = '' }, i) => {
    const value = region.results[i] as Value;
    const width = value.type.kind === 'tensor' ? value.type.dims?.[1] : undefined;
    const fromZipMap = zipMaps.labels.get(zipMaps.results.get(name) ?? '');
    const names = fromZipMap ?? scores.get(value);
    if (!names) return;
    const fit = new Set(names).size === names.length && (typeof width !== 'number' || width === names.length);
    if (fit) labels.set(value, names);
    else if (fromZipMap) {
      const at = { file, at: `output '${name}'` };
      fail(
        'onnx/zipmap',
        `ZipMap gives ${names.length} labels to ${width ?? 'some'} columns, or one twice`,
        at,
      );
    }
  });
  return labels;
};
