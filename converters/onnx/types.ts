/** TypeProto ↔ Type. */
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import { type Dim, type Type, tensorType } from '../../src/ir/model.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import type { Message, TensorShapeProto, TypeProto } from './schema.ts';
import { dataTypeOf, dtypeOf } from './storage.ts';

const elementOf = (number: number | undefined, at: Place): DType =>
  dtypeOf(number) ??
  fail('onnx/data-type', `${number ?? 'nothing'} is not the number of an element type`, at);

/** Extents; a negative one is how some exporters spell an unknown one. */
const dimsOf = (shape: TensorShapeProto | undefined): readonly Dim[] | null =>
  shape === undefined
    ? null
    : (shape.dim ?? []).map(({ dim_value, dim_param }) =>
        dim_value !== undefined && dim_value >= 0 ? Number(dim_value) : dim_param || null,
      );

export const typeOf = (proto: TypeProto | undefined, at: Place): Type => {
  if (proto?.tensor_type) {
    const { elem_type, shape } = proto.tensor_type;
    return tensorType(elementOf(elem_type, at), dimsOf(shape));
  }
  if (proto?.sparse_tensor_type) {
    const { elem_type, shape } = proto.sparse_tensor_type;
    return { kind: 'sparse', dtype: elementOf(elem_type, at), dims: dimsOf(shape) };
  }
  if (proto?.sequence_type) return { kind: 'sequence', of: typeOf(proto.sequence_type.elem_type, at) };
  if (proto?.optional_type) return { kind: 'optional', of: typeOf(proto.optional_type.elem_type, at) };
  if (proto?.map_type) {
    const { key_type, value_type } = proto.map_type;
    return { kind: 'map', key: elementOf(key_type, at), of: typeOf(value_type, at) };
  }
  return { kind: 'unknown' };
};

const shapeProto = (dims: readonly Dim[]): TensorShapeProto => ({
  dim: dims.map(
    (d): Message<'TensorShapeProto.Dimension'> =>
      typeof d === 'number' ? { dim_value: d } : d === null ? {} : { dim_param: d },
  ),
});

/** undefined where ONNX has no word for the type. */
export const typeProto = (type: Type): TypeProto | undefined => {
  switch (type.kind) {
    case 'tensor':
    case 'sparse': {
      const tensor = {
        elem_type: dataTypeOf(type.dtype),
        ...(type.dims !== null && { shape: shapeProto(type.dims) }),
      };
      return type.kind === 'tensor' ? { tensor_type: tensor } : { sparse_tensor_type: tensor };
    }
    case 'sequence':
      return { sequence_type: { elem_type: typeProto(type.of) } };
    case 'optional':
      return { optional_type: { elem_type: typeProto(type.of) } };
    case 'map':
      return { map_type: { key_type: dataTypeOf(type.key), value_type: typeProto(type.of) } };
    case 'unknown':
      return undefined;
  }
};
