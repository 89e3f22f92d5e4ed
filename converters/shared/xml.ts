/**
 * Strict XML as a stream of events that the caller pulls: no document in memory, line numbers on everything.
 * DOCTYPE is refused, so there are no entities but the five predefined ones; depth and lengths are bounded.
 */
import { SaxesParser } from 'saxes';
import type { Source } from '../../src/ir/converter.ts';
import { fail, type Place } from '../../src/ir/diagnostic.ts';

export interface XmlLimits {
  /** Elements inside each other. */
  readonly depth: number;
  /** Characters of one attribute value. */
  readonly attribute: number;
  /** Characters of one run of text. */
  readonly text: number;
  /** Bytes that one tag, comment or run of text may take. */
  readonly token: number;
}

export const xmlLimits: XmlLimits = { depth: 4096, attribute: 1 << 20, text: 1 << 26, token: 1 << 27 };

/** Attribute values by name, without a prototype: `__proto__` is a name like any other. */
export type Attributes = Readonly<Record<string, string>>;

export type XmlEvent =
  | { readonly kind: 'open'; readonly name: string; readonly attributes: Attributes; readonly line: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'close' };

export type OpenTag = Extract<XmlEvent, { kind: 'open' }>;

/** An element held whole: for the small parts of a document. */
export interface Element {
  /** Without its prefix. */
  readonly name: string;
  readonly attributes: Attributes;
  readonly children: readonly Element[];
  /** All text directly inside, joined. */
  readonly text: string;
  readonly line: number;
}

const window = 1 << 16;

const local = (name: string): string => name.slice(name.indexOf(':') + 1);

/** Only blanks, by XML's definition. */
const blank = (text: string): boolean => /^[ \t\r\n]*$/.test(text);

export class XmlCursor {
  readonly file: string;
  private readonly source: Source;
  private readonly limits: XmlLimits;
  private readonly parser = new SaxesParser();
  private readonly decode: (bytes: Uint8Array, last: boolean) => string;
  private queue: XmlEvent[] = [];
  private head = 0;
  private at = 0;
  private depth = 0;
  private openLine = 1;
  private openAt = 0;
  private sinceEvent = 0;
  private done = false;
  private closed = false;
  /** Blank text, kept only where it turns out to be all an element holds. */
  private blanks: string | null = null;
  private justOpened = false;

  constructor(source: Source, limits: XmlLimits = xmlLimits) {
    this.source = source;
    this.file = source.name;
    this.limits = limits;
    const { start, decode } = encodingOf(source);
    this.at = start;
    this.decode = decode;
    this.listen();
  }

  place(line: number): Place {
    return { file: this.file, at: `${line}` };
  }

  private fail(rule: string, message: string, help?: string): never {
    return fail(rule, message, this.place(this.parser.line), help);
  }

  private listen(): void {
    const { parser, limits } = this;
    parser.on('error', (e) => this.fail('xml/not-well-formed', e.message.replace(/^\d+:\d+: /, '')));
    parser.on('doctype', () =>
      this.fail('xml/doctype', 'a document type declaration is not allowed', 'remove the <!DOCTYPE …>'),
    );
    parser.on('opentagstart', () => {
      this.openLine = parser.line;
      this.openAt = parser.position;
    });
    parser.on('opentag', (tag) => {
      if (++this.depth > limits.depth) {
        this.fail('xml/too-deep', `elements are nested more than ${limits.depth} deep`);
      }
      const attributes = tag.attributes as Attributes;
      if (parser.position - this.openAt > limits.attribute) this.checkAttributes(attributes);
      this.blanks = null;
      this.justOpened = true;
      this.push({ kind: 'open', name: local(tag.name), attributes, line: this.openLine });
    });
    parser.on('closetag', () => {
      this.depth--;
      if (this.justOpened && this.blanks !== null) this.push({ kind: 'text', text: this.blanks });
      this.blanks = null;
      this.justOpened = false;
      this.push({ kind: 'close' });
    });
    const text = (content: string) => {
      if (content.length > limits.text) {
        this.fail('xml/text-too-long', `a text has more than ${limits.text} characters`);
      }
      if (blank(content)) this.blanks = (this.blanks ?? '') + content;
      else {
        this.blanks = null;
        this.justOpened = false;
        this.push({ kind: 'text', text: content });
      }
    };
    parser.on('text', text);
    parser.on('cdata', text);
  }

  private checkAttributes(attributes: Attributes): void {
    for (const value of Object.values(attributes)) {
      if (value.length > this.limits.attribute) {
        this.fail('xml/attribute-too-long', `an attribute has more than ${this.limits.attribute} characters`);
      }
    }
  }

  private push(event: XmlEvent): void {
    this.queue.push(event);
    this.sinceEvent = 0;
  }

