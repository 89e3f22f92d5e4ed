/** What every part of the reader shares: where we are in the file, what was noticed, and how to refuse. */
import { Diagnostics, fail, type Place } from '../../src/ir/diagnostic.ts';
import { stepsOf } from '../../src/ops/regex.ts';
import type { Attributes, Element } from '../shared/xml.ts';

/** An open tag or a whole element: something with a name, attributes and a line. */
export interface Tag {
  readonly name: string;
  readonly attributes: Attributes;
  readonly line: number;
}

const mostSteps = 100_000;

export class Document {
  readonly file: string;
  readonly diagnostics = new Diagnostics();
  /** The attribute `version` of PMML: `4.4.1`. */
  version = '';
  private steps = 0;

  constructor(file: string) {
    this.file = file;
  }

  place(tag: Tag): Place {
    return { file: this.file, at: `${tag.line}` };
  }

  fail(tag: Tag, rule: string, message: string, help?: string): never {
    return fail(rule, `<${tag.name}>: ${message}`, this.place(tag), help);
  }

  /** Something of PMML that this reader does not read. */
  refuse(tag: Tag, why = 'this element is not supported'): never {
    return this.fail(tag, 'pmml/not-supported', why);
  }

  warn(tag: Tag, rule: string, message: string): void {
    this.diagnostics.add('warning', rule, `<${tag.name}>: ${message}`, this.place(tag));
  }

  /** An attribute. JPMML writes what its version of PMML has not yet as `x-` and the name that a later one has. */
  text(tag: Tag, name: string): string | undefined {
    return tag.attributes[name] ?? tag.attributes[`x-${name}`];
  }

  /** Counts the steps of the regular expressions of a document, which may repeat without end in a few bytes. */
  spend(tag: Tag, pattern: string): void {
    this.steps += stepsOf(pattern);
    if (this.steps > mostSteps) {
      this.fail(
        tag,
        'pmml/too-large',
        `the regular expressions of the document have more than ${mostSteps} steps`,
      );
    }
  }

  need(tag: Tag, name: string): string {
    return (
      this.text(tag, name) ?? this.fail(tag, 'pmml/missing-attribute', `the attribute ${name} is missing`)
    );
  }

  /** An attribute that names one of a few choices; `x-` before one is JPMML's, as before a name. */
  choice<T extends string>(tag: Tag, name: string, choices: readonly T[], otherwise: NoInfer<T>): T {
    const value = this.text(tag, name);
    if (value === undefined) return otherwise;
    return (
      choices.find((c) => c === value) ??
      choices.find((c) => c !== '' && `x-${c}` === value) ??
      this.fail(
        tag,
        'pmml/attribute-value',
        `${name}="${value}" is not one of ${choices.filter((c) => c !== '').join(', ')}`,
      )
    );
  }

  number(tag: Tag, name: string): number | undefined {
    const value = this.text(tag, name);
    return value === undefined ? undefined : this.parseNumber(tag, value, name);
  }

  needNumber(tag: Tag, name: string): number {
    return this.parseNumber(tag, this.need(tag, name), name);
  }

  flag(tag: Tag, name: string, otherwise: boolean): boolean {
    const value = this.text(tag, name);
    if (value === undefined) return otherwise;
    if (value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return false;
    return this.fail(tag, 'pmml/attribute-value', `${name}="${value}" is neither true nor false`);
  }

  parseNumber(tag: Tag, text: string, what: string): number {
    const value = toNumber(text);
    return value ?? this.fail(tag, 'pmml/not-a-number', `${what}="${text}" is not a number`);
  }

  /** The one child of this name, where there is one. */
  child(element: Element, name: string): Element | undefined {
    return element.children.find((c) => c.name === name);
  }
}

/** XML Schema's doubles: decimal or scientific, INF, -INF, NaN; undefined for anything else. */
export const toNumber = (text: string): number | undefined => {
  const t = text.trim();
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(t)) return Number(t);
  if (t === 'INF' || t === 'Infinity') return Infinity;
  if (t === '-INF' || t === '-Infinity') return -Infinity;
  return t === 'NaN' ? Number.NaN : undefined;
};

/** Says so where an attribute counts otherwise than what is there, which is what counts. */
export const checkCount = (doc: Document, tag: Tag, name: string, held: number): void => {
  const said = doc.text(tag, name);
  if (said === undefined || Number(said) === held) return;
  doc.warn(tag, 'pmml/count', `it says ${name}="${said}" and holds ${held}; what it holds counts`);
};

/** Children that mean something: without extensions. */
export const parts = (element: Element): readonly Element[] =>
  element.children.filter((c) => c.name !== 'Extension');
