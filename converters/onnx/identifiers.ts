/** What operator sets, functions and nodes are called: in lookups, and in messages. */
import type { Place } from '../../src/ir/diagnostic.ts';
import type { NodeProto } from './schema.ts';

/** ai.onnx is another spelling of the default domain. */
export const domainOf = (domain: string | undefined): string =>
  domain === undefined || domain === 'ai.onnx' ? '' : domain;

/** A domain as a person says it. */
export const domainName = (domain: string): string => domain || 'ai.onnx';

/** What a function is looked up by. */
export const functionKey = (domain: string, name: string, overload = ''): string =>
  `${domain}\0${name}\0${overload}`;

/** The key of the function that a node calls, if it is one. */
export const calleeKey = (node: NodeProto): string =>
  functionKey(domainOf(node.domain), node.op_type ?? '', node.overload);

/** `within`: the function and the bodies around the node, each with a colon behind it. */
export const nodePlace = (file: string, node: NodeProto, within = ''): Place => ({
  file,
  at: `${within}node '${node.name || (node.output ?? []).find((o) => o !== '') || ''}' (${node.op_type ?? ''})`,
});
