/** Logic that several expressions in ONNX operators share. */
import type { Builder } from '../../ir/builder.ts';
import type { Value } from '../../ir/model.ts';
import type { DType } from '../../tensor/dtype.ts';

export const dtypeOf = (v: Value): DType | undefined => (v.type.kind === 'tensor' ? v.type.dtype : undefined);

/** Where, in logic for booleans: onnxruntime has no kernel of Where for them. */
export const where = (b: Builder, when: Value, then: Value, otherwise: Value): Value =>
  dtypeOf(then) === 'bool'
    ? b.op('Or', [b.op('And', [when, then]), b.op('And', [b.op('Not', [when]), otherwise])])
    : b.op('Where', [when, then, otherwise]);

/** The disjunction of those that are there; null where none is. */
export const orAll = (b: Builder, parts: readonly (Value | null)[]): Value | null =>
  parts.reduce<Value | null>((any, p) => (any && p ? b.op('Or', [any, p]) : (any ?? p)), null);

export const not = (b: Builder, x: Value): Value => b.op('Not', [x]);
