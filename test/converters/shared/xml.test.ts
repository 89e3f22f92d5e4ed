import { describe, expect, it } from 'vitest';
import { XmlCursor, xmlLimits } from '../../../converters/shared/xml.ts';
import { memorySource } from '../../../src/files/source.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const cursorOf = (data: string | Uint8Array, limits = xmlLimits) =>
  new XmlCursor(memorySource('a.xml', typeof data === 'string' ? bytes(data) : data), limits);

const root = (data: string | Uint8Array, limits = xmlLimits) => {
  const cursor = cursorOf(data, limits);
  const element = cursor.element(cursor.root());
  cursor.finish();
  return element;
};

const refusal = (data: string | Uint8Array, limits = xmlLimits) => {
  try {
    root(data, limits);
  } catch (e) {
    // The line; its column is looked at elsewhere.
    if (e instanceof PortolanError) return `${e.diagnostic.rule}@${e.diagnostic.at?.at.split(':')[0]}`;
    throw e;
  }
  return 'none';
};

describe('XML', () => {
  it('gives elements with attributes, text and lines', () => {
    const e = root(
      '<?xml version="1.0"?>\n<a x="1&amp;2">\n <p:b xmlns:p="u">t<![CDATA[<u>]]>v</p:b>\n <c> </c>\n</a>',
    );
    expect(e.name).toBe('a');
    expect(e.attributes.x).toBe('1&2');
    expect(e.children.map((c) => [c.name, c.text, c.line])).toEqual([
      ['b', 't<u>v', 3],
      ['c', ' ', 4],
    ]);
  });

  it('reads across windows', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `<n i="${i}">é${i}</n>`).join('\n');
    const e = root(`<a>${many}</a>`);
    expect(e.children.length).toBe(20_000);
    expect(e.children[19_999]?.text).toBe('é19999');
    expect(e.children[19_999]?.line).toBe(20_000);
  });

  it('reads UTF-8 and UTF-16 with byte order marks, ISO-8859-1 and windows-1252', () => {
    const utf16 = (little: boolean) => {
      const text = '\ufeff<a x="é€"/>';
      const out = new Uint8Array(2 * text.length);
      const view = new DataView(out.buffer);
      for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), little);
      return out;
    };
    expect(root(`\ufeff<a x="é€"/>`).attributes.x).toBe('é€');
    expect(root(utf16(true)).attributes.x).toBe('é€');
    expect(root(utf16(false)).attributes.x).toBe('é€');
    const latin = (name: string, byte: number) =>
      Uint8Array.from([...bytes(`<?xml version="1.0" encoding="${name}"?><a x="`), byte, ...bytes('"/>')]);
    expect(root(latin('ISO-8859-1', 0xe9)).attributes.x).toBe('é');
    // 0x80 is a control character in one, the euro sign in the other.
    expect(root(latin('windows-1252', 0x80)).attributes.x).toBe('€');
  });

  it.each([
    ['a document type', '<!DOCTYPE a><a/>', 'xml/doctype@1'],
    ['billion laughs', '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>', 'xml/doctype@1'],
    ['an external entity', '<!DOCTYPE a SYSTEM "file:///etc/passwd">\n<a/>', 'xml/doctype@1'],
    [
      'a parameter entity',
      '<!DOCTYPE a [\n<!ENTITY % p SYSTEM "http://127.0.0.1/p.dtd">\n%p;]><a/>',
      'xml/doctype@1',
    ],
    [
      'a quadratic blow-up',
      `<!DOCTYPE a [<!ENTITY x "${'y'.repeat(1000)}">]><a>${'&x;'.repeat(1000)}</a>`,
      'xml/doctype@1',
    ],
    ['an entity in an attribute', '<a>\n<b x="&secret;"/></a>', 'xml/not-well-formed@2'],
    ['an unknown entity', '<a>\n&secret;</a>', 'xml/not-well-formed@2'],
    ['two roots', '<a/>\n<b/>', 'xml/not-well-formed@2'],
    ['a duplicate attribute', '<a\n x="1" x="2"/>', 'xml/not-well-formed@2'],
    ['tags that cross', '<a>\n<b></a></b>', 'xml/not-well-formed@2'],
    ['a missing end', '<a>\n<b>', 'xml/not-well-formed@2'],
    ['an attribute without quotes', '<a x=1/>', 'xml/not-well-formed@1'],
    ['nothing', '', 'xml/empty@1'],
    ['no XML', 'sepal,petal\n1,2', 'xml/not-well-formed@1'],
    ['an unknown encoding', '<?xml version="1.0" encoding="EBCDIC"?><a/>', 'xml/encoding@1'],
    ['text after the root', '<a/>\n\nx', 'xml/not-well-formed@3'],
  ])('refuses %s', (_, text, want) => {
    expect(refusal(text)).toBe(want);
  });

  it('refuses bytes that are not in the declared encoding', () => {
    expect(refusal(Uint8Array.from([...bytes('<a x="'), 0xff, ...bytes('"/>')]))).toBe('xml/encoding@1');
  });

  it('bounds depth, attributes, text and tokens', () => {
    const deep = (n: number) => '<a>'.repeat(n) + '</a>'.repeat(n);
    expect(refusal(deep(xmlLimits.depth))).toBe('none');
    expect(refusal(deep(xmlLimits.depth + 1))).toBe('xml/too-deep@1');
    const small = { depth: 8, attribute: 10, text: 10, token: 1 << 17, window: 1 << 16 };
    expect(refusal('<a x="12345678901"/>', small)).toBe('xml/attribute-too-long@1');
    expect(refusal('<a x="1234567890">1234567890</a>', small)).toBe('none');
    expect(refusal('<a>12345678901</a>', small)).toBe('xml/text-too-long@1');
    expect(refusal(`<a><!--${'x'.repeat(1 << 18)}--></a>`, small)).toBe('xml/token-too-long@1');
  });

  it('takes names like __proto__ as names', () => {
    const e = root('<a __proto__="x" constructor="y"/>');
    expect(Object.keys(e.attributes)).toEqual(['__proto__', 'constructor']);
    expect(Object.values(e.attributes)).toEqual(['x', 'y']);
    expect(e.attributes.toString).toBeUndefined();
  });
});
