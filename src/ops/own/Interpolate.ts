import { attr, dataOfAttribute, stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { load } from '../../tensor/data.ts';
import type { DType } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { cast, literal } from '../ml/build.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { Collector } from './elements.ts';
import { again } from './planes.ts';
import { apply, entry, int, loop, slotFor } from './rows.ts';
import { arity, floats } from './types.ts';
import { dtypeOf, missingInput, orAll, reduce, withLastAxis } from './where.ts';

type Outliers = 'asIs' | 'asMissingValues' | 'asExtremeValues';

interface Points {
  readonly origs: ArrayLike<number>;
  readonly norms: ArrayLike<number>;
  readonly outliers: Outliers;
}

/** The points, at least two, ascending; in the dtype computed in. */
const pointsOf = (node: Node, dtype: DType): Points => {
  const lists = ['origs', 'norms'].map((name) => {
    const data = dataOfAttribute(node, name) ?? refused(node, `it lacks the attribute ${name}`);
    if (data.dtype !== dtype) refused(node, `${name} is ${data.dtype}, x is ${dtype}`);
    return load(data).data as Float64Array;
  });
  const [origs, norms] = lists as [Float64Array, Float64Array];
  if (origs.length < 2 || origs.length !== norms.length) {
    refused(node, `it takes two points or more, not ${origs.length} origs and ${norms.length} norms`);
  }
  for (let i = 1; i < origs.length; i++) {
    if (!((origs[i - 1] as number) < (origs[i] as number))) refused(node, `origs do not ascend at ${i}`);
  }
  const outliers = stringOf(node, 'outliers', 'asIs');
  if (outliers !== 'asIs' && outliers !== 'asMissingValues' && outliers !== 'asExtremeValues') {
    return refused(node, `outliers is '${outliers}'; it is asIs, asMissingValues or asExtremeValues`);
  }
  return { origs, norms, outliers };
};

/**
 * Piecewise linear through the points (PMML 4.4.1, Transformations, NormContinuous): between (a1, b1) and (a2, b2)
 * `b1 + (x - a1) / (a2 - a1) * (b2 - b1)`, computed in this order, each operation rounded to T. A point belongs to the
 * piece that begins with it, the last one to the last piece. x outside the points is an outlier: the first and the last
 * piece go on (`asIs`), it is missing, or it takes the nearest point's norm (`asExtremeValues`). NaN gives NaN.
 */
export const Interpolate: Operator = {
  domain: OWN,
  name: 'Interpolate',
  since: [1],
  infer: (node) => {
    arity(node, 1);
    const { dtype, dims, absent } = tensorInput(node, 0, floats);
    const { outliers } = pointsOf(node, dtype);
    return [tensorType(dtype, dims, outliers === 'asMissingValues' ? 'missing' : absent)];
  },
  evaluate: ([x], node) => {
    const { dtype, data, dims, missing } = x as Tensor;
    const { origs, norms, outliers } = pointsOf(node, dtype);
    const round = rounder(dtype);
    const last = origs.length - 1;
    const out = new Collector(dtype, dims);
    const count = countOf(dims);
    for (let i = 0; i < count; i++) {
      if (missing?.[i]) continue;
      const v = data[i] as number;
      const low = v < (origs[0] as number);
      const high = v > (origs[last] as number);
      if ((low || high) && outliers === 'asMissingValues') continue;
      if ((low || high) && outliers === 'asExtremeValues') {
        out.set(i, norms[low ? 0 : last] as number);
        continue;
      }
      let k = 0;
      while (k < last - 1 && v >= (origs[k + 1] as number)) k++;
      const [a1, a2, b1, b2] = [origs[k], origs[k + 1], norms[k], norms[k + 1]] as [
        number,
        number,
        number,
        number,
      ];
      const share = round(round(v - a1) / round(a2 - a1));
      out.set(i, round(b1 + round(share * round(b2 - b1))));
    }
    return [out.tensor()];
  },
  plain: (node, b, inputs) => {
    const [x] = inputs as readonly [Plane];
    const dtype = dtypeOf(x.data) as DType;
    const { origs, outliers } = pointsOf(node, dtype);
    if (outliers !== 'asMissingValues') return [{ data: again(node, b, [x.data]), missing: x.missing }];
    const edge = (i: number) => literal(b, dtype, origs[i] as number);
    const outside = b.op('Or', [
      b.op('Less', [x.data, edge(0)]),
      b.op('Greater', [x.data, edge(origs.length - 1)]),
    ]);
    const within = { ...node, attributes: new Map([...node.attributes, ['outliers', attr.string('asIs')]]) };
    return [{ data: again(within, b, [x.data]), missing: orAll(b, [x.missing, outside]) }];
  },
  express: (node, b, opsets) => {
    const [x] = node.inputs as readonly [Value];
    const dtype = dtypeOf(x) as DType;
    const { origs, norms, outliers } = pointsOf(node, dtype);
    if (outliers === 'asMissingValues') {
      return refuse('express/missing', 'its outliers are missing, which ONNX cannot hold');
    }
    const round = rounder(dtype);
    const pieces = Array.from({ length: origs.length - 1 }, (_, k) => k);
    const inner = Array.from(origs).slice(1, -1);
    // The piece of x: how many inner points it has reached.
    const reached = b.op('GreaterOrEqual', [withLastAxis(b, x, opsets), literal(b, dtype, inner)]);
    const piece = inner.length === 0 ? null : reduce(b, 'ReduceSum', cast(b, reached, 'int32'), -1, opsets);
    const ofPiece = (f: (k: number) => number): Value => {
      const table = pieces.map(f);
      return piece
        ? b.op('Gather', [literal(b, dtype, table), piece], { axis: attr.int(0) })
        : literal(b, dtype, table[0] as number);
    };
    const at = (list: ArrayLike<number>, k: number) => list[k] as number;
    const share = b.op('Div', [
      b.op('Sub', [x, ofPiece((k) => at(origs, k))]),
      ofPiece((k) => round(at(origs, k + 1) - at(origs, k))),
    ]);
    const rise = b.op('Mul', [share, ofPiece((k) => round(at(norms, k + 1) - at(norms, k)))]);
    const y = b.op('Add', [ofPiece((k) => at(norms, k)), rise]);
    if (outliers === 'asIs') return missingInput(node) ?? [y];
    const last = origs.length - 1;
    const low = b.op('Less', [x, literal(b, dtype, at(origs, 0))]);
    const high = b.op('Greater', [x, literal(b, dtype, at(origs, last))]);
    const capped = b.op('Where', [high, literal(b, dtype, at(norms, last)), y]);
    return missingInput(node) ?? [b.op('Where', [low, literal(b, dtype, at(norms, 0)), capped])];
  },
  lower: (node, [x], to) => {
    const { dtype, dims, element } = x as Lowered;
    const { origs, norms, outliers } = pointsOf(node, dtype);
    if (outliers === 'asMissingValues') {
      return refuse('lower/missing', 'its outliers are missing: plain comes before');
    }
    const round = rounder(dtype);
    const at = (list: ArrayLike<number>, k: number) => list[k] as number;
    const pieces = origs.length - 1;
    // The piece of x: how many inner points it has reached.
    const piece = slotFor(node, 0, 'int32', countOf(dims), '.piece');
    const [each, inner] = [loop(), loop()];
    const point = entry(dtype, Array.from(origs).slice(1, -1), { k: 'index', loop: inner });
    const reached = apply('ge', 'bool', element({ k: 'index', loop: each }), point);
    const body: Row = {
      k: 'fold',
      loop: inner,
      over: pieces - 1,
      with: 'sum',
      start: int(0),
      body: { k: 'choose', when: [reached], then: [int(1)], otherwise: int(0) },
      dtype: 'int32',
      ordered: false,
    };
    to.statement({ k: 'define', slot: piece, loop: each, body: pieces === 1 ? int(0) : body });
    const y = (i: Row): Row => {
      const ofPiece = (f: (k: number) => number): Row =>
        entry(
          dtype,
          Array.from({ length: pieces }, (_, k) => f(k)),
          { k: 'element', of: piece, index: i },
        );
      const run = apply(
        'sub',
        dtype,
        element(i),
        ofPiece((k) => at(origs, k)),
      );
      const share = apply(
        'div',
        dtype,
        run,
        ofPiece((k) => round(at(origs, k + 1) - at(origs, k))),
      );
      const rise = apply(
        'mul',
        dtype,
        share,
        ofPiece((k) => round(at(norms, k + 1) - at(norms, k))),
      );
      return apply(
        'add',
        dtype,
        ofPiece((k) => at(norms, k)),
        rise,
      );
    };
    if (outliers === 'asIs') return [{ dtype, dims, element: y }];
    const number = (value: number): Row => ({ k: 'const', dtype, value });
    const capped = (i: Row): Row => ({
      k: 'choose',
      when: [
        apply('lt', 'bool', element(i), number(at(origs, 0))),
        apply('gt', 'bool', element(i), number(at(origs, pieces))),
      ],
      then: [number(at(norms, 0)), number(at(norms, pieces))],
      otherwise: y(i),
    });
    return [{ dtype, dims, element: capped }];
  },
  rows: () => 'each',
};
