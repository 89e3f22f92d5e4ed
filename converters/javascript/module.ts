/** The module around a program: what it declares, checks what it is given, cuts batches into blocks. */
import type { Interval } from '../../src/ir/model.ts';
import type { Program, Slot } from '../../src/kernel/row.ts';
import { isBig, isFloat } from '../../src/tensor/dtype.ts';
import { batchArray, type Interface, type InterfaceColumn } from './interface.ts';
import { programCode } from './program.ts';
import { comment, key, number, quote } from './text.ts';

/** Planes of the plain graph: the boolean that says whether a value is missing, by the value's name. */
export interface Planes {
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
}

export interface About {
  readonly name: string;
  readonly format: string;
  readonly version: string;
  /** Of the graph it was written from. */
  readonly sha256: string;
}

/** How every written module begins. */
export const signature = /^\/\/ .*, written by portolan from /;

const lines = (...parts: readonly (string | readonly string[])[]): string => parts.flat().join('\n');

export const moduleSource = (program: Program, face: Interface, planes: Planes, about: About): string => {
  const code = programCode(program);
  const slots = new Map(program.inputs.map((s) => [s.name, s]));
  const results = new Map(program.outputs.map((o) => [o.name, o.slot]));
  const buffer = (slot: Slot): string => code.buffer(slot);
  const inputs = face.inputs.map((c): Placed => {
    const slot = slots.get(c.value) as Slot;
    const plane = c.missing ? slots.get(planes.inputs.get(c.value) ?? '') : undefined;
    return { c, data: buffer(slot), missing: plane ? buffer(plane) : null };
  });
  const outputs = face.outputs.map((c): Placed => {
    const slot = results.get(c.value) as Slot;
    const plane = c.missing ? results.get(planes.outputs.get(c.value) ?? '') : undefined;
    return { c, data: buffer(slot), missing: plane ? buffer(plane) : null };
  });
  return lines(
    `// ${comment(about.name) || 'A model'}, written by portolan from ${comment(about.format)} ${comment(about.version)}.`,
    '// predict(row), predictBatch(columns), model: see the declarations beside this file.',
    '',
    schema(face, about),
    '',
    code.source,
    '',
    checks(inputs, outputs),
    '',
    predict(inputs, outputs),
    '',
    predictBatch(inputs, outputs, code.block),
    '',
  );
};

interface Placed {
  readonly c: InterfaceColumn;
  readonly data: string;
  readonly missing: string | null;
}

const at = (name: string, element: number, row: string, rows: string): string =>
  element === 0 ? `${name}[${row}]` : `${name}[${element} * ${rows} + ${row}]`;

