/**
 * XML 1.0 with namespaces, byte by byte: every rule of well-formedness is checked, and nothing becomes a string before
 * somebody asks. A token (a tag, a comment, a run of text) is looked at whole: where the window ends inside, the window moves on
 * and the token is begun anew. Documents without DOCTYPE only, so that the five predefined entities are all there are.
 */
import type { Source } from '../../../src/ir/converter.ts';
import { fail, type Place } from '../../../src/ir/diagnostic.ts';
import {
  AMP,
  APOS,
  BANG,
  BLANK,
  BRACKET,
  BREAK,
  CONTROL,
  CR,
  EQUALS,
  GREATER,
  HASH,
  inName,
  isBlank,
  isCharacter,
  kinds,
  LESS,
  LF,
  MARK,
  MINUS,
  PLAIN,
  QUESTION,
  QUOTE,
  SEMICOLON,
  SLASH,
  UNBRACKET,
} from './characters.ts';
import { follows, type Name, Names, stands } from './names.ts';
import { Namespaces } from './namespaces.ts';
import { decimal } from './number.ts';
import { spellAttribute, spellCdata, spellText } from './spelling.ts';
import { made, Strings } from './strings.ts';
import { Window } from './window.ts';

export interface XmlLimits {
  /** Elements inside each other. */
  readonly depth: number;
  /** Characters of one attribute value. */
  readonly attribute: number;
  /** Characters of one run of text. */
  readonly text: number;
  /** Bytes that one tag, comment or run of text may take. */
  readonly token: number;
  /** Bytes read at a time. */
  readonly window: number;
}

export const xmlLimits: XmlLimits = {
  depth: 4096,
  attribute: 1 << 20,
  text: 1 << 26,
  token: 1 << 27,
  window: 1 << 18,
};

/** What `next` came upon. */
export const END = 0;
export const OPEN = 1;
export const CLOSE = 2;
export const TEXT = 3;
/** Something that says nothing: a comment, an instruction. */
const NOTHING = 4;
/** The window ends inside. */
const MORE = -1;

const prime = 0x01000193;

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

const cdata = ascii('[CDATA[');
const doctype = ascii('DOCTYPE');

export class Scanner {
  readonly file: string;
  /** Of the element that was opened last. */
  name: Name | undefined;
  /** The line of its `<`, counted from 1. */
  line = 1;
  /** How many attributes it has. */
  count = 0;
  /** Is the text all blanks, as written? */
  blank = false;
  /** Told of an attribute that the element's last tag did not have in that place, so that each is told of at least once. */
  unlike: ((element: Name, attribute: Name, line: number) => void) | null = null;

  private readonly limits: XmlLimits;
  private readonly window: Window;
  private bytes: Buffer;
  private end: number;
  private at = 0;
  /** Bytes before the window. */
  private passed = 0;
  /** The line of `at`. */
  private lineAt = 1;
  /** Where in the document the line that a scan has arrived in begins. */
  private lineFrom = 0;
  /** The line where a scan that fails has arrived. */
  private here = 1;
  private started = false;
  private rooted = false;
  /** The element opened last is closed by its own tag. */
  private alone = false;
  private tags = 0;
  private readonly open: Name[] = [];
  private readonly names = new Names();
  private readonly strings = new Strings();
  private readonly namespaces = new Namespaces();

  private readonly keys: Name[] = [];
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  /** Does it stand otherwise than it reads: with references, tabs or line ends? */
  private readonly rough: boolean[] = [];
  private textFrom = 0;
  private textTo = 0;
  private textRough = false;
  private textIsData = false;
  /** Where the name ends, the reference, that was looked at last. */
  private stop = 0;

  constructor(source: Source, limits: XmlLimits) {
    this.file = source.name;
    this.limits = limits;
    this.window = new Window(source, limits.window);
    this.bytes = this.window.bytes;
    this.end = 0;
    this.bytes[0] = 0;
  }

  /** Elements that stand open. */
  get depth(): number {
    return this.open.length;
  }

