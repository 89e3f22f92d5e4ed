/**
 * The walk through a PMML document, held against the standard's schema. What real tools do otherwise is read with a
 * warning that names the line: an attribute that PMML has not, one that is missing, parts in another order. What would
 * leave the meaning open is refused: a part that stands twice where one may stand, one that has no place there, text
 * among elements.
 */
import type { Source } from '../../src/ir/converter.ts';
import { type Element, type OpenTag, XmlCursor } from '../shared/xml.ts';
import type { Document, Tag } from './document.ts';
import { type Structure, structure } from './structure.ts';

interface Place {
  readonly names: readonly string[];
  readonly many: boolean;
  readonly needed: boolean;
}

interface Form {
  readonly attributes: ReadonlySet<string>;
  readonly needed: readonly string[];
  /** Those among them that 4.4 was the first to require. */
  readonly lately: ReadonlySet<string>;
  /** null: anything may stand inside. */
  readonly places: readonly Place[] | null;
  /** The places of a child, by its name. */
  readonly where: ReadonlyMap<string, readonly number[]>;
  /** Children that may stand at any place. */
  readonly anywhere: ReadonlySet<string>;
  readonly text: boolean;
}

const forms = new Map<string, Form | undefined>();

const formOf = (name: string): Form | undefined => {
  if (forms.has(name)) return forms.get(name);
  const s = structure.get(name);
  const form = s && compiled(name, s);
  // Only names of the standard: a document may hold any number of others.
  if (form) forms.set(name, form);
  return form;
};

/** What is read otherwise than the schema of 4.4 has it. */
interface Leave {
  /** Parts that may stand there too. */
  readonly parts?: string;
  /** Attributes that the schema requires, and whose absence the reader speaks of itself. */
  readonly optional?: string;
  /** Attributes that no earlier version required. */
  readonly lately?: string;
}

const leaves: ReadonlyMap<string, Leave> = new Map<string, Leave>([
  ['PMML', { optional: 'version' }],
  ['DerivedField', { optional: 'dataType' }],
  ['OutputField', { lately: 'dataType' }],
  // Results of sequences are asked for as those of association rules are.
  ['SequenceModel', { parts: 'Output' }],
]);

const words = (list = ''): string[] => list.split(' ').filter((w) => w !== '');

const compiled = (name: string, { attributes, content, text }: Structure): Form => {
  const { parts, optional, lately }: Leave = leaves.get(name) ?? {};
  const listed = words(attributes);
  const places =
    content?.map((c) => ({
      names: c.slice(0, -1).split('|'),
      many: /[*+]$/.test(c),
      needed: /[!+]$/.test(c),
    })) ?? null;
  const where = new Map<string, number[]>();
  places?.forEach(({ names }, i) => {
    for (const n of names) where.set(n, [...(where.get(n) ?? []), i]);
  });
  const needed = listed.filter((a) => a.endsWith('!')).map((a) => a.slice(0, -1));
  return {
    attributes: new Set(listed.map((a) => a.replace('!', ''))),
    needed: needed.filter((a) => !words(optional).includes(a)),
    lately: new Set(words(lately)),
    places,
    where,
    anywhere: new Set(['Extension', ...words(parts)]),
    text: text ?? false,
  };
};

/** What has been met of the content of one element. */
class Content {
  private readonly doc: Document;
  private readonly parent: Tag;
  private readonly form: Form;
  private readonly met = new Set<number>();
  private at = 0;
  /** The part that stands furthest in the order. */
  private last = '';

  constructor(doc: Document, parent: Tag, form: Form) {
    this.doc = doc;
    this.parent = parent;
    this.form = form;
  }

  child(child: Tag): void {
    const { doc, form, parent, met } = this;
    const { places, where, anywhere } = form;
    if (places === null || anywhere.has(child.name)) return;
    const possible =
      where.get(child.name) ?? doc.refuse(child, `this element has no place in <${parent.name}>`);
    const free = possible.filter((i) => places[i]?.many || !met.has(i));
    const place = free.find((i) => i >= this.at) ?? free[0] ?? this.further(child, possible);
    met.add(place);
    if (place < this.at) {
      doc.warn(
        child,
        'pmml/element-order',
        `PMML wants it before <${this.last}> in <${parent.name}>; it is read all the same`,
      );
    } else {
      this.at = place;
      this.last = child.name;
    }
  }

