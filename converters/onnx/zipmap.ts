/** ZipMap (ai.onnx.ml) is taken off: its maps are no tensors, and its labels are better the names of columns. */
import { fail } from '../../src/ir/diagnostic.ts';
import type { Region, Value } from '../../src/ir/model.ts';
import { domainOf } from './check.ts';
import type { Labels } from './fields.ts';
import type { GraphProto, NodeProto } from './schema.ts';

export interface ZipMaps {
  readonly removed: ReadonlySet<NodeProto>;
  /** Output of the graph → the tensor that goes into the ZipMap. */
  readonly results: ReadonlyMap<string, string>;
  /** The tensor → labels of its columns. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

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

/** Labels of the columns of results that went into a ZipMap. */
export const labelsOf = (region: Region, graph: GraphProto, zipMaps: ZipMaps, file: string): Labels => {
  const labels = new Map<Value, readonly string[]>();
  (graph.output ?? []).forEach(({ name = '' }, i) => {
    const names = zipMaps.labels.get(zipMaps.results.get(name) ?? '');
    const value = region.results[i] as Value;
    if (!names) return;
    const width = value.type.kind === 'tensor' ? value.type.dims?.[1] : undefined;
    if (new Set(names).size !== names.length || (typeof width === 'number' && width !== names.length)) {
      const at = { file, at: `output '${name}'` };
      fail(
        'onnx/zipmap',
        `ZipMap gives ${names.length} labels to ${width ?? 'some'} columns, or one twice`,
        at,
      );
    }
    labels.set(value, names);
  });
  return labels;
};
