import { attr, dataOfAttribute, stringsOf } from '../../ir/attributes.ts';
import { type Interval, type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { load } from '../../tensor/data.ts';
import type { DType } from '../../tensor/dtype.ts';
import { nextDown32, nextDown64, nextUp32, nextUp64 } from '../../tensor/float.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { cast, literal } from '../ml/build.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { again } from './planes.ts';
import { apply, int } from './rows.ts';
import { arity, floats } from './types.ts';
import { dtypeOf, everywhere, missingInput, reduce, where, withLastAxis } from './where.ts';

/** The intervals; an edge that is not there is infinite. */
const intervalsOf = (node: Node, dtype: DType): readonly Interval[] => {
  const edges = dataOfAttribute(node, 'edges') ?? refused(node, 'it lacks the attribute edges');
  const closures = stringsOf(node, 'closures') ?? refused(node, 'it lacks the attribute closures');
  if (edges.dtype !== dtype) refused(node, `edges is ${edges.dtype}, x is ${dtype}`);
  if (edges.dims.length !== 2 || edges.dims[1] !== 2 || edges.dims[0] !== closures.length) {
    refused(node, `edges is [${edges.dims}]; with ${closures.length} closures it is [${closures.length}, 2]`);
  }
  const data = load(edges).data as Float64Array;
  return closures.map((closure, i) => {
    if (closure !== 'oo' && closure !== 'oc' && closure !== 'co' && closure !== 'cc') {
      return refused(node, `closure ${i} is '${closure}'; it is oo, oc, co or cc`);
    }
    return { low: data[2 * i] as number, high: data[2 * i + 1] as number, closure };
  });
};

const holds = ({ low, high, closure }: Interval, x: number): boolean =>
  (closure[0] === 'o' ? low < x : low <= x) && (closure[1] === 'o' ? x < high : x <= high);

/**
 * Index of the first interval that holds x, -1 where none does, x is NaN or missing (PMML 4.4.1, Transformations,
 * Discretize). Closures are those of `Interval`: o open, c closed, left then right.
 */
export const Bin: Operator = {
  domain: OWN,
  name: 'Bin',
  since: [1],
  infer: (node) => {
    arity(node, 1);
    const { dtype, dims } = tensorInput(node, 0, floats);
    intervalsOf(node, dtype);
    return [tensorType('int32', dims)];
  },
  evaluate: ([x], node) => {
    const { dtype, data, dims, missing } = x as Tensor;
    const intervals = intervalsOf(node, dtype);
    const out = new Int32Array(countOf(dims)).fill(-1);
    for (let i = 0; i < out.length; i++) {
      if (!missing?.[i]) out[i] = intervals.findIndex((interval) => holds(interval, data[i] as number));
    }
    return [tensor('int32', dims, out)];
  },
  plain: (node, b, inputs) => {
    const [x] = inputs as readonly [Plane];
    const bin = again(node, b, [x.data]);
    // NaN is in no bin.
    const data = x.missing && x.under !== 'nan' ? where(b, x.missing, literal(b, 'int32', -1), bin) : bin;
    return [{ data, missing: null }];
  },
  express: (node, b, opsets) => {
    const [given] = node.inputs as readonly [Value];
    const dtype: DType = dtypeOf(given) === 'float64' ? 'float64' : 'float32';
    const up = dtype === 'float64' ? nextUp64 : nextUp32;
    const down = dtype === 'float64' ? nextDown64 : nextDown32;
    const intervals = intervalsOf(node, dtypeOf(given) as DType);
    if (intervals.length === 0) return [everywhere(b, given, literal(b, 'int32', -1))];
    // Open ends become closed ones, one float further in; past the last float there is nothing: NaN holds no x.
    const low = intervals.map((i) =>
      i.closure[0] === 'c' ? i.low : i.low === Infinity ? Number.NaN : up(i.low),
    );
    const high = intervals.map((i) =>
      i.closure[1] === 'c' ? i.high : i.high === -Infinity ? Number.NaN : down(i.high),
    );
    const x = withLastAxis(b, cast(b, given, dtype), opsets);
    const inside = b.op('And', [
      b.op('GreaterOrEqual', [x, literal(b, dtype, low)]),
      b.op('LessOrEqual', [x, literal(b, dtype, high)]),
    ]);
    const flags = cast(b, inside, 'int32');
    const first = b.op('ArgMax', [flags], { axis: attr.int(-1), keepdims: attr.int(0) });
    const any = cast(b, reduce(b, 'ReduceMax', flags, -1, opsets), 'bool');
    return missingInput(node) ?? [b.op('Where', [any, cast(b, first, 'int32'), literal(b, 'int32', -1)])];
  },
  lower: (node, [x]) => {
    const { dtype, dims, element } = x as Lowered;
    const intervals = intervalsOf(node, dtype);
    const edge = (value: number): Row => ({ k: 'const', dtype, value });
    return [
      {
        dtype: 'int32',
        dims,
        element: (i) => {
          const v = element(i);
          return {
            k: 'choose',
            when: intervals.map(({ low, high, closure }) =>
              apply(
                'and',
                'bool',
                apply(closure[0] === 'o' ? 'gt' : 'ge', 'bool', v, edge(low)),
                apply(closure[1] === 'o' ? 'lt' : 'le', 'bool', v, edge(high)),
              ),
            ),
            then: intervals.map((_, k) => int(k)),
            otherwise: int(-1),
          };
        },
      },
    ];
  },
  rows: () => 'each',
};
