/** Operators with bodies: does a body take and give what its operator hands on, and does a loop ever end? */
import type { Place } from '../../../src/ir/diagnostic.ts';
import { domainOf } from '../identifiers.ts';
import type { GraphProto, NodeProto, TensorProto } from '../schema.ts';
import { TensorData } from '../tensors.ts';
import type { Context, Scope } from './context.ts';

/** How many inputs and outputs the body has that a node of ai.onnx carries; undefined where the operator has none. */
const interfaceOf = (node: NodeProto, opset: number): readonly [number, number] | undefined => {
  const inputs = node.input?.length ?? 0;
  const outputs = node.output?.length ?? 0;
  switch (node.op_type) {
    case 'If':
      return [0, outputs];
    case 'Loop':
      // The iteration and the condition, then what is carried along.
      return [Math.max(2, inputs), outputs + 1];
    case 'Scan':
      // Scan 8 had the lengths of the sequences in front.
      return [opset < 9 ? inputs - 1 : inputs, outputs];
    case 'SequenceMap':
      return [inputs, outputs];
    default:
      return undefined;
  }
};

export const checkInterface = (
  node: NodeProto,
  body: GraphProto,
  attribute: string,
  opset: number,
  at: Place,
  { findings, irVersion }: Context,
): void => {
  const expected = domainOf(node.domain) === '' ? interfaceOf(node, opset) : undefined;
  if (!expected) return;
  const initialized = new Set(irVersion < 4 ? (body.initializer ?? []).map((t) => t.name) : []);
  const found = [
    (body.input ?? []).filter((i) => !initialized.has(i.name)).length,
    (body.output ?? []).length,
  ];
  for (const [i, role] of (['inputs', 'outputs'] as const).entries()) {
    if (found[i] === expected[i]) continue;
    findings.error(
      'onnx/body-interface',
      `the ${attribute} has ${found[i]} ${role}; with the node's own it takes ${expected[i]}`,
      at,
      'the body gets what the node gets, and gives what the node gives',
    );
  }
};

/** A bool that is one, and true. */
const isTrue = (proto: TensorProto, at: Place, context: Context): boolean => {
  if (proto.data_type !== 9 || proto.data_location === 1) return false;
  const data = new TensorData(proto, at, context.external);
  return data.count === 1 && data.read(0, 1)[0] === 1;
};

/** Notes what is known to be true, or to be another value, of an initializer. */
export const noteInitializer = (proto: TensorProto, scope: Scope, at: Place, context: Context): void => {
  if (proto.data_type === 9 && isTrue(proto, at, context)) scope.truths.add(proto.name ?? '');
};

/** The same of the outputs of a node. */
export const noteNode = (node: NodeProto, scope: Scope, at: Place, context: Context): void => {
  if (domainOf(node.domain) !== '') return;
  const [output = ''] = node.output ?? [];
  if (node.op_type === 'Identity') scope.origins.set(output, node.input?.[0] ?? '');
  const value = node.op_type === 'Constant' ? node.attribute?.find((a) => a.name === 'value')?.t : undefined;
  if (value && isTrue(value, at, context)) scope.truths.add(output);
};

/** What a value is under another name. */
const originOf = (name: string, scope: Scope): string => {
  for (let s: Scope | null = scope; s; s = s.outer) {
    for (let next = s.origins.get(name); next !== undefined; next = s.origins.get(name)) name = next;
  }
  return name;
};

const isKnownTrue = (name: string, scope: Scope): boolean => {
  const origin = originOf(name, scope);
  for (let s: Scope | null = scope; s; s = s.outer) if (s.truths.has(origin)) return true;
  return false;
};

/**
 * A Loop without a count whose condition nothing can make false runs until the machine stops. Only what stands in the
 * file is told here; a condition that is computed is left to the limits of whatever runs it.
 */
export const checkEnds = (
  node: NodeProto,
  body: GraphProto,
  inside: Scope,
  scope: Scope,
  at: Place,
  { findings }: Context,
): void => {
  if (node.op_type !== 'Loop' || domainOf(node.domain) !== '') return;
  const [count = '', condition = ''] = node.input ?? [];
  if (count !== '') return;
  const kept = body.input?.[1]?.name ?? '';
  const next = body.output?.[0]?.name ?? '';
  const endless =
    // Without a condition the body's own is not asked.
    condition === '' ||
    isKnownTrue(next, inside) ||
    (originOf(next, inside) === kept && isKnownTrue(condition, scope));
  if (endless) {
    findings.error('onnx/endless-loop', 'this loop never ends', at, 'give it a trip count or a condition');
  }
};
