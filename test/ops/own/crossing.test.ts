/** IsMissing, Fill, Mask, Choose, Kleene: expected values from docs/operators.md, by hand. */
import { describe, expect, it } from 'vitest';
import { attr } from '../../../src/ir/attributes.ts';
import { cells, column, fixed, refusal, table, use } from './one.ts';

describe('IsMissing, Fill and Mask', () => {
  it('say what is missing', () => {
    expect(use('IsMissing', [column('string', 'a', null, '')])).toMatchObject({
      types: ['bool[N, 1]'],
      cells: [[0, 1, 0]],
    });
    expect(cells('IsMissing', [column('float64', Number.NaN)])).toEqual([0]);
  });

  it('fill by broadcasting, and the result is never missing', () => {
    expect(use('Fill', [column('float64', 1, null), fixed('float64', 7, 8)])).toEqual({
      types: ['float64[N, 2]'],
      dims: [[2, 2]],
      cells: [[1, 1, 7, 8]],
    });
    expect(use('Fill', [column('int64', null, 5n), fixed('int64', -1n)]).types).toEqual(['int64[N, 1]']);
  });

  it('mask where when is true; what was missing stays so', () => {
    expect(use('Mask', [column('string', 'a', 'b', null), column('bool', false, true, false)])).toEqual({
      types: ['string[N, 1]?'],
      dims: [[3, 1]],
      cells: [['a', null, null]],
    });
    expect(cells('Mask', [table('float64', [1, 2], [3, 4]), column('bool', true, false)])).toEqual([
      null,
      null,
      3,
      4,
    ]);
  });

  it('refuse what does not fit', () => {
    expect(refusal(() => use('Fill', [column('float64', null), column('float32', 1)]))).toContain(
      'float64 and float32',
    );
    expect(refusal(() => use('Fill', [column('float64', null), column('float64', null)]))).toContain(
      'may be missing',
    );
    expect(refusal(() => use('Mask', [column('float64', 1), column('bool', null)]))).toContain(
      'fill it first',
    );
    expect(refusal(() => use('Mask', [column('float64', 1), column('float64', 1)]))).toMatch(
      /^ops\/bad-input: .*bool/,
    );
    expect(refusal(() => use('Fill', [column('float64', null)]))).toContain('it takes 2');
    expect(
      refusal(() => use('Mask', [table('float64', [1, 2]), table('bool', [true, true, true])])),
    ).toContain('do not broadcast');
  });
});

describe('Choose', () => {
  it('takes the first branch whose when is TRUE; UNKNOWN is not', () => {
    const when = column('bool', true, false, null, null, false);
    const second = column('bool', true, true, true, null, null);
    const done = use('Choose', [
      when,
      column('float64', 1, 1, 1, 1, 1),
      second,
      column('float64', 2, null, 2, 2, 2),
      fixed('float64', 3),
    ]);
    expect(done).toEqual({ types: ['float64[N, 1]?'], dims: [[5, 1]], cells: [[1, null, 2, 3, 3]] });
  });

  it('is never missing where no branch is, whatever is UNKNOWN', () => {
    expect(use('Choose', [column('bool', null), fixed('string', 'a'), fixed('string', 'b')])).toEqual({
      types: ['string[N, 1]'],
      dims: [[1, 1]],
      cells: [['b']],
    });
  });

  it('refuses pairs without otherwise, and two dtypes', () => {
    expect(refusal(() => use('Choose', [column('bool', true), column('float64', 1)]))).toContain('otherwise');
    expect(
      refusal(() => use('Choose', [column('bool', true), column('float64', 1), column('int32', 1)])),
    ).toContain('float64 and int32');
    expect(
      refusal(() => use('Choose', [column('int32', 1), column('float64', 1), column('float64', 1)])),
    ).toContain('it takes bool');
  });
});

describe('Kleene', () => {
  // Kleene, Introduction to Metamathematics, §64: the strong tables; T, F and U as true, false and null.
  const T = true;
  const F = false;
  const U = null;
  const a = [T, T, T, F, F, F, U, U, U];
  const b = [T, F, U, T, F, U, T, F, U];
  const by = (fn: string, ...inputs: (readonly (boolean | null)[])[]) =>
    cells(
      'Kleene',
      inputs.map((c) => column('bool', ...c)),
      { attributes: { fn: attr.string(fn) } },
    ).map((c) => (c === null ? U : c === 1));

  it.each([
    ['and', [T, F, U, F, F, F, U, F, U]],
    ['or', [T, T, T, T, F, U, T, U, U]],
    ['xor', [F, T, U, T, F, U, U, U, U]],
  ])('%s', (fn, expected) => {
    expect(by(fn, a, b)).toEqual(expected);
    // With a third that decides nothing, and one that decides all.
    const neutral = fn === 'and' ? T : F;
    expect(by(fn, a, b, new Array(9).fill(neutral))).toEqual(expected);
    if (fn !== 'xor') expect(by(fn, a, b, new Array(9).fill(!neutral))).toEqual(new Array(9).fill(!neutral));
  });

  it('not', () => {
    expect(by('not', [T, F, U])).toEqual([F, T, U]);
    expect(refusal(() => by('not', a, b))).toContain('it takes 1');
    expect(refusal(() => by('nand', a, b))).toContain("fn is 'nand'");
  });

  it('is missing only where an operand may be', () => {
    const fn = { attributes: { fn: attr.string('or') } };
    expect(use('Kleene', [column('bool', T), column('bool', F)], fn).types).toEqual(['bool[N, 1]']);
    expect(use('Kleene', [column('bool', T), column('bool', U)], fn).types).toEqual(['bool[N, 1]?']);
  });
});
