/**
 * CSV (RFC 4180): UTF-8 with or without a byte order mark, LF or CRLF in, LF out, cells never trimmed. A quote opens
 * a cell only as its first character. An empty line is skipped, unless the table has one column: there it is a cell.
 * Cells are written exactly as they are: one that a spreadsheet would take for a formula is not changed.
 */
import { fail } from '../ir/diagnostic.ts';
import { spell } from './cell.ts';
import type { Cell, Table } from './table.ts';

const QUOTE = 34;
const LF = 10;
const CR = 13;

export interface CsvOptions {
  readonly delimiter?: string;
  readonly decimal?: string;
}

/** Parses text that arrives in chunks; throws a located PortolanError where it is no CSV. */
export const parseCsv = (chunks: Iterable<string>, file: string, options: CsvOptions = {}): Table => {
  const { delimiter = ',', decimal = '.' } = options;
  if (delimiter.length !== 1 || delimiter === '"' || delimiter === '\n' || delimiter === '\r') {
    fail('rows/delimiter', `'${delimiter}' cannot separate cells`, undefined, 'give one character');
  }
  if (decimal === delimiter) {
    fail('rows/delimiter', `'${decimal}' cannot be both the delimiter and the decimal sign`);
  }
  const separator = delimiter.charCodeAt(0);
  const header: string[] = [];
  const columns: string[][] = [];
  const lines: number[] = [];
  let line = 1;

  const endRow = (cells: readonly string[], at: number) => {
    if (header.length === 0) {
      if (cells.length === 1 && cells[0] === '') {
        fail('rows/csv-header', 'the first line must name the columns', { file, at: `line ${at}` });
      }
      for (const name of cells) {
        if (header.includes(name)) {
          fail('rows/duplicate-column', `two columns are named '${name}'`, { file, at: `line ${at}` });
        }
        header.push(name);
        columns.push([]);
      }
      return;
    }
    if (cells.length === 1 && cells[0] === '' && header.length > 1) return;
    if (cells.length !== header.length) {
      fail(
        'rows/csv-width',
        `${cells.length} cells where the header names ${header.length} columns`,
        { file, at: `line ${at}` },
        'quote cells that hold the delimiter, or name another one with --delimiter',
      );
    }
    for (let i = 0; i < cells.length; i++) (columns[i] as string[]).push(cells[i] as string);
    lines.push(at);
  };

  /** Reads whole rows; returns where the first unfinished one begins. */
  const take = (text: string, last: boolean): number => {
    const { length } = text;
    let at = 0;
    let rowStart = 0;
    let rowLine = line;
    let cells: string[] = [];
    while (at < length || (last && at === length && cells.length > 0)) {
      if (at < length && text.charCodeAt(at) === QUOTE) {
        let close = text.indexOf('"', at + 1);
        let doubled = false;
        while (close >= 0 && text.charCodeAt(close + 1) === QUOTE) {
          doubled = true;
          close = text.indexOf('"', close + 2);
        }
        // A quote at the very end may still turn out to be the first of two.
        if (close < 0 || (close + 1 >= length && !last)) {
          if (!last) break;
          fail('rows/csv-quote', 'a quoted cell is never closed', { file, at: `line ${line}` });
        }
        const raw = text.slice(at + 1, close);
        for (let i = raw.indexOf('\n'); i >= 0; i = raw.indexOf('\n', i + 1)) line++;
        cells.push(doubled ? raw.replaceAll('""', '"') : raw);
        at = close + 1;
        const c = at < length ? text.charCodeAt(at) : LF;
        if (
          c !== separator &&
          c !== LF &&
          !(c === CR && (at + 1 >= length || text.charCodeAt(at + 1) === LF))
        ) {
          fail('rows/csv-quote', 'text after the closing quote of a cell', { file, at: `line ${line}` });
        }
      } else {
        const from = at;
        let c = 0;
        for (; at < length; at++) {
          c = text.charCodeAt(at);
          if (c === separator || c === LF || (c === CR && text.charCodeAt(at + 1) === LF)) break;
          if (c === QUOTE) {
            fail(
              'rows/csv-quote',
              'a quote inside a cell that does not begin with one',
              { file, at: `line ${line}` },
              'quote the whole cell, and double the quotes in it',
            );
          }
        }
        if (at >= length && !last) break;
        cells.push(text.slice(from, at));
      }
      if (at < length && text.charCodeAt(at) === separator) {
        at++;
        if (at === length && last) cells.push('');
        else continue;
      }
      if (at < length && text.charCodeAt(at) === CR) at++;
      if (at >= length && !last) break;
      if (at < length) at++;
      endRow(cells, rowLine);
      cells = [];
      rowStart = at;
      rowLine = ++line;
    }
    // What was read of an unfinished row is read again with the next chunk.
    line = rowLine;
    return rowStart;
  };

  let rest = '';
  for (const chunk of chunks) {
    const text = rest + chunk;
    rest = text.slice(take(text, false));
  }
  take(rest, true);
  if (header.length === 0) fail('rows/csv-header', 'the file is empty', { file, at: 'line 1' });
  return {
    file,
    columns: new Map(header.map((name, i) => [name, columns[i] as string[]])),
    rows: lines.length,
    lines,
    decimal,
  };
};

/** The table as CSV, in chunks of some thousand rows. */
export function* formatCsv(table: Table, options: CsvOptions = {}): Generator<string> {
  const { delimiter = ',', decimal = '.' } = options;
  const quote = (s: string): string =>
    s.includes(delimiter) || s.includes('"') || s.includes('\n') || s.includes('\r')
      ? `"${s.replaceAll('"', '""')}"`
      : s;
  const text = (c: Cell | undefined): string => {
    if (typeof c === 'string') return quote(c);
    const s = spell(c ?? null);
    return quote(decimal === '.' || typeof c !== 'number' ? s : s.replace('.', decimal));
  };
  const names = [...table.columns.keys()];
  const columns = [...table.columns.values()];
  yield `${names.map(quote).join(delimiter)}\n`;
  const step = 4096;
  for (let from = 0; from < table.rows; from += step) {
    const out: string[] = [];
    for (let i = from; i < Math.min(from + step, table.rows); i++) {
      // An empty line is no row to many readers.
      out.push(columns.map((c) => text(c[i])).join(delimiter) || '""');
    }
    yield `${out.join('\n')}\n`;
  }
}
