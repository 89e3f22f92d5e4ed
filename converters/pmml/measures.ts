/**
 * How far apart, or how alike, two records are: an inner function compares one field, an outer one puts the fields
 * together. The records compared with (centres of clusters, training instances) stand side by side: a measure is
 * [N, K]. PMML 4.4.1, Clustering Models, ComparisonMeasure.
 */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { type Algebra, dtypeOf, type Real } from './algebra.ts';
import { type Document, parts, type Tag } from './document.ts';
import { matrixIn } from './matrix.ts';
import { power } from './power.ts';
import type { Variable } from './scope.ts';
import { kindOf } from './types.ts';

const compareFunctions = ['absDiff', 'gaussSim', 'delta', 'equal', 'table'] as const;

/** One field of both records. */
export interface Pair {
  /** A ClusteringField or KNNInput: it has `fieldWeight`, `compareFunction`, `similarityScale`. */
  readonly element: Element;
  readonly of: Variable;
  /** What it is compared with, [1, K]; may be missing. */
  readonly to: Value;
  /** What it counts for in MissingValueWeights. */
  readonly counts: number;
}

export interface Measure {
  readonly similarity: boolean;
  /** Of each row and record, [N, K], plain. */
  readonly data: Value;
  /** Where there is nothing to compare; [N, K] or what broadcasts to it. null: nowhere. */
  readonly missing: Value | null;
}

/** Records side by side: one field of them, [1, K]; null is missing. */
export const sideBySide = (a: Algebra, values: readonly (string | number | null)[], real: Real): Value => {
  const dtype = values.some((v) => typeof v === 'string') ? 'string' : real;
  const shape = [1, values.length];
  const none = dtype === 'string' ? '' : 0;
  const data = a.table(
    constant(
      dtype,
      values.map((v) => v ?? none),
      shape,
    ),
    'records',
  );
  if (!values.includes(null)) return data;
  const missing = values.map((v) => v === null);
  return a.mask(data, a.table(constant('bool', missing, shape)));
};

/** The measure that a <ComparisonMeasure> names, over pairs of fields. */
export const measure = (
  doc: Document,
  a: Algebra,
  element: Element,
  pairs: readonly Pair[],
  real: Real,
): Measure => {
  const similarity = doc.choice(element, 'kind', ['distance', 'similarity'], 'distance') === 'similarity';
  doc.need(element, 'kind');
  const [outer, ...more] = parts(element);
  if (!outer) return doc.fail(element, 'pmml/missing-element', 'it names no measure');
  if (more[0]) return doc.fail(more[0], 'pmml/duplicate-element', 'a ComparisonMeasure has one measure');
  if (pairs.length === 0) return doc.fail(element, 'pmml/missing-element', 'there is no field to compare');
  const agreement = agreements.get(outer.name);
  if (agreement) return { similarity, ...agreement(doc, outer, bitsOf(doc, a, pairs, real)) };
  const otherwise = doc.choice(element, 'compareFunction', compareFunctions, 'absDiff');
  const compared = pairs.map((p) => compare(doc, a, p, otherwise, real));
  return { similarity, ...aggregate(doc, a, outer, pairs, compared, real) };
};

// Fields compared

const compare = (
  doc: Document,
  a: Algebra,
  { element, of, to }: Pair,
  otherwise: (typeof compareFunctions)[number],
  real: Real,
): Value => {
  const fn = doc.choice(element, 'compareFunction', compareFunctions, otherwise);
  const text = kindOf(of.dataType) === 'string';
  const x = text ? of.value : a.cast(of.value, real);
  if (dtypeOf(to) !== dtypeOf(x)) {
    doc.fail(element, 'pmml/type', 'the field and what it is compared with are not of one type');
  }
  if (text && (fn === 'absDiff' || fn === 'gaussSim')) {
    doc.fail(element, 'pmml/type', `compareFunction="${fn}" is of numbers, and the field is text`);
  }
  switch (fn) {
    case 'absDiff':
      return a.lift('Abs', [a.sub(x, to)]);
    case 'gaussSim': {
      const s = doc.needNumber(element, 'similarityScale');
      if (!(s > 0)) doc.fail(element, 'pmml/attribute-value', 'similarityScale must be above 0');
      const z = a.sub(x, to);
      // exp(-ln 2 · z² / s²)
      return a.lift('Exp', [a.mul(a.constant(real, -Math.LN2), a.div(a.mul(z, z), a.constant(real, s * s)))]);
    }
    case 'equal':
      return a.cast(a.compare('Equal', x, to), real);
    case 'delta':
      return a.sub(a.constant(real, 1), a.cast(a.compare('Equal', x, to), real));
    case 'table':
      return tabled(doc, a, element, of, x, to, real);
  }
};

