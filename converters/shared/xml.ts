/**
 * Strict XML that the caller walks through: no document in memory, line numbers on everything. DOCTYPE is refused, so
 * there are no entities but the five predefined ones; depth and lengths are bounded.
 */
import type { Source } from '../../src/ir/converter.ts';
import type { Place } from '../../src/ir/diagnostic.ts';
import type { Name } from './xml/names.ts';
import { CLOSE, END, OPEN, Scanner, TEXT, type XmlLimits, xmlLimits } from './xml/scanner.ts';

export { xmlLimits };

/** Attribute values by name, without a prototype: `__proto__` is a name like any other. */
export type Attributes = Readonly<Record<string, string>>;

/** Attributes while they are collected: as quick as objects of a class are, but nothing is inherited. */
class Bag {
  [name: string]: string;
}
Object.setPrototypeOf(Bag.prototype, null);
Reflect.deleteProperty(Bag.prototype, 'constructor');

export interface OpenTag {
  /** Without its prefix. */
  readonly name: string;
  readonly attributes: Attributes;
  /** Where its `<` stands. */
  readonly line: number;
}

/** An element held whole: for the small parts of a document. */
export interface Element extends OpenTag {
  readonly children: readonly Element[];
  /** All text directly inside, joined; blanks alone only where there is nothing else. */
  readonly text: string;
}

interface Draft extends Element {
  readonly children: Draft[];
  text: string;
}

export class XmlCursor {
  readonly file: string;
  protected readonly scanner: Scanner;

  constructor(source: Source, limits: XmlLimits = xmlLimits) {
    this.file = source.name;
    this.scanner = new Scanner(source, limits);
  }

  place(line: number): Place {
    return this.scanner.place(line);
  }

  /** The root's open tag. */
  root(): OpenTag {
    while (this.scanner.next() !== OPEN);
    return this.tag();
  }

  /** The next child's open tag within the element that stands open; null at its close, which is consumed. Text is passed over. */
  child(): OpenTag | null {
    return this.enter() ? this.tag() : null;
  }

  /**
   * The same without an object: `name`, `line`, `count`, `key`, `value`, `number` and `tag` tell of the open tag, until the cursor
   * moves. For the elements that a document has a million of.
   */
  enter(): boolean {
    for (;;) {
      const token = this.scanner.next();
      if (token === OPEN) return true;
      if (token === CLOSE) return false;
      if (token === TEXT && !this.scanner.blank) this.stray(this.scanner.lineHere);
    }
  }

  /** Text that is more than blanks is passed over. */
  protected stray(_line: number): void {}

  /** Without its prefix. */
  get name(): string {
    return (this.scanner.name as Name).local;
  }

  get line(): number {
    return this.scanner.line;
  }

  /** How many attributes the open tag has; `key`, `value` and `number` tell of each, in the order that they are written in. */
  get count(): number {
    return this.scanner.count;
  }

  /** Its name, as written. */
  key(i: number): string {
    return this.scanner.key(i);
  }

  /** `rare`: a value that hardly comes again, such as an id. */
  value(i: number, rare = false): string {
    return this.scanner.value(i, rare);
  }

  /** The double that it says; undefined where its text has to be looked at. */
  number(i: number): number | undefined {
    return this.scanner.decimal(i);
  }

  tag(): OpenTag {
    return { name: this.name, attributes: this.attributes(), line: this.line };
  }

  private attributes(): Attributes {
    const { scanner } = this;
    const attributes = new Bag();
    for (let i = 0; i < scanner.count; i++) attributes[scanner.key(i)] = scanner.value(i);
    return attributes;
  }

  /** Passes over the rest of the element whose open tag was read last. */
  skip(): void {
    const { scanner } = this;
    for (const outside = scanner.depth - 1; scanner.depth > outside; ) scanner.next();
  }

  /** The whole element whose open tag was read last. */
  element({ name, attributes, line }: OpenTag): Element {
    const { scanner } = this;
    const root: Draft = { name, attributes, line, children: [], text: '' };
    const open = [root];
    /** Blanks, kept only where they turn out to be all that an element holds. */
    let blanks = '';
    for (let top = root; ; ) {
      const token = scanner.next();
      if (token === OPEN) {
        // Spelled out: a spread would give every element a shape of its own.
        const child: Draft = {
          name: this.name,
          attributes: this.attributes(),
          line: scanner.line,
          children: [],
          text: '',
        };
        top.children.push(child);
        open.push(child);
        top = child;
        blanks = '';
      } else if (token === TEXT) {
        if (scanner.blank) blanks += scanner.text();
        else top.text += scanner.text();
      } else {
        if (top.text === '' && top.children.length === 0) top.text = blanks;
        blanks = '';
        open.pop();
        const outer = open[open.length - 1];
        if (!outer) return root;
        top = outer;
      }
    }
  }

  /** Reads to the end, so that what follows the root is checked too. */
  finish(): void {
    while (this.scanner.next() !== END);
  }
}
