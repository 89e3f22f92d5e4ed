/** Reading and making node attributes. A value of the wrong kind is a located error, never a silent default. */
import type { Data } from '../tensor/data.ts';
import { fail } from './diagnostic.ts';
import { type Attribute, type Node, opName, type Region } from './model.ts';
import type { Predicates } from './predicates.ts';
import type { Trees } from './trees.ts';

type Of<K extends Attribute['kind']> = Extract<Attribute, { kind: K }>;

const get = <K extends Attribute['kind']>(node: Node, name: string, kind: K): Of<K> | undefined => {
  const a = node.attributes.get(name);
  if (a === undefined) return undefined;
  if (a.kind !== kind) {
    fail(
      'ir/attribute-kind',
      `${opName(node.op)} '${node.name}': attribute ${name} is ${a.kind}, not ${kind}`,
      node.from[0],
    );
  }
  return a as Of<K>;
};

const need = <T>(node: Node, name: string, value: T | undefined): T =>
  value ??
  fail('ir/attribute-missing', `${opName(node.op)} '${node.name}' lacks attribute ${name}`, node.from[0]);

export const intOf = (node: Node, name: string, otherwise?: number): number =>
  Number(need(node, name, get(node, name, 'int')?.value ?? otherwise));

export const floatOf = (node: Node, name: string, otherwise?: number): number =>
  need(node, name, get(node, name, 'float')?.value ?? otherwise);

export const stringOf = (node: Node, name: string, otherwise?: string): string =>
  need(node, name, get(node, name, 'string')?.value ?? otherwise);

export const intsOf = (node: Node, name: string): number[] | undefined =>
  get(node, name, 'ints')?.values.map(Number);

export const floatsOf = (node: Node, name: string): ArrayLike<number> | undefined =>
  get(node, name, 'floats')?.values;

export const stringsOf = (node: Node, name: string): readonly string[] | undefined =>
  get(node, name, 'strings')?.values;

export const dataOfAttribute = (node: Node, name: string): Data | undefined => get(node, name, 'data')?.data;

export const regionOf = (node: Node, name: string): Region =>
  need(node, name, get(node, name, 'region')?.region);

export const predicatesOf = (node: Node): Predicates =>
  need(node, 'predicates', get(node, 'predicates', 'predicates')?.predicates);

export const treesOf = (node: Node): Trees => need(node, 'trees', get(node, 'trees', 'trees')?.trees);

export const attr = {
  int: (value: number | bigint): Attribute => ({ kind: 'int', value }),
  float: (value: number): Attribute => ({ kind: 'float', value }),
  string: (value: string): Attribute => ({ kind: 'string', value }),
  ints: (values: readonly (number | bigint)[]): Attribute => ({ kind: 'ints', values }),
  floats: (values: ArrayLike<number>): Attribute => ({ kind: 'floats', values }),
  strings: (values: readonly string[]): Attribute => ({ kind: 'strings', values }),
  data: (data: Data): Attribute => ({ kind: 'data', data }),
  predicates: (predicates: Predicates): Attribute => ({ kind: 'predicates', predicates }),
  trees: (trees: Trees): Attribute => ({ kind: 'trees', trees }),
  region: (region: Region): Attribute => ({ kind: 'region', region }),
};