  /** The line that has been read up to. */
  get lineHere(): number {
    return this.lineAt;
  }

  /** The innermost element that stands open, without its prefix. */
  get innermost(): string {
    return this.open[this.open.length - 1]?.local ?? '';
  }

  /** Does an element of this name stand open? */
  within(name: string): boolean {
    return this.open.some((o) => o.local === name);
  }

  fail(rule: string, message: string, line = this.here, help?: string): never {
    return fail(rule, message, this.place(line), help);
  }

  place(line: number): Place {
    return { file: this.file, at: `${line}` };
  }

  /** The tag or text that is looked at is wrong: says where it begins too, if that is in the line reached. */
  private wrong(message: string): never {
    const { at, bytes, here } = this;
    const from = this.lineFrom - this.passed;
    // Of a line that begins before the window, bytes are counted for characters.
    const column = 1 + (from < 0 ? at - from : bytes.toString('utf8', from, at).length);
    const place = from > at ? `${here}` : `${here}:${column}`;
    return fail('xml/not-well-formed', message, { file: this.file, at: place });
  }

  /** Name of attribute `i`, as written. */
  key(i: number): string {
    return (this.keys[i] as Name).text;
  }

  /** Value of attribute `i`; `rare`: it hardly comes again, and is not looked for among those before. */
  value(i: number, rare = false): string {
    const from = this.from[i] as number;
    const to = this.to[i] as number;
    if (this.rough[i]) return spellAttribute(this.bytes.toString('utf8', from, to));
    return rare ? made(this.bytes, from, to) : this.strings.get(this.bytes, from, to);
  }

  /** The double that attribute `i` says; undefined where its text has to be looked at. */
  decimal(i: number): number | undefined {
    return decimal(this.bytes, this.from[i] as number, this.to[i] as number);
  }

  /** The text come upon last. */
  text(): string {
    const text = this.bytes.toString('utf8', this.textFrom, this.textTo);
    if (!this.textRough) return text;
    return this.textIsData ? spellCdata(text) : spellText(text);
  }

  /** Moves on to the next tag or text. What was said of the one before is gone. */
  next(): number {
    if (this.alone) {
      this.alone = false;
      return this.leave();
    }
    for (;;) {
      this.here = this.lineAt;
      const token = this.token();
      if (token === MORE) this.advance();
      else if (token !== NOTHING) return token;
    }
  }

  private advance(): void {
    const { window } = this;
    if (this.end - this.at > this.limits.token) this.long(this.end);
    window.advance(this.at, () => this.place(this.lineAt));
    this.passed += this.at;
    this.at = 0;
    this.bytes = window.bytes;
    this.end = window.end;
  }

  private long(to: number): void {
    if (to - this.at <= this.limits.token) return;
    this.fail(
      'xml/token-too-long',
      `a tag, a comment or a text takes more than ${this.limits.token} bytes`,
      this.lineAt,
    );
  }

  /** A 0 was met: MORE where the window ends there. */
  private broken(at: number, inside: string): number {
    if (at < this.end) return this.control(at);
    if (!this.window.final) return MORE;
    return this.wrong(`the document ends inside ${inside}`);
  }

  private control(at: number): never {
    const code = (this.bytes[at] as number).toString(16).toUpperCase().padStart(4, '0');
    return this.wrong(`the character U+${code} is not allowed in XML`);
  }

  /** At a byte 0xEF: U+FFFE and U+FFFF are no characters. */
  private noncharacter(at: number): void {
    const { bytes } = this;
    if (bytes[at + 1] === 0xbf && (bytes[at + 2] as number) >= 0xbe) {
      this.wrong(`the character U+${bytes[at + 2] === 0xbe ? 'FFFE' : 'FFFF'} is not allowed in XML`);
    }
  }

  private token(): number {
    const { bytes, at } = this;
    if (bytes[at] !== LESS) return this.run();
    switch (bytes[at + 1]) {
      case SLASH:
        return this.closing();
      case BANG:
        return this.bang();
      case QUESTION:
        return this.instruction();
      default:
        return this.opening();
    }
  }