const json = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(json).join(', ')}]`;
  if (typeof value === 'string') return quote(value);
  return typeof value === 'number' ? number(value) : String(value);
};

const interval = (i: Interval): string =>
  `{ low: ${number(i.low)}, high: ${number(i.high)}, closure: ${quote(i.closure)} }`;

const schema = (face: Interface, about: About): string => {
  const column = (c: InterfaceColumn, role: 'input' | 'output'): string => {
    const f = c.field;
    const parts = [`name: ${quote(c.name)}`, `type: ${quote(c.kind)}`, `dtype: ${quote(c.dtype)}`];
    parts.push(`missing: ${c.missing}`);
    if (f) parts.push(`optype: ${quote(f.optype)}`);
    if (f?.logical !== undefined) parts.push(`logical: ${quote(f.logical)}`);
    if (f?.categories) parts.push(`categories: ${json(f.categories)}`);
    if (f?.intervals) parts.push(`intervals: [${f.intervals.map(interval).join(', ')}]`);
    if (role === 'output' && f?.says) parts.push(`says: ${quote(f.says)}`);
    if (role === 'output' && f?.label !== undefined) parts.push(`label: ${quote(f.label)}`);
    return `    { ${parts.join(', ')} },`;
  };
  return lines(
    'export const model = {',
    `  name: ${quote(about.name)},`,
    `  format: ${quote(about.format)},`,
    `  version: ${quote(about.version)},`,
    `  sha256: ${quote(about.sha256)},`,
    '  inputs: [',
    face.inputs.map((c) => column(c, 'input')),
    '  ],',
    '  outputs: [',
    face.outputs.map((c) => column(c, 'output')),
    '  ],',
    '};',
  );
};

/** Reading one value into a block, by kind; `no` is the plane, null where the value must be there. */
const readers = {
  number: `const putNumber = (x, name, row, to, no, k) => {
  if (typeof x === "number" && x === x) {
    to[k] = x;
    if (no) no[k] = 0;
  } else if (x === null || x === undefined || typeof x === "number") {
    to[k] = no ? 0 : NaN;
    if (no) no[k] = 1;
  } else wrong(name, row, "a number", x);
};`,
  whole: `const putWhole = (x, name, row, to, no, k) => {
  if (x === null || x === undefined || (typeof x === "number" && x !== x)) {
    if (!no) wrong(name, row, "a whole number", x);
    to[k] = 0;
    no[k] = 1;
    return;
  }
  if (!Number.isSafeInteger(typeof x === "bigint" ? Number(x) : x)) wrong(name, row, "a whole number", x);
  to[k] = Number(x);
  if (to[k] !== Number(x)) throw new RangeError(where(name, row) + " is outside the range of its type");
  if (no) no[k] = 0;
};`,
  big: `const putBig = (x, name, row, to, no, k) => {
  if (x === null || x === undefined || (typeof x === "number" && x !== x)) {
    if (!no) wrong(name, row, "a whole number", x);
    to[k] = 0n;
    no[k] = 1;
    return;
  }
  if (typeof x !== "bigint" && !Number.isSafeInteger(x)) wrong(name, row, "a whole number", x);
  to[k] = BigInt(x);
  if (no) no[k] = 0;
};`,
  string: `const putString = (x, name, row, to, no, k) => {
  if (typeof x === "string") {
    to[k] = x;
    if (no) no[k] = x === "" ? 1 : 0;
  } else if (no && (x === null || x === undefined)) {
    to[k] = "";
    no[k] = 1;
  } else wrong(name, row, "a string", x);
};`,
  boolean: `const putBoolean = (x, name, row, to, no, k) => {
  if (x === true || x === false || x === 1 || x === 0) {
    to[k] = x ? 1 : 0;
    if (no) no[k] = 0;
  } else if (no && (x === null || x === undefined || x !== x)) {
    to[k] = 0;
    no[k] = 1;
  } else wrong(name, row, "true or false", x);
};`,
} as const;

type Reader = keyof typeof readers;

/** A column of numbers into a block from `k` on; of doubles, which need no look at what they are, in a loop of their own. */
const putNumbers = `const putNumbers = (column, name, from, n, to, no, k) => {
  if (!(column instanceof Float64Array)) {
    for (let i = 0; i < n; i++) putNumber(column[from + i], name, from + i, to, no, k + i);
  } else if (no) {
    for (let i = 0; i < n; i++) {
      const x = column[from + i];
      no[k + i] = x === x ? 0 : 1;
      to[k + i] = x === x ? x : 0;
    }
  } else {
    for (let i = 0; i < n; i++) to[k + i] = column[from + i];
  }
};`;

const readerOf = ({ kind, dtype }: InterfaceColumn): Reader => {
  if (kind !== 'number') return kind;
  return isFloat(dtype) ? 'number' : isBig(dtype) ? 'big' : 'whole';
};

const nameOfReader = (r: Reader): string => `put${r.charAt(0).toUpperCase()}${r.slice(1)}`;

const checks = (inputs: readonly Placed[], outputs: readonly Placed[]): string => {
  const used = new Set(inputs.map(({ c }) => readerOf(c)));
  const big = outputs.some(({ c }) => isBig(c.dtype));
  return lines(
    'const where = (name, row) => "field " + JSON.stringify(name) + (row < 0 ? "" : ", row " + row);',
    'const wrong = (name, row, wanted, x) => {',
    '  const got = x === null ? "null" : typeof x;',
    '  throw new TypeError(where(name, row) + ": " + wanted + " is wanted, not " + got);',
    '};',
    (Object.keys(readers) as Reader[]).filter((r) => used.has(r)).map((r) => readers[r]),
    used.has('number') ? putNumbers : [],
    big
      ? `const small = (x, name) => {
  const y = Number(x);
  if (!Number.isSafeInteger(y)) throw new RangeError(where(name, -1) + ": " + x + " is past 2^53");
  return y;
};`
      : [],
  );
};

const inherited = new Set([...Object.getOwnPropertyNames(Object.prototype)]);

const predict = (inputs: readonly Placed[], outputs: readonly Placed[]): string => {
  const value = (name: string): string =>
    // What every object inherits is not the row's own.
    inherited.has(name)
      ? `Object.hasOwn(row, ${quote(name)}) ? row[${quote(name)}] : undefined`
      : `row[${quote(name)}]`;
  return lines(
    'export const predict = (row) => {',
    '  if (row === null || typeof row !== "object") throw new TypeError("a row is an object of values by field name");',
    inputs.map(
      ({ c, data, missing }) =>
        `  ${nameOfReader(readerOf(c))}(${value(c.name)}, ${quote(c.name)}, -1, ${data}, ${missing ?? 'null'}, ${c.element});`,
    ),
    '  score(1);',
    '  return {',
    '    __proto__: null,',
    outputs.map((o) => {
      const x = `${o.data}[${o.c.element}]`;
      const shown = result(x, o.c);
      return `    ${key(o.c.name)}: ${o.missing ? `${o.missing}[${o.c.element}] === 1 ? null : ${shown}` : shown},`;
    }),
    '  };',
    '};',
  );
};

const result = (x: string, c: InterfaceColumn): string => {
  if (c.kind === 'boolean') return `${x} === 1`;
  return isBig(c.dtype) ? `small(${x}, ${quote(c.name)})` : x;
};

const predictBatch = (inputs: readonly Placed[], outputs: readonly Placed[], block: number): string => {
  const nothing = (c: InterfaceColumn): string => (batchArray(c) === null ? 'null' : 'NaN');
  return lines(
    'export const predictBatch = (columns) => {',
    '  if (columns === null || typeof columns !== "object") throw new TypeError("columns are an object of arrays by field name");',
    '  let rows = -1;',
    '  const take = (name) => {',
    '    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;',
    '    if (column === null || typeof column !== "object" || !Number.isInteger(column.length)) {',
    '      throw new TypeError("the column " + JSON.stringify(name) + (column === undefined ? " is missing" : " is no array"));',
    '    }',
    '    if (rows < 0) rows = column.length;',
    '    if (column.length !== rows) {',
    '      throw new RangeError("the column " + JSON.stringify(name) + " has " + column.length + " rows, others have " + rows);',
    '    }',
    '    return column;',
    '  };',
    inputs.map(({ c }, i) => `  const given${i} = take(${quote(c.name)});`),
    // A model that reads nothing says the same for any row: once.
    `  if (rows < 0) rows = ${inputs.length === 0 ? 1 : 0};`,
    outputs.map(({ c }, i) => `  const result${i} = new ${batchArray(c) ?? 'Array'}(rows);`),
    `  for (let from = 0; from < rows; from += ${block}) {`,
    `    const n = Math.min(${block}, rows - from);`,
    inputs.map(({ c, data, missing }, i) => {
      const reader = readerOf(c);
      const to = `${data}, ${missing ?? 'null'}`;
      if (reader === 'number') {
        const k = c.element === 0 ? '0' : `${c.element} * n`;
        return `    putNumbers(given${i}, ${quote(c.name)}, from, n, ${to}, ${k});`;
      }
      const k = c.element === 0 ? 'i' : `${c.element} * n + i`;
      return `    for (let i = 0; i < n; i++) ${nameOfReader(reader)}(given${i}[from + i], ${quote(c.name)}, from + i, ${to}, ${k});`;
    }),
    '    score(n);',
    outputs.map((o, i) => {
      const x = result(at(o.data, o.c.element, 'i', 'n'), o.c);
      const y = o.missing ? `${at(o.missing, o.c.element, 'i', 'n')} === 1 ? ${nothing(o.c)} : ${x}` : x;
      return `    for (let i = 0; i < n; i++) result${i}[from + i] = ${y};`;
    }),
    '  }',
    '  return {',
    '    __proto__: null,',
    outputs.map(({ c }, i) => `    ${key(c.name)}: result${i},`),
    '  };',
    '};',
  );
};
