/** Names of values in a written graph: unique in every graph and against those around it, which ONNX asks for. */
import type { Region, Value } from '../../src/ir/model.ts';

/** The names of a graph, and of those around it. */
interface Scope {
  readonly names: Set<string>;
  readonly outer: Scope | null;
}

const sees = (scope: Scope, name: string): boolean => {
  for (let s: Scope | null = scope; s; s = s.outer) if (s.names.has(name)) return true;
  return false;
};

export class Names {
  private readonly names = new Map<Value, string>();
  private readonly taken: Set<string>;
  private readonly counters: Map<string, number>;

  private constructor(taken: Set<string>, counters: Map<string, number>) {
    this.taken = taken;
    this.counters = counters;
  }

  static forGraph(): Names {
    return new Names(new Set(), new Map());
  }

  /** Gives a value a name that must be free. */
  claim(value: Value, name: string): void {
    this.names.set(value, name);
    this.taken.add(name);
  }

  isTaken(name: string): boolean {
    return this.taken.has(name);
  }

  /** Names for all values of a region and of the bodies in it, that have none yet: bodies beside each other may use the same. */
  add(region: Region, around: Scope = { names: new Set(this.taken), outer: null }): void {
    const here: Scope = { names: new Set(), outer: around };
    const own = [
      ...region.params,
      ...region.parameters.map((p) => p.value),
      ...region.nodes.flatMap((n) => n.outputs.filter((v): v is Value => v !== null)),
    ];
    // Names that read nothing else than themselves come first, so that only clashes are renamed.
    for (const v of own) {
      const named = this.names.get(v);
      if (named === undefined)
        this.claim(v, v.name === '' || sees(here, v.name) ? this.unique(v.name) : v.name);
      here.names.add(this.of(v));
    }
    for (const n of region.nodes) {
      for (const a of n.attributes.values()) if (a.kind === 'region') this.add(a.region, here);
    }
  }

  unique(stem: string): string {
    const base = stem === '' ? 'value' : stem;
    let name = base;
    let i = this.counters.get(base) ?? 0;
    while (this.taken.has(name)) name = `${base}_${++i}`;
    this.counters.set(base, i);
    return name;
  }

  of(value: Value | null): string {
    return value === null ? '' : (this.names.get(value) as string);
  }
}
