import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PortolanError } from '../../src/ir/diagnostic.ts';
import { formatCsv, parseCsv } from '../../src/rows/csv.ts';
import { readTable } from '../../src/rows/read.ts';
import { tableOf } from '../../src/rows/table.ts';

const columns = (chunks: string[], options = {}) =>
  Object.fromEntries(parseCsv(chunks, 'x.csv', options).columns);

const problem = (f: () => unknown): { rule: string; at: string | undefined; message: string } => {
  try {
    f();
  } catch (e) {
    if (e instanceof PortolanError) {
      const { rule, at, message } = e.diagnostic;
      return { rule, at: at?.at, message };
    }
    throw e;
  }
  throw new Error('nothing was refused');
};

describe('CSV in', () => {
  it('reads RFC 4180: quoted cells with delimiters, quotes and line ends; CRLF; no line end at the end', () => {
    expect(columns(['a,b\r\n"1,5","say ""hi"""\r\n"two\nlines", x '])).toEqual({
      a: ['1,5', 'two\nlines'],
      b: ['say "hi"', ' x '],
    });
  });

  it('keeps empty cells, also the last of a line', () => {
    expect(columns(['a,b\n,\n1,\n"",2'])).toEqual({ a: ['', '1', ''], b: ['', '', '2'] });
  });

  it('skips empty lines, but in a table of one column they are cells', () => {
    expect(columns(['a,b\n\n1,2\n\n'])).toEqual({ a: ['1'], b: ['2'] });
    expect(columns(['a\n1\n\n2\n'])).toEqual({ a: ['1', '', '2'] });
  });

  it('does not care where the chunks are cut', () => {
    const text = 'a,b\r\n"x""\r\ny",2\r\n"",""\r\n3,"4"\r\n';
    const whole = columns([text]);
    expect(whole).toEqual({ a: ['x"\r\ny', '', '3'], b: ['2', '', '4'] });
    for (let i = 0; i <= text.length; i++) {
      for (let j = i; j <= text.length; j++) {
        expect(columns([text.slice(0, i), text.slice(i, j), text.slice(j)])).toEqual(whole);
      }
    }
  });

  it('agrees with csv-parse on whatever can be written', () => {
    const cell = fc
      .array(fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', ';'), { maxLength: 6 })
      .map((x) => x.join(''));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const text = `x,y\n${rows.map((r) => r.map((c) => `"${c.replaceAll('"', '""')}"`).join(',')).join('\n')}\n`;
        const oracle = parse(text, { columns: true }) as Record<string, string>[];
        const table = parseCsv([text], 'x.csv');
        expect(table.columns.get('x')).toEqual(oracle.map((r) => r.x));
        expect(table.columns.get('y')).toEqual(oracle.map((r) => r.y));
      }),
    );
  });

  it('reads what it writes', () => {
    const cell = fc
      .array(fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '=', '1'), { maxLength: 6 })
      .map((x) => x.join(''));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1 }), (cells) => {
        const out = [
          ...formatCsv(
            tableOf([
              ['a', cells],
              ['b', cells],
            ]),
          ),
        ];
        expect(columns(out)).toEqual({ a: cells, b: cells });
      }),
    );
  });

  it('locates what is broken', () => {
    expect(problem(() => columns(['a,b\n1,2\n"q\n\nr",3\n4\n']))).toMatchObject({
      rule: 'rows/csv-width',
      at: 'line 6',
    });
    expect(problem(() => columns(['a,b\n1,2\n3,5"\n']))).toMatchObject({
      rule: 'rows/csv-quote',
      at: 'line 3',
    });
    expect(problem(() => columns(['a\n"1" 2\n']))).toMatchObject({ rule: 'rows/csv-quote', at: 'line 2' });
    expect(problem(() => columns(['a\n"1\n']))).toMatchObject({ rule: 'rows/csv-quote', at: 'line 2' });
    expect(problem(() => columns(['a,a\n1,2\n']))).toMatchObject({
      rule: 'rows/duplicate-column',
      at: 'line 1',
    });
    expect(problem(() => columns([''])).rule).toBe('rows/csv-header');
  });

  it('takes another delimiter, and a byte order mark; refuses what is not UTF-8', () => {
    const source = (bytes: number[], name = 'x.csv') => ({
      name,
      size: bytes.length,
      read: (a: number, b: number) => Uint8Array.from(bytes.slice(a, b)),
    });
    const bom = [0xef, 0xbb, 0xbf, ...new TextEncoder().encode('ä;b\n1;2\n')];
    expect([...readTable(source(bom), { delimiter: ';' }).columns]).toEqual([
      ['ä', ['1']],
      ['b', ['2']],
    ]);
    expect(problem(() => readTable(source([0x61, 0x0a, 0xff, 0x0a]))).rule).toBe('rows/encoding');
    expect([...readTable(source([...new TextEncoder().encode('{"a":1}')], '-')).columns]).toEqual([
      ['a', [1]],
    ]);
  });
});

describe('CSV out', () => {
  it('spells numbers so that they read back, and leaves missing cells empty', () => {
    const table = tableOf([
      ['n', [0.1, -0, 1e21, Number.NaN, -Infinity, null]],
      ['s', ['=1+1', '__proto__', 'a,b', '', null, true]],
    ]);
    expect([...formatCsv(table)].join('')).toBe(
      'n,s\n0.1,=1+1\n-0,__proto__\n1e+21,"a,b"\nNaN,\n-Infinity,\n,true\n',
    );
  });
});
