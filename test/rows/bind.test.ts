import { describe, expect, it } from 'vitest';
import { Diagnostics, PortolanError } from '../../src/ir/diagnostic.ts';
import { type Absent, type Dim, type Field, tensorType, type Value } from '../../src/ir/model.ts';
import { bind } from '../../src/rows/bind.ts';
import { parseCsv } from '../../src/rows/csv.ts';
import { parseJsonLines } from '../../src/rows/jsonl.ts';
import { unbind } from '../../src/rows/unbind.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';

const value = (name: string, dtype: DType, dims: Dim[] = ['N', 1], absent: Absent = 'never'): Value => ({
  name,
  type: tensorType(dtype, dims, absent),
});
const input = (name: string, v: Value, more: Partial<Field> = {}): Field => ({
  name,
  role: 'input',
  value: v,
  optype: 'continuous',
  ...more,
});
/** What a bound tensor holds, as plain values. */
const part = (bound: Map<string, Tensor>, name: string, of: 'data' | 'missing' = 'data') => [
  ...(bound.get(name) as Required<Tensor>)[of],
];

const csv = (text: string, options = {}) => parseCsv([text], 'rows.csv', options);

const refusal = (f: () => unknown) => {
  try {
    f();
  } catch (e) {
    if (e instanceof PortolanError) return e.diagnostic;
    throw e;
  }
  throw new Error('nothing was refused');
};