  private done(to: number, token: number): number {
    this.long(to);
    this.at = to;
    this.lineAt = this.here;
    this.started = true;
    return token;
  }

  /** A line break at `at`, alone or with the line feed behind: counts the line. */
  private broke(byte: number, at: number): void {
    if (byte === LF || (byte === CR && this.bytes[at + 1] !== LF)) {
      this.here++;
      this.lineFrom = this.passed + at + 1;
    }
  }

  private blanks(at: number): number {
    const { bytes } = this;
    for (;;) {
      const b = bytes[at] as number;
      if (!isBlank(b)) return at;
      if (b !== 0x20) this.broke(b, at);
      at++;
    }
  }

  private run(): number {
    const { bytes, at: from } = this;
    let at = from;
    let blank = true;
    let rough = false;
    loop: for (;;) {
      const b = bytes[at] as number;
      switch (kinds[b]) {
        case PLAIN:
          if (blank) this.inside();
          blank = false;
          at++;
          while (kinds[bytes[at] as number] === PLAIN) at++;
          break;
        case BLANK:
          at++;
          break;
        case BREAK:
          this.broke(b, at);
          if (b === CR) rough = true;
          at++;
          break;
        case MARK:
          if (b === LESS) break loop;
          if (blank) this.inside();
          blank = false;
          if (b === AMP) {
            rough = true;
            at = this.reference(at);
            if (at === MORE) return MORE;
            break;
          }
          if (b === UNBRACKET && bytes[at + 1] === UNBRACKET && bytes[at + 2] === GREATER) {
            this.wrong("']]>' is not allowed in text");
          }
          if (b === 0xef) this.noncharacter(at);
          at++;
          break;
        default:
          if (at < this.end) this.control(at);
          if (!this.window.final) return MORE;
          break loop;
      }
    }
    if (at === from) return this.finish();
    this.textFrom = from;
    this.textTo = at;
    this.textRough = rough;
    this.textIsData = false;
    this.blank = blank;
    if (this.open.length === 0) return this.done(at, NOTHING);
    this.checkText();
    return this.done(at, TEXT);
  }

  /** Here is text. */
  private inside(): void {
    if (this.open.length === 0) this.wrong('text stands outside the root element');
  }

  private checkText(): void {
    const { text: most } = this.limits;
    if (this.textTo - this.textFrom > most && this.text().length > most) {
      this.fail('xml/text-too-long', `a text has more than ${most} characters`, this.lineAt);
    }
  }

  private finish(): number {
    const top = this.open[this.open.length - 1];
    if (top) this.wrong(`<${top.text}> is not closed`);
    if (!this.rooted) this.wrong('the document has no root element');
    return END;
  }

