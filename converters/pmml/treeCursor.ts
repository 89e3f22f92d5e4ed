/** How a tree is read: straight from the document, or from an element that is held whole. */
import type { Element, OpenTag, XmlCursor } from '../shared/xml.ts';
import { toNumber } from './document.ts';

export type TreeCursor = Pick<
  XmlCursor,
  'enter' | 'name' | 'line' | 'count' | 'key' | 'value' | 'number' | 'tag' | 'element' | 'skip'
>;

/** Walks through an element as if it were being read; its open tag was read last. */
export class ElementCursor implements TreeCursor {
  private readonly open: { readonly element: Element; next: number }[];
  private at: Element;
  private keys: readonly string[];

  constructor(root: Element) {
    this.open = [{ element: root, next: 0 }];
    this.at = root;
    this.keys = Object.keys(root.attributes);
  }

  enter(): boolean {
    const top = this.open[this.open.length - 1];
    const child = top?.element.children[top.next++];
    if (child === undefined) {
      this.open.pop();
      return false;
    }
    this.open.push({ element: child, next: 0 });
    this.at = child;
    this.keys = Object.keys(child.attributes);
    return true;
  }

  get name(): string {
    return this.at.name;
  }

  get line(): number {
    return this.at.line;
  }

  get count(): number {
    return this.keys.length;
  }

  key(i: number): string {
    return this.keys[i] as string;
  }

  value(i: number): string {
    return this.at.attributes[this.key(i)] as string;
  }

  number(i: number): number | undefined {
    return toNumber(this.value(i));
  }

  tag(): OpenTag {
    return this.at;
  }

  element(): Element {
    this.open.pop();
    return this.at;
  }

  skip(): void {
    this.open.pop();
  }
}
