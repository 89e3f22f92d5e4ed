import { describe, expect, it } from 'vitest';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { attr } from '../../../src/ir/attributes.ts';
import { Builder } from '../../../src/ir/builder.ts';
import { type Model, OWN, tensorType } from '../../../src/ir/model.ts';
import { operators } from '../../../src/ops/registry.ts';
import { obstacles } from '../../../src/passes/express.ts';
import { constant } from '../../../src/tensor/data.ts';
import { type Tensor, tensor, tensorOf } from '../../../src/tensor/tensor.ts';
import { modelFrom } from '../../passes/forests.ts';

/** Text over a column of values (null: missing) and constants. */
const model = (fn: string, dtype: 'string' | 'float64', args: readonly (string | number)[]): Model => {
  const b = new Builder(operators);
  const x = b.input('x', tensorType(dtype, ['N', 1], 'missing'));
  const more = args.map((a) => b.constant(constant(typeof a === 'string' ? 'string' : 'float64', [a], [1])));
  return modelFrom(b.finish([b.op([OWN, 'Text'], [x, ...more], { fn: attr.string(fn) }, { output: 'y' })]));
};

const given = (dtype: 'string' | 'float64', values: readonly (string | number | null)[]): Tensor => {
  const filled = values.map((v) => v ?? (dtype === 'string' ? '' : 0));
  const missing = Uint8Array.from(values, (v) => (v === null ? 1 : 0));
  return tensor(dtype, [values.length, 1], tensorOf(dtype, [values.length, 1], filled).data, missing);
};

const text = (fn: string, values: readonly (string | number | null)[], ...args: (string | number)[]) => {
  const dtype = typeof values[0] === 'number' ? 'float64' : 'string';
  const y = evaluator(model(fn, dtype, args))
    .run(new Map([['x', given(dtype, values)]]))
    .get('y') as Tensor;
  return Array.from(y.data as ArrayLike<unknown>, (v, i) => (y.missing?.[i] ? null : v));
};

describe('Text', () => {
  it('changes case, and is missing where its argument is', () => {
    expect(text('uppercase', ['Value', null, 'straße'])).toEqual(['VALUE', null, 'STRASSE']);
    expect(text('lowercase', ['VaLuE', null])).toEqual(['value', null]);
  });

  it('trims what is blank at both ends', () => {
    expect(text('trimBlanks', [' a b ', '\tvalue\t', ''])).toEqual(['a b', 'value', '']);
  });

  it('takes characters from a position counted from 1', () => {
    // PMML 4.4.1: substring of "aBc9x", 2, 3 is "Bc9". Positions outside are not there (XPath fn:substring).
    expect(text('substring', ['aBc9x', null], 2, 3)).toEqual(['Bc9', null]);
    expect(text('substring', ['value'], 1, 0)).toEqual(['']);
    expect(text('substring', ['value'], 1, 5)).toEqual(['value']);
    expect(text('substring', ['value'], 2, 40)).toEqual(['alue']);
    expect(text('substring', ['12345'], 0, 3)).toEqual(['12']);
    expect(text('substring', ['12345'], -3, 2)).toEqual(['']);
  });

  it('joins and measures', () => {
    expect(text('concat', ['2', null], '-', 'x')).toEqual(['2-x', null]);
    expect(text('stringLength', ['', 'naïve'])).toEqual([0, 5]);
  });

  it('replaces every match', () => {
    // PMML 4.4.1: replace("BBBB", "B+", "c") is "c".
    expect(text('replace', ['BBBB', 'aBBcB'], 'B+', 'c')).toEqual(['c', 'accc']);
    expect(text('replace', ['2004-08'], '(\\d+)-(\\d+)', '$2/$1')).toEqual(['08/2004']);
  });

  it('finds a match anywhere', () => {
    // PMML 4.4.1: the pattern "ar?y" is found in January, February and May, not in March.
    expect(text('matches', ['January', 'February', 'March', 'April', 'May', null], 'ar?y')).toEqual([
      1,
      1,
      0,
      0,
      1,
      null,
    ]);
  });

  it('takes linear time for patterns made to take for ever', () => {
    const start = Date.now();
    expect(text('matches', [`${'a'.repeat(50_000)}!`], '^(a+)+$')).toEqual([0]);
    expect(Date.now() - start).toBeLessThan(5000);
  });

  it('formats numbers and moments', () => {
    expect(text('formatNumber', [2, null], '%3d')).toEqual(['  2', null]);
    expect(text('formatDatetime', [1092960000], '%m/%d/%y')).toEqual(['08/20/04']);
  });

  it('names what is wrong', () => {
    expect(() => text('matches', ['a'], '(')).toThrow(/no regular expression/);
    expect(() => text('matches', ['a'], '(a)\\1')).toThrow(/no regular expression/);
    expect(() => text('replace', ['a'], 'a', '$3')).toThrow(/names a group/);
    expect(() => text('formatNumber', [1], '%y')).toThrow(/no pattern for a number/);
    expect(() => model('reverse', 'string', [])).toThrow(/no function 'reverse'/);
    expect(() => model('uppercase', 'float64', [])).toThrow(/float64/);
    expect(() => model('substring', 'string', [1])).toThrow(/2 inputs/);
  });

  it('says why ONNX cannot have it', () => {
    const opsets = new Map([
      ['', 21],
      ['ai.onnx.ml', 5],
    ]);
    for (const fn of ['matches', 'replace', 'formatNumber', 'formatDatetime', 'substring', 'uppercase']) {
      const dtype = fn.startsWith('format') ? 'float64' : 'string';
      const args = { substring: [1, 2], replace: ['a', 'b'], uppercase: [] }[fn] ?? ['%d'];
      expect(obstacles(model(fn, dtype, args), opsets)).toEqual([
        expect.objectContaining({ operator: 'portolan.Text', rule: 'express/text' }),
      ]);
    }
  });
});

describe('patterns of a model', () => {
  const refusal = (fn: string, dtype: 'string' | 'float64', ...args: string[]): string => {
    try {
      model(fn, dtype, args);
    } catch (e) {
      return (e as Error).message;
    }
    return 'none';
  };

  it.each([
    ['matches', '(a', /linear time/],
    // What backtracking engines have, and no engine in linear time: it is refused, not tried.
    ['matches', '(a)\\1', /linear time/],
    ['matches', '(?=a)b', /linear time/],
    ['matches', 'a{1000}'.repeat(21), /too large/],
    ['matches', '((((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9})', /too large/],
    ['matches', `(${'[a-z]'.repeat(10)}){1000}`, /too large/],
  ] as const)('%s of /%s/ is refused before anything is scored', (fn, pattern, why) => {
    expect(refusal(fn, 'string', pattern)).toMatch(why);
  });

  it('so is a replacement by a group that is not there, and a format that is none', () => {
    expect(refusal('replace', 'string', '(a)b', '$2')).toMatch(/names a group/);
    expect(refusal('replace', 'string', '(a)b', '$1')).toBe('none');
    expect(refusal('formatNumber', 'float64', '%d %d')).toMatch(/no pattern for a number/);
    expect(refusal('formatDatetime', 'float64', '%')).toMatch(/no pattern for dates/);
  });

  it('catastrophic for engines that go back, and linear here', () => {
    // 50,000 characters: an engine that goes back would take 2^50,000 steps.
    expect(text('matches', ['a'.repeat(50_000)], '^(a+)+$|^(a|a)*b$')).toEqual([1]);
    expect(text('matches', [`${'a'.repeat(50_000)}!`], '^(a+)+$')).toEqual([0]);
  });
});