/** A cell of <Comparisons>: rows and columns stand in the order of the field's values, or of its intervals. */
const tabled = (
  doc: Document,
  a: Algebra,
  element: Element,
  of: Variable,
  x: Value,
  to: Value,
  real: Real,
): Value => {
  const comparisons = doc.child(element, 'Comparisons');
  if (!comparisons)
    return doc.fail(element, 'pmml/missing-element', 'compareFunction="table" needs Comparisons');
  const matrix = matrixIn(doc, comparisons);
  const values = of.field?.valid ?? of.order ?? [];
  const intervals = of.field?.intervals ?? [];
  const size = values.length > 0 ? values.length : intervals.length;
  if (size === 0) {
    doc.fail(
      element,
      'pmml/comparisons',
      'the field declares no values or intervals that rows could stand for',
    );
  }
  if (matrix.length !== size || matrix.some((row) => row.length !== size)) {
    doc.fail(comparisons, 'pmml/comparisons', `the field has ${size} values, the matrix another extent`);
  }
  const index = (v: Value): Value => {
    if (values.length > 0) {
      return a.own('Lookup', [v], {
        keys: attr.data(constant(dtypeOf(v), values)),
        values: attr.data(
          constant(
            'int32',
            values.map((_, i) => i),
          ),
        ),
      });
    }
    const bin = a.own('Bin', [v], {
      edges: attr.data(
        constant(
          real,
          intervals.flatMap((i) => [i.low, i.high]),
          [size, 2],
        ),
      ),
      closures: attr.strings(intervals.map((i) => i.closure)),
    });
    return a.mask(bin, a.b.op('Less', [bin, a.like(bin, 0)]));
  };
  const at = a.add(a.mul(index(x), a.constant('int32', size)), index(to));
  return a.pick(a.table(constant(real, matrix.flat()), 'comparisons'), at);
};

// Fields put together

const aggregate = (
  doc: Document,
  a: Algebra,
  outer: Element,
  pairs: readonly Pair[],
  compared: readonly Value[],
  real: Real,
): Pick<Measure, 'data' | 'missing'> => {
  const k = (x: number) => a.constant(real, x);
  const weights = pairs.map((p) => {
    const weight = doc.number(p.element, 'fieldWeight') ?? 1;
    if (!(weight >= 0)) doc.fail(p.element, 'pmml/attribute-value', 'fieldWeight must not be below 0');
    return weight;
  });
  const planes = compared.map((c) => a.missing(c));
  /** Each field's part, `instead` where it is missing, one after the other. */
  const over = (op: 'Add' | 'Max', part: (c: Value) => Value, instead: number): Value =>
    compared
      .map((c, i) => {
        const of = part(a.fill(c));
        const weighed = weights[i] === 1 ? of : a.mul(k(weights[i] as number), of);
        const plane = planes[i] ?? null;
        return plane === null ? weighed : a.where(plane, k(instead), weighed);
      })
      .reduce((x, y) => a.b.op(op, [x, y]));
  const { factor, missing } = adjustment(a, pairs, planes, real);
  const adjusted = (v: Value): Value => (factor === null ? v : a.b.op('Mul', [v, factor]));
  const data = (): Value => {
    switch (outer.name) {
      case 'euclidean':
        return a.b.op('Sqrt', [adjusted(over('Add', (c) => a.mul(c, c), 0))]);
      case 'squaredEuclidean':
        return adjusted(over('Add', (c) => a.mul(c, c), 0));
      case 'cityBlock':
        return adjusted(over('Add', (c) => c, 0));
      case 'chebychev':
        return adjusted(over('Max', (c) => c, -Infinity));
      case 'minkowski': {
        const p = doc.needNumber(outer, 'p-parameter');
        if (!(p > 0)) doc.fail(outer, 'pmml/attribute-value', 'p-parameter must be above 0');
        return power(a, adjusted(over('Add', (c) => power(a, c, p), 0)), 1 / p);
      }
      default:
        return doc.refuse(outer, 'there is no such measure');
    }
  };
  return { data: data(), missing };
};

