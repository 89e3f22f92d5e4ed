/**
 * Which columns a name stands for. Each model has a scope: the fields that its MiningSchema lets in, its own derived
 * fields, what earlier segments put out; then the scope of the model around it. The outermost one also knows the
 * derived fields of the TransformationDictionary, which are made when they are first read. PMML 4.4.1, Field Scope.
 */
import type { Field, Type, Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf, type Real } from './algebra.ts';
import type { Classes } from './classes.ts';
import type { DataField } from './dictionary.ts';
import type { Document, Tag } from './document.ts';
import type { ModelElement } from './model.ts';
import type { DataType, OpType } from './types.ts';

/** A column with what PMML knows of it. */
export interface Variable {
  /** Strings, reals (also for dates and times), or three-valued booleans. */
  readonly value: Value;
  readonly dataType: DataType;
  readonly optype: OpType;
  /** Valid values in order, where they are declared: what makes an ordinal field comparable. */
  readonly order?: readonly (string | number)[];
  /** Values declared for a categorical field, as written. */
  readonly field?: DataField;
  /** Rows whose value is not valid, kept as it is (invalidValueTreatment="asIs"); null: none. */
  readonly notValid: Value | null;
  /** Rows where a function gave an invalid result: whoever reads this column has an invalid result too. */
  readonly invalid: Value | null;
  /** What a constant is. */
  readonly literal?: string | number;
  /** The text of a constant that declares no type: it takes the type of what it meets. */
  readonly text?: string;
}

/** Everything of a document that models share. */
export interface World {
  /** Model elements by name. */
  readonly elements: ReadonlyMap<string, ModelElement>;
  readonly doc: Document;
  readonly a: Algebra;
  readonly fields: ReadonlyMap<string, DataField>;
  readonly derived: ReadonlyMap<string, Element>;
  readonly functions: ReadonlyMap<string, Element>;
  /** The classes of a target, by its name. */
  readonly classes: (target: string) => Classes;
  /** An input of the graph for an active field of the outermost model. */
  readonly input: (name: string, tag: Tag) => Variable;
  /** An input of the graph that is no column of cells, with its fields. */
  readonly special: (name: string, type: Type, fields: (value: Value) => readonly Field[]) => Value;
  /** Inputs that ask a time series for a step ahead. */
  readonly demands: Map<string, NonNullable<Field['demands']>>;
  readonly steps: Set<string>;
  /** Nodes of trees read so far, for the summary. */
  readonly counts: { trees: number; nodes: number };
  /** Makes a derived field in a scope. */
  readonly derive: (element: Element, scope: Scope) => Variable;
}

/** Names of fields in an expression, the first one last. */
const refersTo = (element: Element): string[] => {
  const names: string[] = [];
  const open = [element];
  for (let e = open.pop(); e !== undefined; e = open.pop()) {
    for (const name of ['field', 'textField', 'groupField']) {
      const field = e.attributes[name];
      if (field !== undefined) names.push(field);
    }
    for (const child of e.children) open.push(child);
  }
  return names;
};

export class Scope {
  readonly world: World;
  readonly outer: Scope | null;
  readonly real: Real;
  /** Does this model treat a field otherwise than the models around it? Then it makes global derived fields anew. */
  retreats = false;
  /** Invalid rows met in columns that were read here. */
  private readonly met = new Set<Value>();
  private readonly own = new Map<string, Variable>();
  private readonly local = new Map<string, Element>();
  private readonly offered = new Map<string, () => Variable>();
  private readonly making = new Set<string>();

  constructor(world: World, outer: Scope | null, real: Real) {
    this.world = world;
    this.outer = outer;
    this.real = real;
  }

  has(name: string): boolean {
    return this.own.has(name) || this.local.has(name);
  }

  set(name: string, variable: Variable): void {
    this.own.set(name, variable);
  }

  /** A column that is only made when it is first read. */
  offer(name: string, make: () => Variable): void {
    this.offered.set(name, make);
  }

  /** A derived field of this model, made when it is first read. */
  define(name: string, element: Element): void {
    if (this.has(name)) {
      this.world.doc.fail(
        element,
        'pmml/duplicate-name',
        `the field '${name}' is defined twice in this model`,
      );
    }
    this.local.set(name, element);
  }