  private fill(): void {
    this.queue = [];
    this.head = 0;
    while (this.queue.length === 0 && !this.done) {
      const end = Math.min(this.at + window, this.source.size);
      const bytes = this.source.read(this.at, end);
      const last = end >= this.source.size;
      this.at = end;
      this.sinceEvent += bytes.length;
      if (this.sinceEvent > this.limits.token) {
        this.fail('xml/token-too-long', `no tag ends within ${this.limits.token} bytes`);
      }
      this.parser.write(this.text(bytes, last));
      if (last) {
        this.done = true;
        this.parser.close();
      }
    }
  }

  private text(bytes: Uint8Array, last: boolean): string {
    try {
      return this.decode(bytes, last);
    } catch {
      return this.fail('xml/encoding', 'the bytes are not in the encoding that the document declares');
    }
  }

  /** The next event; undefined after the root element is closed and the document checked to its end. */
  next(): XmlEvent | undefined {
    if (this.head === this.queue.length) {
      if (this.closed) return undefined;
      this.fill();
      if (this.queue.length === 0) {
        this.closed = true;
        return undefined;
      }
    }
    return this.queue[this.head++];
  }

  private need(): XmlEvent {
    return this.next() ?? this.fail('xml/truncated', 'the document ends too early');
  }

  /** The root's open tag. */
  root(): OpenTag {
    for (;;) {
      const event = this.need();
      if (event.kind === 'open') return event;
    }
  }

  /** The next child's open tag within the element that stands open; null at its close, which is consumed. Text is passed over. */
  child(): OpenTag | null {
    for (;;) {
      const event = this.need();
      if (event.kind === 'open') return event;
      if (event.kind === 'close') return null;
    }
  }

  /** Passes over the rest of the element whose open tag was read last. */
  skip(): void {
    for (let depth = 1; depth > 0; ) {
      const { kind } = this.need();
      if (kind === 'open') depth++;
      else if (kind === 'close') depth--;
    }
  }

  /** The whole element whose open tag was read last. */
  element(tag: OpenTag): Element {
    type Draft = { -readonly [K in keyof Element]: Element[K] } & { children: Element[] };
    const draft = ({ name, attributes, line }: typeof tag): Draft => ({
      name,
      attributes,
      line,
      children: [],
      text: '',
    });
    const root = draft(tag);
    const open = [root];
    while (open.length > 0) {
      const event = this.need();
      const top = open[open.length - 1] as Draft;
      if (event.kind === 'open') {
        const child = draft(event);
        top.children.push(child);
        open.push(child);
      } else if (event.kind === 'text') top.text += event.text;
      else open.pop();
    }
    return root;
  }

  /** Reads to the end, so that what follows the root is checked too. */
  finish(): void {
    while (this.next() !== undefined);
  }
}

// Node's own decoder takes windows-1252 for ISO-8859-1: what stands in 0x80 to 0x9f is told apart here.
const upper = /[\u0080-\u009f]/g;
const spelled = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const windows = (c: string): string => spelled[c.charCodeAt(0) - 0x80] as string;

/** By byte order mark, then by the XML declaration, else UTF-8 (XML 1.0, appendix F). */
const encodingOf = (
  source: Source,
): { start: number; decode: (bytes: Uint8Array, last: boolean) => string } => {
  const head = source.read(0, Math.min(source.size, 256));
  const place: Place = { file: source.name, at: '1' };
  if (source.size === 0) fail('xml/empty', 'the file is empty', place);
  const streaming = (label: string) => {
    const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
    return (bytes: Uint8Array, last: boolean) => decoder.decode(bytes, { stream: !last });
  };
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf)
    return { start: 3, decode: streaming('utf-8') };
  if (head[0] === 0xff && head[1] === 0xfe) return { start: 2, decode: streaming('utf-16le') };
  if (head[0] === 0xfe && head[1] === 0xff) return { start: 2, decode: streaming('utf-16be') };
  const declaration = Buffer.from(head).toString('latin1');
  const declared = /^<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/.exec(declaration)?.[1];
  switch ((declared ?? 'utf-8').toLowerCase()) {
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
    case 'ascii':
      return { start: 0, decode: streaming('utf-8') };
    case 'iso-8859-1':
    case 'latin1':
      return { start: 0, decode: (bytes) => Buffer.from(bytes).toString('latin1') };
    case 'windows-1252':
    case 'cp1252':
      return { start: 0, decode: (bytes) => Buffer.from(bytes).toString('latin1').replace(upper, windows) };
    default:
      return fail(
        'xml/encoding',
        `the encoding ${declared} is not supported`,
        place,
        'save the document as UTF-8',
      );
  }
};
