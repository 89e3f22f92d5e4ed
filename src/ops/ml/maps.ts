/** What the operators over maps share. */
import type { Node, Type } from '../../ir/model.ts';
import { formatType } from '../../ir/shape.ts';
import { type Datum, isTensor, type Mapping } from '../../tensor/datum.ts';
import type { DType } from '../../tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';

type MapType = Extract<Type, { kind: 'map' }>;

/** The type of the map that is input 0; null where nothing is known of it. */
export const mapInput = (node: Node): MapType | null => {
  const type = node.inputs[0]?.type ?? refused(node, 'input 0 is missing');
  if (type.kind === 'unknown') return null;
  return type.kind === 'map' ? type : refused(node, `input 0 is ${formatType(type)}, no map`);
};

export const asMap = (node: Node, d: Datum | null | undefined): Mapping => {
  if (!d) return refused(node, 'input 0 is missing');
  return !isTensor(d) && d.kind === 'map'
    ? d
    : refused(node, `input 0 is a ${isTensor(d) ? 'tensor' : d.kind}, no map`);
};

/** The values of a map, each one element, as one vector of the dtype that they share (`otherwise` for a map without entries). */
export const valuesOf = (node: Node, { values }: Mapping, otherwise: DType): Tensor => {
  const elements = values.map((d) =>
    isTensor(d) && d.data.length === 1 ? d : refused(node, 'a value of the map is not one element'),
  );
  const dtype = elements[0]?.dtype ?? otherwise;
  if (elements.some((t) => t.dtype !== dtype)) refused(node, 'the values of the map are of several types');
  return tensorOf(
    dtype,
    [elements.length],
    elements.map((t) => t.data[0] as number),
  );
};

/** Keys, so that equal ones are found: integers whatever way they are held, strings. */
export const keyOf = (key: number | bigint | string): bigint | string =>
  typeof key === 'string' ? key : BigInt(key);

export const keysOf = ({ keys }: Mapping): readonly (bigint | string)[] =>
  Array.from(keys.data as ArrayLike<number | bigint | string>, keyOf);
