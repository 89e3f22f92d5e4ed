import type { RE2JS } from 're2js';
import { stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { type Data, load } from '../../tensor/data.ts';
import { type DType, isNumeric } from '../../tensor/dtype.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { broadcastRows, reindex } from '../onnx/elementwise.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { compileRegex } from '../regex.ts';
import { at, Collector, type Operand, together } from './elements.ts';
import { datetimeFormatter, type Formatter, numberFormatter } from './format.ts';
import { anyAbsent, arity, broadcastAll, tensorInputs } from './types.ts';
import { missingInput, orAll } from './where.ts';

type Argument = 'string' | 'number';

interface Function {
  readonly takes: readonly Argument[];
  /** Further arguments of the last kind? */
  readonly more?: boolean;
  readonly gives: DType;
  readonly apply: (node: Node, ...x: never[]) => string | number | boolean;
  /** Refuses, as `apply` would, what its constant arguments behind the first cannot mean. */
  readonly check?: (node: Node, ...x: (string | undefined)[]) => void;
}

/** What is compiled or parsed from a text, once. */
const remembered = <T>(make: (node: Node, text: string) => T): ((node: Node, text: string) => T) => {
  const known = new Map<string, T>();
  return (node, text) => {
    let made = known.get(text);
    if (made === undefined) {
      made = make(node, text);
      // Patterns come from the model, but may come from rows: only so many are kept.
      if (known.size >= 1000) known.clear();
      known.set(text, made);
    }
    return made;
  };
};

const regex = remembered((node, pattern: string) => compileRegex(node, pattern));

const formatter = (what: string, make: (pattern: string) => Formatter | undefined) =>
  remembered(
    (node, pattern: string) => make(pattern) ?? refused(node, `'${pattern}' is no pattern for ${what}`),
  );

/** Characters that a text may grow to: a few functions that double theirs would fill any memory. */
const longest = 1 << 20;

const bounded = (node: Node, length: number): void => {
  if (length > longest) refused(node, `it would give a text of more than ${longest} characters`);
};

const joined = (node: Node, parts: readonly string[]): string => {
  bounded(
    node,
    parts.reduce((n, p) => n + p.length, 0),
  );
  return parts.join('');
};

/** The text with every match replaced; `$1` is the first group. */
const replaced = (node: Node, pattern: RE2JS, x: string, by: string): string => {
  // There are at most as many matches as places, and a group gives back all of the text once at most.
  if ((x.length + 1) * (by.length + 1) > longest) {
    let matches = 0;
    for (const m = pattern.matcher(x); m.find(); ) matches++;
    bounded(node, x.length * by.split('$').length + matches * by.length);
  }
  try {
    return pattern.matcher(x).replaceAll(by, true);
  } catch (e) {
    return refused(
      node,
      `'${by}' names a group that /${pattern.pattern()}/ has not: ${(e as Error).message}`,
    );
  }
};

const numberFormat = formatter('a number', numberFormatter);
const datetimeFormat = formatter('dates and times', datetimeFormatter);

/** The characters at positions from `start`, counted from 1, `length` of them; what lies outside is not there (XPath, fn:substring). */
const substring = (text: string, start: number, length: number): string => {
  const from = Math.max(0, Math.round(start) - 1);
  const to = Math.round(start) - 1 + Math.round(length);
  return to > from ? text.slice(from, to) : '';
};

const functions: ReadonlyMap<string, Function> = new Map<string, Function>([
  ['uppercase', { takes: ['string'], gives: 'string', apply: (_, x: string) => x.toUpperCase() }],
  ['lowercase', { takes: ['string'], gives: 'string', apply: (_, x: string) => x.toLowerCase() }],
  ['trimBlanks', { takes: ['string'], gives: 'string', apply: (_, x: string) => x.trim() }],
  ['stringLength', { takes: ['string'], gives: 'int32', apply: (_, x: string) => x.length }],
  [
    'substring',
    {
      takes: ['string', 'number', 'number'],
      gives: 'string',
      apply: (_, x: string, start: number, length: number) => substring(x, start, length),
    },
  ],
  [
    'concat',
    {
      takes: ['string'],
      more: true,
      gives: 'string',
      apply: (node, ...parts: string[]) => joined(node, parts),
    },
  ],
  [
    'replace',
    {
      takes: ['string', 'string', 'string'],
      gives: 'string',
      apply: (node, x: string, pattern: string, by: string) => replaced(node, regex(node, pattern), x, by),
      check: (node, pattern, by) => {
        if (pattern === undefined) return;
        regex(node, pattern);
        // What matches everywhere, with the same groups.
        if (by !== undefined) replaced(node, regex(node, `(?:${pattern})|`), '', by);
      },
    },
  ],
  [
    'matches',
    {
      takes: ['string', 'string'],
      gives: 'bool',
      apply: (node, x: string, pattern: string) => regex(node, pattern).matcher(x).find(),
      check: (node, pattern) => void (pattern !== undefined && regex(node, pattern)),
    },
  ],
  [
    'formatNumber',
    {
      takes: ['number', 'string'],
      gives: 'string',
      apply: (node, x: number, pattern: string) => numberFormat(node, pattern)(x),
      check: (node, pattern) => void (pattern !== undefined && numberFormat(node, pattern)),
    },
  ],
  [
    'formatDatetime',
    {
      takes: ['number', 'string'],
      gives: 'string',
      apply: (node, x: number, pattern: string) => datetimeFormat(node, pattern)(x),
      check: (node, pattern) => void (pattern !== undefined && datetimeFormat(node, pattern)),
    },
  ],
]);

/** The one text of a constant; undefined where there is none, or several. */
const constantText = (data: Data | undefined): string | undefined => {
  if (data?.dtype !== 'string' || countOf(data.dims) !== 1) return undefined;
  return load(data).data[0] as string;
};

const functionOf = (node: Node): Function => {
  const name = stringOf(node, 'fn');
  return (
    functions.get(name) ??
    refused(node, `there is no function '${name}'; there are ${[...functions.keys()].join(', ')}`)
  );
};

const rounded = (x: Row): Row => ({ k: 'apply', fn: 'roundUp', args: [x], dtype: 'float64' });
const number = (value: number): Row => ({ k: 'const', dtype: 'float64', value });
const apply = (fn: 'add' | 'sub' | 'max', x: Row, y: Row): Row => ({
  k: 'apply',
  fn,
  args: [x, y],
  dtype: 'float64',
});

/** The functions that the row language has; regular expressions and formats are not among them. */
const lowerings: ReadonlyMap<string, (args: readonly Row[]) => Row> = new Map<
  string,
  (args: readonly Row[]) => Row
>([
  ['uppercase', (args) => ({ k: 'apply', fn: 'upper', args, dtype: 'string' })],
  ['lowercase', (args) => ({ k: 'apply', fn: 'lower', args, dtype: 'string' })],
  ['trimBlanks', (args) => ({ k: 'apply', fn: 'trim', args, dtype: 'string' })],
  ['stringLength', (args) => ({ k: 'apply', fn: 'length', args, dtype: 'int32' })],
  ['concat', (args) => ({ k: 'apply', fn: 'concat', args, dtype: 'string' })],
  [
    'substring',
    ([x, start, length]) => {
      const first = apply('sub', rounded(start as Row), number(1));
      const from = apply('max', first, number(0));
      const to = apply('max', from, apply('add', first, rounded(length as Row)));
      return { k: 'apply', fn: 'substring', args: [x as Row, from, to], dtype: 'string' };
    },
  ],
]);

/**
 * PMML's functions of text (4.4.1, Built-in functions), missing where an argument is. Characters are UTF-16 units, counted
 * from 1, as the Java engines that the specification leans on count them. `replace` replaces every match of a regular
 * expression, $1 being its first group; `matches` asks whether there is one anywhere; both take linear time (RE2). Formats
 * are printf's and strftime's; a moment is seconds since 1970-01-01, or since midnight.
 */
export const Text: Operator = {
  domain: OWN,
  name: 'Text',
  since: [1],
  infer: (node, known) => {
    const { takes, more, gives, check } = functionOf(node);
    arity(node, more ? Infinity : takes.length, takes.length);
    const types = tensorInputs(node);
    types.forEach(({ dtype }, i) => {
      const kind = takes[Math.min(i, takes.length - 1)];
      if (kind === 'string') tensorInput(node, i, ['string']);
      else if (!isNumeric(dtype)) refused(node, `argument ${i} is ${dtype}, not a number`);
    });
    check?.(node, ...node.inputs.slice(1).map((v) => constantText(known(v))));
    return [tensorType(gives, broadcastAll(node, types), anyAbsent(types))];
  },
  evaluate: (inputs, node) => {
    const { takes, gives, apply: f } = functionOf(node);
    const { dims, count, operands } = together(node, inputs);
    const out = new Collector(gives, dims);
    const read = (x: Operand, k: number, i: number): unknown => {
      const element = x.data[at(x, i)];
      return takes[Math.min(k, takes.length - 1)] === 'number' ? Number(element) : element;
    };
    for (let i = 0; i < count; i++) {
      if (operands.some((x) => x.missing?.[at(x, i)])) continue;
      const result = f(node, ...(operands.map((x, k) => read(x, k, i)) as never[]));
      out.set(i, (typeof result === 'boolean' ? Number(result) : result) as Tensor['data'][number]);
    }
    return [out.tensor()];
  },
  plain: (node, b, inputs) => {
    const planes = inputs as readonly Plane[];
    const data = b.op(
      node.op,
      planes.map((p) => p.data),
      Object.fromEntries(node.attributes),
    );
    const missing = orAll(
      b,
      planes.map((p) => p.missing),
    );
    return [{ data, missing }];
  },
  express: (node, b) => {
    const fn = stringOf(node, 'fn');
    if (fn === 'concat') {
      const joined = (node.inputs as readonly Value[]).reduce((x, y) => b.op('StringConcat', [x, y]));
      return missingInput(node) ?? [joined];
    }
    const why: Readonly<Record<string, string>> = {
      uppercase: "ONNX's StringNormalizer depends on the locales of the machine it runs on",
      lowercase: "ONNX's StringNormalizer depends on the locales of the machine it runs on",
      matches: "ONNX's RegexFullMatch takes whole strings and constant patterns alone",
    };
    return refuse('express/text', why[fn] ?? `ONNX has no operator for '${fn}'`);
  },
  lower: (node, inputs) => {
    const fn = stringOf(node, 'fn');
    const lowering = lowerings.get(fn);
    if (!lowering) return refuse('lower/text', `the row language has no '${fn}'`);
    const given = inputs as readonly Lowered[];
    const dims = broadcastRows(node, given);
    return [
      {
        dtype: functionOf(node).gives,
        dims,
        element: (index) => lowering(given.map((x) => x.element(reindex(x.dims, dims, index)))),
      },
    ];
  },
  rows: () => 'each',
};
