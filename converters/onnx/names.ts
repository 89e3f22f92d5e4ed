/** Names of values in a written graph: unique in every graph and against those around it, which ONNX asks for. */
import type { Region, Value } from '../../src/ir/model.ts';

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

  /** Names for all values of a region and of the bodies in it, that have none yet. */
  add(region: Region): void {
    const own = [
      ...region.params,
      ...region.parameters.map((p) => p.value),
      ...region.nodes.flatMap((n) => n.outputs.filter((v): v is Value => v !== null)),
    ];
    // Names that read nothing else than themselves come first, so that only clashes are renamed.
    for (const v of own) if (!this.names.has(v)) this.claim(v, this.unique(v.name));
    for (const n of region.nodes) {
      for (const a of n.attributes.values()) if (a.kind === 'region') this.add(a.region);
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
