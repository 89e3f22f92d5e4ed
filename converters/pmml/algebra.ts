/**
 * The graph spoken in PMML's terms: columns of shape [N, 1] whose elements may be missing, arithmetic that a
 * missing operand makes missing, three-valued logic. Everything here becomes nodes through the checked builder;
 * crossings to and from missing values are made only where a value may be missing at all.
 */
import { attr } from '../../src/ir/attributes.ts';
import { Builder } from '../../src/ir/builder.ts';
import type { Place } from '../../src/ir/diagnostic.ts';
import { type Attribute, OWN, type TensorType, type Type, type Value } from '../../src/ir/model.ts';
import { operators } from '../../src/ops/registry.ts';
import { constant, type Data } from '../../src/tensor/data.ts';
import type { DType } from '../../src/tensor/dtype.ts';

/** The numbers of a model: float64, or float32 under x-mathContext="float". */
export type Real = 'float64' | 'float32';

type Attributes = Readonly<Record<string, Attribute>>;

export const typeOf = (v: Value): TensorType => {
  const { type }: { type: Type } = v;
  if (type.kind !== 'tensor') throw new Error(`'${v.name}' is no tensor`);
  return type;
};

export const dtypeOf = (v: Value): DType => typeOf(v).dtype;

const neutral: Partial<Record<DType, string | boolean>> = { string: '', bool: false };

export class Algebra {
  readonly b: Builder;
  private readonly constants = new Map<string, Value>();
  private readonly missingOf = new Map<Value, Value>();
  private readonly filled = new Map<Value, Value>();
  private readonly casts = new Map<string, Value>();

  constructor() {
    this.b = new Builder(operators);
  }

  /** Nodes made by `f` come from this place of the document. */
  within<T>(place: Place, f: () => T): T {
    const before = this.b.place;
    this.b.place = place;
    try {
      return f();
    } finally {
      this.b.place = before;
    }
  }

  // Constants

  constant(dtype: DType, value: number | string | boolean): Value {
    const key = `${dtype} ${Object.is(value, -0) ? '-0' : value}`;
    let v = this.constants.get(key);
    if (!v) {
      v = this.b.constant(constant(dtype, [value], [1, 1]));
      this.constants.set(key, v);
    }
    return v;
  }

  /** A constant in the dtype of another value. */
  like(v: Value, value: number | string | boolean): Value {
    return this.constant(dtypeOf(v), value);
  }

  table(data: Data, stem = 'table'): Value {
    return this.b.constant(data, stem);
  }

  // Missing values

  mayMiss(v: Value): boolean {
    return typeOf(v).absent === 'missing';
  }

  /** A plane, true where the element is missing; null where none ever is. */
  missing(v: Value): Value | null {
    if (!this.mayMiss(v)) return null;
    let m = this.missingOf.get(v);
    if (!m) {
      m = this.own('IsMissing', [v]);
      this.missingOf.set(v, m);
    }
    return m;
  }

  /** The value without missing elements: they read as `value`, or as zero, '' or false. */
  fill(v: Value, value?: number | string | boolean): Value {
    if (!this.mayMiss(v)) return v;
    if (value !== undefined) return this.own('Fill', [v, this.like(v, value)]);
    let f = this.filled.get(v);
    if (!f) {
      f = this.own('Fill', [v, this.like(v, neutral[dtypeOf(v)] ?? 0)]);
      this.filled.set(v, f);
    }
    return f;
  }

  /** The value, missing where the plane is true. */
  mask(v: Value, when: Value | null): Value {
    return when === null ? v : this.own('Mask', [v, when]);
  }

  /** Never present. */
  nothing(dtype: DType): Value {
    return this.mask(this.constant(dtype, neutral[dtype] ?? 0), this.constant('bool', true));
  }

  /** Where `v` is missing, `other`. */
  coalesce(v: Value, other: Value): Value {
    const m = this.missing(v);
    return m === null ? v : this.choose([m, v === other ? v : other], v);
  }

  // Planes: plain booleans, null for nowhere

  or(...planes: (Value | null)[]): Value | null {
    let all: Value | null = null;
    for (const p of new Set(planes)) {
      if (p !== null) all = all === null ? p : this.b.op('Or', [all, p]);
    }
    return all;
  }

  and(a: Value, b: Value): Value {
    return a === b ? a : this.b.op('And', [a, b]);
  }

  not(a: Value): Value {
    return this.b.op('Not', [a]);
  }

