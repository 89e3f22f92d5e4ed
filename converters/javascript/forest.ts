/** Trees as tables and the loops that walk them: eight rows at once, or four trees where there is one row. */
import type { Decisions } from '../../src/kernel/decide.ts';
import { depthsOf } from '../../src/kernel/decide.ts';
import type { Forest } from './plan.ts';
import { array } from './text.ts';

/**
 * Code of the module that lays out a forest's tables: a step is
 * `k = next[2 * k + (column < value)]`, and an outcome is a node that leads to itself, so that rows at
 * different depths take the same steps.
 */
export const layoutHelper = `const layout = (tests, outcomes, Columns, column, value, yes, no, unknown) => {
  const at = new Columns(tests + outcomes), than = new Float64Array(tests + outcomes).fill(-Infinity);
  const next = new Int32Array(2 * (tests + outcomes)), or = new Int32Array(unknown ? tests + outcomes : 0);
  const node = (successor) => (successor < 0 ? tests + ~successor : successor);
  at.set(column);
  than.set(value);
  for (let k = 0; k < tests + outcomes; k++) {
    next[2 * k] = k < tests ? node(no[k]) : k;
    next[2 * k + 1] = k < tests ? node(yes[k]) : k;
    if (unknown) or[k] = k < tests ? node(unknown[k]) : k;
  }
  return { at, than, next, or };
};`;

const rowsAtOnce = 8;
const treesAtOnce = 4;

const range = (n: number): number[] => [...Array(n).keys()];

export interface ForestCode {
  /** Tables and functions, for the top of the module. */
  readonly lines: readonly string[];
  /** Statement that walks the block of n rows. */
  readonly call: string;
}

/** What is done with an outcome reached: code over the tree `t`, the outcome, how often UNKNOWN was met, the row. */
export type Visit = (outcome: string, met: string, row: string) => readonly string[];

/**
 * `id` is the suffix of all names; the columns of a row stand in `cells<id>`, one row after the other, NaN where a test is
 * UNKNOWN.
 */
