/**
 * The one way to make a graph. A bad edge, dtype, shape or a duplicate name is refused where it is made; a cycle
 * cannot be written down, since an input must exist before the node that reads it.
 */
import type { Data } from '../tensor/data.ts';
import { fail, type Place } from './diagnostic.ts';
import type { Elements } from './elements.ts';
import {
  type Attribute,
  type Dim,
  type Node,
  type OpId,
  opName,
  type Parameter,
  type Region,
  type Type,
  tensorType,
  type Value,
} from './model.ts';
import { fits, formatType } from './shape.ts';

/** What the builder must know of operators; the table itself lives in src/ops. */
export interface Operators {
  /** Types of the outputs, or a thrown PortolanError where the inputs do not fit. */
  infer(node: Node, known: Known): readonly Type[];
  /** What is known of the elements of the outputs; their types are those of the node. */
  elements?(node: Node, known: Known): readonly (Elements | undefined)[] | undefined;
  /** The elements of the first output, where the node alone says them. */
  constant?(node: Node): Data | undefined;
  /** The outputs of a node that is made now, where they are to be constants instead; undefined makes the node. */
  compute?(node: Node, known: Known): readonly (Data | null)[] | undefined;
  /** The version in force at an opset: the greatest `since` not above it; undefined where there is none. */
  resolve(domain: string, name: string, opset?: number): OpId | undefined;
}

/** The constant behind a value, where there is one: shapes and axes are often data. */
export interface Known {
  (value: Value | null | undefined): Data | undefined;
  /** What is known of the elements of a small tensor that is no constant: they follow from shapes (`elementsOf` asks both). */
  readonly elements?: (value: Value | null | undefined) => Elements | undefined;
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>> | ReadonlyMap<string, Attribute>;
  readonly name?: string;
  readonly from?: readonly Place[];
  /** Names of the outputs (null: left out); also says how many there are. Default: one, named by the builder. */
  readonly outputs?: readonly (string | null)[];
  /** Types that the source declares; checked against what is inferred, and used where inference knows less. */
  readonly types?: readonly (Type | undefined)[];
  /** Told of a declared type that does not fit, which is then left aside; without it that is an error. */
  readonly mismatch?: (message: string) => void;
}

export class Builder {
  private readonly operators: Operators;
  private readonly outer: Builder | null;
  private readonly params: Value[] = [];
  private readonly captures = new Set<Value>();
  private readonly parameters: Parameter[] = [];
  private readonly nodes: Node[] = [];
  private readonly makers = new Map<Value, Node>();
  private readonly visible = new Set<Value>();
  private readonly names = new Set<string>();
  private readonly constants = new Map<Value, Data>();
  private readonly elements = new Map<Value, Elements>();
  private fresh = 0;
  /** Where nodes made next come from, unless they say so themselves. */
  place: Place | undefined;

  constructor(operators: Operators, outer: Builder | null = null) {
    this.operators = operators;
    this.outer = outer;
    this.place = outer?.place;
  }

  /** A builder for the body of an operator; it sees the values of this one, and lists those it reads as captures. */
  inner(): Builder {
    return new Builder(this.operators, this);
  }

  /** A name not taken yet in this region, starting with `stem`. */
  unique(stem: string): string {
    let name = stem;
    while (this.taken(name)) name = `${stem}_${++this.fresh}`;
    return name;
  }

  private taken(name: string): boolean {
    return this.names.has(name) || (this.outer?.taken(name) ?? false);
  }

  private declare(name: string, type: Type): Value {
    if (name === '') fail('ir/empty-name', 'a value needs a name', this.place);
    if (this.names.has(name)) {
      fail('ir/duplicate-name', `the name '${name}' is defined twice`, this.place);
    }
    this.names.add(name);
    const value: Value = { name, type };
    this.visible.add(value);
    return value;
  }

  /** A graph input. */
  input(name: string, type: Type): Value {
    const value = this.declare(name, type);
    this.params.push(value);
    return value;
  }

  /** A constant, a default for an input of the same name, or a state. */
  parameter(name: string, data: Data, role: Parameter['role'] = 'constant'): Value {
    const dims: Dim[] = [...data.dims];
    const input = role === 'default' ? this.params.find((p) => p.name === name) : undefined;
    const value = input ?? this.declare(name, tensorType(data.dtype, dims));
    if (input && !fits(tensorType(data.dtype, dims), input.type)) {
      fail(
        'ir/default-type',
        `the default of input '${name}' is ${data.dtype}, the input ${formatType(input.type)}`,
        this.place,
      );
    }
    this.parameters.push({ value, data, role });
    if (role === 'constant') this.constants.set(value, data);
    return value;
  }

  /** An unnamed constant. */
  constant(data: Data, stem = 'const'): Value {
    return this.parameter(this.unique(stem), data);
  }

  /** The constant behind a value, looked up through the scopes around. */
  readonly known: Known = Object.assign(
    (value: Value | null | undefined): Data | undefined =>
      value ? (this.constants.get(value) ?? this.outer?.known(value)) : undefined,
    {
      elements: (value: Value | null | undefined): Elements | undefined =>
        value ? (this.elements.get(value) ?? this.outer?.known.elements?.(value)) : undefined,
    },
  );

