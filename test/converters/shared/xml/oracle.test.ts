/** The scanner beside saxes, a parser of others: documents made at random, whole and damaged, cut into windows of any size. */
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import type { Name } from '../../../../converters/shared/xml/names.ts';
import { CLOSE, END, OPEN, Scanner, TEXT, xmlLimits } from '../../../../converters/shared/xml/scanner.ts';
import { memorySource } from '../../../../src/files/source.ts';
import { PortolanError } from '../../../../src/ir/diagnostic.ts';

type Event = readonly [string, ...unknown[]];

/** Text in pieces is one text; none is none. */
const joined = (events: readonly Event[]): Event[] => {
  const out: Event[] = [];
  for (const e of events) {
    const last = out[out.length - 1];
    if (e[0] !== 'text') out.push(e);
    else if (last?.[0] === 'text') out[out.length - 1] = ['text', `${last[1]}${e[1]}`];
    else if (e[1] !== '') out.push(e);
  }
  return out;
};

const ours = (text: string, window: number): Event[] | 'refused' => {
  const events: Event[] = [];
  try {
    const scanner = new Scanner(memorySource('a.xml', Buffer.from(text)), { ...xmlLimits, window });
    for (let token = scanner.next(); token !== END; token = scanner.next()) {
      if (token === OPEN) {
        const attributes = Array.from({ length: scanner.count }, (_, i) => [
          scanner.key(i),
          scanner.value(i),
        ]);
        events.push(['open', (scanner.name as Name).text, attributes]);
      } else if (token === CLOSE) events.push(['close']);
      else if (token === TEXT) events.push(['text', scanner.text()]);
    }
  } catch (e) {
    if (e instanceof PortolanError) return 'refused';
    throw e;
  }
  return joined(events);
};

/** Saxes takes `p:-x`; Namespaces in XML, production 8, wants what a name may begin with behind the colon too. */
const begins = (local: string) => {
  const first = local.codePointAt(0) ?? 0;
  const combining = first >= 0x300 && first <= 0x36f;
  return !combining && !/^[-.0-9\xB7\u203F\u2040]/.test(local);
};

const theirs = (text: string): Event[] | 'refused' => {
  const events: Event[] = [];
  let depth = 0;
  try {
    const parser = new SaxesParser({ xmlns: true });
    const refuse = () => {
      throw new RangeError('refused');
    };
    parser.on('error', refuse);
    parser.on('doctype', refuse);
    // It is given a string, and asks no encoding.
    parser.on('xmldecl', ({ encoding }) => {
      if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) refuse();
    });
    parser.on('opentag', (tag) => {
      depth++;
      for (const { local } of [tag, ...Object.values(tag.attributes)]) if (!begins(local)) refuse();
      events.push(['open', tag.name, Object.values(tag.attributes).map((a) => [a.name, a.value])]);
    });
    parser.on('closetag', () => {
      depth--;
      events.push(['close']);
    });
    const take = (content: string) => {
      if (depth > 0) events.push(['text', content]);
    };
    parser.on('text', take);
    parser.on('cdata', take);
    parser.write(text).close();
  } catch (e) {
    if (e instanceof RangeError) return 'refused';
    throw e;
  }
  return joined(events);
};