  private further(child: Tag, possible: readonly number[]): never {
    const { names = [] } = this.form.places?.[possible[0] ?? 0] ?? {};
    return this.doc.fail(
      child,
      'pmml/duplicate-element',
      `<${this.parent.name}> has one ${spoken(names)}; this is a further one`,
      'leave the one that is meant',
    );
  }

  end(): void {
    const { doc, form, parent, met } = this;
    form.places?.forEach(({ names, needed }, i) => {
      if (needed && !met.has(i))
        doc.warn(parent, 'pmml/missing-element', `PMML wants ${spoken(names)} inside`);
    });
  }
}

/** What may stand in a place, in a word or two. */
const spoken = (names: readonly string[]): string => {
  if (names.includes('TreeModel')) return 'model';
  if (names.includes('Apply')) return 'expression';
  if (names.includes('True')) return 'predicate';
  return names.map((n) => `<${n}>`).join(' or ');
};

const stray = [
  'pmml/stray-text',
  'text stands where PMML has only elements',
  'look for a < that is missing, or a damaged tag',
] as const;

export class PmmlCursor extends XmlCursor {
  private readonly doc: Document;
  /** Of the elements that stand open and are walked through part by part, by depth. */
  private readonly open: (Content | undefined)[] = [];

  constructor(source: Source, doc: Document) {
    super(source);
    this.doc = doc;
    this.scanner.unlike = (element, { local, prefix, declares }, line) => {
      if (prefix === '' && !declares) this.attributeMet(element.local, local, line);
    };
  }

  override root(): OpenTag {
    return this.opened(super.root());
  }

  override child(): OpenTag | null {
    const around = this.open[this.scanner.depth];
    const tag = super.child();
    if (tag === null) around?.end();
    else {
      around?.child(tag);
      this.opened(tag);
    }
    return tag;
  }

  override element(tag: OpenTag): Element {
    const element = super.element(tag);
    this.whole(element);
    return element;
  }

  /** Text that is passed over: trees and models hold none. */
  protected override stray(line: number): void {
    const name = this.scanner.innermost;
    if (formOf(name)?.text === false) this.doc.fail({ name, attributes: {}, line }, ...stray);
  }

  private opened(tag: OpenTag): OpenTag {
    const form = formOf(tag.name);
    this.open[this.scanner.depth] = form && new Content(this.doc, tag, form);
    if (form) this.checkNeeded(tag, form);
    return tag;
  }

  private whole(element: Element): void {
    const form = formOf(element.name);
    if (!form || form.places === null) return;
    this.checkNeeded(element, form);
    if (!form.text && element.text.trim() !== '') this.doc.fail(element, ...stray);
    const content = new Content(this.doc, element, form);
    for (const child of element.children) {
      content.child(child);
      this.whole(child);
    }
    content.end();
  }

  private checkNeeded(tag: Tag, { needed, lately }: Form): void {
    const { doc } = this;
    for (const name of needed) {
      if (tag.attributes[name] !== undefined) continue;
      if (lately.has(name) && !doc.version.startsWith('4.4')) continue;
      doc.warn(tag, 'pmml/missing-attribute', `the attribute ${name} is missing`);
    }
  }

  private attributeMet(element: string, attribute: string, line: number): void {
    const form = formOf(element);
    if (!form || form.places === null || form.attributes.has(attribute)) return;
    // What vendors add is called so, or stands in an Extension.
    if (/^x-/i.test(attribute) || this.scanner.within('Extension')) return;
    this.doc.warn(
      { name: element, attributes: {}, line },
      'pmml/unknown-attribute',
      `PMML 4.4 has no attribute ${attribute} here; it is not read`,
    );
  }
}
