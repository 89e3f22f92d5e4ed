/** TfIdfVectorizer, StringSplit and RegexFullMatch, worked by hand. */
import { describe, expect, test } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import { direct, elements, type Single, t } from '../single.ts';

type Attributes = NonNullable<Single['attributes']>;

describe('TfIdfVectorizer', () => {
  /** [1] to column 1 with weight 2, [1, 2] to column 0 with weight 3. */
  const grams = (mode: string, more: Attributes = {}): Attributes => ({
    mode: attr.string(mode),
    min_gram_length: attr.int(1),
    max_gram_length: attr.int(2),
    max_skip_count: attr.int(1),
    ngram_counts: attr.ints([0, 1]),
    ngram_indexes: attr.ints([1, 0]),
    pool_int64s: attr.ints([1, 1, 2]),
    weights: attr.floats([2, 3]),
    ...more,
  });
  const count = (attributes: Attributes, x = t('int64', [4], [1, 2, 1, 2])) =>
    elements(direct({ name: 'TfIdfVectorizer', attributes }, [x])[0]);

  test('weights go with the pool', () => {
    // 1 stands twice; 1, 2 next to each other twice, and never with one between.
    expect(count(grams('TF'))).toEqual([2, 2]);
    expect(count(grams('IDF'))).toEqual([3, 2]);
    expect(count(grams('TFIDF'))).toEqual([6, 4]);
  });

  test('skips add up, of two kinds of integers', () => {
    // 1, 2 stand at 1 and 3, with one between.
    const x = [1, 1, 3, 2];
    expect(count(grams('TF'), t('int64', [4], x))).toEqual([1, 2]);
    expect(count(grams('TF'), t('int32', [3], [1, 2, 2]))).toEqual([2, 1]);
    expect(count(grams('TF', { max_skip_count: attr.int(0) }), t('int32', [3], [1, 2, 2]))).toEqual([1, 1]);
    expect(count(grams('TF', { min_gram_length: attr.int(2) }), t('int32', [3], [1, 2, 2]))).toEqual([2, 0]);
  });

  test('rows, strings, names that objects have', () => {
    const pool = {
      ngram_counts: attr.ints([0]),
      ngram_indexes: attr.ints([0, 2]),
      weights: attr.floats([1, 1]),
    };
    const { pool_int64s: _, ...rest } = grams('TF', pool);
    const attributes = { ...rest, pool_strings: attr.strings(['__proto__', 'constructor']) };
    const x = t('string', [2, 2], ['__proto__', 'toString', 'constructor', 'constructor']);
    expect(count(attributes, x)).toEqual([1, 0, 0, 0, 0, 2]);
    expect(count(attributes, t('string', [0], []))).toEqual([0, 0, 0]);
  });

  test('a pool that is none is refused', () => {
    expect(() => count(grams('TF', { ngram_counts: attr.ints([0, 9]) }))).toThrow('1-grams cannot stand');
    expect(() => count(grams('TF', { ngram_indexes: attr.ints([0]) }))).toThrow('1 n');
    expect(() => count(grams('TF', { ngram_indexes: attr.ints([0, -1]) }))).toThrow('below 0');
    expect(() => count(grams('TF', { ngram_indexes: attr.ints([0, 2 ** 40]) }))).toThrow('cannot give');
    expect(() => count(grams('BM25'))).toThrow("mode is 'BM25'");
    expect(() => count(grams('TF', { pool_strings: attr.strings(['a']) }), t('string', [1], ['a']))).toThrow(
      'both',
    );
  });
});

describe('StringSplit', () => {
  const split = (
    texts: readonly string[],
    attributes: Attributes = {},
    dims: readonly number[] = [texts.length],
  ) => {
    const [y, z] = direct({ name: 'StringSplit', attributes, outputs: 2 }, [t('string', dims, texts)]);
    return [y?.dims, y?.data, elements(z)];
  };

  test('white space in front and behind is no part, whatever the limit', () => {
    expect(split(['  a b   c d  '])).toEqual([[1, 4], ['a', 'b', 'c', 'd'], [4]]);
    // As in onnxruntime 1.30.
    expect(split(['  a b   c d  '], { maxsplit: attr.int(1) })).toEqual([[1, 2], ['a', 'b   c d'], [2]]);
    expect(split([' x '], { maxsplit: attr.int(0) })).toEqual([[1, 1], ['x'], [1]]);
    expect(split(['', ' \u2003 '])).toEqual([[2, 0], [], [0, 0]]);
    expect(split(['a\u00a0b'])).toEqual([[1, 2], ['a', 'b'], [2]]);
  });

  test('delimiters in a row delimit empty strings', () => {
    const comma = { delimiter: attr.string(',') };
    expect(split(['a,,b', 'c'], comma)).toEqual([
      [2, 3],
      ['a', '', 'b', 'c', '', ''],
      [3, 1],
    ]);
    expect(split(['a,b,,c'], { ...comma, maxsplit: attr.int(2) })).toEqual([[1, 3], ['a', 'b', ',c'], [3]]);
    expect(split([''], comma)).toEqual([[1, 1], [''], [1]]);
    expect(split(['a.b'], { delimiter: attr.string('.') })).toEqual([[1, 2], ['a', 'b'], [2]]);
  });

  test('of nothing', () => {
    expect(split([], {}, [0, 2])).toEqual([[0, 2, 0], [], []]);
  });
});

describe('RegexFullMatch', () => {
  const matches = (pattern: string, texts: readonly string[]) =>
    elements(
      direct({ name: 'RegexFullMatch', attributes: { pattern: attr.string(pattern) } }, [
        t('string', [texts.length], texts),
      ])[0],
    );

  test('all of the string, in the syntax of RE2', () => {
    expect(matches('a|ab', ['a', 'ab', 'abc'])).toEqual([1, 1, 0]);
    expect(matches('(?i)x.y', ['XaY', 'x\ny', 'x\u{1F600}y'])).toEqual([1, 0, 1]);
    expect(matches('(?P<w>\\pL+)', ['äß', 'a1', ''])).toEqual([1, 0, 0]);
    expect(matches('', ['', 'a'])).toEqual([1, 0]);
  });

  test('takes linear time, and refuses what RE2 does not have', () => {
    // An engine that tries every way would never end.
    expect(matches('(a+)+b', ['a'.repeat(50_000)])).toEqual([0]);
    for (const pattern of ['(', 'a{2000}', '(?=a)', '(a)\\1']) {
      expect(() => matches(pattern, ['a'])).toThrow('no regular expression of RE2');
    }
    expect(() => matches('((a{100}){100}){100}', ['a'])).toThrow('too large a regular expression');
  });
});
