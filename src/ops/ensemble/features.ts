/** The features of tree tests as one `[N, F]` tensor of floats, NaN where one is missing. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import type { Value } from '../../ir/model.ts';
import type { Predicates } from '../../ir/predicates.ts';
import { constant } from '../../tensor/data.ts';
import { cast, concat, literal, ML } from '../ml/build.ts';
import type { Plane } from '../operator.ts';
import { dtypeOf, everywhere, where } from '../own/where.ts';
import type { Feature } from './branches.ts';
import { absence, type Truths } from './truth.ts';

type Float = 'float32' | 'float64';

export interface FeatureSource {
  readonly predicates: Predicates;
  readonly columns: readonly Plane[];
  readonly truths: Truths;
  readonly opsets: ReadonlyMap<string, number>;
}

export const buildFeatures = (
  b: Builder,
  features: readonly Feature[],
  source: FeatureSource,
  dtype: Float,
): Value => {
  const orNaN = (x: Value, missing: Value | null): Value =>
    missing ? where(b, missing, literal(b, dtype, Number.NaN), x) : x;
  const column = (f: Feature): Value => {
    if (f.kind === 'truth') {
      const { truth, unknown } = source.truths.of(f.of);
      return orNaN(cast(b, truth, dtype), unknown);
    }
    const plane = source.columns[f.of] as Plane;
    // NaN is missing already; only what else is missing must be made NaN.
    const { column: x, missing } = absence(b, plane, f.absent & ~1);
    return orNaN(f.kind === 'code' ? encode(b, x, source, dtype) : cast(b, x, dtype), missing);
  };
  const made = new Map([...new Set(features)].map((f) => [f, column(f)]));
  const columns = features.map((f) => made.get(f) as Value);
  // Trees without a test still need to know how many rows there are.
  if (columns.length === 0) {
    const any = source.columns[0] as Plane;
    columns.push(
      dtypeOf(any.data) === 'string'
        ? everywhere(b, any.data, literal(b, dtype, 0))
        : cast(b, any.data, dtype),
    );
  }
  return concat(b, columns);
};

/** A string as its index among the table's strings; those not in it are one further code. */
const encode = (b: Builder, x: Value, { predicates, opsets }: FeatureSource, dtype: Float): Value => {
  const { strings } = predicates;
  // Asked for presence alone.
  if (strings.length === 0) return everywhere(b, x, literal(b, dtype, 0));
  const codes = strings.map((_, i) => i);
  if ((opsets.get(ML) ?? 0) >= 4) {
    return b.op([ML, 'LabelEncoder'], [x], {
      keys_tensor: attr.data(constant('string', strings)),
      values_tensor: attr.data(constant(dtype, codes)),
      default_tensor: attr.data(constant(dtype, [strings.length])),
    });
  }
  const code = b.op([ML, 'LabelEncoder'], [x], {
    keys_strings: attr.strings(strings),
    values_int64s: attr.ints(codes),
    default_int64: attr.int(strings.length),
  });
  return cast(b, code, dtype);
};
