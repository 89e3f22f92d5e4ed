/** The prefixes that are declared where we are. Namespaces in XML 1.0, third edition. */

const xml = 'http://www.w3.org/XML/1998/namespace';
const xmlns = 'http://www.w3.org/2000/xmlns/';

export class Namespaces {
  private readonly bound = new Map<string, string[]>([
    ['xml', [xml]],
    ['xmlns', [xmlns]],
  ]);
  private readonly declared: { readonly prefix: string; readonly depth: number }[] = [];

  /** The namespace of a prefix; undefined where it is not declared. */
  get(prefix: string): string | undefined {
    return this.bound.get(prefix)?.at(-1);
  }

  /** Takes the declaration (`prefix` '': of the default namespace) of an element; returns why it may not be, or null. */
  declare(prefix: string, uri: string, depth: number): string | null {
    if (prefix === 'xmlns') return 'the prefix xmlns may not be declared';
    if ((prefix === 'xml') !== (uri === xml)) return 'the prefix xml stands for its own namespace alone';
    if (uri === xmlns) return 'the namespace of xmlns may not be declared';
    if (prefix === '') return null;
    if (uri === '') return `the prefix ${prefix} may not be undeclared`;
    const stack = this.bound.get(prefix);
    if (stack) stack.push(uri);
    else this.bound.set(prefix, [uri]);
    this.declared.push({ prefix, depth });
    return null;
  }

  /** An element at this depth is closed: what it declared is no more. */
  leave(depth: number): void {
    const { declared } = this;
    while (declared.length > 0) {
      const last = declared[declared.length - 1] as (typeof declared)[number];
      if (last.depth < depth) return;
      this.bound.get(last.prefix)?.pop();
      declared.pop();
    }
  }
}
