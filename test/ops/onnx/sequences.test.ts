/** Sequences and optionals where the standard's cases do not go: places, what is refused, types. Expected values follow from the text. */
import { describe, expect, test } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Attribute, type Model, type Type, tensorType, type Value } from '../../../src/ir/model.ts';
import { formatType } from '../../../src/ir/shape.ts';
import { check } from '../../../src/ir/verifier.ts';
import { operators } from '../../../src/ops/registry.ts';
import { retarget } from '../../../src/passes/express.ts';
import { constant } from '../../../src/tensor/data.ts';
import { type Datum, isTensor, optional, sequence } from '../../../src/tensor/datum.ts';
import { type Tensor, tensorOf } from '../../../src/tensor/tensor.ts';
import { modelOf } from '../models.ts';

const vec = (...values: number[]): Tensor => tensorOf('float32', [values.length], values);
const at = (i: number): Tensor => tensorOf('int64', [], [i]);
const abc = sequence([vec(1), vec(2), vec(3)]);
const int64 = tensorType('int64', []);
const floats: Type = { kind: 'sequence', of: tensorType('float32', [null]) };

/** A value in plain words: shapes and numbers. */
const plainly = (d: Datum | undefined): unknown => {
  if (!d) return undefined;
  if (isTensor(d))
    return [
      `${d.dtype}[${d.dims}]`,
      ...Array.from(d.data as ArrayLike<unknown>, (v) => (typeof v === 'bigint' ? Number(v) : v)),
    ];
  if (d.kind === 'sequence') return { items: d.items.map(plainly) };
  return d.kind === 'optional' ? { optional: plainly(d.value ?? undefined) } : d;
};

const one = (
  op: string,
  types: readonly (Type | null)[],
  attributes: Record<string, Attribute> = {},
): Model => {
  const b = new Builder(operators);
  const inputs = types.map((t, i) => t && b.input(`x${i}`, t));
  return modelOf(b.finish([b.op(op, inputs, attributes, { output: 'y' })]));
};

const run = (m: Model, given: readonly (Datum | null)[]): unknown =>
  plainly(
    evaluator(m)
      .evaluate(new Map(given.flatMap((d, i) => (d ? [[`x${i}`, d] as const] : []))))
      .get('y'),
  );

const typeOf = (m: Model): string => formatType(m.graph.results[0]?.type ?? { kind: 'unknown' });

const items = (...values: number[]): unknown => ({ items: values.map((v) => ['float32[1]', v]) });

describe('places', () => {
  test.each([
    [0, 1],
    [2, 3],
    [-1, 3],
    [-3, 1],
  ])('SequenceAt %i', (i, value) => {
    expect(run(one('SequenceAt', [floats, int64]), [abc, at(i)])).toEqual(['float32[1]', value]);
  });

  test.each([
    [0, [2, 3]],
    [-1, [1, 2]],
    [-3, [2, 3]],
    [null, [1, 2]],
  ])('SequenceErase %s', (i, left) => {
    const m = one('SequenceErase', i === null ? [floats] : [floats, int64]);
    expect(run(m, i === null ? [abc] : [abc, at(i)])).toEqual(items(...left));
  });

  // "Accepted range for 'position' is in `[-n, n]`"
  test.each([
    [0, [9, 1, 2, 3]],
    [3, [1, 2, 3, 9]],
    [-1, [1, 2, 9, 3]],
    [-3, [9, 1, 2, 3]],
    [null, [1, 2, 3, 9]],
  ])('SequenceInsert %s', (i, grown) => {
    const m = one(
      'SequenceInsert',
      i === null ? [floats, tensorType('float32', [1])] : [floats, tensorType('float32', [1]), int64],
    );
    expect(run(m, i === null ? [abc, vec(9)] : [abc, vec(9), at(i)])).toEqual(items(...grown));
  });

  test.each([
    ['SequenceAt', [abc, at(3)]],
    ['SequenceAt', [abc, at(-4)]],
    ['SequenceAt', [sequence([]), at(0)]],
    ['SequenceErase', [abc, at(3)]],
    ['SequenceErase', [sequence([]), at(-1)]],
  ] as const)('%s outside is refused', (op, given) => {
    expect(() => run(one(op, [floats, int64]), given)).toThrow(/is outside of a sequence of/);
  });

  test('SequenceInsert outside is refused', () => {
    const m = one('SequenceInsert', [floats, tensorType('float32', [1]), int64]);
    for (const i of [4, -4]) expect(() => run(m, [abc, vec(9), at(i)])).toThrow(/position -?4 is outside/);
  });
});

