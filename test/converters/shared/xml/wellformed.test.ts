/** Well-formedness by hand, production by production: XML 1.0 (fifth edition) and Namespaces in XML 1.0 (third edition). */
import { describe, expect, it } from 'vitest';
import { XmlCursor, xmlLimits } from '../../../../converters/shared/xml.ts';
import { memorySource } from '../../../../src/files/source.ts';
import { PortolanError } from '../../../../src/ir/diagnostic.ts';

const bytesOf = (text: string | Uint8Array) => (typeof text === 'string' ? Buffer.from(text) : text);

const outcome = (text: string | Uint8Array, window: number): string => {
  try {
    const cursor = new XmlCursor(memorySource('a.xml', bytesOf(text)), { ...xmlLimits, window });
    cursor.element(cursor.root());
    cursor.finish();
  } catch (e) {
    if (e instanceof PortolanError) return `${e.diagnostic.rule}@${e.diagnostic.at?.at.split(':')[0]}`;
    throw e;
  }
  return 'taken';
};

/** The same whether the window ends nowhere or everywhere. */
const result = (text: string | Uint8Array): string => {
  const [whole, torn] = [outcome(text, 1 << 18), outcome(text, 1)];
  expect(torn).toBe(whole);
  return whole;
};

const not = 'xml/not-well-formed';
const space = 'xml/namespace';

