/** PMML 4.4.1, Transformations, TextIndex; worked by hand. */
import { describe, expect, it } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import type { Attribute, Node } from '../../../src/ir/model.ts';
import { OWN, tensorType } from '../../../src/ir/model.ts';
import { TextIndex } from '../../../src/ops/own/TextIndex.ts';
import { tensor, tensorOf } from '../../../src/tensor/tensor.ts';

const node = (attributes: Record<string, Attribute>): Node => ({
  op: { domain: OWN, name: 'TextIndex', since: 1 },
  name: '',
  inputs: ['text', 'term'].map((name) => ({ name, type: tensorType('string', ['N', 1], 'missing') })),
  outputs: [],
  attributes: new Map(Object.entries(attributes)),
  from: [],
});

const count = (text: string, term: string, attributes: Record<string, Attribute> = {}): number => {
  const [out] =
    TextIndex.evaluate?.(
      [tensorOf('string', [1, 1], [text]), tensorOf('string', [1, 1], [term])],
      node(attributes),
    ) ?? [];
  return Number(out?.data[0]);
};

describe('TextIndex', () => {
  it('counts whole words, without their punctuation, and terms of several words', () => {
    expect(count('Sun, sun; sunny (SUN).', 'sun')).toBe(3);
    expect(count('Sun, sun; sunny (SUN).', 'sun', { caseSensitive: attr.int(1) })).toBe(1);
    expect(count('a b a b a', 'a b')).toBe(2);
    expect(count('', 'sun')).toBe(0);
    expect(count('sun', '')).toBe(0);
  });

  it('allows so many edits in all words of the term together', () => {
    const within = (d: number) => ({ distance: attr.float(d) });
    expect(count('browny foxy', 'brown fox', within(1))).toBe(0);
    expect(count('browny foxy', 'brown fox', within(2))).toBe(1);
    expect(count('dog doog doooog', 'dog', { ...within(1), hits: attr.string('bestHits') })).toBe(1);
  });

  it('weighs counts', () => {
    const weighed = (w: string) => count('a b a c', 'a', { weights: attr.string(w) });
    expect(weighed('termFrequency')).toBe(2);
    expect(weighed('binary')).toBe(1);
    expect(weighed('logarithmic')).toBe(Math.log10(3));
    // 0.5 · (1 + 2/2): no word is more frequent than a.
    expect(weighed('augmentedNormalizedTermFrequency')).toBe(1);
  });

  it('without words counts every place', () => {
    expect(count('banana', 'an', { tokenize: attr.int(0) })).toBe(2);
  });

  const table = (recursive: number, rows: readonly (readonly [string, string, number])[]) => ({
    tableSeparator: attr.strings(['\\s+']),
    tableCase: attr.ints([0]),
    tableDistance: attr.ints([0]),
    tableTokenize: attr.ints([1]),
    tableRecursive: attr.ints([recursive]),
    from: attr.strings(rows.map((r) => r[0])),
    to: attr.strings(rows.map((r) => r[1])),
    regex: attr.ints(rows.map((r) => r[2])),
    table: attr.ints(rows.map(() => 0)),
  });

  it('normalises row after row, whole words only, and again where the table is recursive', () => {
    expect(count('cats catsuit', 'cat', table(0, [['cats', 'cat', 1]]))).toBe(1);
    expect(
      count(
        'big cats',
        'pet',
        table(0, [
          ['big', '', 0],
          ['cats', 'pet', 0],
        ]),
      ),
    ).toBe(1);
    const backwards = [
      ['b', 'c', 0],
      ['a', 'b', 0],
    ] as const;
    expect(count('a', 'c', table(1, backwards))).toBe(1);
    expect(count('x a', 'c', table(0, backwards))).toBe(0);
  });

  it('normalisation that feeds itself ends', () => {
    expect(count('a', 'b', table(1, [['a', 'a a', 1]]))).toBe(0);
  });

  it('is missing where either is', () => {
    const gone = tensor('string', [2, 1], ['', 'a'], Uint8Array.of(1, 0));
    const [out] =
      TextIndex.evaluate?.([gone, tensor('string', [2, 1], ['a', 'a'], Uint8Array.of(0, 1))], node({})) ?? [];
    expect([...(out?.missing ?? [])]).toEqual([1, 1]);
  });

  it('refuses what RE2 does not have', () => {
    expect(() => TextIndex.infer(node({ separator: attr.string('(?=x)') }), () => undefined)).toThrow(/RE2/);
  });
});
