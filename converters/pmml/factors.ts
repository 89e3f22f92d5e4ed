/** Tables over discrete variables, multiplied and summed out exactly: variable elimination. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Algebra, Real } from './algebra.ts';

/** A number for each combination of the variables' states, the last variable fastest. */
export interface Factor {
  readonly variables: readonly string[];
  /** Alike in every row; or [N, combinations], plain. */
  readonly entries: readonly number[] | Value;
}

/** How many states each variable has. */
export type States = (variable: string) => number;

export class Elimination {
  private readonly a: Algebra;
  private readonly real: Real;
  private readonly states: States;

  constructor(a: Algebra, real: Real, states: States) {
    this.a = a;
    this.real = real;
    this.states = states;
  }

  size(variables: readonly string[]): number {
    return variables.reduce((n, v) => n * this.states(v), 1);
  }

  /**
   * The product of the factors with all but `query` summed out, over `query` in its order. `limit` is called with the
   * size of a table before it is made.
   */
  run(factors: readonly Factor[], query: readonly string[], limit: (size: number) => void): Factor {
    let left = [...factors];
    for (;;) {
      const hidden = new Set(left.flatMap((f) => f.variables).filter((v) => !query.includes(v)));
      if (hidden.size === 0) break;
      // The variable whose table is smallest; among equal ones the first.
      let next: { readonly variable: string; readonly size: number } | undefined;
      for (const variable of hidden) {
        const size = this.size(union(left.filter((f) => f.variables.includes(variable))));
        if (!next || size < next.size) next = { variable, size };
      }
      const { variable, size } = next as { variable: string; size: number };
      limit(size);
      const touched = left.filter((f) => f.variables.includes(variable));
      left = [...left.filter((f) => !touched.includes(f)), this.sumOut(this.product(touched), variable)];
    }
    limit(this.size(query));
    return this.product(left, query);
  }

  private product(factors: readonly Factor[], variables: readonly string[] = union(factors)): Factor {
    let entries: readonly number[] | Value = new Array<number>(this.size(variables)).fill(1);
    for (const f of factors) entries = this.times(entries, this.spread(f, variables));
    return { variables, entries };
  }

  private times(x: readonly number[] | Value, y: readonly number[] | Value): readonly number[] | Value {
    if (isTable(x) && isTable(y)) return x.map((v, i) => v * (y[i] as number));
    if (isTable(x) && x.every((v) => v === 1)) return y;
    return this.a.b.op('Mul', [this.column(x), this.column(y)]);
  }

  private sumOut(f: Factor, variable: string): Factor {
    const variables = f.variables.filter((v) => v !== variable);
    const places = this.places(f.variables, [...variables, variable]);
    const k = this.states(variable);
    const parts = Array.from({ length: k }, (_, s) =>
      this.take(
        f.entries,
        places.filter((_, i) => i % k === s),
      ),
    );
    return {
      variables,
      entries: parts.reduce((x, y) =>
        isTable(x) && isTable(y)
          ? x.map((v, i) => v + (y[i] as number))
          : this.a.b.op('Add', [this.column(x), this.column(y)]),
      ),
    };
  }

  /** The factor's entries over more variables. */
  private spread(f: Factor, variables: readonly string[]): readonly number[] | Value {
    return this.take(f.entries, this.places(f.variables, variables));
  }

  private take(entries: readonly number[] | Value, places: readonly number[]): readonly number[] | Value {
    if (isTable(entries)) return places.map((p) => entries[p] as number);
    const at = this.a.table(constant('int64', places, [places.length]), 'places');
    return this.a.b.op('Gather', [entries, at], { axis: attr.int(1) });
  }

  /** For each combination of `to`, which combination of `from` it is part of. */
  private places(from: readonly string[], to: readonly string[]): number[] {
    return Array.from({ length: this.size(to) }, (_, i) => {
      const state = new Map<string, number>();
      let rest = i;
      for (const v of [...to].reverse()) {
        const k = this.states(v);
        state.set(v, rest % k);
        rest = Math.floor(rest / k);
      }
      return from.reduce((at, v) => at * this.states(v) + (state.get(v) as number), 0);
    });
  }

  /** As a matrix, one row where it is alike in all. */
  column(entries: readonly number[] | Value): Value {
    return isTable(entries)
      ? this.a.table(constant(this.real, entries, [1, entries.length]), 'factor')
      : entries;
  }
}

const isTable = (x: readonly number[] | Value): x is readonly number[] => Array.isArray(x);

const union = (factors: readonly Factor[]): string[] => [...new Set(factors.flatMap((f) => f.variables))];
