/** The shape shared by the operators that reduce axes: each file says only what becomes of the elements together. */
import { intOf, intsOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Elements, elementsOf, smallDims } from '../../ir/elements.ts';
import { type Dim, type Node, type TensorType, tensorType } from '../../ir/model.ts';
import type { Loop, Lowered, Row } from '../../kernel/row.ts';
import { column, type DType } from '../../tensor/dtype.ts';
import { countOf, strides, type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, tensorInput } from '../operator.ts';
import { axesFromFront, ints, knownInts, reduced, rowShape, rowsByType } from './axes.ts';
import { axesAsAttribute } from './earlier.ts';
import { computedElements } from './elements.ts';
import { axesBecameInput } from './expansion.ts';
import { intRow, lookUp, walk, whole } from './take.ts';

/** Makes one element of those at `base + offsets[i]`, in order. */
export type Reducer = (data: Tensor['data'], base: number, offsets: Int32Array) => number | bigint;

const keeps = (node: Node): boolean => intOf(node, 'keepdims', 1) !== 0;

/** Axes from the front. None given means all, or none at all under `noop_with_empty_axes`. */
const reducedAxes = (node: Node, given: readonly number[] | undefined, rank: number): number[] => {
  if (given && given.length > 0) return axesFromFront(node, given, rank);
  return intOf(node, 'noop_with_empty_axes', 0) ? [] : Array.from({ length: rank }, (_, i) => i);
};

const reduceType = (
  node: Node,
  { dtype, dims }: TensorType,
  given: readonly number[] | undefined,
  computed: boolean,
): TensorType => {
  if (dims === null) return tensorType(dtype, null);
  if (!computed) return tensorType(dtype, reduced(dims, reducedAxes(node, given, dims.length), keeps(node)));
  return tensorType(dtype, keeps(node) ? dims.map((): Dim => null) : null);
};

/** Offsets of the elements of the kept axes, and of the reduced ones, in index order. */
const plan = (dims: readonly number[], axes: readonly number[]): { kept: Int32Array; over: Int32Array } => {
  const own = strides(dims);
  const part = (inside: boolean) => {
    const chosen = dims.map((_, i) => i).filter((i) => axes.includes(i) === inside);
    return walk(
      chosen.map((i) => dims[i] as number),
      chosen.map((i) => own[i] as number),
    );
  };
  return { kept: part(false), over: part(true) };
};

/** Reduces axes of a tensor at run time. */
export const reduce = (
  t: Tensor,
  axes: readonly number[],
  keepdims: boolean,
  reducer: Reducer,
  result: DType = t.dtype,
): Tensor => {
  const { kept, over } = plan(t.dims, axes);
  const out = column(result, kept.length) as unknown as (number | bigint)[];
  for (let i = 0; i < kept.length; i++) out[i] = reducer(t.data, kept[i] as number, over);
  return tensor(result, reduced(t.dims, axes, keepdims) as number[], out as unknown as Tensor['data']);
};

type Fold = Extract<Row, { k: 'fold' }>;

/** What becomes of the elements of the reduced axes: `element` gives one of them, `over` says how many there are. */
export type FoldRow = (element: (entry: Row) => Row, loop: Loop, over: number) => Row;

/** A reduction of axes of a row (`axes` count within the row). */
export const lowerReduction = (
  x: Lowered,
  axes: readonly number[],
  dims: readonly number[],
  fold: FoldRow,
  dtype: DType = x.dtype,
): Lowered => {
  const { kept, over } = plan(x.dims, axes);
  return {
    dtype,
    dims,
    element: (index) => {
      const base = lookUp(kept, kept.length === 1 ? whole(0) : index);
      return fold(
        (entry) => x.element(intRow('add', base, lookUp(over, entry))),
        { loop: true },
        over.length,
      );
    },
  };
};

/** A fold of every element of the reduced axes. */
export const foldAll =
  (dtype: DType, how: Pick<Fold, 'with' | 'start' | 'ordered'>): FoldRow =>
  (element, loop, over) => ({
    k: 'fold',
    loop,
    over,
    dtype,
    body: element({ k: 'index', loop }),
    ...how,
  });

interface Reduction {
  readonly name: string;
  readonly dtypes: readonly DType[];
  /** Versions with the axes as an attribute, and with the axes as input 1. */
  readonly attribute: readonly number[];
  readonly input: readonly number[];
  readonly reducer: (dtype: DType) => Reducer;
  readonly lower: (dtype: DType) => FoldRow;
  /** What becomes of all elements together where some are symbols. */
  readonly whole?: (all: Elements) => Dim;
}

const reducedElements =
  (whole?: (all: Elements) => Dim): NonNullable<Operator['elements']> =>
  (node, known, apply) => {
    const numbers = computedElements(node, known, apply);
    if (numbers || !whole) return numbers;
    const all = elementsOf(node.inputs[0], known);
    const dims = smallDims(node.outputs[0]);
    return all && dims && countOf(dims) === 1 ? [[whole(all)]] : undefined;
  };

/** All versions of an operator that reduces axes. */
export const reduction = ({
  name,
  dtypes,
  attribute,
  input,
  reducer,
  lower,
  whole,
}: Reduction): readonly Operator[] => [
  {
    domain: '',
    name,
    since: input,
    infer: inferReduction(dtypes),
    elements: reducedElements(whole),
    evaluate: ([x, given], node) => {
      const t = x as Tensor;
      const axes = reducedAxes(node, ints(given), t.dims.length);
      return [reduce(t, axes, keeps(node), reducer(t.dtype))];
    },
    lower: (node, inputs, to) => {
      const given = knownInts(node, 1, to.known);
      const dims = rowShape(node);
      if (isRefusal(dims)) return dims;
      const x = inputs[0] as Lowered;
      if (node.inputs[1] && !given) return refuse('ops/axes-constant', 'the axes are not constant');
      const axes = reducedAxes(node, given, x.dims.length + 1);
      if (axes.includes(0)) return refuse('ops/reduces-rows', 'it reduces over the rows');
      return [
        lowerReduction(
          x,
          axes.map((a) => a - 1),
          dims,
          lower(x.dtype),
        ),
      ];
    },
    express: axesAsAttribute,
    rows: (node) => rowsByType(node),
  },
  {
    ...attributeReduction(name, dtypes, attribute),
    elements: (node, known) =>
      reducedElements(whole)(node, known, ([x]) => {
        const t = x as Tensor;
        return [
          reduce(t, reducedAxes(node, intsOf(node, 'axes'), t.dims.length), keeps(node), reducer(t.dtype)),
        ];
      }),
  },
];

/** The versions that had the axes as an attribute. */
export const attributeReduction = (
  name: string,
  dtypes: readonly DType[],
  since: readonly number[],
): Operator => ({
  domain: '',
  name,
  since,
  infer: (node) => [reduceType(node, tensorInput(node, 0, dtypes), intsOf(node, 'axes'), false)],
  expand: (node, b) => axesBecameInput(node, b, name, intsOf(node, 'axes')),
});

/** Inference of a reduction that is said in others. */
export const inferReduction =
  (dtypes: readonly DType[]): Operator['infer'] =>
  (node, known) => {
    const axes = knownInts(node, 1, known);
    return [reduceType(node, tensorInput(node, 0, dtypes), axes, Boolean(node.inputs[1]) && !axes)];
  };
