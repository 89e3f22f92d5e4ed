/** A node against what the standard says that its operator takes, gives and is set by. */
import { fail, type Place } from '../../../src/ir/diagnostic.ts';
import {
  type Port,
  portAt,
  type Signature,
  signatureAt,
  standardVersions,
} from '../../../src/ops/signature.ts';
import { domainName, domainOf } from '../identifiers.ts';
import { AttributeType } from '../messages.ts';
import type { NodeProto } from '../schema.ts';
import type { Context } from './context.ts';

/** Domains in which every operator is the standard's. */
const standard: ReadonlySet<string> = new Set(['', 'ai.onnx.ml', 'ai.onnx.training']);

/** Operators that were experiments before ONNX 1.5: files still have them, no version of the standard describes them. */
const experiments: ReadonlySet<string> = new Set([
  'ATen',
  'Affine',
  'ConstantFill',
  'Crop',
  'DynamicSlice',
  'GRUUnit',
  'GivenTensorFill',
  'ImageScaler',
  'ParametricSoftplus',
  'Scale',
  'ScaledTanh',
]);

/** Output counts between the least and the most that BatchNormalization does not take: its statistics come together. */
const partial = (s: Signature, outputs: number): boolean =>
  s.name === 'BatchNormalization' && s.domain === '' && outputs > 1 && outputs < s.outputCount[1];

/** LayerNormalization 17 alone takes attributes that it does not name. */
const takesAny = (s: Signature): boolean => s.name === 'LayerNormalization' && s.since === 17;

/** `opset`: the version of the node's domain that is imported. */
export const checkSignature = (node: NodeProto, opset: number, at: Place, context: Context): void => {
  const domain = domainOf(node.domain);
  const name = node.op_type ?? '';
  if (domain === '' && experiments.has(name)) return;
  const signature = signatureAt(domain, name, opset);
  context.findings.attempt(() => {
    if (!signature) {
      if (standard.has(domain) && context.findings.first(`${domain}.${name}`))
        unknown(domain, name, opset, at);
      return;
    }
    if (signature.deprecated) {
      const newest = Math.max(0, ...standardVersions(domain, name).filter((v) => v < signature.since));
      fail(
        'onnx/deprecated-operator',
        `${name} is deprecated since opset ${signature.since}; the model imports ${opset}`,
        at,
        `import an opset below ${signature.since} (its last version is of ${newest}), or use what came in its place`,
      );
    }
    checkCounts(node, signature, at);
    checkSlots(node.input ?? [], signature.inputs, 'input', at);
    checkSlots(node.output ?? [], signature.outputs, 'output', at);
    checkSettings(node, signature, at, context);
  });
};

const unknown = (domain: string, name: string, opset: number, at: Place): never => {
  const [first] = standardVersions(domain, name);
  return first === undefined
    ? fail(
        'onnx/unknown-operator',
        `'${domainName(domain)}' has no operator ${name}`,
        at,
        'an operator of your own needs a domain of its own, or a function of this name in the model',
      )
    : fail(
        'onnx/unknown-operator',
        `${name} came with opset ${first} of '${domainName(domain)}'; the model imports ${opset}`,
        at,
        `import opset ${first}`,
      );
};

const counted = (least: number, most: number): string =>
  most === Infinity ? `at least ${least}` : least === most ? `${least}` : `${least} to ${most}`;

const checkCounts = (node: NodeProto, signature: Signature, at: Place): void => {
  const { name, since, inputCount, outputCount } = signature;
  const check = (role: 'input' | 'output', found: number, [least, most]: readonly [number, number]) => {
    if (found >= least && found <= most && !(role === 'output' && partial(signature, found))) return;
    const [verb, help] =
      role === 'input' ? ['takes', 'see the operator’s inputs'] : ['gives', 'see the operator’s outputs'];
    const range = role === 'output' && partial(signature, found) ? `1 or ${most}` : counted(least, most);
    fail(
      `onnx/${role}-count`,
      `${name} ${verb} ${range} ${role}s (version ${since}); the node has ${found}`,
      at,
      help,
    );
  };
  check('input', node.input?.length ?? 0, inputCount);
  check('output', node.output?.length ?? 0, outputCount);
};

/** Nothing may stand for a port that must be there. */
const checkSlots = (
  names: readonly string[],
  ports: readonly Port[],
  role: 'input' | 'output',
  at: Place,
): void => {
  names.forEach((name, i) => {
    const port = portAt(ports, i);
    if (name === '' && port?.times === 'once') {
      fail(`onnx/missing-${role}`, `${role} ${i} (${port.name}) may not be left out`, at, `name the ${role}`);
    }
  });
};

const kinds: ReadonlyMap<number, string> = new Map(
  Object.entries(AttributeType).map(([name, number]) => [number, name.toLowerCase()]),
);

/** How the signatures spell a number of AttributeType. */
const kindNamed = (type: number | undefined): string | undefined => (type ? kinds.get(type) : undefined);

const checkSettings = (node: NodeProto, signature: Signature, at: Place, { findings }: Context): void => {
  const { name, since, attributes } = signature;
  const given = new Set<string>();
  for (const a of node.attribute ?? []) {
    const key = a.name ?? '';
    given.add(key);
    const expected = attributes.get(key);
    if (!expected) {
      // Two underscores: what a tool notes for itself.
      if (takesAny(signature) || key.startsWith('__')) continue;
      findings.error(
        'onnx/unknown-attribute',
        `${name} has no attribute '${key}' (version ${since})`,
        at,
        'remove it, or import the opset that has it',
      );
      continue;
    }
    const kind = kindNamed(a.type);
    if (kind && kind !== expected.kind) {
      findings.error(
        'onnx/attribute-kind',
        `the attribute '${key}' of ${name} is of type ${expected.kind}; here it is ${kind}`,
        at,
        'write it with the type of the operator',
      );
    }
  }
  for (const [key, { required }] of attributes) {
    if (required && !given.has(key)) {
      findings.error('onnx/missing-attribute', `${name} needs the attribute '${key}'`, at, 'give it');
    }
  }
};

/**
 * A function may import another opset than the model, as long as its operators mean the same at both: a tool that puts the
 * body where it is called has no place for the function's own imports.
 */
export const checkCompatible = (
  node: NodeProto,
  inFunction: number,
  inModel: number | undefined,
  at: Place,
  { findings }: Context,
): void => {
  if (inModel === undefined || inModel === inFunction) return;
  const [domain, name] = [domainOf(node.domain), node.op_type ?? ''];
  const since = (opset: number) => signatureAt(domain, name, opset)?.since;
  if (since(inFunction) === since(inModel)) return;
  findings.error(
    'onnx/function-opset',
    `${name} is another operator in opset ${inFunction} of '${domainName(domain)}', which the function imports, than in ${inModel}, which the model does`,
    at,
    'import the same opset in both',
  );
};
