/** What the standard says that an operator takes, gives and is set by, version by version. */
import type { OpId, Value } from '../ir/model.ts';
import { signatures, typeSets } from './signatures.ts';

export interface Port {
  readonly name: string;
  /** Which of `types` it has: ports of one letter have one type, but for `each`. */
  readonly type: string;
  /** once: it must be given · optional: it may be left out · list: any number, of one type · each: any number, of any of the types. */
  readonly times: 'once' | 'optional' | 'list' | 'each';
}

export interface AttributeSignature {
  /** `int`, `floats`, `tensor`, `graph` … */
  readonly kind: string;
  readonly required: boolean;
  readonly otherwise?: number | string | readonly (number | string)[];
}

export interface Signature {
  readonly domain: string;
  readonly name: string;
  readonly since: number;
  readonly deprecated: boolean;
  /** How many there may be, least and most. */
  readonly inputCount: readonly [least: number, most: number];
  readonly outputCount: readonly [least: number, most: number];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** By letter: the types, spelled `float32`, `seq(float32)`, `optional(seq(float32))`, `map(int64,float32)`. */
  readonly types: ReadonlyMap<string, ReadonlySet<string>>;
  readonly attributes: ReadonlyMap<string, AttributeSignature>;
}

const marks: ReadonlyMap<string, Port['times']> = new Map([
  ['', 'once'],
  ['?', 'optional'],
  ['*', 'list'],
  ['+', 'each'],
]);

const words = (text: string): readonly string[] => (text === '' ? [] : text.split(' '));

const portOf = (text: string): Port => {
  const [, name = '', type = '', mark = ''] = /^(.*):(.)(.?)$/.exec(text) ?? [];
  return { name, type, times: marks.get(mark) as Port['times'] };
};

const attributeOf = (text: string): readonly [string, AttributeSignature] => {
  const [, name = '', kind = '', mark, json] = /^([^:]+):(\w+)(!|=(.*))?$/.exec(text) ?? [];
  return [name, { kind, required: mark === '!', ...(json !== undefined && { otherwise: JSON.parse(json) }) }];
};

const most = (text: string | undefined): number => (text === '*' ? Infinity : Number(text));

const signatureOf = (domain: string, line: string): Signature => {
  const [head = '', inputs = '', outputs = '', types = '', attributes = ''] = line.split('|');
  const [name = '', since, leastIn, mostIn, leastOut, mostOut, ...remarks] = head.split(' ');
  return {
    domain,
    name,
    since: Number(since),
    deprecated: remarks.includes('deprecated'),
    inputCount: [Number(leastIn), most(mostIn)],
    outputCount: [Number(leastOut), most(mostOut)],
    inputs: words(inputs).map(portOf),
    outputs: words(outputs).map(portOf),
    types: new Map(
      words(types).map((set, i) => [
        String.fromCharCode('A'.charCodeAt(0) + i),
        new Set(words(typeSets[Number(set)] ?? '')),
      ]),
    ),
    attributes: new Map(words(attributes).map(attributeOf)),
  };
};

const key = (domain: string, name: string): string => `${domain}\0${name}`;

/** The lines of each operator, ascending in their version; read when they are asked for. */
const lines = new Map<string, { readonly since: number; readonly domain: string; readonly line: string }[]>();
let domain = '';
for (const line of signatures.split('\n')) {
  if (line.startsWith('# ') || line === '#') {
    domain = line.slice(2);
    continue;
  }
  const [name = '', since] = line.split(' ', 2);
  const k = key(domain, name);
  const versions = lines.get(k) ?? [];
  versions.push({ since: Number(since), domain, line });
  lines.set(k, versions);
}

const read = new Map<string, Signature>();

/** The signature in force at an opset: that of the greatest version not above it; undefined where the standard has none. */
export const signatureAt = (domain: string, name: string, opset = Infinity): Signature | undefined => {
  const found = lines.get(key(domain, name))?.findLast((v) => v.since <= opset);
  if (!found) return undefined;
  let signature = read.get(found.line);
  if (!signature) {
    signature = signatureOf(found.domain, found.line);
    read.set(found.line, signature);
  }
  return signature;
};

/** The versions that the standard has of an operator, ascending. */
export const standardVersions = (domain: string, name: string): readonly number[] =>
  (lines.get(key(domain, name)) ?? []).map((v) => v.since);

/** The port that input or output `i` belongs to. */
export const portAt = (ports: readonly Port[], i: number): Port | undefined => {
  const last = ports.at(-1);
  return ports[i] ?? (last?.times === 'list' || last?.times === 'each' ? last : undefined);
};

/** The first tensor dtype among the inputs that this version does not take. */
export const untaken = (op: OpId, inputs: readonly (Value | null)[]): string | undefined => {
  const standard = signature(op);
  for (const [i, v] of inputs.entries()) {
    const types = standard?.types.get(portAt(standard.inputs, i)?.type ?? '');
    if (v?.type.kind === 'tensor' && types?.has(v.type.dtype) === false) return v.type.dtype;
  }
  return undefined;
};

/** The signature of exactly this version; undefined where the standard has none. */
export const signature = (op: OpId): Signature | undefined => {
  const found = signatureAt(op.domain, op.name, op.since);
  return found?.since === op.since ? found : undefined;
};