const name = fc.constantFrom('a', 'b', 'Node', 'p:c', 'p:d', 'q:c', 'é', '_x-1.y', 'a\u0301');
const words = fc
  .array(
    fc.constantFrom(
      'x',
      ' ',
      '\n',
      '\t',
      '\r',
      '\r\n',
      '&amp;',
      '&lt;',
      '&gt;',
      '&quot;',
      '&apos;',
      '&#65;',
      '&#x1F600;',
      '&#10;',
      '&#x0000000000000000000000000000000000041;',
      'é',
      '€',
      '😀',
      ']',
      ']]',
      '>',
      "'",
      '\u0085',
      '\u007f',
      'ï',
      '\uffef',
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));
const plain = words.filter((t) => !t.includes(']]>'));
const noise = fc.constantFrom(
  '',
  '',
  '',
  '<!-- a - b -->',
  '<?go on?>',
  '<?go?>',
  '<![CDATA[<a>&amp;]] >]]>',
  '<![CDATA[]]>',
);
const gap = fc.constantFrom(' ', ' ', '\n', '\t\r\n ');
const attribute = fc
  .tuple(
    gap,
    fc.constantFrom('x', 'y', 'p:x', 'q:x', 'xml:lang', 'é'),
    fc.constantFrom('=', ' = ', '\n='),
    words,
    fc.boolean(),
  )
  .map(([before, key, is, value, single]) => {
    const quote = single ? "'" : '"';
    return {
      key,
      text: `${before}${key}${is}${quote}${value.replaceAll(quote, '').replaceAll('<', '')}${quote}`,
    };
  });
const attributes = fc
  .uniqueArray(attribute, { maxLength: 3, selector: (a) => a.key })
  .map((list) => list.map((a) => a.text).join(''));

const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  content: fc
    .array(fc.oneof({ maxDepth: 4, depthSize: 'small' }, plain, noise, tie('element')), { maxLength: 4 })
    .map((parts) => parts.join('')),
  element: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.tuple(name, attributes).map(([n, a]) => `<${n}${a}/>`),
    fc
      .tuple(name, attributes, tie('content'), fc.constantFrom('', ' ', '\n'))
      .map(([n, a, c, s]) => `<${n}${a}${s}>${c}</${n}${s}>`),
  ),
}));

const declaration = fc.constantFrom(
  '',
  '',
  '<?xml version="1.0"?>',
  "<?xml version='1.0' encoding='UTF-8' standalone = 'yes' ?>\n",
);

const document = fc
  .tuple(declaration, element, fc.constantFrom('', '\n', '<!-- end -->\n', '<?end?>'))
  .map(([head, body, tail]) => `${head}<r xmlns:p="u:p" xmlns:q='u:q' xmlns="u">${body}</r>${tail}`);

const shards = fc.constantFrom(
  ...'<>/&;!?-[]="\' \n\r\txa:#\0\u0001\ufffe\u{1ffff}',
  '<!--',
  '-->',
  '--',
  ']]>',
  '<![CDATA[',
  '<?',
  '?>',
  '<?xml version="1.0"?>',
  '<!DOCTYPE a>',
  '&#0;',
  '&#xD800;',
  '&#x110000;',
  '&no;',
  '&amp',
  '<a>',
  '</a>',
  '<a/>',
  '</r>',
  ' x="1"',
  ' x="1" x="2"',
  ' p:x="1" q:x="1"',
  ' xmlns:p="u:q"',
  ' xmlns:p=""',
  ' xmlns:xml="u"',
  ' xmlns:xmlns="u"',
  '<xmlns:a/>',
  '<z:a/>',
  ' z:x="1"',
  '<a:b:c/>',
  '<:a/>',
  '<1/>',
  '<\u0301a/>',
);

/** Cuts and pastes, a few times. */
const damaged = fc
  .tuple(document, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), shards), { minLength: 1, maxLength: 2 }))
  .map(([text, edits]) => {
    let out = text;
    for (const [where, cut, paste] of edits) {
      const at = where % (out.length + 1);
      out = out.slice(0, at) + paste + out.slice(at + cut);
    }
    return out.replace(/\p{Surrogate}/gu, '');
  });

const window = fc.constantFrom(1, 2, 3, 7, 16, 64, 1 << 18);

describe('beside saxes', () => {
  it('whole documents give the same events', () => {
    fc.assert(
      fc.property(document, window, (text, size) => {
        const want = theirs(text);
        expect(ours(text, size)).toEqual(want);
      }),
      { numRuns: 2000 },
    );
  });

  it('damaged documents are taken or refused alike', () => {
    fc.assert(
      fc.property(damaged, window, (text, size) => {
        expect(ours(text, size)).toEqual(theirs(text));
      }),
      { numRuns: 6000 },
    );
  });
});
