import { describe, expect, it } from 'vitest';
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Model, tensorType } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import { constant } from '../../src/tensor/data.ts';
import { compareStructure } from '../../src/verify/structure.ts';

interface Change {
  readonly weights?: readonly number[];
  readonly called?: string;
  readonly alpha?: number;
  readonly further?: boolean;
  readonly opset?: number;
}

/** x · w, scaled by alpha, then Relu and perhaps Neg. */
const model = ({
  weights = [1, 2, 3, 4],
  called = 'w',
  alpha = 1,
  further = false,
  opset = 21,
}: Change = {}): Model => {
  const b = new Builder(operators);
  const x = b.input('x', tensorType('float32', ['N', 2]));
  const w = b.parameter(called, constant('float32', weights, [2, 2]));
  const h = b.op('Gemm', [x, w], { alpha: attr.float(alpha) }, { output: 'h' });
  const y = b.op('Relu', [h], {}, { output: 'y' });
  return {
    format: 'ONNX',
    version: '',
    name: '',
    graph: b.finish([further ? b.op('Neg', [y], {}, { output: 'z' }) : y]),
    rows: 'N',
    fields: [],
    templates: [],
    opsets: new Map([['', opset]]),
    profile: 'ONNX',
    metadata: new Map(),
    extra: new Map(),
  };
};

const between = (change: Change) => compareStructure(model(), model(change)).differences;

describe('how two graphs differ', () => {
  it('not at all', () => {
    expect(compareStructure(model(), model())).toEqual({ count: 0, differences: [] });
  });

  it('by elements of a weight: how many, and how far apart', () => {
    expect(between({ weights: [1, 2, 3.5, 4] })).toEqual([
      { kind: 'weight', name: 'w', a: 'float32[2,2]', b: '1 of 4 elements differ, at most 0.5 apart' },
    ]);
  });

  it('by the name of a weight alone', () => {
    expect(between({ called: 'kernel' })).toEqual([
      { kind: 'weight', name: 'w', a: 'float32[2,2]', b: "the same, called 'kernel'" },
      { kind: 'node', name: 'h', a: 'Gemm 13 (x, w)', b: 'Gemm 13 (x, kernel)' },
    ]);
  });

  it('by an attribute, an opset', () => {
    expect(between({ alpha: 0.5, opset: 17 })).toEqual([
      { kind: 'opset', name: 'ai.onnx', a: '21', b: '17' },
      { kind: 'node', name: 'h · alpha', a: '1', b: '0.5' },
    ]);
  });

  it('by a node, and with it the interface', () => {
    expect(between({ further: true })).toEqual([
      { kind: 'output', name: 'y', a: 'float32[N, 2]', b: null },
      { kind: 'output', name: 'z', a: null, b: 'float32[N, 2]' },
      { kind: 'operator', name: 'Neg 13', a: null, b: '1 node' },
      { kind: 'node', name: 'z', a: null, b: 'Neg 13 (y)' },
    ]);
  });
});
