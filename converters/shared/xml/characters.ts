/** Which characters may stand where. XML 1.0, fifth edition: productions 2 (Char), 3 (S), 4 and 4a (names). */

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const BANG = 0x21;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const AMP = 0x26;
export const APOS = 0x27;
export const MINUS = 0x2d;
export const SLASH = 0x2f;
export const SEMICOLON = 0x3b;
export const LESS = 0x3c;
export const EQUALS = 0x3d;
export const GREATER = 0x3e;
export const QUESTION = 0x3f;
export const BRACKET = 0x5b;
export const UNBRACKET = 0x5d;

/** What a byte of UTF-8 asks of whoever passes over text or an attribute's value. */
export const PLAIN = 0;
/** Ends something, or is to be looked at: `<`, `&`, quotes, `]`, and 0xEF, which U+FFFE and U+FFFF begin with. */
export const MARK = 1;
/** Space: only text that is all blanks cares. */
export const BLANK = 2;
/** Tab, line feed, carriage return. */
export const BREAK = 3;
/** A control character, which no document may hold; 0 also ends the window. */
export const CONTROL = 4;

const table = (of: (byte: number) => number): Uint8Array => Uint8Array.from({ length: 256 }, (_, b) => of(b));

const marks = new Set([LESS, AMP, QUOTE, APOS, UNBRACKET, 0xef]);

export const kinds = table((b) => {
  if (b === TAB || b === LF || b === CR) return BREAK;
  if (b < SPACE) return CONTROL;
  if (b === SPACE) return BLANK;
  return marks.has(b) ? MARK : PLAIN;
});

/** May the byte be part of a name? All of UTF-8 beyond ASCII may, until the name is looked at. */
export const inName = table((b) => Number(b >= 0x80 || /[-.\w:]/.test(String.fromCharCode(b))));

const starts =
  ':A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C-\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
const name = new RegExp(`^[${starts}][${starts}.0-9\\xB7\\u0300-\\u036F\\u203F-\\u2040-]*$`, 'u');

export const isName = (text: string): boolean => name.test(text);

/** Is it the number of a character that a document may hold? */
export const isCharacter = (code: number): boolean =>
  code === TAB ||
  code === LF ||
  code === CR ||
  (code >= SPACE && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff);

export const isBlank = (byte: number): boolean =>
  byte === SPACE || byte === LF || byte === TAB || byte === CR;