describe('rows to tensors', () => {
  it('reads numbers, strings and missing cells by field', () => {
    const fields = [
      input('x', value('x', 'float64', ['N', 1], 'missing'), { missing: ['-1', '?'] }),
      input('s', value('s', 'string', ['N', 1], 'missing')),
      input('p', value('p', 'float64')),
      input('q', value('q', 'string')),
    ];
    const out = bind(
      csv('s,x,p,q,unused\n a ,1e-3,NA,N/A,z\nNA,-1.0,Infinity,,z\n,?, 2.5 ,x,z\nb,N/A,NaN,y,z\n'),
      fields,
    );
    expect(part(out, 'x')).toEqual([0.001, 0, 0, 0]);
    expect(part(out, 'x', 'missing')).toEqual([0, 1, 1, 1]);
    expect(out.get('s')?.data).toEqual([' a ', '', '', 'b']);
    expect(part(out, 's', 'missing')).toEqual([0, 1, 1, 0]);
    expect(part(out, 'p')).toEqual([Number.NaN, Infinity, 2.5, Number.NaN]);
    expect(out.get('q')?.data).toEqual(['', '', 'x', 'y']);
    expect(out.has('unused')).toBe(false);
  });

  it('refuses a cell that is no number, and says where it is', () => {
    for (const bad of ['0x10', '1,5', '1_000', '12abc', 'inf', '1e', '.', 'true', ' ']) {
      const d = refusal(() =>
        bind(csv(`x;y\n1;2\n${bad};3\n`, { delimiter: ';' }), [input('x', value('x', 'float32'))]),
      );
      expect(d).toMatchObject({
        rule: 'rows/unparsable-cell',
        at: { file: 'rows.csv', at: "line 3, column 'x'" },
      });
      expect(d.message).toContain(JSON.stringify(bad));
    }
  });

  it('refuses a missing column, and lists those there are', () => {
    const d = refusal(() => bind(csv('a,b\n1,2\n'), [input('x', value('x', 'float64'))]));
    expect(d).toMatchObject({ rule: 'rows/missing-column', help: "the columns are 'a', 'b'" });
  });

  it('reads integers exactly, and refuses fractions, overflow and holes', () => {
    const field = [input('n', value('n', 'int64'))];
    expect(part(bind(csv('n\n9007199254740993\n-3.0\n'), field), 'n')).toEqual([9007199254740993n, -3n]);
    expect(refusal(() => bind(csv('n\n1.5\n'), field)).rule).toBe('rows/unparsable-cell');
    expect(refusal(() => bind(csv('n\n9223372036854775808\n'), field)).rule).toBe('rows/unparsable-cell');
    expect(refusal(() => bind(csv('n\n128\n'), [input('n', value('n', 'int8'))])).rule).toBe(
      'rows/unparsable-cell',
    );
    expect(refusal(() => bind(csv('n,m\nNA,1\n'), field))).toMatchObject({
      rule: 'rows/missing-cell',
      at: { at: "line 2, column 'n'" },
    });
  });

  it('reads booleans and dates', () => {
    const fields = [
      input('b', value('b', 'bool')),
      input('d', value('d', 'float64'), { logical: 'dateDaysSince[1960]' }),
      input('t', value('t', 'float64'), { logical: 'time' }),
    ];
    // PMML 4.4.1: 1960-01-03 is day 2 of dateDaysSince[1960]; the day before the epoch is -1.
    const out = bind(csv('b,d,t\ntrue,1960-01-03,00:01:30\n0,1959-12-31,23:59:59.5\n'), fields);
    expect(part(out, 'b')).toEqual([1, 0]);
    expect(part(out, 'd')).toEqual([2, -1]);
    expect(part(out, 't')).toEqual([90, 86399.5]);
    expect(refusal(() => bind(csv('b,d,t\n1,1960-02-30,00:00:00\n'), fields)).message).toContain(
      '1960-02-30',
    );
  });

  it('rounds to the dtype, and takes a decimal comma', () => {
    const out = bind(csv('x;y\n0,1;1\n', { delimiter: ';', decimal: ',' }), [
      input('x', value('x', 'float32')),
    ]);
    expect(part(out, 'x')).toEqual([Math.fround(0.1)]);
    expect(
      refusal(() =>
        bind(csv('x;y\n0.1;1\n', { delimiter: ';', decimal: ',' }), [input('x', value('x', 'float32'))]),
      ).rule,
    ).toBe('rows/unparsable-cell');
  });

  it('gathers a tensor of several columns by name, by number, or in order with a warning', () => {
    const x = value('X', 'float64', ['N', 2]);
    const named = ['a', 'b'].map((n, column) => input(n, x, { column }));
    const made = [0, 1].map((column) => input(`X_${column}`, x, { column }));
    const data = (text: string, fields: Field[], notes?: Diagnostics) => [
      ...part(bind(csv(text), fields, notes), 'X'),
    ];
    expect(data('b,a\n1,2\n3,4\n', named)).toEqual([2, 1, 4, 3]);
    expect(data('X_1,X_0\n1,2\n', named)).toEqual([2, 1]);
    const notes = new Diagnostics();
    expect(data('u,v,w\n1,2,3\n', made, notes)).toEqual([1, 2]);
    expect(notes.list.map((d) => d.rule)).toEqual(['rows/columns-in-order']);
    expect(refusal(() => data('a,w\n1,2\n', named)).message).toContain("'b'");
    expect(refusal(() => data('u\n1\n', made)).rule).toBe('rows/missing-column');
  });

  it('reads lists of JSON Lines as rows of a tensor', () => {
    const image = input('image', value('image', 'float32', ['N', 1, 2, 2]));
    const table = parseJsonLines(['{"image":[[[1,2],[3,4]]]}\n{"image":[5,6,7,8]}\n'], 'x.jsonl');
    const out = bind(table, [image]);
    expect(out.get('image')?.dims).toEqual([2, 1, 2, 2]);
    expect(part(out, 'image')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(refusal(() => bind(parseJsonLines(['{"image":[1]}'], 'x'), [image])).rule).toBe(
      'rows/list-length',
    );
  });

  it('treats names as names', () => {
    const field = [input('__proto__', value('__proto__', 'float64'))];
    expect(part(bind(csv('__proto__\n7\n'), field), '__proto__')).toEqual([7]);
    const json = parseJsonLines(['{"__proto__":7,"constructor":1}'], 'x');
    expect(part(bind(json, field), '__proto__')).toEqual([7]);
  });
});

describe('JSON Lines', () => {
  it('takes keys left out, and null, as missing', () => {
    const t = parseJsonLines(['{"a":1}\n', '\n{"b":"x"}\n{"a":null,', '"b":"NA"}'], 'x.jsonl');
    expect([...t.columns]).toEqual([
      ['a', [1, null, null]],
      ['b', [null, 'x', 'NA']],
    ]);
    expect(t.lines).toEqual([1, 3, 4]);
  });

  it('locates what is no object', () => {
    expect(refusal(() => parseJsonLines(['{"a":1}\n[1]\n'], 'x'))).toMatchObject({
      rule: 'rows/json',
      at: { at: 'line 2' },
    });
    expect(refusal(() => parseJsonLines(['{"a":1\n'], 'x')).rule).toBe('rows/json');
  });
});

describe('tensors to rows', () => {
  const output = (name: string, v: Value, more: Partial<Field> = {}): Field => ({
    ...input(name, v, more),
    role: 'output',
  });

  it('names columns by field, spells float32 shortest as float32, counts what is missing', () => {
    const y = value('y', 'float32');
    const p = value('p', 'float64', ['N', 2]);
    const s = value('s', 'string');
    const tensors = new Map([
      ['y', tensorOf('float32', [2, 1], [0.1, 16777216])],
      ['p', tensorOf('float64', [2, 2], [0.25, 0.75, 1, 0])],
      ['s', { ...tensorOf('string', [2, 1], ['a', '']), missing: Uint8Array.from([0, 1]) }],
    ]);
    const table = unbind(tensors, [
      output('species', s),
      output('probability(a)', p, { column: 1 }),
      output('score', y),
      output('raw', p),
    ]);
    expect([...table.columns]).toEqual([
      ['species', ['a', null]],
      ['probability(a)', [0.75, 0]],
      ['score', [0.1, 16777216]],
      ['raw_0', [0.25, 1]],
      ['raw_1', [0.75, 0]],
    ]);
    expect(table.missing).toBe(1);
  });
});
