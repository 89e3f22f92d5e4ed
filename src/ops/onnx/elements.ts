/** How what is known of elements passes through operators: as they move them, pair them, or compute with them. */
import type { Known } from '../../ir/builder.ts';
import { type Elements, elementsOf, hasElements, mostElements, smallDims } from '../../ir/elements.ts';
import type { Dim, Node, Value } from '../../ir/model.ts';
import { load } from '../../tensor/data.ts';
import { dtypeInfo, isFloat } from '../../tensor/dtype.ts';
import { broadcastIndex, countOf, type Tensor, tensor, tensorOf } from '../../tensor/tensor.ts';
import type { Operator } from '../operator.ts';

type Passing = NonNullable<Operator['elements']>;

const isNumeric = (v: Value): boolean =>
  v.type.kind === 'tensor' && v.type.dtype !== 'string' && dtypeInfo(v.type.dtype).width === 1;

/** Are all the results small enough to be worked out? */
const isSmall = (node: Node): boolean =>
  node.outputs.every((v) => v === null || (isNumeric(v) && smallDims(v) !== undefined));

/** What an input is: its constant, or its elements where all are numbers. */
const givenTensor = (v: Value, known: Known): Tensor | undefined => {
  const data = known(v);
  if (data) return data.count <= mostElements ? load(data) : undefined;
  return tensorOfElements(v, elementsOf(v, known));
};

/** A tensor of elements that are all numbers, in the value's own dtype; undefined where one is not, or not exactly. */
const tensorOfElements = (v: Value, elements: Elements | undefined): Tensor | undefined => {
  const dims = smallDims(v);
  if (v.type.kind !== 'tensor' || !dims || elements?.length !== countOf(dims)) return undefined;
  const { dtype } = v.type;
  return elements.every((e) => isExact(e, isFloat(dtype)))
    ? tensorOf(dtype, dims, elements as readonly number[])
    : undefined;
};

const isExact = (e: Dim, float: boolean): boolean =>
  typeof e === 'number' && (float || Number.isSafeInteger(e));

/** Numbers that came out; an integer that a number cannot hold is not known. */
const elementsOfTensor = ({ data, dtype }: Tensor): Elements => {
  const float = isFloat(dtype);
  return Array.from(data as ArrayLike<number | bigint>, (e) => {
    const n = Number(e);
    return isExact(n, float) ? n : null;
  });
};

/** The same elements, in the same order: only the shape is another. */
export const sameElements: Passing = (node, known) => [elementsOf(node.inputs[0], known)];

/** The operator itself, where every element of every input is a number. */
export const computedElements: Passing = (node, known, apply) => {
  if (!isSmall(node) || !node.inputs.every((v) => v === null || hasElements(v, known))) return undefined;
  const inputs = node.inputs.map((v) => v && givenTensor(v, known));
  if (inputs.includes(undefined)) return undefined;
  return apply(inputs as readonly (Tensor | null)[])?.map((t) => (t ? elementsOfTensor(t) : undefined));
};

/**
 * Operators that move elements, repeat them or leave some out: they are applied to tokens in their place. `from`: the
 * inputs whose elements are moved (default: all); every element of the others must be a number.
 */
export const movedElements =
  (...from: readonly number[]): Passing =>
  (node, known, apply) => {
    const isMoved = (i: number) => from.length === 0 || from.includes(i);
    if (!isSmall(node) || !node.inputs.some((v, i) => isMoved(i) && hasElements(v, known))) return undefined;
    // The first token is what an operator puts where nothing else is.
    const tokens: Dim[] = [0];
    const inputs = node.inputs.map((v, i) => {
      if (v === null) return null;
      if (!isMoved(i)) return givenTensor(v, known);
      const dims = smallDims(v);
      if (!dims || !isNumeric(v)) return undefined;
      const first = tokens.length;
      tokens.push(...(elementsOf(v, known) ?? new Array<null>(countOf(dims)).fill(null)));
      return tensor(
        'float64',
        dims,
        Float64Array.from({ length: tokens.length - first }, (_, n) => first + n),
      );
    });
    if (inputs.includes(undefined)) return undefined;
    const moved = apply(inputs as readonly (Tensor | null)[]);
    return moved?.map((t): Elements | undefined =>
      t ? Array.from(t.data as Float64Array, (token) => tokens[token] ?? null) : undefined,
    );
  };

/** What is known of one element of the result where not all elements that it is made of are numbers. */
export type Rule = (...given: readonly Dim[]) => Dim;

/** Element by element, after broadcasting: the operator itself on numbers, `rule` on symbols. */
export const pairedElements =
  (rule: Rule = () => null): Passing =>
  (node, known, apply) => {
    const dims = smallDims(node.outputs[0]);
    if (!dims || !isSmall(node) || !node.inputs.every((v) => hasElements(v, known))) return undefined;
    const values = node.inputs as readonly Value[];
    const given = values.map((v) => alongside(v, known, dims));
    const floats = values.map(isFloatValue);
    const exact = Array.from({ length: countOf(dims) }, (_, place) =>
      given.every((g, i) => isExact(g[place] ?? null, floats[i] as boolean)),
    );
    // Where one of them is no number, 1 stands in for it.
    const inputs = values.map(({ type }, i) =>
      type.kind === 'tensor'
        ? tensorOf(
            type.dtype,
            dims,
            (given[i] as Elements).map((e, place) => (exact[place] ? (e as number) : 1)),
          )
        : null,
    );
    const [computed] = apply(inputs) ?? [];
    if (!computed) return undefined;
    return [
      elementsOfTensor(computed).map((e, place) =>
        exact[place] ? e : rule(...given.map((g) => g[place] ?? null)),
      ),
    ];
  };

const isFloatValue = ({ type }: Value): boolean => type.kind === 'tensor' && isFloat(type.dtype);

/** The elements of a value broadcast to a shape. */
const alongside = (v: Value, known: Known, dims: readonly number[]): Elements => {
  const elements = elementsOf(v, known) ?? [];
  const index = broadcastIndex(smallDims(v) ?? [], dims);
  return index ? Array.from(index, (i) => elements[i] ?? null) : elements;
};

/** Conditions of which every one is known, or does not matter: Where. */
export const chosenElements: Passing = (node, known) => {
  const dims = smallDims(node.outputs[0]);
  if (!dims || !isSmall(node) || !node.inputs.every((v) => smallDims(v))) return undefined;
  const [when, x, y] = node.inputs.map((v) =>
    hasElements(v, known) ? alongside(v as Value, known, dims) : undefined,
  );
  if (!x && !y) return undefined;
  return [
    Array.from({ length: countOf(dims) }, (_, i): Dim => {
      const [a, b] = [x?.[i] ?? null, y?.[i] ?? null];
      const c = when?.[i];
      if (typeof c === 'number') return c ? a : b;
      return a === b ? a : null;
    }),
  ];
};