export const forestCode = (forest: Forest, id: number, visit: Visit): ForestCode => {
  const d = forest.decisions;
  const width = d.columns.length;
  const counted = d.met.some((bits) => bits !== 0);
  // NaN is never less: where UNKNOWN leads where FALSE leads, nothing needs to be asked.
  const asks = d.ifUnknown.some((u, k) => u !== d.ifFalse[k]);
  const lines = tables(d, id, asks, counted);
  const tests = d.column.length;
  const trees = d.roots.length;
  const outcome = (k: string): string => (tests === 0 ? k : `${k} - ${tests}`);

  if (counted) {
    lines.push(
      `const walk${id} = (n) => {`,
      '  for (let i = 0; i < n; i++) {',
      `    for (let t = 0; t < ${trees}; t++) {`,
      `      let k = root${id}[t], met = 0;`,
      `      while (k < ${tests}) {`,
      `        const x = cells${id}[i * ${width} + at${id}[k]];`,
      `        const way = x !== x ? 2 : x < than${id}[k] ? 0 : 1;`,
      `        met += (met${id}[k] >> way) & 1;`,
      `        k = way === 2 ? or${id}[k] : next${id}[2 * k + 1 - way];`,
      '      }',
      ...visit(outcome('k'), 'met', 'i').map((l) => `      ${l}`),
      '    }',
      '  }',
      '};',
    );
    return { lines, call: `walk${id}(n);` };
  }

  /** One step of lane `j`; the base of its row is `b`. */
  const step = (j: number, b: string, unknown: boolean): string => {
    const x = `cells${id}[${b} + at${id}[k${j}]]`;
    const to = (x: string) => `next${id}[2 * k${j} + Number(${x} < than${id}[k${j}])]`;
    return unknown
      ? `{ const x = ${x}; k${j} = x !== x ? or${id}[k${j}] : ${to('x')}; }`
      : `k${j} = ${to(x)};`;
  };
  const steps = (lanes: number, base: (j: number) => string, depth: string): string[] => {
    const loop = (unknown: boolean) => [
      `for (let d = ${depth}; d > 0; d--) {`,
      ...range(lanes).map((j) => `  ${step(j, base(j), unknown)}`),
      '}',
    ];
    if (!asks) return loop(false);
    return [
      'if (unknown) {',
      ...loop(true).map((l) => `  ${l}`),
      '} else {',
      ...loop(false).map((l) => `  ${l}`),
      '}',
    ];
  };
  const parameters = asks ? 'n, unknown' : 'n';
  lines.push(
    `const rows${id} = (${parameters}) => {`,
    `  for (let t = 0; t < ${trees}; t++) {`,
    `    const root = root${id}[t], depth = depth${id}[t];`,
    `    for (let i = 0; i + ${rowsAtOnce} <= n; i += ${rowsAtOnce}) {`,
    `      const b0 = i * ${width}, ${range(rowsAtOnce - 1)
      .map((j) => `b${j + 1} = b${j} + ${width}`)
      .join(', ')};`,
    `      let ${range(rowsAtOnce)
      .map((j) => `k${j} = root`)
      .join(', ')};`,
    ...steps(rowsAtOnce, (j) => `b${j}`, 'depth').map((l) => `      ${l}`),
    ...range(rowsAtOnce).flatMap((j) =>
      visit(outcome(`k${j}`), '0', j === 0 ? 'i' : `i + ${j}`).map((l) => `      ${l}`),
    ),
    '    }',
    '  }',
    '};',
    `const row${id} = (i, ${parameters}) => {`,
    `  const b = i * ${width};`,
    '  let t = 0;',
  );
  if (trees >= treesAtOnce) {
    lines.push(
      `  for (; t + ${treesAtOnce} <= ${trees}; ) {`,
      `    let ${range(treesAtOnce)
        .map((j) => `k${j} = root${id}[t${j === 0 ? '' : ` + ${j}`}]`)
        .join(', ')};`,
      `    const depth = Math.max(${range(treesAtOnce)
        .map((j) => `depth${id}[t${j === 0 ? '' : ` + ${j}`}]`)
        .join(', ')});`,
      ...steps(treesAtOnce, () => 'b', 'depth').map((l) => `    ${l}`),
      ...range(treesAtOnce).flatMap((j) => [
        ...visit(outcome(`k${j}`), '0', 'i').map((l) => `    ${l}`),
        '    t++;',
      ]),
      '  }',
    );
  }
  lines.push(
    `  for (; t < ${trees}; t++) {`,
    `    let k0 = root${id}[t];`,
    ...steps(1, () => 'b', `depth${id}[t]`).map((l) => `    ${l}`),
    ...visit(outcome('k0'), '0', 'i').map((l) => `    ${l}`),
    '  }',
    '};',
    `const walk${id} = (n) => {`,
    ...(asks
      ? [
          '  let unknown = false;',
          `  for (let j = 0; j < n * ${width}; j++) if (cells${id}[j] !== cells${id}[j]) { unknown = true; break; }`,
        ]
      : []),
    `  rows${id}(${parameters});`,
    `  for (let i = n - (n % ${rowsAtOnce}); i < n; i++) row${id}(i, ${parameters});`,
    '};',
  );
  return { lines, call: `walk${id}(n);` };
};

const tables = (d: Decisions, id: number, asks: boolean, counted: boolean): string[] => {
  const tests = d.column.length;
  const columns =
    d.columns.length <= 256 ? 'Uint8Array' : d.columns.length <= 65536 ? 'Uint16Array' : 'Int32Array';
  const node = (s: number): number => (s < 0 ? tests + ~s : s);
  return [
    `const { at: at${id}, than: than${id}, next: next${id}, or: or${id} } = layout(`,
    `  ${tests}, ${d.outcomes}, ${columns},`,
    `  ${array(d.column, columns)},`,
    `  ${array(d.value, 'Float64Array')},`,
    `  ${array(d.ifTrue, 'Int32Array')},`,
    `  ${array(d.ifFalse, 'Int32Array')},`,
    `  ${asks || counted ? array(d.ifUnknown, 'Int32Array') : 'null'},`,
    ');',
    `const root${id} = ${array(d.roots.map(node), 'Int32Array')};`,
    `const depth${id} = ${array(depthsOf(d), 'Int32Array')};`,
    ...(counted ? [`const met${id} = ${array(d.met, 'Uint8Array')};`] : []),
  ];
};
