import { attr, floatOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { isBig } from '../../tensor/dtype.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { floats, numeric } from './constraints.ts';
import { earlier } from './earlier.ts';
import { computedElements } from './elements.ts';
import { rowsEach, unary } from './elementwise.ts';
import { finish, number } from './expansion.ts';
import { whole } from './take.ts';

const largest32 = 3.4028234663852886e38;

/** A bound: its one element; undefined where it is left out. */
const bound = (t: Tensor | null | undefined, node: Node): number | bigint | undefined => {
  if (!t) return undefined;
  return countOf(t.dims) === 1
    ? (t.data[0] as number | bigint)
    : refused(node, 'a bound must be one element');
};

/** Bounds that are computed. */
const stepsOf = (node: Node, b: Builder, x: Value, [low, high]: readonly (Value | null | undefined)[]) => {
  const raised = low ? b.op('Max', [x, low]) : x;
  return finish(node, b, high ? 'Min' : 'Identity', high ? [raised, high] : [raised]);
};

/** Attributes became inputs with version 11. */
const withAttributes = (since: number, otherwise: number | undefined): Operator => ({
  domain: '',
  name: 'Clip',
  since: [since],
  infer: (node) => [tensorInput(node, 0, floats)],
  expand: (node, b) => {
    const { dtype } = tensorInput(node, 0);
    const limit = (name: string, value: number | undefined): Value | null =>
      node.attributes.has(name) || value !== undefined ? number(b, dtype, floatOf(node, name, value)) : null;
    return finish(node, b, 'Clip', [
      node.inputs[0] ?? null,
      limit('min', otherwise === undefined ? undefined : -otherwise),
      limit('max', otherwise),
    ]);
  },
});

/** Min(max, Max(x, min)), the bounds where they are given; NaN stays. ONNX Operators, Clip. */
export const Clip: readonly Operator[] = [
  {
    domain: '',
    name: 'Clip',
    since: [11, 12, 13],
    infer: (node) => {
      const x = tensorInput(node, 0, numeric);
      for (const i of [1, 2]) if (node.inputs[i]) tensorInput(node, i, [x.dtype]);
      return [tensorType(x.dtype, x.dims)];
    },
    elements: computedElements,
    evaluate: ([x, min, max], node) => {
      const [low, high] = [bound(min, node), bound(max, node)];
      const t = x as Tensor;
      if (isBig(t.dtype)) {
        const lowest = low as bigint | undefined;
        const most = high as bigint | undefined;
        return [
          unary(t, (e: bigint) => {
            const raised = lowest !== undefined && e < lowest ? lowest : e;
            return most !== undefined && raised > most ? most : raised;
          }),
        ];
      }
      const lowest = low === undefined ? -Infinity : Number(low);
      const most = high === undefined ? Infinity : Number(high);
      return [unary(t, (e: number) => Math.min(most, Math.max(e, lowest)))];
    },
    lower: (_, [x, min, max]) => {
      const { dtype, dims, element } = x as Lowered;
      const limit = (fn: 'min' | 'max', by: Lowered | null | undefined, e: Row): Row =>
        by ? { k: 'apply', fn, dtype, args: [e, by.element(whole(0))] } : e;
      return [{ dtype, dims, element: (index) => limit('min', max, limit('max', min, element(index))) }];
    },
    carriers: whereHeld,
    express: (node, b, opsets) => {
      const op = b.version('', 'Clip', opsets.get(''));
      const [x, ...bounds] = node.inputs as readonly (Value | null | undefined)[];
      const { dtype } = tensorInput(node, 0);
      if (!x || !floats.includes(dtype)) return undefined;
      const known = bounds.map((v) => v && b.known(v));
      if (!op || op.since >= 11) return undefined;
      if (known.some((d, i) => bounds[i] && !d)) return stepsOf(node, b, x, bounds);
      const [low, high] = known.map((d) => d && attr.float(Number(d.read(0, 1)[0])));
      // Version 6 has bounds anyway: the largest numbers of single precision.
      const infinite = { min: attr.float(-Infinity), max: attr.float(Infinity) };
      const otherwise = op.since === 6 ? infinite : {};
      return earlier(node, b, opsets, [x], {
        ...otherwise,
        ...(low && { min: low }),
        ...(high && { max: high }),
      });
    },
    rows: (node) =>
      // A bound that has rows is one element only while there is one row.
      [1, 2].some((i) => typeof dimsOf(node.inputs[i])?.[0] === 'string') ? 'all' : rowsEach(node),
  },
  withAttributes(6, largest32),
  withAttributes(1, undefined),
];
