/** The generated message table as types, and as the codec looks it up. */
import type { Bytes } from './bytes.ts';
import { messages } from './messages.ts';

export type MessageName = keyof typeof messages;

/** A 64-bit integer: a bigint only where a number cannot hold it exactly. */
export type Int = number | bigint;

interface Scalars {
  readonly int64: Int;
  readonly uint64: Int;
  readonly int32: number;
  readonly enum: number;
  readonly float: number;
  readonly double: number;
  readonly string: string;
  /** Text where the bytes are short and UTF-8, which is what ONNX means by bytes outside of tensors. */
  readonly bytes: string | Bytes;
}

type Table = typeof messages;
type ValueOf<T> = T extends keyof Scalars ? Scalars[T] : T extends MessageName ? Message<T> : never;
type Held<T, Shape> = Shape extends 'range' | 'runs'
  ? Bytes
  : Shape extends 'many'
    ? ValueOf<T>[]
    : ValueOf<T>;
type FieldOf<F> = F extends readonly [number, infer T, infer Shape, ...string[]] ? Held<T, Shape> : never;

/** A message as a plain object: only the fields that stand in the file, and what the schema does not know. */
export type Message<N extends MessageName> = {
  [K in keyof Table[N]]?: FieldOf<Table[N][K]> | undefined;
} & {
  /** Fields that the schema does not know, each with its tag, as they stand in the file. */
  unknown?: Bytes[];
};

export type ModelProto = Message<'ModelProto'>;
export type GraphProto = Message<'GraphProto'>;
export type NodeProto = Message<'NodeProto'>;
export type AttributeProto = Message<'AttributeProto'>;
export type FunctionProto = Message<'FunctionProto'>;
export type TensorProto = Message<'TensorProto'>;
export type SparseTensorProto = Message<'SparseTensorProto'>;
export type TypeProto = Message<'TypeProto'>;
export type TensorShapeProto = Message<'TensorShapeProto'>;
export type ValueInfoProto = Message<'ValueInfoProto'>;
export type StringStringEntryProto = Message<'StringStringEntryProto'>;

export type ScalarType = keyof Scalars;

export interface FieldSpec {
  readonly name: string;
  readonly number: number;
  /** A scalar type; null for a message. */
  readonly scalar: ScalarType | null;
  readonly message: MessageName | null;
  /** one, many: held as values. range (a `bytes` field), runs (a repeated field): left in the file. */
  readonly shape: 'one' | 'many' | 'range' | 'runs';
  /** Names of the other members of the field's oneof. */
  readonly rivals: readonly string[];
  /** The wire type of one element: 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes. */
  readonly wire: 0 | 1 | 2 | 5;
}

const wires: Readonly<Record<ScalarType, 0 | 1 | 2 | 5>> = {
  int64: 0,
  uint64: 0,
  int32: 0,
  enum: 0,
  float: 5,
  double: 1,
  string: 2,
  bytes: 2,
};

const isScalar = (type: string): type is ScalarType => Object.hasOwn(wires, type);

type Row = readonly [number, string, FieldSpec['shape'], string?];

const specsOf = (name: MessageName): FieldSpec[] => {
  const rows = Object.entries(messages[name]) as unknown as [string, Row][];
  return rows.map(([field, [number, type, shape, oneof]]) => ({
    name: field,
    number,
    scalar: isScalar(type) ? type : null,
    message: isScalar(type) ? null : (type as MessageName),
    shape,
    rivals: oneof ? rows.flatMap(([f, r]) => (r[3] === oneof && f !== field ? [f] : [])) : [],
    wire: isScalar(type) ? wires[type] : 2,
  }));
};

const forEach = <T>(of: (name: MessageName) => T): Readonly<Record<MessageName, T>> =>
  Object.fromEntries((Object.keys(messages) as MessageName[]).map((name) => [name, of(name)])) as Record<
    MessageName,
    T
  >;

/** The fields of a message, ascending by number. */
export const fields = forEach<readonly FieldSpec[]>(specsOf);

/** The fields of a message at the index of their number. */
export const byNumber = forEach<readonly (FieldSpec | undefined)[]>((name) => {
  const list: (FieldSpec | undefined)[] = [];
  for (const s of fields[name]) list[s.number] = s;
  return list;
});
