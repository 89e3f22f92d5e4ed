/**
 * Documents that are nearly those that were written: one edit each, as an editor, a broken exporter or a disk makes them.
 * The same seed gives the same edits.
 */

interface Attribute {
  readonly name: string;
  /** The value, between the quotes. */
  readonly from: number;
  readonly to: number;
  /** All of it, with the blank before. */
  readonly begin: number;
  readonly end: number;
}

interface Part {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly children: Part[];
  /** From `<` to behind the last `>`. */
  readonly begin: number;
  end: number;
  /** What stands inside. */
  readonly from: number;
  to: number;
}

const markup =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g;

/** Every element of a well-formed document, in its order; the root first. */
export const partsOf = (text: string): Part[] => {
  const all: Part[] = [];
  const open: Part[] = [];
  for (const m of text.matchAll(markup)) {
    const [whole, slash, name, list = '', alone] = m;
    if (name === undefined) continue;
    const end = m.index + whole.length;
    if (slash) {
      const part = open.pop() as Part;
      part.to = m.index;
      part.end = end;
      continue;
    }
    const at = m.index + 1 + name.length;
    const attributes = [...list.matchAll(/\s+([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map((a) => {
      const stop = at + a.index + a[0].length;
      const value = a[2] ?? a[3] ?? '';
      return {
        name: a[1] as string,
        from: stop - 1 - value.length,
        to: stop - 1,
        begin: at + a.index,
        end: stop,
      };
    });
    const part: Part = { name, attributes, children: [], begin: m.index, end, from: end, to: end };
    open.at(-1)?.children.push(part);
    all.push(part);
    if (!alone) open.push(part);
  }
  return all;
};

/** Numbers from 0 to 1 by a seed (a linear congruence of 48 bits would do; this is the usual one of 32). */
export const dice = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { below, one: <T>(list: readonly T[]): T => list[below(list.length)] as T };
};

type Dice = ReturnType<typeof dice>;

export interface Mutant {
  /** What was done, and to what: `drop @dataType of DataField`. */
  readonly edit: string;
  readonly text: string;
}

type Edit = (text: string, parts: readonly Part[], d: Dice) => Mutant | null;

const splice = (text: string, from: number, to: number, put: string): string =>
  text.slice(0, from) + put + text.slice(to);

const odd = [
  '',
  ' ',
  'x',
  '-1',
  '-0.5',
  '0',
  '2',
  'NaN',
  '1e999',
  '-INF',
  '99999999999',
  '1e-320',
  '__proto__',
  '1,5',
];

const numeric = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

const withAttribute = (text: string, parts: readonly Part[], d: Dice, fits: (value: string) => boolean) => {
  for (let tries = 0; tries < 20; tries++) {
    const part = d.one(parts);
    if (part.attributes.length === 0) continue;
    const attribute = d.one(part.attributes);
    if (fits(text.slice(attribute.from, attribute.to))) return { part, attribute };
  }
  return null;
};

const edits: Readonly<Record<string, Edit>> = {
  'drop an element': (text, parts, d) => {
    const part = d.one(parts.slice(1));
    return { edit: `drop ${part.name}`, text: splice(text, part.begin, part.end, '') };
  },
  'drop an attribute': (text, parts, d) => {
    const found = withAttribute(text, parts, d, () => true);
    if (!found) return null;
    const { part, attribute: a } = found;
    return { edit: `drop @${a.name} of ${part.name}`, text: splice(text, a.begin, a.end, '') };
  },
  'another number': (text, parts, d) => {
    const found = withAttribute(text, parts, d, (v) => numeric.test(v));
    if (!found) return null;
    const { part, attribute: a } = found;
    const put = d.one(odd);
    return { edit: `@${a.name} of ${part.name} "${put}"`, text: splice(text, a.from, a.to, put) };
  },
  'another value': (text, parts, d) => {
    const to = withAttribute(text, parts, d, (v) => !numeric.test(v));
    const from = withAttribute(text, parts, d, () => true);
    if (!to || !from) return null;
    const { part, attribute: a } = to;
    const put = d.below(4) === 0 ? d.one(odd) : text.slice(from.attribute.from, from.attribute.to);
    return { edit: `@${a.name} of ${part.name} "${put}"`, text: splice(text, a.from, a.to, put) };
  },
  'double an element': (text, parts, d) => {
    const part = d.one(parts.slice(1));
    return {
      edit: `double ${part.name}`,
      text: splice(text, part.end, part.end, text.slice(part.begin, part.end)),
    };
  },
  'swap two neighbours': (text, parts, d) => {
    for (let tries = 0; tries < 20; tries++) {
      const { children } = d.one(parts);
      if (children.length < 2) continue;
      const i = d.below(children.length - 1);
      const [a, b] = [children[i] as Part, children[i + 1] as Part];
      const swapped = text.slice(b.begin, b.end) + text.slice(a.end, b.begin) + text.slice(a.begin, a.end);
      return { edit: `swap ${a.name} and ${b.name}`, text: splice(text, a.begin, b.end, swapped) };
    }
    return null;
  },
  'another name': (text, parts, d) => {
    const part = d.one(parts);
    const name = d.below(4) === 0 ? d.one(['Extension', 'Unknown', '__proto__', 'True']) : d.one(parts).name;
    const whole = text.slice(part.begin, part.end);
    const renamed = name + whole.slice(1 + part.name.length);
    const closed = part.to < part.end ? renamed.replace(/<\/[\w:.-]+(\s*>)$/, `</${name}$1`) : renamed;
    return { edit: `${part.name} as ${name}`, text: splice(text, part.begin, part.end, `<${closed}`) };
  },
  'another home': (text, parts, d) => {
    const [from, to] = [d.one(parts.slice(1)), d.one(parts)];
    if (to.from === to.end || (to.from >= from.begin && to.from <= from.end)) return null;
    const moved = text.slice(from.begin, from.end);
    const out =
      to.from < from.begin
        ? splice(splice(text, from.begin, from.end, ''), to.from, to.from, moved)
        : splice(splice(text, to.from, to.from, moved), from.begin, from.end, '');
    return { edit: `${from.name} into ${to.name}`, text: out };
  },
  'other text': (text, parts, d) => {
    const holders = parts.filter((p) => p.children.length === 0 && text.slice(p.from, p.to).trim() !== '');
    if (holders.length === 0) return null;
    const part = d.one(holders);
    const words = text.slice(part.from, part.to).trim().split(/\s+/);
    const i = d.below(words.length);
    const action = d.below(4);
    if (action === 0) words.splice(i, 1);
    else if (action === 1) words.splice(i, 0, words[i] as string);
    else if (action === 2) words[i] = d.one(odd);
    else words.length = 0;
    return {
      edit: `${['a word less', 'a word more', 'another word', 'no words'][action]} in ${part.name}`,
      text: splice(text, part.from, part.to, words.join(' ')),
    };
  },
  cut: (text, _, d) => {
    const at = d.below(text.length);
    return { edit: 'cut', text: text.slice(0, at) };
  },
  'another character': (text, _, d) => {
    const at = d.below(text.length);
    const put = String.fromCharCode(text.charCodeAt(at) ^ (1 << d.below(7)));
    return { edit: 'another character', text: splice(text, at, at + 1, put) };
  },
};

/** One edit of the document; null where the edit that was drawn does not fit. */
export const mutant = (text: string, parts: readonly Part[], d: Dice): Mutant | null =>
  (edits[d.one(Object.keys(edits))] as Edit)(text, parts, d);
