import type { Known, Operators } from '../ir/builder.ts';
import { fail, PortolanError } from '../ir/diagnostic.ts';
import { type Node, type OpId, OWN, opName, type Type } from '../ir/model.ts';
import { ml } from './ml/index.ts';
import { onnx } from './onnx/index.ts';
import type { Operator } from './operator.ts';
import { own } from './own/index.ts';
import { preview } from './preview/index.ts';
import { training } from './training/index.ts';

const key = (domain: string, name: string) => `${domain}\0${name}`;

interface Version {
  readonly since: number;
  readonly operator: Operator;
}

const table = new Map<string, Version[]>();
const all: readonly Operator[] = [...onnx, ...ml, ...preview, ...training, ...own];

for (const operator of all) {
  const k = key(operator.domain, operator.name);
  const versions = table.get(k) ?? [];
  for (const since of operator.since) versions.push({ since, operator });
  versions.sort((a, b) => a.since - b.since);
  table.set(k, versions);
}

/** Every operator, each once a version: what the support matrix is computed from. */
export const allOperators = (): readonly Operator[] => all;

/** The operator at exactly this version; undefined where it is not known. */
export const find = (op: OpId): Operator | undefined =>
  table.get(key(op.domain, op.name))?.find((v) => v.since === op.since)?.operator;

/** The version in force at an opset; without one, the newest. */
export const resolve = (domain: string, name: string, opset = Infinity): OpId | undefined => {
  const since = table.get(key(domain, name))?.findLast((v) => v.since <= opset)?.since;
  return since === undefined ? undefined : { domain, name, since };
};

export const infer = (node: Node, known: Known): readonly Type[] => {
  const operator = find(node.op);
  if (!operator) {
    return fail(
      'ops/not-supported',
      `operator ${opName(node.op)} version ${node.op.since} is not supported yet`,
      node.from[0],
    );
  }
  if (node.op.domain !== OWN) {
    for (const v of node.inputs) {
      if (v?.type.kind === 'tensor' && v.type.absent === 'missing') {
        fail(
          'ir/missing-into-plain',
          `${opName(node.op)} takes no missing values, but '${v.name}' may have them`,
          node.from[0],
        );
      }
    }
  }
  return operator.infer(node, known);
};

const elements: NonNullable<Operators['elements']> = (node, known) => {
  const operator = find(node.op);
  return operator?.elements?.(node, known, (inputs) => {
    try {
      return operator.evaluate?.(inputs, node);
    } catch (e) {
      // What does not fit is refused when it runs, if it ever does.
      if (e instanceof PortolanError) return undefined;
      throw e;
    }
  });
};

/** What the builder asks. */
export const operators: Operators = {
  infer,
  resolve,
  elements,
  constant: (node) => find(node.op)?.constant?.(node),
};
