/** Values of test data sets (`input_0.pb`, onnx-data.proto) ↔ `Datum`. Which message a file holds, only the type of its value says. */
import type { Source } from '../../src/ir/converter.ts';
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import type { Type } from '../../src/ir/model.ts';
import { formatType } from '../../src/ir/shape.ts';
import { dataOf, load } from '../../src/tensor/data.ts';
import type { Datum, Mapping, Sequence, Sparse } from '../../src/tensor/datum.ts';
import { isTensor } from '../../src/tensor/datum.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';
import type { Bytes } from './bytes.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import type { Message, SparseTensorProto, TensorProto } from './schema.ts';
import { dataTypeOf, dtypeOf } from './storage.ts';
import { SparseData, TensorData, tensorProto } from './tensors.ts';

type SequenceProto = Message<'SequenceProto'>;
type MapProto = Message<'MapProto'>;
type OptionalProto = Message<'OptionalProto'>;

/** SequenceProto.DataType and OptionalProto.DataType: what the items are. */
const kinds = ['undefined', 'tensor', 'sparse', 'sequence', 'map', 'optional'] as const;

const noExternal = (_: TensorProto, __: number, at: Place) =>
  fail('onnx/external', 'a value of a test data set keeps its elements in its own file', at);

/** The value in a file of a test data set, which the model declares to be of `type`. Throws a PortolanError where it is none. */
export const readValue = (source: Source, type: Type): Datum => {
  const at: Place = { file: source.name, at: '' };
  switch (type.kind) {
    case 'tensor':
      // An empty file is a tensor of nothing but defaults, which has no element type.
      return fromTensor(decode(source, 'TensorProto'), at);
    case 'sparse':
      return fromSparse(decode(source, 'SparseTensorProto'), at);
    case 'sequence':
      return source.size === 0
        ? { kind: 'sequence', items: [] }
        : fromSequence(decode(source, 'SequenceProto'), at);
    case 'optional':
      return source.size === 0
        ? { kind: 'optional', value: null }
        : fromOptional(decode(source, 'OptionalProto'), at);
    case 'map':
      return fromMap(decode(source, 'MapProto'), at);
    case 'unknown':
      return fail('onnx/value-type', `no test data set holds a value of type ${formatType(type)}`, at);
  }
};

const fromTensor = (proto: TensorProto, at: Place): Tensor => {
  const data = new TensorData(proto, at, noExternal);
  data.checkCount();
  return load(data);
};

const fromSparse = (proto: SparseTensorProto, at: Place): Sparse => {
  const data = new SparseData(proto, at, noExternal);
  data.check();
  return {
    kind: 'sparse',
    dims: data.dims,
    values: fromTensor(proto.values as TensorProto, at),
    indices: fromTensor(proto.indices as TensorProto, at),
  };
};

const fromSequence = (proto: SequenceProto, at: Place): Sequence => {
  const lists: readonly (readonly Datum[] | undefined)[] = [
    proto.tensor_values?.map((t) => fromTensor(t, at)),
    proto.sparse_tensor_values?.map((t) => fromSparse(t, at)),
    proto.sequence_values?.map((s) => fromSequence(s, at)),
    proto.map_values?.map((m) => fromMap(m, at)),
    proto.optional_values?.map((o) => fromOptional(o, at)),
  ];
  const held = lists.flatMap((items, i) => (items ? [{ items, kind: i + 1 }] : []));
  if (held.length > 1) fail('onnx/value-fields', 'the items are of more than one kind', at);
  const [one] = held;
  if (one && proto.elem_type !== one.kind) {
    fail('onnx/value-fields', `its items are not of the kind ${proto.elem_type ?? 0} that it declares`, at);
  }
  return { kind: 'sequence', items: one?.items ?? [] };
};

const fromOptional = (proto: OptionalProto, at: Place): Datum => {
  const values: readonly (Datum | undefined)[] = [
    proto.tensor_value && fromTensor(proto.tensor_value as TensorProto, at),
    proto.sparse_tensor_value && fromSparse(proto.sparse_tensor_value as SparseTensorProto, at),
    proto.sequence_value && fromSequence(proto.sequence_value as SequenceProto, at),
    proto.map_value && fromMap(proto.map_value as MapProto, at),
    proto.optional_value && fromOptional(proto.optional_value as OptionalProto, at),
  ];
  const held = values.filter((v) => v !== undefined);
  if (held.length > 1) fail('onnx/value-fields', 'an optional holds more than one value', at);
  return { kind: 'optional', value: held[0] ?? null };
};