  /** `&…;` at `at`, checked; returns where it ends, or MORE. */
  private reference(at: number): number {
    const { bytes } = this;
    let to = at + 1;
    while (inName[bytes[to] as number] || bytes[to] === HASH) to++;
    if (bytes[to] === 0 && to === this.end && !this.window.final) return MORE;
    const text = bytes.toString('utf8', at + 1, to);
    if (bytes[to] !== SEMICOLON) this.wrong(`'&${text}' is not ended by ';': write '&amp;' for '&'`);
    if (!/^(lt|gt|amp|apos|quot)$/.test(text)) {
      const number = /^#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,9}))$/.exec(
        text.replace(/^(#x?)0+(?=[0-9a-fA-F])/, '$1'),
      );
      if (!number) this.wrong(`there is no entity '&${text};'`);
      const code = number?.[1] ? Number.parseInt(number[1], 16) : Number(number?.[2]);
      if (!isCharacter(code)) this.wrong(`'&${text};' is no character of XML`);
    }
    return to + 1;
  }

  /** The name at `at`; it ends at `stop`. undefined: the window ends inside. */
  private nameAt(at: number, inside: string): Name | undefined {
    const { bytes } = this;
    let hash = 0x811c9dc5;
    let to = at;
    let b = bytes[to] as number;
    while (inName[b]) {
      hash = Math.imul(hash ^ b, prime);
      b = bytes[++to] as number;
    }
    if (b === 0 && this.broken(to, inside) === MORE) return undefined;
    if (to === at) this.wrong(`a name is missing in ${inside}`);
    const name = this.names.get(bytes, at, to, hash);
    if (name.wrong !== null) this.wrong(name.wrong);
    this.stop = to;
    return name;
  }

  private opening(): number {
    const { bytes, keys, from, to, rough, limits } = this;
    // A binding of this function is looked up once, one of another module at every byte.
    const kindOf = kinds;
    const before = this.name;
    const likely = before?.next;
    let at = this.at + 1;
    let name: Name | undefined;
    if (likely !== undefined && stands(likely, bytes, at)) {
      name = likely;
      at += name.bytes.length;
    } else {
      name = this.nameAt(at, 'a tag');
      if (name === undefined) return MORE;
      if (before !== undefined) before.next = name;
      at = this.stop;
    }
    if (this.rooted && this.open.length === 0)
      this.wrong('a document has one root element; here is a second');
    const tag = ++this.tags;
    let count = 0;
    let spaced = name.spaced;
    let long = false;
    let alone = false;
    for (;;) {
      const gap = at;
      if (isBlank(bytes[at] as number)) at = this.blanks(at);
      const b = bytes[at] as number;
      if (b === GREATER) break;
      if (b === SLASH) {
        if (bytes[at + 1] === GREATER) {
          alone = true;
          at++;
          break;
        }
        if (bytes[at + 1] === 0 && this.broken(at + 1, 'a tag') === MORE) return MORE;
        this.wrong(`in the tag <${name.text}>, '/' must be followed by '>'`);
      }
      const start = at;
      let key = name.attributes[count];
      const met = key !== undefined && follows(key, bytes, at);
      if (key !== undefined && met) at += key.bytes.length;
      else {
        key = this.nameAt(at, 'a tag');
        if (key === undefined) return MORE;
        name.attributes[count] = key;
        this.unlike?.(name, key, this.lineAt);
        at = this.stop;
      }
      if (gap === start) this.wrong(`a blank must stand before the attribute ${key.text}`);
      if (key.met === tag) this.wrong(`the attribute ${key.text} stands twice`);
      key.met = tag;
      if (key.spaced) spaced = true;
      if (!met) {
        at = this.blanks(at);
        if (bytes[at] === 0 && this.broken(at, 'a tag') === MORE) return MORE;
        if (bytes[at] !== EQUALS) this.wrong(`the attribute ${key.text} has no value`);
      }
      at++;
      if (isBlank(bytes[at] as number)) at = this.blanks(at);
      const quote = bytes[at] as number;
      if (quote === 0 && this.broken(at, 'a tag') === MORE) return MORE;
      if (quote !== QUOTE && quote !== APOS)
        this.wrong(`the value of the attribute ${key.text} must stand in quotes`);
      const first = ++at;
      while (kindOf[bytes[at] as number] === PLAIN) at++;
      if (bytes[at] === quote) rough[count] = false;
      else {
        at = this.quoted(at, quote, key.text);
        if (at === MORE) return MORE;
        rough[count] = this.textRough;
      }
      if (at - first > limits.attribute) long = true;
      keys[count] = key;
      from[count] = first;
      to[count] = at;
      count++;
      at++;
    }
    this.name = name;
    this.line = this.lineAt;
    this.count = count;
    this.rooted = true;
    this.open.push(name);
    if (this.open.length > limits.depth) {
      this.fail('xml/too-deep', `elements are nested more than ${limits.depth} deep`, this.line);
    }
    if (long) this.checkLengths();
    if (spaced) this.checkNamespaces(name);
    this.alone = alone;
    return this.done(at + 1, OPEN);
  }

  /** Passes over the rest of an attribute's value; returns where its quote is, or MORE. */
  private quoted(from: number, quote: number, key: string): number {
    const { bytes } = this;
    let rough = false;
    let at = from;
    for (;;) {
      while (kinds[bytes[at] as number] === PLAIN) at++;
      const b = bytes[at] as number;
      if (b === quote) break;
      const kind = kinds[b];
      if (kind === BREAK) {
        this.broke(b, at);
        rough = true;
      } else if (b === AMP) {
        rough = true;
        at = this.reference(at);
        if (at === MORE) return MORE;
        continue;
      } else if (b === LESS) this.wrong(`'<' is not allowed in the value of the attribute ${key}`);
      else if (b === 0xef) this.noncharacter(at);
      else if (kind === CONTROL && this.broken(at, `the value of the attribute ${key}`) === MORE) return MORE;
      at++;
    }
    this.textRough = rough;
    return at;
  }

  private checkLengths(): void {
    const { attribute: most } = this.limits;
    for (let i = 0; i < this.count; i++) {
      if ((this.to[i] as number) - (this.from[i] as number) > most && this.value(i).length > most) {
        this.fail('xml/attribute-too-long', `an attribute has more than ${most} characters`, this.line);
      }
    }
  }

  private checkNamespaces(name: Name): void {
    const { namespaces } = this;
    const refuse = (why: string | null): void => {
      if (why !== null) this.fail('xml/namespace', why, this.line);
    };
    for (let i = 0; i < this.count; i++) {
      const key = this.keys[i] as Name;
      if (key.declares) {
        refuse(namespaces.declare(key.prefix === '' ? '' : key.local, this.value(i), this.open.length));
      }
    }
    const uriOf = ({ prefix, text }: Name): string =>
      namespaces.get(prefix) ??
      this.fail(
        'xml/namespace',
        `the prefix of '${text}' is not declared`,
        this.line,
        `declare it: xmlns:${prefix}="…"`,
      );
    if (name.prefix === 'xmlns') refuse('an element may not have the prefix xmlns');
    if (name.prefix !== '') uriOf(name);
    const met = new Set<string>();
    for (let i = 0; i < this.count; i++) {
      const key = this.keys[i] as Name;
      if (key.prefix === '' || key.declares) continue;
      const expanded = `${uriOf(key)} ${key.local}`;
      if (met.has(expanded)) this.wrong(`the attribute ${key.text} stands twice, under two prefixes`);
      met.add(expanded);
    }
  }

  private closing(): number {
    const { bytes, open } = this;
    const from = this.at + 2;
    const top = open[open.length - 1];
    let at = from;
    if (top !== undefined) {
      const name = top.bytes;
      const n = name.length;
      let i = 0;
      while (i < n && name[i] === bytes[from + i]) i++;
      if (i === n) at = from + n;
    }
    if (at === from || inName[bytes[at] as number]) {
      const name = this.nameAt(from, 'a closing tag');
      if (name === undefined) return MORE;
      this.wrong(
        top ? `</${name.text}> closes nothing: <${top.text}> is open` : `</${name.text}> closes nothing`,
      );
    }
    at = this.blanks(at);
    if (bytes[at] === 0 && this.broken(at, 'a closing tag') === MORE) return MORE;
    if (bytes[at] !== GREATER) this.wrong(`the closing tag </${top?.text}> is not ended by '>'`);
    this.done(at + 1, CLOSE);
    return this.leave();
  }

  private leave(): number {
    this.namespaces.leave(this.open.length);
    this.open.pop();
    return CLOSE;
  }

  /** Do these bytes stand at `at`? MORE where the window ends first. */
  private stands(word: Uint8Array, at: number, inside: string): boolean | typeof MORE {
    for (let i = 0; i < word.length; i++) {
      const b = this.bytes[at + i];
      if (b === word[i]) continue;
      if (b === 0 && this.broken(at + i, inside) === MORE) return MORE;
      return false;
    }
    return true;
  }

  private bang(): number {
    const { bytes } = this;
    const at = this.at + 2;
    switch (bytes[at]) {
      case MINUS:
        return this.comment(at);
      case BRACKET: {
        const is = this.stands(cdata, at, 'a CDATA section');
        if (is === MORE) return MORE;
        if (is) return this.data(at + cdata.length);
        break;
      }
      case 0x44: {
        const is = this.stands(doctype, at, 'a document type declaration');
        if (is === MORE) return MORE;
        if (is) {
          this.fail(
            'xml/doctype',
            'a document type declaration is not allowed',
            this.lineAt,
            'remove the <!DOCTYPE …>',
          );
        }
        break;
      }
      case 0:
        if (this.broken(at, 'a tag') === MORE) return MORE;
    }
    return this.wrong("'<!' begins neither a comment nor a CDATA section");
  }

  private comment(at: number): number {
    const { bytes } = this;
    if (bytes[at + 1] === 0 && this.broken(at + 1, 'a comment') === MORE) return MORE;
    if (bytes[at + 1] !== MINUS) this.wrong("'<!-' begins no comment");
    const end = this.until(at + 2, MINUS, MINUS, 'a comment');
    if (end === MORE) return MORE;
    if (bytes[end + 2] === 0 && this.broken(end + 2, 'a comment') === MORE) return MORE;
    if (bytes[end + 2] !== GREATER) this.wrong("'--' is not allowed inside a comment");
    return this.done(end + 3, NOTHING);
  }

  private data(from: number): number {
    this.inside();
    let at = from;
    for (;;) {
      at = this.until(at, UNBRACKET, UNBRACKET, 'a CDATA section');
      if (at === MORE) return MORE;
      if (this.bytes[at + 2] === 0 && this.broken(at + 2, 'a CDATA section') === MORE) return MORE;
      if (this.bytes[at + 2] === GREATER) break;
      at++;
    }
    this.textFrom = from;
    this.textTo = at;
    this.textRough = true;
    this.textIsData = true;
    this.blank = /^[ \t\r\n]*$/.test(this.bytes.toString('latin1', from, at));
    this.checkText();
    return this.done(at + 3, TEXT);
  }

  /** Passes over characters to the two bytes; returns where they stand, or MORE. */
  private until(from: number, first: number, second: number, inside: string): number {
    const { bytes } = this;
    for (let at = from; ; at++) {
      const b = bytes[at] as number;
      if (b === first && bytes[at + 1] === second) return at;
      const kind = kinds[b];
      if (kind === BREAK) this.broke(b, at);
      else if (b === 0xef) this.noncharacter(at);
      else if (kind === CONTROL && this.broken(at, inside) === MORE) return MORE;
    }
  }

  private instruction(): number {
    const { bytes } = this;
    const target = this.nameAt(this.at + 2, 'a processing instruction');
    if (target === undefined) return MORE;
    if (target.prefix !== '') this.fail('xml/namespace', `the instruction '${target.text}' has a prefix`);
    const at = this.stop;
    const end = this.until(at, QUESTION, GREATER, 'a processing instruction');
    if (end === MORE) return MORE;
    if (end > at && !isBlank(bytes[at] as number)) this.wrong(`a blank must stand behind <?${target.text}`);
    if (target.text.toLowerCase() === 'xml') {
      if (target.text !== 'xml') this.wrong(`an instruction may not be called ${target.text}`);
      if (this.started) this.wrong('the XML declaration stands at the very beginning or nowhere');
      if (!declaration.test(bytes.toString('utf8', at, end)))
        this.wrong('the XML declaration is not as it must be');
    }
    return this.done(end + 2, NOTHING);
  }
}

/** XML 1.0, production 23; a document of a later 1.x is read as one of 1.0. */
const declaration =
  /^[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*("1\.[0-9]+"|'1\.[0-9]+')([ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*("[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?([ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*("(yes|no)"|'(yes|no)'))?[ \t\r\n]*$/;