  private sees(value: Value): boolean {
    if (this.visible.has(value)) return true;
    if (!this.outer?.sees(value)) return false;
    this.captures.add(value);
    return true;
  }

  /** The value of a name, here or around here. */
  named(name: string): Value | undefined {
    return [...this.visible].find((v) => v.name === name) ?? this.outer?.named(name);
  }

  /** The node made so far that gives a value, here or around here; undefined for inputs and parameters. */
  producer(value: Value): Node | undefined {
    return this.makers.get(value) ?? this.outer?.producer(value);
  }

  /** Is the value defined here or around here? */
  has(value: Value): boolean {
    return this.visible.has(value) || (this.outer?.has(value) ?? false);
  }

  /** A node; returns its outputs (null where left out). `op` may leave `since` to the newest version. */
  call(
    op: OpId | readonly [domain: string, name: string],
    inputs: readonly (Value | null)[],
    options: NodeOptions = {},
  ): readonly (Value | null)[] {
    const from = options.from ?? (this.place ? [this.place] : []);
    const id = this.id(op, from[0]);
    for (const v of inputs) {
      if (v && !this.sees(v)) {
        fail('ir/unknown-value', `${opName(id)} reads '${v.name}', which is not defined before it`, from[0]);
      }
    }
    const attributes =
      options.attributes instanceof Map
        ? options.attributes
        : new Map(Object.entries(options.attributes ?? {}));
    const name = options.name ?? '';
    const slots = options.outputs ?? [null];
    // Inference sees how many outputs are asked for; their types are what it is asked.
    const draft: Node = {
      op: id,
      name,
      inputs,
      outputs: slots.map((n) => ({ name: n ?? '', type: { kind: 'unknown' } })),
      attributes,
      from,
    };
    const types = this.operators.infer(draft, this.known);
    const typed = slots.map((n, i): Value => ({ name: n ?? '', type: types[i] ?? { kind: 'unknown' } }));
    const computed = this.operators.compute?.({ ...draft, outputs: typed }, this.known);
    if (computed) {
      return slots.map((n, i) => {
        const data = computed[i];
        return data ? this.constant(data, n ?? lower(id.name)) : null;
      });
    }
    const outputs = slots.map((n, i) => {
      if (options.outputs && n === null) return null;
      const inferred = types[i] ?? { kind: 'unknown' };
      let declared = options.types?.[i];
      if (declared && !fits(inferred, declared)) {
        const message = `${opName(id)} '${name}' gives ${formatType(inferred)} where ${formatType(declared)} is declared`;
        if (!options.mismatch) fail('ir/type-mismatch', message, from[0]);
        options.mismatch?.(message);
        declared = undefined;
      }
      return this.declare(n ?? this.unique(lower(id.name)), sharper(inferred, declared));
    });
    const node: Node = { op: id, name, inputs, outputs, attributes, from };
    this.nodes.push(node);
    for (const o of outputs) if (o) this.makers.set(o, node);
    const [first] = outputs;
    const constant = first && this.operators.constant?.(draft);
    if (constant) this.constants.set(first, constant);
    const elements = this.operators.elements?.({ ...draft, outputs }, this.known);
    elements?.forEach((e, i) => {
      const output = outputs[i];
      if (e && output) this.elements.set(output, e);
    });
    return outputs;
  }

  /** A node with one output. */
  op(
    op: OpId | string | readonly [domain: string, name: string],
    inputs: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: Omit<NodeOptions, 'attributes' | 'outputs'> & { output?: string } = {},
  ): Value {
    const { output, ...rest } = options;
    const [first] = this.call(typeof op === 'string' ? ['', op] : op, inputs, {
      ...rest,
      attributes,
      ...(output !== undefined && { outputs: [output] }),
    });
    return first as Value;
  }

  /** The version of an operator in force at an opset; undefined where there is none yet. */
  version(domain: string, name: string, opset: number | undefined): OpId | undefined {
    return opset === undefined ? undefined : this.operators.resolve(domain, name, opset);
  }

  private id(op: OpId | readonly [string, string], at: Place | undefined): OpId {
    if ('since' in op) return op;
    const [domain, name] = op;
    return (
      this.operators.resolve(domain, name) ??
      fail('ir/unknown-operator', `there is no operator ${domain ? `${domain}.` : ''}${name}`, at)
    );
  }

  /** Ends the region. */
  finish(results: readonly Value[]): Region {
    for (const r of results) {
      if (!this.sees(r)) fail('ir/unknown-value', `the result '${r.name}' is not defined`, this.place);
    }
    return {
      params: this.params,
      captures: [...this.captures],
      parameters: this.parameters,
      nodes: this.nodes,
      results,
    };
  }
}

const lower = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** The more telling of what is inferred and what is declared. */
const sharper = (inferred: Type, declared: Type | undefined): Type => {
  if (!declared) return inferred;
  if (inferred.kind === 'unknown') return declared;
  if (inferred.kind !== 'tensor' || declared.kind !== 'tensor') return inferred;
  const { dims } = declared;
  if (inferred.dims === null) return { ...inferred, dims };
  if (dims === null) return inferred;
  return { ...inferred, dims: inferred.dims.map((d, i) => d ?? dims[i] ?? null) };
};