  /** TRUE of a three-valued column: UNKNOWN is not. */
  isTrue(v: Value): Value {
    return this.fill(v, false);
  }

  // Nodes

  own(name: string, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value {
    return this.b.op([OWN, name], inputs, attributes);
  }

  /** An ONNX operator over values that may be missing: the result is missing where any input is. */
  lift(name: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const out = this.b.op(
      name,
      inputs.map((v) => this.fill(v)),
      attributes,
    );
    return this.mask(out, this.or(...inputs.map((v) => this.missing(v))));
  }

  add(a: Value, b: Value): Value {
    return this.lift('Add', [a, b]);
  }

  sub(a: Value, b: Value): Value {
    return this.lift('Sub', [a, b]);
  }

  mul(a: Value, b: Value): Value {
    return this.lift('Mul', [a, b]);
  }

  div(a: Value, b: Value): Value {
    return this.lift('Div', [a, b]);
  }

  /** a test of two columns: a plain plane where neither may be missing. */
  compare(op: 'Equal' | 'Less' | 'LessOrEqual' | 'Greater' | 'GreaterOrEqual', a: Value, b: Value): Value {
    return this.lift(op, [a, b]);
  }

  /** The first branch whose condition is TRUE. */
  choose(branches: readonly Value[], otherwise: Value): Value {
    return this.own('Choose', [...branches, otherwise]);
  }

  /** Plain selection: no missing values anywhere. */
  where(when: Value, then: Value, otherwise: Value): Value {
    return this.b.op('Where', [when, then, otherwise]);
  }

  /** Rounds half up, exactly: 2.5 to 3, -2.5 to -2 (XPath's and Java's round). */
  roundHalfUp(v: Value): Value {
    const x = this.fill(v);
    const down = this.b.op('Floor', [x]);
    const up = this.b.op('GreaterOrEqual', [this.b.op('Sub', [x, down]), this.like(v, 0.5)]);
    const out = this.where(up, this.b.op('Add', [down, this.like(v, 1)]), down);
    return this.mask(out, this.missing(v));
  }

  cast(v: Value, to: DType): Value {
    if (dtypeOf(v) === to) return v;
    const key = `${v.name} ${to}`;
    let c = this.casts.get(key);
    if (!c) {
      c = this.mask(
        this.b.op('Cast', [this.fill(v)], { to: attr.int(castCode[to] as number) }),
        this.missing(v),
      );
      this.casts.set(key, c);
    }
    return c;
  }

  /** Element of a constant vector by an index that may be missing. */
  pick(table: Value, index: Value, missing: Value | null = null): Value {
    const out = this.b.op('Gather', [table, this.fill(index)], { axis: attr.int(0) });
    return this.mask(out, this.or(this.missing(index), missing));
  }

  /** Columns side by side: the data [N, K], and the plane of what is missing. */
  join(values: readonly Value[]): { readonly data: Value; readonly missing: Value | null } {
    const axis = { axis: attr.int(1) };
    const rows = values.find((v) => typeOf(v).dims?.[0] !== 1);
    // Constants are [1, 1]; beside columns they must have their rows.
    const full = values.map((v) => (rows && typeOf(v).dims?.[0] === 1 ? this.spread(v, rows) : v));
    const planes = full.map((v) => this.missing(v));
    const one = (parts: readonly Value[]) =>
      parts.length === 1 ? (parts[0] as Value) : this.b.op('Concat', parts, axis);
    const data = one(full.map((v) => this.fill(v)));
    if (planes.every((p) => p === null)) return { data, missing: null };
    const present = this.constant('bool', false);
    return { data, missing: one(planes.map((p) => p ?? (rows ? this.spread(present, rows) : present))) };
  }

  /** A constant [1, 1], once for every row of a column [N, 1]. */
  spread(v: Value, rows: Value): Value {
    const shape = this.b.op('Shape', [this.fill(rows)]);
    const expand = (x: Value) => this.b.op('Expand', [x, shape]);
    const missing = this.missing(v);
    return this.mask(expand(this.fill(v)), missing && expand(missing));
  }

  /** Column `at` of a plain [N, K]. */
  column(v: Value, at: number): Value {
    return this.b.op('Gather', [v, this.b.constant(constant('int64', [at], [1]))], { axis: attr.int(1) });
  }
}

/** ONNX's numbers of the dtypes (TensorProto.DataType) that Cast is asked for here. */
const castCode: Partial<Record<DType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float64: 11,
};