describe('documents that are refused', () => {
  it.each([
    // Characters (2) and references (66, 68).
    ['a control character in text', '<a>\n\u0001</a>', `${not}@2`],
    ['a control character in an attribute', '<a x="\u0008"/>', `${not}@1`],
    ['a NUL', '<a>\0</a>', `${not}@1`],
    ['a NUL between attributes', '<a \0/>', `${not}@1`],
    ['a NUL in a comment', '<a><!--\0--></a>', `${not}@1`],
    ['U+FFFE', '<a>\ufffe</a>', `${not}@1`],
    ['U+FFFF in an attribute', '<a x="\uffff"/>', `${not}@1`],
    ['U+FFFF in CDATA', '<a><![CDATA[\uffff]]></a>', `${not}@1`],
    ['a reference to 0', '<a>&#0;</a>', `${not}@1`],
    ['a reference to a surrogate', '<a x="&#xD800;"/>', `${not}@1`],
    ['a reference beyond Unicode', '<a>&#x110000;</a>', `${not}@1`],
    ['a reference far beyond', `<a>&#${'9'.repeat(400)};</a>`, `${not}@1`],
    ['a reference without digits', '<a>&#;</a>', `${not}@1`],
    ['a reference with a capital X', '<a>&#X41;</a>', `${not}@1`],
    ['a reference without end', '<a>&amp</a>', `${not}@1`],
    ['a lone ampersand', '<a>x & y</a>', `${not}@1`],
    ['a lone ampersand in an attribute', '<a x="&"/>', `${not}@1`],
    ['an entity of HTML', '<a>&nbsp;</a>', `${not}@1`],
    // Text (14).
    [']]> in text', '<a>x]]>y</a>', `${not}@1`],
    ['] before ]]>', '<a>]]]></a>', `${not}@1`],
    // Names (4, 5).
    ['a name that begins with a digit', '<1a/>', `${not}@1`],
    ['a name that begins with a hyphen', '<-a/>', `${not}@1`],
    ['a name that begins with a combining mark', '<\u0301a/>', `${not}@1`],
    ['a name with a sign that is none', '<a\u00d7/>', `${not}@1`],
    ['a blank before the name', '< a/>', `${not}@1`],
    ['no name', '<>', `${not}@1`],
    // Tags (40, 41, 42, 44).
    ['two attributes without a blank', '<a x="1"y="2"/>', `${not}@1`],
    ['an attribute without value', '<a x/>', `${not}@1`],
    ['an attribute without quotes', '<a x=1/>', `${not}@1`],
    ['quotes that do not match', `<a x="1'/>`, `${not}@1`],
    ['< in an attribute', '<a x="<"/>', `${not}@1`],
    ['the same attribute twice', '<a x="1"\nx="2"/>', `${not}@2`],
    ['/ without >', '<a/ >', `${not}@1`],
    ['an attribute on a closing tag', '<a></a x="1">', `${not}@1`],
    ['a blank before the name of a closing tag', '<a></ a>', `${not}@1`],
    ['a closing tag that begins like the open one', '<a></ab>', `${not}@1`],
    ['a closing tag that the open one begins like', '<ab></a>', `${not}@1`],
    ['a closing tag alone', '</a>', `${not}@1`],
    ['another case', '<a></A>', `${not}@1`],
    ['a tag in a tag', '<a <b/>/>', `${not}@1`],
    // Ends.
    ['an end in a name', '<a><bcd', `${not}@1`],
    ['an end in a tag', '<a x="1"', `${not}@1`],
    ['an end in an attribute', '<a x="1', `${not}@1`],
    ['an end in a closing tag', '<a>\n</a', `${not}@2`],
    ['an end in a comment', '<a/><!-- x', `${not}@1`],
    ['an end in a comment, nearly', '<a/><!-- x --', `${not}@1`],
    ['an end in CDATA', '<a><![CDATA[x]]', `${not}@1`],
    ['an end in an instruction', '<a/><?x ?', `${not}@1`],
    ['an end in a reference', '<a>&am', `${not}@1`],
    ['an end behind <', '<a><', `${not}@1`],
    ['an end behind <!', '<a><!', `${not}@1`],
    ['an open element', '<a>\n<b/>\n', `${not}@3`],
    // Comments (15), instructions (16), CDATA (18), the prolog (22, 23).
    ['-- in a comment', '<a><!-- x -- y --></a>', `${not}@1`],
    ['--->', '<a><!-- x ---></a>', `${not}@1`],
    ['<!->', '<a><!-></a>', `${not}@1`],
    ['<!-->', '<a><!--></a>', `${not}@1`],
    ['a declaration inside', '<a><!ELEMENT a ANY></a>', `${not}@1`],
    ['a document type inside', '<a><!DOCTYPE a></a>', 'xml/doctype@1'],
    ['CDATA outside the root', '<![CDATA[x]]><a/>', `${not}@1`],
    ['cdata in small letters', '<a><![cdata[x]]></a>', `${not}@1`],
    ['an instruction called XML', '<a><?XML x?></a>', `${not}@1`],
    ['an instruction without name', '<a><? x?></a>', `${not}@1`],
    ['an instruction with a prefix', '<a><?p:x y?></a>', `${space}@1`],
    ['no blank behind the name of an instruction', '<a><?x="1"?></a>', `${not}@1`],
    ['a blank before the declaration', ' <?xml version="1.0"?><a/>', `${not}@1`],
    ['a comment before the declaration', '<!-- x --><?xml version="1.0"?><a/>', `${not}@1`],
    ['a declaration twice', '<?xml version="1.0"?><?xml version="1.0"?><a/>', `${not}@1`],
    ['a declaration without version', '<?xml encoding="UTF-8"?><a/>', `${not}@1`],
    ['a declaration of version 2', '<?xml version="2.0"?><a/>', `${not}@1`],
    [
      'a declaration in the wrong order',
      '<?xml version="1.0" standalone="yes" encoding="UTF-8"?><a/>',
      `${not}@1`,
    ],
    ['standalone="maybe"', '<?xml version="1.0" standalone="maybe"?><a/>', `${not}@1`],
    ['text before the root', 'x<a/>', `${not}@1`],
    ['a reference behind the root', '<a/>&#32;', `${not}@1`],
    ['two roots', '<a/>\n<b/>', `${not}@2`],
    ['blanks alone', ' \n ', `${not}@2`],
    ['a comment alone', '<!-- x -->', `${not}@1`],
    // Namespaces.
    ['an element prefix that is not declared', '<a>\n<p:b/></a>', `${space}@2`],
    ['an attribute prefix that is not declared', '<a p:x="1"/>', `${space}@1`],
    ['a prefix beyond its element', '<a><b xmlns:p="u"/><p:c/></a>', `${space}@1`],
    ['a prefix that is undeclared', '<a xmlns:p="u"><b xmlns:p=""/></a>', `${space}@1`],
    ['the prefix xmlns declared', '<a xmlns:xmlns="u"/>', `${space}@1`],
    ['an element with the prefix xmlns', '<xmlns:a/>', `${space}@1`],
    ['xml for another namespace', '<a xmlns:xml="u"/>', `${space}@1`],
    ['another prefix for that of xml', '<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>', `${space}@1`],
    ['the namespace of xmlns', '<a xmlns="http://www.w3.org/2000/xmlns/"/>', `${space}@1`],
    ['two colons', '<a:b:c xmlns:a="u"/>', `${not}@1`],
    ['a colon first', '<:a/>', `${not}@1`],
    ['a colon last', '<a: xmlns:a="u"/>', `${not}@1`],
    ['a number behind the colon', '<a:1 xmlns:a="u"/>', `${not}@1`],
    ['one attribute by two prefixes', '<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>', `${not}@1`],
  ])('%s', (_, text, want) => {
    expect(result(text)).toBe(want);
  });
});

