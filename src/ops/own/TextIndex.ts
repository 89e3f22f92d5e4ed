/**
 * How often a term stands in a text (PMML 4.4.1, Transformations, TextIndex). An intrinsic: a target has it whole or
 * refuses it. Regular expressions are RE2's, linear in the text; normalisation that feeds itself is bounded.
 */
import { RE2JS } from 're2js';
import { floatOf, intOf, intsOf, stringOf, stringsOf } from '../../ir/attributes.ts';
import { type Node, OWN, tensorType } from '../../ir/model.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { compileRegex } from '../regex.ts';
import { at, Collector, type Operand, together } from './elements.ts';
import { anyAbsent, arity, broadcastAll, tensorInputs } from './types.ts';

/** A recursive table is applied at most this often, and to texts of at most this many characters. */
const rounds = 64;
const longest = 1 << 20;

/** How words are told apart and compared. */
interface Words {
  readonly separator: RE2JS;
  readonly caseSensitive: boolean;
  readonly distance: number;
  readonly tokenize: boolean;
}

/** One row of a normalisation table. */
interface Replacement {
  readonly from: string;
  readonly to: string;
  readonly pattern: RE2JS | null;
}

interface Table {
  readonly words: Words;
  readonly recursive: boolean;
  readonly rows: readonly Replacement[];
}

const compile = (node: Node, pattern: string, caseSensitive: boolean): RE2JS =>
  compileRegex(node, pattern, caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);

/** Punctuation around a word is no part of it. */
const bare = (word: string): string => word.replace(/^\p{P}+|\p{P}+$/gu, '') || word;

const split = (text: string, { separator, tokenize }: Words): string[] =>
  tokenize ? separator.split(text).filter((w) => w !== '') : [text];

/** Edits between two words, or `most` + 1 where there are more. */
const edits = (a: string, b: string, most: number): number => {
  if (a === b) return 0;
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row.push(
        Math.min((before[j] as number) + 1, (row[j - 1] as number) + 1, (before[j - 1] as number) + same),
      );
    }
    if (Math.min(...row) > most) return most + 1;
    before = row;
  }
  return before[b.length] as number;
};

/** For every place where the term begins within the distance allowed, how many edits it takes. */
const hits = (
  text: readonly string[],
  term: readonly string[],
  words: Words,
): { at: number; edits: number }[] => {
  const found: { at: number; edits: number }[] = [];
  if (term.length === 0) return found;
  const fold = (w: string) => (words.caseSensitive ? bare(w) : bare(w).toLowerCase());
  const [t, want] = [text.map(fold), term.map(fold)];
  for (let i = 0; i + want.length <= t.length; i++) {
    let sum = 0;
    for (let k = 0; k < want.length && sum <= words.distance; k++) {
      sum += edits(t[i + k] as string, want[k] as string, words.distance);
    }
    if (sum <= words.distance) found.push({ at: i, edits: sum });
  }
  return found;
};

/** Without words: every place where the term stands in the text. */
const occurrences = (text: string, term: string, caseSensitive: boolean): number => {
  const [t, want] = caseSensitive ? [text, term] : [text.toLowerCase(), term.toLowerCase()];
  return want === '' ? 0 : t.split(want).length - 1;
};

const replaceWords = (text: string, row: Replacement, words: Words): string => {
  if (!words.tokenize) return row.from === '' ? text : text.split(row.from).join(row.to);
  const tokens = split(text, words);
  const term = split(row.from, words);
  const starts = new Set(hits(tokens, term, words).map((h) => h.at));
  if (starts.size === 0) return text;
  const out: string[] = [];
  for (let i = 0; i < tokens.length; ) {
    if (starts.has(i)) {
      if (row.to !== '') out.push(row.to);
      i += term.length;
    } else out.push(tokens[i++] as string);
  }
  return out.join(' ');
};

const normalise = (text: string, tables: readonly Table[]): string => {
  let t = text;
  for (const { words, recursive, rows } of tables) {
    for (let round = 0; round < (recursive ? rounds : 1) && t.length <= longest; round++) {
      const before: string = t;
      for (const row of rows) {
        t = row.pattern ? row.pattern.matcher(t).replaceAll(row.to) : replaceWords(t, row, words);
      }
      if (t === before) break;
    }
  }
  return t;
};