/** All fields' weights over the weights of those that are there. */
const adjustment = (
  a: Algebra,
  pairs: readonly Pair[],
  planes: readonly (Value | null)[],
  real: Real,
): { readonly factor: Value | null; readonly missing: Value | null } => {
  if (planes.every((p) => p === null)) return { factor: null, missing: null };
  const k = (x: number) => a.constant(real, x);
  const total = pairs.reduce((sum, p) => sum + p.counts, 0);
  const there = pairs
    .map((p, i) => {
      const plane = planes[i] ?? null;
      return plane === null ? k(p.counts) : a.where(plane, k(0), k(p.counts));
    })
    .reduce((x, y) => a.b.op('Add', [x, y]));
  const missing = a.b.op('LessOrEqual', [there, k(0)]);
  return { factor: a.b.op('Div', [k(total), a.where(missing, k(1), there)]), missing };
};

// Fields that are 1 or 0

/** Whether the fields of either record are 1, and whether they are 0. */
interface Bits {
  readonly a: Algebra;
  readonly real: Real;
  /** Is 1, then is 0: [N, 2n]. */
  readonly row: Value;
  /** [n, K] each. */
  readonly ones: Value;
  readonly zeros: Value;
}

const bitsOf = (doc: Document, a: Algebra, pairs: readonly Pair[], real: Real): Bits => {
  const columns = pairs.map(({ element, of, to }) => {
    if (kindOf(of.dataType) === 'string' || dtypeOf(to) === 'string') {
      doc.fail(element, 'pmml/type', 'this measure is of fields that are 1 or 0, and the field is text');
    }
    return { x: a.cast(of.value, real), y: to };
  });
  const are = (v: Value, n: number) => a.cast(a.isTrue(a.compare('Equal', v, a.like(v, n))), real);
  const records = (n: number) =>
    below(
      a,
      columns.map(({ y }) => are(y, n)),
    );
  return {
    a,
    real,
    row: a.join([1, 0].flatMap((n) => columns.map(({ x }) => are(x, n)))).data,
    ones: records(1),
    zeros: records(0),
  };
};

const below = (a: Algebra, rows: readonly Value[]): Value =>
  rows.length === 1 ? (rows[0] as Value) : a.b.op('Concat', rows, { axis: attr.int(0) });

/** What it counts that both are 1, the first alone, the second alone, and neither. */
type Coefficients = readonly [c11: number, c10: number, c01: number, c00: number];

/**
 * A quotient of weighted counts; missing where it divides by 0. The weights stand in the constant factor of the products:
 * onnxruntime rounds a number that multiplies a product of matrices to single precision.
 */
const quotient = (bits: Bits, over: Coefficients, under: Coefficients): Pick<Measure, 'data' | 'missing'> => {
  const { a, real, row, ones, zeros } = bits;
  const k = (x: number) => a.constant(real, x);
  const mixed = (one: number, zero: number): Value =>
    a.b.op('Add', [a.b.op('Mul', [k(one), ones]), a.b.op('Mul', [k(zero), zeros])]);
  const count = ([c11, c10, c01, c00]: Coefficients): Value =>
    a.b.op('MatMul', [row, below(a, [mixed(c11, c10), mixed(c01, c00)])]);
  const divisor = count(under);
  const missing = a.b.op('Equal', [divisor, k(0)]);
  return { data: a.b.op('Div', [count(over), a.where(missing, k(1), divisor)]), missing };
};

type Quotient = (doc: Document, tag: Tag, bits: Bits) => Pick<Measure, 'data' | 'missing'>;

const agreements: ReadonlyMap<string, Quotient> = new Map<string, Quotient>([
  ['simpleMatching', (_, __, bits) => quotient(bits, [1, 0, 0, 1], [1, 1, 1, 1])],
  ['jaccard', (_, __, bits) => quotient(bits, [1, 0, 0, 0], [1, 1, 1, 0])],
  ['tanimoto', (_, __, bits) => quotient(bits, [1, 0, 0, 1], [1, 2, 2, 1])],
  [
    'binarySimilarity',
    (doc, tag, bits) => {
      const of = (name: 'c' | 'd'): Coefficients => {
        const at = (cell: string) => doc.needNumber(tag, `${name}${cell}-parameter`);
        return [at('11'), at('10'), at('01'), at('00')];
      };
      return quotient(bits, of('c'), of('d'));
    },
  ],
]);