describe('the column of what is wrong', () => {
  const place = (text: string, window: number): string | undefined => {
    try {
      const cursor = new XmlCursor(memorySource('a.xml', Buffer.from(text)), { ...xmlLimits, window });
      cursor.element(cursor.root());
    } catch (e) {
      return (e as PortolanError).diagnostic.at?.at;
    }
    return undefined;
  };

  it('is where its tag or its text begins', () => {
    expect(place('<a>\n  <b x="1" x="2"/></a>', 1 << 18)).toBe('2:3');
    expect(place('<a><b></a>', 1 << 18)).toBe('1:7');
    expect(place('<a>é€<b></a>', 1 << 18)).toBe('1:9');
    expect(place('<a>\r\n\r\n&no;</a>', 1 << 18)).toBe('3');
    expect(place('<a>12&no;</a>', 1 << 18)).toBe('1:4');
  });

  it('is not lost where the line is longer than what is looked at', () => {
    expect(place(`<a>${'<b/>'.repeat(1000)}</c>`, 16)).toBe('1:4004');
    expect(place(`\n\n<a>\n${'<b/>'.repeat(1000)}</c>`, 16)).toBe('4:4001');
  });

  it('is left out where the tag began in a line before', () => {
    expect(place('<a\n x="1"\n x="2"/>', 1 << 18)).toBe('3');
  });
});

describe('documents that are taken', () => {
  it.each([
    [
      'everything at once',
      '\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<!-- - --><?x?><a xml:lang="en"><![CDATA[]]]]></a>\n<?y z?>',
    ],
    ['an address, which nobody opens', '<?xml-stylesheet href="http://127.0.0.1/x.xsl"?><a/>'],
    ['blanks that are asked to be kept', '<a xml:space="preserve"> </a>'],
    ['a later 1.x', "<?xml version='1.1'?><a/>"],
    ['xml declared as it is', '<a xmlns:xml="http://www.w3.org/XML/1998/namespace"/>'],
    ['the default namespace taken away', '<a xmlns="u"><b xmlns=""/></a>'],
    ['a prefix declared behind its use', '<a p:x="1" xmlns:p="u"/>'],
    ['one local name in two namespaces', '<a xmlns:p="u" xmlns:q="v" p:x="1" q:x="2" x="3"/>'],
    ['> and quotes in text', `<a>> " ' ]] ]</a>`],
    ['DEL and what follows it', '<a>\u007f\u0085\u009f</a>'],
    ['characters beyond the first plane', '<𐀀 x="😀"/>'],
  ])('%s', (_, text) => {
    expect(result(text)).toBe('taken');
  });

  it('line ends are one line feed, and a blank in attributes; references stay what they are', () => {
    const text = '<a x=" 1\r\n2\t3&#10;&#x9;&lt;">\r\n4\r5&#13;<![CDATA[\r\n&lt;\r]]></a>';
    const cursor = new XmlCursor(memorySource('a.xml', Buffer.from(text)), { ...xmlLimits, window: 1 });
    const e = cursor.element(cursor.root());
    expect(e.attributes.x).toBe(' 1 2 3\n\t<');
    expect(e.text).toBe('\n4\n5\r\n&lt;\n');
  });

  it('lines are counted by CR, LF and both together, in tags too', () => {
    const text = '<a>\r\n\r\n<b\r\rx="\n\n"/>\n<!--\n--><c/></a>';
    const cursor = new XmlCursor(memorySource('a.xml', Buffer.from(text)), { ...xmlLimits, window: 1 });
    expect(cursor.element(cursor.root()).children.map((e) => e.line)).toEqual([3, 9]);
  });
});

