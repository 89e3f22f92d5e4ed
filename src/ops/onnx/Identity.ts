import { refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import type { Operator } from '../operator.ts';
import { whereHeld } from './carriers.ts';
import { sameElements } from './elements.ts';
import { finish, number } from './expansion.ts';

/** The input itself, whatever its type. ONNX Operators, Identity. */
export const Identity: Operator = {
  domain: '',
  name: 'Identity',
  since: [1, 13, 14, 16, 19, 21, 23, 24, 25],
  infer: (node) => [node.inputs[0]?.type ?? { kind: 'unknown' }],
  elements: sameElements,
  evaluate: ([x]) => [x ?? null],
  // From 14 on sequences, from 16 on optionals too.
  apply: ([x]) => [x ?? null],
  lower: (_, [x]) => [x ?? null],
  express: (node, b, opsets) => {
    // Before 14 of tensors alone: one item in, and out again; optionals came with 16.
    const [x] = node.inputs as readonly [Value];
    const { type } = x;
    const opset = opsets.get('') ?? 0;
    if (type.kind === 'optional' && opset < 16)
      return refuse('express/no-operator', 'before opset 16 no operator gives an optional as it takes it');
    if (type.kind !== 'sequence' || type.of.kind !== 'tensor' || opset >= 14) return undefined;
    const first = number(b, 'int64', 0);
    const item = b.constant(constant(type.of.dtype, type.of.dtype === 'string' ? [''] : [0]));
    return finish(node, b, 'SequenceErase', [b.op('SequenceInsert', [x, item, first]), first]);
  },
  carriers: whereHeld,
  rows: () => 'each',
};
