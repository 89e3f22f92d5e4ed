/** What an operator is: everything one file of this folder says. */
import type { Builder, Known } from '../ir/builder.ts';
import { fail, type Refusal } from '../ir/diagnostic.ts';
import type { Elements } from '../ir/elements.ts';
import { type Node, opName, type Region, type TensorType, type Type, type Value } from '../ir/model.ts';
import { formatType } from '../ir/shape.ts';
import type { Lowered, Statement } from '../kernel/row.ts';
import type { Data } from '../tensor/data.ts';
import type { Datum } from '../tensor/datum.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * A value beside the plane, bool in the same shape, that says which elements are missing; null: none ever is. Under a true
 * plane the data is fixed but means nothing, so whatever reads it must be total.
 */
export interface Plane {
  readonly data: Value;
  readonly missing: Value | null;
  /** What is known of the data under the plane: `nan`: it is NaN there and nowhere else; `zero`: the dtype's zero. */
  readonly under?: 'nan' | 'zero';
}

/** Where an operator puts what it needs beside its outputs when it is lowered. */
export interface Lowering {
  readonly known: Known;
  statement(statement: Statement): void;
}

/** What an operator with a body evaluates it with. */
export interface Scope {
  /** The region's results; its params are bound to `params`, its captures to what stands around the node. */
  run(region: Region, params?: readonly (Datum | null)[]): readonly Datum[];
  /** Counts one run more of a body that repeats: a PortolanError where the whole evaluation has made too many. */
  repeat(node: Node): void;
}

/** What a body takes when it stands in its node. */
export interface Body {
  readonly params: readonly Type[];
  /** Result `result + i` comes back as param `param + i`, for `count` of them: their types must hold for both. */
  readonly carried?: { readonly param: number; readonly result: number; readonly count: number };
}

/** An operator applied to a node's inputs; undefined where they do not fit. */
export type Apply = (inputs: readonly (Tensor | null)[]) => readonly (Tensor | null)[] | undefined;

export interface Operator {
  readonly domain: string;
  readonly name: string;
  /** The opset versions with exactly this meaning, ascending. */
  readonly since: readonly number[];
  /** Types of the outputs asked for; throws a located PortolanError where the inputs do not fit. */
  infer(node: Node, known: Known): readonly Type[];
  /** Operators with bodies: what each takes, by attribute, told from the node's inputs. */
  bodies?(node: Node): ReadonlyMap<string, Body>;
  /**
   * Operators through which shapes travel: what is known of the elements of the outputs, where the types and the elements
   * of the inputs say it. `apply` is `evaluate` on this node, undefined where it refuses.
   */
  elements?(node: Node, known: Known, apply: Apply): readonly (Elements | undefined)[] | undefined;
  /** Constant: what it is. */
  constant?(node: Node): Data | undefined;
  /**
   * Canonical operators: written from the specification, plainly. `inputs` and the result follow the node's slots.
   */
  evaluate?(inputs: readonly (Tensor | null)[], node: Node): readonly (Tensor | null)[];
  /**
   * Before `evaluate` where there are both: the node has a body, or takes or gives sequences, optionals or maps. `scope` runs the bodies.
   */
  apply?(inputs: readonly (Datum | null)[], node: Node, scope: Scope): readonly (Datum | null)[];
  /**
   * Dtypes in which it computes the same as in this one, the best first: where a version does not take this one yet, the
   * node is cast there and back.
   */
  carriers?(dtype: DType): readonly DType[];
  /** All others: the same in canonical operators. The node's inputs are visible in `b`. */
  expand?(node: Node, b: Builder): readonly (Value | null)[] | Refusal;
  /** Operators that take missing values: the same over planes. */
  plain?(node: Node, b: Builder, inputs: readonly (Plane | null)[]): readonly (Plane | null)[] | Refusal;
  /**
   * The same at these opsets (`''`, `ai.onnx.ml`); called only where they do not take the node as it stands. ONNX's operators
   * are made in their newest versions, and said in older ones in turn, unless a version is named (`b.version`); an operator
   * of our own makes those in force.
   */
  express?(
    node: Node,
    b: Builder,
    opsets: ReadonlyMap<string, number>,
  ): readonly (Value | null)[] | Refusal | undefined;
  /** The same in the row language. Every input is plain. */
  lower?(
    node: Node,
    inputs: readonly (Lowered | null)[],
    to: Lowering,
  ): readonly (Lowered | null)[] | Refusal;
  /** `each`: output row i depends on input row i alone, rows being axis 0. Default `all`; what is constant may tell more. */
  rows?(node: Node, known?: Known): 'each' | 'all';
  /** Random operators are not. Default true. */
  readonly pure?: boolean;
}

/** The tensor type of input `i`, or a located refusal. Extra dtypes restrict it. */
export const tensorInput = (node: Node, i: number, dtypes?: readonly DType[]): TensorType => {
  const type = node.inputs[i]?.type;
  if (!type) return refused(node, `input ${i} is missing`);
  // An unknown type is a tensor of unknown everything only where the dtype does not matter; here it does.
  if (type.kind !== 'tensor') return refused(node, `input ${i} is ${formatType(type)}, not a tensor`);
  if (dtypes && !dtypes.includes(type.dtype)) {
    return refused(node, `input ${i} is ${type.dtype}; it takes ${dtypes.join(', ')}`);
  }
  return type;
};

export const refused = (node: Node, why: string): never =>
  fail('ops/bad-input', `${opName(node.op)}${node.name ? ` '${node.name}'` : ''}: ${why}`, node.from[0]);
