/**
 * The one graph that every format is read into and written from. Everything here is plain readonly data:
 * it is made by the builder, checked by the verifier and never changed; a pass makes a new model.
 */
import type { Data } from '../tensor/data.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Place } from './diagnostic.ts';
import type { Predicates } from './predicates.ts';
import type { Trees } from './trees.ts';

/** A known extent, a symbol (equal symbols are equal extents), or unknown. */
export type Dim = number | string | null;

/** Whether elements may be missing. An ONNX operator takes `never` only; the crossings are operators of our own. */
export type Absent = 'never' | 'missing';

export interface TensorType {
  readonly kind: 'tensor';
  readonly dtype: DType;
  /** null: the rank is unknown. */
  readonly dims: readonly Dim[] | null;
  readonly absent: Absent;
}

export type Type =
  | TensorType
  | { readonly kind: 'sparse'; readonly dtype: DType; readonly dims: readonly Dim[] | null }
  | { readonly kind: 'sequence' | 'optional'; readonly of: Type }
  | { readonly kind: 'map'; readonly key: DType; readonly of: Type }
  | { readonly kind: 'unknown' };

/** Identity is the object: sibling scopes may reuse a name. */
export interface Value {
  readonly name: string;
  readonly type: Type;
}

/** constant: may be folded · default: also an input, used when it is not given · state: learned while running, never folded. */
export interface Parameter {
  readonly value: Value;
  readonly data: Data;
  readonly role: 'constant' | 'default' | 'state';
}

/** A graph, or the body of an operator that has one. Reads `captures` from the scope around it. */
export interface Region {
  readonly params: readonly Value[];
  readonly captures: readonly Value[];
  readonly parameters: readonly Parameter[];
  readonly nodes: readonly Node[];
  readonly results: readonly Value[];
}

/** An operator at the version it was read at: `since` is the opset that gave it this meaning. */
export interface OpId {
  readonly domain: string;
  readonly name: string;
  readonly since: number;
  readonly overload?: string;
}

export type Attribute =
  /** A bigint only where a number cannot hold it exactly. */
  | { readonly kind: 'int'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly values: readonly (number | bigint)[] }
  | { readonly kind: 'floats'; readonly values: ArrayLike<number> }
  | { readonly kind: 'strings'; readonly values: readonly string[] }
  | { readonly kind: 'data'; readonly data: Data }
  | { readonly kind: 'type'; readonly type: Type }
  | { readonly kind: 'predicates'; readonly predicates: Predicates }
  | { readonly kind: 'trees'; readonly trees: Trees }
  | { readonly kind: 'region'; readonly region: Region }
  /** Inside a template: the attribute of the call that stands here. */
  | { readonly kind: 'ref'; readonly ref: string }
  /** Read and kept, not understood here: a list of tensors, of graphs, a sparse tensor, bytes that are no text … */
  | { readonly kind: 'opaque'; readonly value: unknown };

export interface Node {
  readonly op: OpId;
  readonly name: string;
  /** null: an optional input left out. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly (Value | null)[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly from: readonly Place[];
}

/** A local function: expanded anew at each call. */
export interface Template {
  readonly op: OpId;
  readonly params: readonly string[];
  readonly attributes: readonly string[];
  readonly defaults: ReadonlyMap<string, Attribute>;
  readonly body: Region;
  readonly opsets: ReadonlyMap<string, number>;
}

export interface Interval {
  /** -Infinity and Infinity where there is no margin. */
  readonly low: number;
  readonly high: number;
  /** o open, c closed; left, then right. */
  readonly closure: 'oo' | 'oc' | 'co' | 'cc';
}

/** What a person calls a column of the input or of the output, and what may stand in it. */
export interface Field {
  readonly name: string;
  readonly role: 'input' | 'output';
  readonly value: Value;
  /** The column of `value` where one tensor holds many fields. */
  readonly column?: number;
  readonly optype: 'continuous' | 'categorical' | 'ordinal';
  /** What an output says: the prediction itself, the probability of `label`, or something further. */
  readonly says?: 'prediction' | 'probability' | 'other';
  readonly label?: string;
  /** The source's own word for the type where the dtype says less (`date`, `integer` …). */
  readonly logical?: string;
  /** Valid values of a categorical field, in the source's order; absent: any value. */
  readonly categories?: readonly (string | number)[];
  /** Valid ranges of a continuous field; absent: any number. */
  readonly intervals?: readonly Interval[];
  /** Spellings that mean a missing value, beside the empty cell, NA and N/A. */
  readonly missing?: readonly string[];
  /** A row has no result where this input is missing (`present`), or is neither a category nor in an interval (`valid`). */
  readonly demands?: { readonly present: boolean; readonly valid: boolean };
  /** An input over several rows of a table: which. */
  readonly basket?: Basket;
  /** An input that asks a time series for a step ahead: 1, 2 … */
  readonly step?: true;
  /** An output of which each row is a list: the elements that are present. */
  readonly list?: true;
}

/**
 * How rows of a table come together into one row of the model. `[N, K]` of bool: is item k among those of the row? Each
 * column is a field of its own, which names its `item`. `[N, T, K]`: item k in transaction t, items as `categories`;
 * `[N, T]`: the time of transaction t.
 */
export interface Basket {
  /** The column of the table that holds an item (or a time), one a row, or a list of them. */
  readonly from: string;
  /** The column whose equal values make rows one; null: a row is a row. */
  readonly by: string | null;
  readonly item?: string;
  /** The column that orders transactions, equal values being one; null: each row is one, in the order of the table. */
  readonly along?: string | null;
  /** The source's own word for the type of that column (`date` …). */
  readonly timed?: string;
}

export interface Model {
  /** What it was read from: a row of the table of formats, and that format's own version. */
  readonly format: string;
  readonly version: string;
  readonly name: string;
  readonly graph: Region;
  /** The dimension symbol that means rows, on whichever axis it stands; null: the model knows no rows. */
  readonly rows: string | null;
  readonly fields: readonly Field[];
  readonly templates: readonly Template[];
  readonly opsets: ReadonlyMap<string, number>;
  /** Whose arithmetic is followed where the specification is silent. */
  readonly profile: string;
  /** How state parameters change with a further batch. */
  readonly update?: { readonly step: Region; readonly binding: ReadonlyMap<Parameter, Value> };
  /** Rows that the source carries to check a reader by (PMML ModelVerification). */
  readonly examples?: Examples;
  /** Human-readable facts of the source, for reports and for writing back. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What only the format itself understands, kept for writing back. */
  readonly extra: ReadonlyMap<string, unknown>;
}

export interface Examples {
  readonly inputs: ReadonlyMap<string, readonly (string | null)[]>;
  readonly outputs: readonly {
    readonly field: string;
    readonly expected: readonly (string | null)[];
    readonly precision: number;
    readonly zeroThreshold: number;
  }[];
}

export const tensorType = (
  dtype: DType,
  dims: readonly Dim[] | null,
  absent: Absent = 'never',
): TensorType => ({ kind: 'tensor', dtype, dims, absent });

/** Our own operators: what ONNX cannot say, classical models in any dtype, and the crossings to missing values. */
export const OWN = 'portolan';

export const sameOp = (a: OpId, b: OpId): boolean =>
  a.domain === b.domain && a.name === b.name && a.since === b.since && a.overload === b.overload;

export const opName = (op: OpId): string =>
  `${op.domain === '' ? '' : `${op.domain}.`}${op.name}${op.overload ? `:${op.overload}` : ''}`;