  /** The column, in this model's real type; undefined where no such name is known. */
  find(name: string): Variable | undefined {
    const found = this.own.get(name) ?? this.made(name) ?? this.taken(name) ?? this.outer?.find(name);
    return found && this.inReal(found);
  }

  /** How a derived field of this model, or of one around it, is made; undefined where the name is no derived field. */
  definition(name: string): Element | undefined {
    return this.local.get(name) ?? this.outer?.definition(name) ?? this.world.derived.get(name);
  }

  /** A scope for other columns, in which the same derived fields are made anew. */
  over(): Scope {
    const scope = new Scope(this.world, null, this.real);
    for (let at: Scope | null = this; at !== null; at = at.outer) {
      for (const [name, element] of at.local) if (!scope.local.has(name)) scope.local.set(name, element);
    }
    return scope;
  }

  /** The column, or a located error. Notes what it may bring of invalid rows. */
  read(name: string, tag: Tag): Variable {
    const found = this.find(name);
    if (!found) {
      const { doc, fields } = this.world;
      const known = fields.has(name);
      return doc.fail(
        tag,
        'pmml/unknown-field',
        known ? `the field '${name}' is not let in by the MiningSchema` : `there is no field '${name}' here`,
        known ? 'list it as an active MiningField' : `there are ${this.names()}`,
      );
    }
    if (found.invalid !== null) this.met.add(found.invalid);
    return found;
  }

  /** The fields that can be read here, the first of them. */
  private names(): string {
    const names = new Set<string>();
    for (let at: Scope | null = this; at !== null; at = at.outer) {
      for (const list of [at.own, at.local, at.offered]) for (const name of list.keys()) names.add(name);
    }
    for (const name of this.world.derived.keys()) names.add(name);
    const shown = [...names].slice(0, 10).map((n) => `'${n}'`);
    return `${shown.join(', ') || 'none'}${names.size > 10 ? ` and ${names.size - 10} more` : ''}`;
  }

  /** Rows where something read in this model was the invalid result of a function; null: none. */
  invalid(): Value | null {
    return this.world.a.or(...this.met);
  }

  private taken(name: string): Variable | undefined {
    const variable = this.offered.get(name)?.();
    if (variable) this.own.set(name, variable);
    return variable;
  }

  private made(name: string): Variable | undefined {
    const element = this.unmade(name);
    if (!element) return undefined;
    if (this.making.has(name)) {
      this.world.doc.fail(element, 'pmml/cyclic-field', `the derived field '${name}' is made from itself`);
    }
    for (const [before, definition] of this.inOrder(name, element)) this.make(before, definition);
    return this.own.get(name);
  }

  private make(name: string, element: Element): void {
    this.making.add(name);
    try {
      this.own.set(name, this.world.derive(element, this));
    } finally {
      this.making.delete(name);
    }
  }

  /** How a derived field is made in this scope, where it has not been yet. */
  private unmade(name: string): Element | undefined {
    if (this.own.has(name)) return undefined;
    const global = this.outer === null || this.retreats ? this.world.derived.get(name) : undefined;
    return this.local.get(name) ?? global;
  }

  /** What a derived field needs, each behind what it needs itself, and the field last: chains may be of any length. */
  private inOrder(name: string, element: Element): ReadonlyMap<string, Element> {
    const order = new Map<string, Element>();
    const met = new Set([name, ...this.making]);
    const open = [{ name, element, refers: refersTo(element) }];
    for (let top = open[0]; top !== undefined; top = open[open.length - 1]) {
      const next = top.refers.pop();
      if (next === undefined) {
        order.set(top.name, top.element);
        open.pop();
        continue;
      }
      const definition = met.has(next) ? undefined : this.unmade(next);
      met.add(next);
      if (definition) open.push({ name: next, element: definition, refers: refersTo(definition) });
    }
    return order;
  }

  private inReal(v: Variable): Variable {
    const dtype = dtypeOf(v.value);
    if (dtype !== 'float64' && dtype !== 'float32') return v;
    return dtype === this.real ? v : { ...v, value: this.world.a.cast(v.value, this.real) };
  }
}