describe('what a sequence holds', () => {
  test('SequenceConstruct: tensors of one dtype, of shapes that may differ', () => {
    const m = one('SequenceConstruct', [tensorType('float32', ['N', 2]), tensorType('float32', ['N', 3])]);
    expect(typeOf(m)).toBe('seq(float32[N, ?])');
    expect(() => one('SequenceConstruct', [tensorType('float32', []), int64])).toThrow(
      /cannot hold float32\[\] and int64\[\]/,
    );
    expect(() => one('SequenceConstruct', [])).toThrow(/at least one/);
  });

  test('SequenceInsert of another dtype', () => {
    expect(() => one('SequenceInsert', [floats, int64])).toThrow(/cannot hold/);
    expect(() => run(one('SequenceInsert', [{ kind: 'unknown' }, int64]), [abc, at(1)])).toThrow(
      /int64 tensor does not go/,
    );
  });

  test('SequenceEmpty', () => {
    expect(typeOf(one('SequenceEmpty', []))).toBe('seq(float32[…])');
    expect(typeOf(one('SequenceEmpty', [], { dtype: attr.int(8) }))).toBe('seq(string[…])');
    expect(run(one('SequenceEmpty', []), [])).toEqual({ items: [] });
    expect(() => one('SequenceEmpty', [], { dtype: attr.int(99) })).toThrow(/no element type/);
  });

  test('SequenceLength', () => {
    expect(run(one('SequenceLength', [floats]), [abc])).toEqual(['int64[]', 3]);
    expect(() => one('SequenceLength', [int64])).toThrow(/int64\[\], not a sequence/);
  });
});

describe('SplitToSequence', () => {
  const x = tensorOf('float32', [2, 3], [1, 2, 3, 4, 5, 6]);
  const split = (parts: readonly number[] | number | null, attributes: Record<string, Attribute> = {}) => {
    const b = new Builder(operators);
    const given = b.input('x0', tensorType('float32', [2, 3]));
    const sizes =
      parts === null
        ? []
        : [b.constant(constant('int64', [parts].flat() as number[], Array.isArray(parts) ? undefined : []))];
    return modelOf(
      b.finish([
        b.op('SplitToSequence', [given, ...sizes], { axis: attr.int(1), ...attributes }, { output: 'y' }),
      ]),
    );
  };

  test.each([
    [
      'ones',
      null,
      {},
      'seq(float32[2, 1])',
      [
        ['float32[2,1]', 1, 4],
        ['float32[2,1]', 2, 5],
        ['float32[2,1]', 3, 6],
      ],
    ],
    [
      'without the axis',
      null,
      { keepdims: attr.int(0) },
      'seq(float32[2])',
      [
        ['float32[2]', 1, 4],
        ['float32[2]', 2, 5],
        ['float32[2]', 3, 6],
      ],
    ],
    [
      'twos, and what is left',
      2,
      { axis: attr.int(-1) },
      'seq(float32[2, ?])',
      [
        ['float32[2,2]', 1, 2, 4, 5],
        ['float32[2,1]', 3, 6],
      ],
    ],
    // "If input 'split' is specified, this attribute is ignored."
    [
      'as listed, keepdims or not',
      [1, 0, 2],
      { keepdims: attr.int(0) },
      'seq(float32[2, ?])',
      [['float32[2,1]', 1, 4], ['float32[2,0]'], ['float32[2,2]', 2, 3, 5, 6]],
    ],
    ['longer than the axis', 4, {}, 'seq(float32[2, 3])', [['float32[2,3]', 1, 2, 3, 4, 5, 6]]],
  ] as const)('%s', (_, parts, attributes, type, wanted) => {
    const m = split(parts, attributes);
    expect(typeOf(m)).toBe(type);
    expect(run(m, [x])).toEqual({ items: wanted });
  });

  test('parts that do not make up the axis', () => {
    expect(() => split([1, 1])).toThrow(/do not make up an axis of extent 3/);
    expect(() => split([-1, 4])).toThrow(/do not make up/);
    expect(() => split(0)).toThrow(/parts of 0/);
  });
});

