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

  it('reads exactly what it writes, whatever the names and cells hold, and knows on which line each row begins', () => {
    const special = [
      '"',
      '""',
      ',',
      ';',
      '\t',
      '\n',
      '\r',
      '\r\n',
      ' ',
      '=',
      '\ufeff',
      '\ufffe',
      '\0',
      'é',
      '😀',
    ];
    const text = fc.oneof(
      fc.constantFrom('', '__proto__', 'constructor', '""', '\ufeff', 'null', 'NaN', ...special),
      fc.array(fc.constantFrom('a', '1', ...special), { maxLength: 6 }).map((x) => x.join('')),
      fc.string({ unit: 'binary' }),
    );
    const written = fc
      .uniqueArray(text, { minLength: 1, maxLength: 4 })
      // A header line that is empty names no column.
      .filter((names) => names.length > 1 || names[0] !== '')
      .chain((names) => {
        const row = fc.tuple(...names.map(() => text));
        return fc.record({
          names: fc.constant(names),
          rows: fc.array(row, { maxLength: 8 }),
          delimiter: fc.constantFrom(',', ';', '\t', 'é'),
        });
      });
    const lineEnds = (cells: readonly string[]) => cells.join('').split('\n').length - 1;
    fc.assert(
      fc.property(written, ({ names, rows, delimiter }) => {
        const columns = names.map((name, i) => [name, rows.map((row) => row[i] as string)] as const);
        const table = parseCsv(formatCsv(tableOf(columns), { delimiter }), 'x.csv', { delimiter });
        expect([...table.columns]).toEqual(columns);
        expect(table.rows).toBe(rows.length);
        let line = 1 + lineEnds(names);
        const lines = rows.map((row) => {
          const begins = line + 1;
          line += 1 + lineEnds(row);
          return begins;
        });
        expect(table.lines).toEqual(lines);
      }),
      { numRuns: 500 },
    );
  });

  it('counts a line end inside a cell once, be it LF or CRLF, and skipped lines too', () => {
    const lines = (text: string) => parseCsv([text], 'x.csv').lines;
    expect(lines('a,b\r\n\r\n1,"x\r\n\r\ny"\r\n\n2,3\n4,\r')).toEqual([3, 7, 8]);
    expect(lines('a\n\n"\r\n"\n\r\n1')).toEqual([2, 3, 5, 6]);
  });

  it('takes a carriage return without a line feed for a character of the cell', () => {
    expect(columns(['a,b\r\n1\r2,"3\r"\n4,5\r\r\n'])).toEqual({ a: ['1\r2', '4'], b: ['3\r', '5\r'] });
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
    expect(problem(() => columns(['']))).toMatchObject({ rule: 'rows/csv-header', at: 'line 1' });
    expect(problem(() => columns(['\na,b\n']))).toMatchObject({ rule: 'rows/csv-header', at: 'line 1' });
    expect(problem(() => columns(['"a\n']))).toMatchObject({ rule: 'rows/csv-quote', at: 'line 1' });
    expect(problem(() => columns(['"\n",a"\n']))).toMatchObject({ rule: 'rows/csv-quote', at: 'line 2' });
    // A quoted empty cell is no empty line.
    expect(problem(() => columns(['a,b\n\n""\n1,2\n']))).toMatchObject({
      rule: 'rows/csv-width',
      at: 'line 3',
      message: '1 cells where the header names 2 columns',
    });
  });

  it('locates a broken cell where it begins, past cells of many lines and empty lines', () => {
    const before = 'a,b\r\n"1\r\n\r\n2",3\r\n\r\n\n';
    const places: [rest: string, at: string, message: RegExp][] = [
      ['x,"y\n\n', 'line 7', /never closed/],
      ['"y\n\n', 'line 7', /never closed/],
      ['"y\r\n\r\n",z"', 'line 9', /does not begin with one/],
      ['4,5\n"y\r\n"z,6\n', 'line 8', /after the closing quote/],
      ['4,5\n\n6,"7"\n8', 'line 10', /1 cells/],
      ['4,5\n\n6,"7","8\n"\n', 'line 9', /3 cells/],
    ];
    for (const [rest, at, message] of places) {
      const found = problem(() => columns([before, rest]));
      expect(found).toMatchObject({
        rule: /cells/.test(`${message}`) ? 'rows/csv-width' : 'rows/csv-quote',
        at,
      });
      expect(found.message).toMatch(message);
    }
  });

  it('refuses a delimiter that is a quote, a line end, the decimal sign or not one character', () => {
    for (const delimiter of ['', ',,', '"', '\n', '\r', '.']) {
      expect(problem(() => columns(['a\n1\n'], { delimiter })).rule).toBe('rows/delimiter');
    }
    expect(columns(['a;b\n1,5;2\n'], { delimiter: ';', decimal: ',' })).toEqual({ a: ['1,5'], b: ['2'] });
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