const fromMap = (proto: MapProto, at: Place): Mapping => {
  const key = dtypeOf(proto.key_type);
  const strings = key === 'string';
  const keys = (strings ? proto.string_keys : proto.keys) ?? [];
  const values = proto.values ? fromSequence(proto.values as SequenceProto, at).items : [];
  if (!key || (!strings && !/^u?int/.test(key))) {
    return fail(
      'onnx/value-fields',
      `the keys of a map are integers or strings, not ${key ?? 'untyped'}`,
      at,
    );
  }
  if (keys.length !== values.length) {
    fail('onnx/value-fields', `the map has ${keys.length} keys and ${values.length} values`, at);
  }
  if (keys.some((k) => typeof k === 'object')) fail('onnx/value-fields', 'a key of the map is no text', at);
  if (new Set(keys.map(String)).size < keys.length)
    fail('onnx/value-fields', 'a key of the map stands twice', at);
  return { kind: 'map', keys: tensorOf(key, [keys.length], keys as string[]), values };
};

/** The bytes of a value, as a test data set holds it. */
export const writeValue = (value: Datum, name: string): Bytes => {
  if (isTensor(value)) return encode('TensorProto', toTensor(value, name));
  switch (value.kind) {
    case 'sequence':
      return encode('SequenceProto', { name, ...toSequence(value.items) });
    case 'optional':
      return encode('OptionalProto', { name, ...toOptional(value.value) });
    case 'map':
      return encode('MapProto', { name, ...toMap(value) });
    case 'sparse':
      return encode('SparseTensorProto', toSparse(value));
  }
};

const kindOf = (d: Datum | null | undefined): number =>
  d ? kinds.indexOf(isTensor(d) ? 'tensor' : d.kind) : kinds.indexOf('undefined');

const toTensor = (t: Tensor, name?: string): TensorProto => tensorProto(dataOf(t), name);

const toSparse = ({ dims, values, indices }: Sparse): SparseTensorProto => ({
  values: toTensor(values),
  indices: toTensor(indices),
  dims: [...dims],
});

const toSequence = (items: readonly Datum[]): SequenceProto => {
  const elem_type = kindOf(items[0]);
  if (items.some((d) => kindOf(d) !== elem_type)) {
    fail('onnx/value-type', 'a sequence of values of several kinds cannot be written');
  }
  const all = <T>(to: (d: never) => T): T[] => items.map((d) => to(d as never));
  switch (kinds[elem_type]) {
    case 'tensor':
      return { elem_type, tensor_values: all((t: Tensor) => toTensor(t)) };
    case 'sparse':
      return { elem_type, sparse_tensor_values: all(toSparse) };
    case 'sequence':
      return { elem_type, sequence_values: all((s: { items: readonly Datum[] }) => toSequence(s.items)) };
    case 'map':
      return { elem_type, map_values: all(toMap) };
    case 'optional':
      return { elem_type, optional_values: all((o: { value: Datum | null }) => toOptional(o.value)) };
    default:
      return { elem_type };
  }
};

const toOptional = (value: Datum | null): OptionalProto => {
  const elem_type = kindOf(value);
  if (value === null) return { elem_type };
  if (isTensor(value)) return { elem_type, tensor_value: toTensor(value) };
  switch (value.kind) {
    case 'sparse':
      return { elem_type, sparse_tensor_value: toSparse(value) };
    case 'sequence':
      return { elem_type, sequence_value: toSequence(value.items) };
    case 'map':
      return { elem_type, map_value: toMap(value) };
    case 'optional':
      return { elem_type, optional_value: toOptional(value.value) };
  }
};

const toMap = ({ keys, values }: Mapping): MapProto => ({
  key_type: dataTypeOf(keys.dtype),
  ...(keys.dtype === 'string'
    ? { string_keys: [...(keys.data as string[])] }
    : { keys: [...(keys.data as ArrayLike<number | bigint> & Iterable<number | bigint>)] }),
  values: toSequence(values),
});