interface Index {
  readonly words: Words;
  readonly best: boolean;
  readonly weight: (count: number, text: readonly string[]) => number;
  readonly tables: readonly Table[];
}

const weights: Readonly<Record<string, Index['weight']>> = {
  termFrequency: (n) => n,
  binary: (n) => (n > 0 ? 1 : 0),
  logarithmic: (n) => Math.log10(1 + n),
  augmentedNormalizedTermFrequency: (n, text) => {
    const counts = new Map<string, number>();
    for (const w of text) counts.set(w, (counts.get(w) ?? 0) + 1);
    const most = Math.max(1, ...counts.values());
    return 0.5 * ((n > 0 ? 1 : 0) + n / most);
  },
};

const prepare = (node: Node): Index => {
  const caseSensitive = intOf(node, 'caseSensitive', 0) === 1;
  const words: Words = {
    separator: compile(node, stringOf(node, 'separator', '\\s+'), true),
    caseSensitive,
    distance: floatOf(node, 'distance', 0),
    tokenize: intOf(node, 'tokenize', 1) === 1,
  };
  const ints = (name: string) => intsOf(node, name) ?? [];
  const strings = (name: string) => stringsOf(node, name) ?? [];
  const [from, to, regex, table] = [strings('from'), strings('to'), ints('regex'), ints('table')];
  const tables = strings('tableSeparator').map((separator, i): Table => {
    const own: Words = {
      separator: compile(node, separator, true),
      caseSensitive: ints('tableCase')[i] === 1,
      distance: ints('tableDistance')[i] ?? 0,
      tokenize: ints('tableTokenize')[i] === 1,
    };
    const rows = from.flatMap((f, r): Replacement[] => {
      if (table[r] !== i) return [];
      // Of whole words only, where there are words.
      const pattern = own.tokenize ? `\\b(?:${f})\\b` : f;
      return [
        {
          from: f,
          to: to[r] ?? '',
          pattern: regex[r] === 1 ? compile(node, pattern, own.caseSensitive) : null,
        },
      ];
    });
    return { words: own, recursive: ints('tableRecursive')[i] === 1, rows };
  });
  const weight = weights[stringOf(node, 'weights', 'termFrequency')];
  return {
    words,
    best: stringOf(node, 'hits', 'allHits') === 'bestHits',
    weight: weight ?? refused(node, 'its weights are not known'),
    tables,
  };
};

const count = (text: string, term: string, index: Index): number => {
  const [t, want] = [normalise(text, index.tables), normalise(term, index.tables)];
  const { words } = index;
  if (!words.tokenize) {
    return index.weight(occurrences(t, want, words.caseSensitive), [t]);
  }
  const tokens = split(t, words);
  const found = hits(tokens, split(want, words), words);
  const least = Math.min(...found.map((h) => h.edits));
  const n = index.best ? found.filter((h) => h.edits === least).length : found.length;
  return index.weight(
    n,
    tokens.map((w) => (words.caseSensitive ? bare(w) : bare(w).toLowerCase())),
  );
};

const prepared = new WeakMap<Node, Index>();

export const TextIndex: Operator = {
  domain: OWN,
  name: 'TextIndex',
  since: [1],
  infer: (node) => {
    arity(node, 2);
    const types = tensorInputs(node);
    for (const i of [0, 1]) tensorInput(node, i, ['string']);
    prepare(node);
    return [tensorType('float64', broadcastAll(node, types), anyAbsent(types))];
  },
  evaluate: (inputs, node) => {
    let index = prepared.get(node);
    if (!index) {
      index = prepare(node);
      prepared.set(node, index);
    }
    const { dims, count: n, operands } = together(node, inputs as readonly Tensor[]);
    const [text, term] = operands as [Operand, Operand];
    const out = new Collector('float64', dims);
    for (let i = 0; i < n; i++) {
      const [j, k] = [at(text, i), at(term, i)];
      if (text.missing?.[j] || term.missing?.[k]) continue;
      out.set(i, count(text.data[j] as string, term.data[k] as string, index));
    }
    return [out.tensor()];
  },
  rows: () => 'each',
};