describe('encodings', () => {
  const declared = (name: string, ...raw: number[]) =>
    Uint8Array.from([
      ...Buffer.from(`<?xml version="1.0" encoding="${name}"?><a>`),
      ...raw,
      ...Buffer.from('</a>'),
    ]);
  const utf16 = (text: string, little: boolean) => {
    const bytes = Buffer.from(text, 'utf16le');
    return little ? bytes : bytes.swap16();
  };

  it.each([
    ['a byte that begins nothing', declared('UTF-8', 0x80), 'xml/encoding@1'],
    ['an overlong slash', declared('UTF-8', 0xc0, 0xaf), 'xml/encoding@1'],
    ['a surrogate', declared('UTF-8', 0xed, 0xa0, 0x80), 'xml/encoding@1'],
    ['beyond U+10FFFF', declared('UTF-8', 0xf4, 0x90, 0x80, 0x80), 'xml/encoding@1'],
    ['a character cut off at the end', declared('UTF-8', 0xe2, 0x82).slice(0, -4), 'xml/encoding@1'],
    ['ASCII that is none', declared('US-ASCII', 0xc3, 0xa9), 'xml/encoding@1'],
    ['UTF-16 that is none', declared('UTF-16', 0x41), 'xml/encoding@1'],
    [
      'ISO-8859-1 with the mark of UTF-8',
      Uint8Array.from([0xef, 0xbb, 0xbf, ...declared('ISO-8859-1')]),
      'xml/encoding@1',
    ],
    [
      'UTF-8 declared in UTF-16',
      utf16('\ufeff<?xml version="1.0" encoding="UTF-8"?><a/>', true),
      'xml/encoding@1',
    ],
    ['a surrogate alone in UTF-16', utf16('\ufeff<a>\ud800</a>', true), 'xml/encoding@1'],
    ['a byte too many in UTF-16', Uint8Array.from([...utf16('\ufeff<a/>', true), 0x20]), 'xml/encoding@1'],
    ['UTF-7', declared('UTF-7'), 'xml/encoding@1'],
    ['UTF-16 without a mark', utf16('<?xml version="1.0" encoding="UTF-16"?><a>é😀</a>', false), 'taken'],
    ['UTF-16 with one', utf16('\ufeff<a>é😀</a>', true), 'taken'],
    ['every length of UTF-8', declared('UTF-8', ...Buffer.from('é€😀')), 'taken'],
    ['ISO-8859-1', declared('latin1', 0xe9, 0x80), 'taken'],
  ])('%s', (_, bytes, want) => {
    expect(result(bytes)).toBe(want);
  });
});

describe('bounds', () => {
  it('hostile documents of a megabyte are told quickly', () => {
    const million = 1 << 20;
    const many = (n: number, f: (i: number) => string) => Array.from({ length: n }, (_, i) => f(i)).join('');
    const cases: readonly (readonly [string, string])[] = [
      ['<'.repeat(million), `${not}@1`],
      ['<a>'.repeat(million / 3), 'xml/too-deep@1'],
      [`<a x="${'&amp;'.repeat(million / 5)}`, `${not}@1`],
      [`<a ${many(million / 12, (i) => `x${i}="1" `)}/>`, 'taken'],
      [`<a>${many(million / 8, (i) => `<n${i}/>`)}</a>`, 'taken'],
      [`<a>${']]'.repeat(million / 2)}</a>`, 'taken'],
      [`<a>&${'x'.repeat(million)};</a>`, `${not}@1`],
      [`<a>&#${'0'.repeat(million)}65;</a>`, 'taken'],
      [`<a>${many(million / 16, (i) => `<b xmlns:p${i}="u"/>`)}</a>`, 'taken'],
      [`<${'n'.repeat(million)}/>`, 'taken'],
    ];
    for (const [text, want] of cases) {
      const start = process.cpuUsage();
      expect([text.slice(0, 20), outcome(text, 1 << 12)]).toEqual([text.slice(0, 20), want]);
      const { user, system } = process.cpuUsage(start);
      expect(user + system).toBeLessThan(2_000_000);
    }
  });
});
