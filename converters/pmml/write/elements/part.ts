/**
 * A part of a graph that PMML has a model element for. Each file of this folder knows the parts of one element by the
 * operators that say it: what it reads, what it gives, and how the element is written.
 */
import { type Model, type Node, opName, type Value } from '../../../../src/ir/model.ts';
import { load } from '../../../../src/tensor/data.ts';
import type { DType } from '../../../../src/tensor/dtype.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import type { Field } from '../expression.ts';
import type { Attributes } from '../xml.ts';

export interface Part {
  /** The element's name: RegressionModel … */
  readonly element: string;
  readonly functionName: 'regression' | 'classification' | 'clustering';
  /** The labels of a classification, in the order in which the element lists them; else null. */
  readonly classes: readonly (string | number)[] | null;
  /** What it reads, `[N]` or `[N, k]`, each cast to `dtype` first where it is another. */
  readonly reads: readonly { readonly value: Value; readonly dtype?: DType }[];
  /**
   * What it gives in the place of these values, `[N]` or `[N, k]`: attributes of the OutputField for each element of a
   * row. One of them is `{ feature: 'predictedValue' }`.
   */
  readonly gives: readonly { readonly value: Value; readonly as: readonly Attributes[] }[];
  /** The largest magnitude of what it reads; beyond it the graph overflows, and has no result that means anything. */
  readonly most?: number;
  /** Attributes beside modelName and functionName. */
  readonly attributes: Attributes;
  /** Does its content name the field that it predicts? Then there is one even where it is but a step on the way. */
  readonly named?: true;
  /**
   * The element's content behind LocalTransformations; `fields`: one for each element of what it reads, in order;
   * `target`: the field that it predicts.
   */
  content(fields: readonly Field[], depth: number, target: string): Generator<string>;
}

/** Finds the part whose last operator is `node`, or part of whose end it is; null where it is none. */
export type Recognise = (node: Node, graph: Graph) => Part | null;

/** Who makes a value, who reads it, what is constant. */
export class Graph {
  readonly model: Model;
  private readonly makers = new Map<Value, Node>();
  private readonly readers = new Map<Value, Node[]>();
  private readonly constants = new Map<Value, Tensor>();
  private readonly results: ReadonlySet<Value>;

  constructor(model: Model) {
    this.model = model;
    this.results = new Set(model.graph.results);
    for (const p of model.graph.parameters) {
      if (p.role === 'constant') this.constants.set(p.value, load(p.data));
    }
    for (const node of model.graph.nodes) {
      for (const v of node.outputs) if (v) this.makers.set(v, node);
      for (const v of node.inputs) if (v) this.readers.set(v, [...(this.readers.get(v) ?? []), node]);
    }
  }

  constant(v: Value | null | undefined): Tensor | undefined {
    return v ? this.constants.get(v) : undefined;
  }

  maker(v: Value | null | undefined): Node | undefined {
    return v ? this.makers.get(v) : undefined;
  }

  /** The node that makes it, where that is this operator. */
  made(v: Value | null | undefined, name: string): Node | undefined {
    const node = this.maker(v);
    return node && opName(node.op) === name ? node : undefined;
  }

  /** All nodes that read it; a result of the graph is read by nobody. */
  readersOf(v: Value): readonly Node[] {
    return this.readers.get(v) ?? [];
  }

  /** The one node that reads it, where it is nothing else. */
  only(v: Value): Node | undefined {
    const [first, ...more] = this.readersOf(v);
    return more.length === 0 && !this.results.has(v) ? first : undefined;
  }

  used(v: Value | null | undefined): boolean {
    return !!v && (this.results.has(v) || this.readersOf(v).length > 0);
  }
}

/** Features of a row, where it is known; `[N]` has one. */
export const width = ({ type }: Value): number | null => {
  if (type.kind !== 'tensor' || type.dims === null) return null;
  if (type.dims.length === 1) return 1;
  const [, k] = type.dims;
  return type.dims.length === 2 && typeof k === 'number' ? k : null;
};