describe('ConcatFromSequence', () => {
  const rows = sequence([tensorOf('float32', [1, 2], [1, 2]), tensorOf('float32', [1, 2], [3, 4])]);
  const of: Type = { kind: 'sequence', of: tensorType('float32', [1, 2]) };
  test.each([
    [{ axis: attr.int(0) }, 'float32[?, 2]', ['float32[2,2]', 1, 2, 3, 4]],
    [{ axis: attr.int(-1) }, 'float32[1, ?]', ['float32[1,4]', 1, 2, 3, 4]],
    [{ axis: attr.int(-1), new_axis: attr.int(1) }, 'float32[1, 2, ?]', ['float32[1,2,2]', 1, 3, 2, 4]],
    [{ axis: attr.int(0), new_axis: attr.int(1) }, 'float32[?, 1, 2]', ['float32[2,1,2]', 1, 2, 3, 4]],
  ])('%o', (attributes, type, wanted) => {
    const m = one('ConcatFromSequence', [of], attributes);
    expect(typeOf(m)).toBe(type);
    expect(run(m, [rows])).toEqual(wanted);
  });

  test('what does not join', () => {
    const m = one('ConcatFromSequence', [floats], { axis: attr.int(0), new_axis: attr.int(1) });
    expect(() => run(m, [sequence([vec(1), vec(1, 2)])])).toThrow(/float32\[1\] and then float32\[2\]/);
    expect(() => run(m, [sequence([])])).toThrow(/no items/);
    expect(() => one('ConcatFromSequence', [of], { axis: attr.int(2) })).toThrow(/axis 2 is outside/);
  });
});

describe('optionals', () => {
  const t = tensorType('float32', [1]);
  test('Optional holds its input, or nothing of a type', () => {
    expect(run(one('Optional', [t]), [vec(1)])).toEqual({ optional: ['float32[1]', 1] });
    const none = one('Optional', [], { type: { kind: 'type', type: floats } });
    expect(typeOf(none)).toBe('optional(seq(float32[?]))');
    expect(run(none, [])).toEqual({ optional: undefined });
    expect(() => one('Optional', [])).toThrow(/neither an input nor a type/);
    expect(() => one('Optional', [t], { type: { kind: 'type', type: int64 } })).toThrow(/its type int64/);
  });

  test('OptionalGetElement', () => {
    const m = one('OptionalGetElement', [{ kind: 'optional', of: t }]);
    expect(typeOf(m)).toBe('float32[1]');
    expect(run(m, [optional(vec(4))])).toEqual(['float32[1]', 4]);
    expect(() => run(m, [optional(null)])).toThrow(/holds nothing/);
    expect(run(one('OptionalGetElement', [floats]), [abc])).toEqual(items(1, 2, 3));
  });

  test.each([
    [[{ kind: 'optional', of: t } as Type], [optional(vec(4))], 1],
    [[{ kind: 'optional', of: t } as Type], [optional(null)], 0],
    [[t], [vec(4)], 1],
    [[floats], [sequence([])], 1],
    [[], [], 0],
    [[null], [null], 0],
  ])('OptionalHasElement of %o', (types, given, has) => {
    expect(run(one('OptionalHasElement', types), given)).toEqual(['bool[]', has]);
  });
});

describe('SequenceMap', () => {
  /** Items of the first plus items of the second, plus what stands around, plus one tensor for all; and the first items' shapes. */
  const mapping = (): Model => {
    const b = new Builder(operators);
    const inputs = [b.input('x0', floats), b.input('x1', floats), b.input('x2', tensorType('float32', [1]))];
    const around = b.constant(constant('float32', [100]));
    const t = b.inner();
    const item = tensorType('float32', [null]);
    const [x, y, z] = [t.input('x', item), t.input('y', item), t.input('z', tensorType('float32', [1]))];
    const sum = t.op('Add', [t.op('Add', [x, y]), t.op('Add', [z, around])]);
    const body = attr.region(t.finish([sum, t.op('Shape', [x])]));
    return modelOf(
      b.finish(
        b.call(['', 'SequenceMap'], inputs, { attributes: { body }, outputs: ['y', 'shapes'] }) as Value[],
      ),
    );
  };
  const given = [abc, sequence([vec(10), vec(20, 30), vec(40)]), vec(1000)];
  const wanted = {
    items: [
      ['float32[1]', 1111],
      ['float32[2]', 1122, 1132],
      ['float32[1]', 1143],
    ],
  };

  test('beside another sequence, a tensor and what it captures', () => {
    expect(mapping().graph.results.map((r) => formatType(r.type))).toEqual([
      'seq(float32[?])',
      'seq(int64[1])',
    ]);
    expect(run(mapping(), given)).toEqual(wanted);
    expect(run(mapping(), [sequence([]), sequence([]), vec(1)])).toEqual({ items: [] });
    expect(() => run(mapping(), [abc, sequence([vec(1)]), vec(1)])).toThrow(
      /input 1 has 1 items, input 0 has 3/,
    );
  });

  test.each([16, 13])('at opset %i it is a Loop', (opset) => {
    const m = retarget(mapping(), new Map([['', opset]]));
    expect(check(m)).toEqual([]);
    expect(m.graph.nodes.map((n) => n.op.name)).toContain('Loop');
    expect(run(m, given)).toEqual(wanted);
    expect(run(m, [sequence([]), sequence([]), vec(1)])).toEqual({ items: [] });
  });
});
