/**
 * CSV (RFC 4180): UTF-8, LF or CRLF in, LF out, cells never trimmed. A quote opens a cell only as its first
 * character. An empty line is skipped, unless the table has one column: there it is a cell.
 * Cells are written exactly as they are: one that a spreadsheet would take for a formula is not changed.
 */
import { Buffer } from 'node:buffer';
import { CsvError, type Options, parse } from 'csv-parse/sync';
import { fail } from '../ir/diagnostic.ts';
import { spell } from './cell.ts';
import type { Cell, Table } from './table.ts';

const LF = 10;
const CR = 13;

export interface CsvOptions {
  readonly delimiter?: string;
  readonly decimal?: string;
}

/**
 * Parses text that arrives in chunks, cut between characters. A byte order mark is the decoder's to remove.
 * Throws a PortolanError located by line where the text is no CSV or no table: `rows/csv-quote`, `rows/csv-width`,
 * `rows/csv-header`, `rows/duplicate-column`; `rows/delimiter` where the options contradict the format.
 */
export const parseCsv = (chunks: Iterable<string>, file: string, options: CsvOptions = {}): Table => {
  const { delimiter = ',', decimal = '.' } = options;
  if (delimiter.length !== 1 || delimiter === '"' || delimiter === '\n' || delimiter === '\r') {
    fail('rows/delimiter', `'${delimiter}' cannot separate cells`, undefined, 'give one character');
  }
  if (decimal === delimiter) {
    fail('rows/delimiter', `'${decimal}' cannot be both the delimiter and the decimal sign`);
  }
  const text = Buffer.concat(Array.from(chunks, (chunk) => Buffer.from(chunk)));
  const names = readNames(text, delimiter, file);
  const columns = names.map((): string[] => []);
  const lines: number[] = [];
  const skipsEmptyLines = names.length > 1;
  const lineAt = lineCounter(text, skipsEmptyLines);
  let rowStart = 0;
  try {
    parse(text, {
      ...format(delimiter),
      skip_empty_lines: skipsEmptyLines,
      // Rows go straight into columns; null keeps the parser from holding them too.
      on_record: (cells: string[], { records, bytes }) => {
        if (records > 1) {
          for (let i = 0; i < cells.length; i++) (columns[i] as string[]).push(cells[i] as string);
          lines.push(lineAt(rowStart));
        }
        rowStart = bytes;
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    if (error.code !== 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH') {
      refuseCell(error, file, lineAt(Number(error.bytes)));
    }
    const found = Array.isArray(error.record) ? error.record.length : 'other';
    fail(
      'rows/csv-width',
      `${found} cells where the header names ${names.length} columns`,
      { file, at: `line ${lineAt(rowStart)}` },
      'quote cells that hold the delimiter, or name another one with --delimiter',
    );
  }
  return {
    file,
    columns: new Map(names.map((name, i) => [name, columns[i] as string[]])),
    rows: lines.length,
    lines,
    decimal,
  };
};

const format = (delimiter: string): Options => ({ delimiter, record_delimiter: ['\r\n', '\n'] });

/** The first row, which decides what an empty line means in all others. */
const readNames = (text: Buffer, delimiter: string, file: string): readonly string[] => {
  const place = { file, at: 'line 1' };
  let names: readonly string[] | undefined;
  try {
    [names] = parse(text, { ...format(delimiter), to: 1 });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    refuseCell(error, file, lineCounter(text, false)(Number(error.bytes)));
  }
  if (names === undefined) return fail('rows/csv-header', 'the file is empty', place);
  if (names.length === 1 && names[0] === '') {
    fail('rows/csv-header', 'the first line must name the columns', place);
  }
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) fail('rows/duplicate-column', `two columns are named '${name}'`, place);
    seen.add(name);
  }
  return names;
};

/** `line`: where the cell begins; the parser counts bytes up to there. */
const refuseCell = (error: CsvError, file: string, line: number): never => {
  const place = { file, at: `line ${line}` };
  const help = 'quote the whole cell, and double the quotes in it';
  switch (error.code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return fail('rows/csv-quote', 'a quoted cell is never closed', place);
    case 'CSV_INVALID_CLOSING_QUOTE':
      return fail('rows/csv-quote', 'text after the closing quote of a cell', place, help);
    case 'INVALID_OPENING_QUOTE':
      return fail('rows/csv-quote', 'a quote inside a cell that does not begin with one', place, help);
    default:
      throw error;
  }
};

/**
 * The line, from 1, of what begins at a byte of the text, for offsets that only grow. The parser's own count takes a
 * CRLF inside a quoted cell for two lines.
 */
const lineCounter = (text: Buffer, skipsEmptyLines: boolean): ((offset: number) => number) => {
  let line = 1;
  let next = text.indexOf(LF);
  return (offset) => {
    let at = offset;
    while (skipsEmptyLines && (text[at] === LF || (text[at] === CR && text[at + 1] === LF))) at++;
    for (; next >= 0 && next < at; next = text.indexOf(LF, next + 1)) line++;
    return line;
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
