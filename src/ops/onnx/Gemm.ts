import { attr, floatOf, intOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { broadcastDims } from '../../ir/shape.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { type Tensor, tensor, tensorOf } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { product, sum } from './arithmetic.ts';
import { dimsOf, rowShape } from './axes.ts';
import { floats } from './constraints.ts';
import { earlier } from './earlier.ts';
import { binary, reindex } from './elementwise.ts';
import { attributesBut, finish, number } from './expansion.ts';
import { lowerProduct, products } from './product.ts';
import { spelling } from './spelling.ts';
import { intRow, whole } from './take.ts';

const dtypes = [...floats, 'int32', 'int64', 'uint32', 'uint64'] as const;

const inferGemm = (node: Node) => {
  const a = tensorInput(node, 0, dtypes);
  const b = tensorInput(node, 1, [a.dtype]);
  for (const t of [a, b])
    if (t.dims !== null && t.dims.length !== 2) refused(node, 'A and B must be matrices');
  const at = (dims: readonly Dim[] | null, i: number): Dim => dims?.[i] ?? null;
  const [ta, tb] = [intOf(node, 'transA', 0) ? 1 : 0, intOf(node, 'transB', 0) ? 1 : 0];
  const [k, l] = [at(a.dims, 1 - ta), at(b.dims, tb)];
  if (typeof k === 'number' && typeof l === 'number' && k !== l) {
    refused(node, `a row of ${k} elements meets a column of ${l}`);
  }
  const dims = [at(a.dims, ta), at(b.dims, 1 - tb)];
  if (node.inputs[2]) {
    const c = tensorInput(node, 2, [a.dtype]);
    if (c.dims !== null && (c.dims.length > 2 || broadcastDims(dims, c.dims) === undefined)) {
      refused(node, `C [${c.dims}] does not fit [${dims.map((d) => d ?? '?')}]`);
    }
  }
  return [tensorType(a.dtype, dims)];
};

const inSteps = (node: Node, b: Builder): readonly Value[] => {
  const [x, y, c] = node.inputs as readonly [Value, Value, Value];
  const s = spelling(b, tensorInput(node, 0).dtype);
  const turned = (v: Value, name: string): Value =>
    intOf(node, name, 0) ? b.op('Transpose', [v], { perm: attr.ints([1, 0]) }) : v;
  const times = (v: Value, factor: number): Value => (factor === 1 ? v : s.mul(v, factor));
  const product = times(
    b.op('MatMul', [turned(x, 'transA'), turned(y, 'transB')]),
    floatOf(node, 'alpha', 1),
  );
  return [s.add(product, times(c, floatOf(node, 'beta', 1)))];
};

/** x * factor: integers take whole factors only, since the attributes are floats. */
const scaled = (t: Tensor, factor: number, node: Node): Tensor => {
  if (factor === 1) return t;
  if (!isFloat(t.dtype) && !Number.isInteger(factor)) refused(node, `the factor ${factor} is no ${t.dtype}`);
  const by = tensorOf(t.dtype, [], [factor]);
  return isBig(t.dtype) ? binary(t, by, node, (x: bigint, y: bigint) => x * y) : binary(t, by, node, product);
};

const factorRow = (dtype: DType, factor: number, x: Row): Row =>
  factor === 1 ? x : { k: 'apply', fn: 'mul', dtype, args: [{ k: 'const', dtype, value: factor }, x] };

/**
 * Y = alpha * A' * B' + beta * C, where A' and B' may be transposed and C is broadcast. The product is summed as MatMul
 * sums, then scaled, then C is added: each step rounds. ONNX Operators, Gemm.
 */
export const Gemm: readonly Operator[] = [
  {
    domain: '',
    name: 'Gemm',
    since: [7, 9, 11, 13],
    infer: inferGemm,
    evaluate: (inputs, node) => {
      const [a, b, c] = inputs as readonly [Tensor, Tensor, Tensor | null | undefined];
      const [ta, tb] = [intOf(node, 'transA', 0) !== 0, intOf(node, 'transB', 0) !== 0];
      const [a0, a1] = a.dims as [number, number];
      const [b0, b1] = b.dims as [number, number];
      const [m, k] = ta ? [a1, a0] : [a0, a1];
      const [l, n] = tb ? [b1, b0] : [b0, b1];
      if (k !== l) refused(node, `a row of ${k} elements meets a column of ${l}`);
      const out = products(a.dtype, m * n);
      out.add(
        0,
        { data: a.data, at: 0, row: ta ? 1 : a1, column: ta ? a1 : 1 },
        { data: b.data, at: 0, row: tb ? 1 : b1, column: tb ? b1 : 1 },
        [m, k, n],
      );
      const multiplied = scaled(tensor(a.dtype, [m, n], out.done()), floatOf(node, 'alpha', 1), node);
      const beta = floatOf(node, 'beta', 1);
      if (!c || beta === 0) return [multiplied];
      return [
        isBig(a.dtype)
          ? binary(multiplied, scaled(c, beta, node), node, (x: bigint, y: bigint) => x + y)
          : binary(multiplied, scaled(c, beta, node), node, sum),
      ];
    },
    lower: (node, [a, , c], to) => {
      const table = to.known(node.inputs[1]);
      const dims = rowShape(node);
      if (isRefusal(dims)) return dims;
      if (!table || intOf(node, 'transA', 0)) {
        return refuse('ops/gemm-constant', 'B is not constant, or A is transposed');
      }
      const left = a as Lowered;
      const { dtype } = left;
      const [k = 1] = left.dims;
      const [n = 1] = dims;
      const [row, column] = intOf(node, 'transB', 0) ? [1, k] : [n, 1];
      const product = lowerProduct(
        dtype,
        [1, k, n],
        (_, l) => left.element(l),
        (l, j) => ({
          k: 'at',
          table,
          key: intRow('add', intRow('mul', l, whole(row)), intRow('mul', j, whole(column))),
        }),
      );
      const [alpha, beta] = [floatOf(node, 'alpha', 1), floatOf(node, 'beta', 1)];
      const element = (index: Row): Row => {
        const scaledProduct = factorRow(dtype, alpha, product(index));
        if (!c || beta === 0) return scaledProduct;
        const added = factorRow(dtype, beta, c.element(reindex(c.dims, dims, index)));
        return { k: 'apply', fn: 'add', dtype, args: [scaledProduct, added] };
      };
      return [{ dtype, dims, element }];
    },
    express: (node, b, opsets) => {
      // C could be left out from 11 on, and was broadcast like any other input from 7 on.
      if (node.inputs[2]) return (opsets.get('') ?? 0) < 7 ? inSteps(node, b) : undefined;
      const zero = number(b, tensorInput(node, 0).dtype, 0);
      const old = (opsets.get('') ?? 0) < 7 ? { broadcast: attr.int(1) } : {};
      return earlier(node, b, opsets, [...node.inputs.slice(0, 2), zero], attributesBut(node, [], old));
    },
    rows: (node) => {
      const [a, b, c] = node.inputs.map(dimsOf);
      const own = a?.[0];
      const still =
        c === undefined || c === null || c.length < 2
          ? typeof c?.[0] !== 'string'
          : c[0] === own || c[0] === 1;
      return typeof own === 'string' && !intOf(node, 'transA', 0) && typeof b?.[0] === 'number' && still
        ? 'each'
        : 'all';
    },
  },
  {
    domain: '',
    name: 'Gemm',
    // C was needed, and broadcast only where the attribute `broadcast` said so: what fitted then still means the same.
    since: [1, 6],
    infer: inferGemm,
    expand: (node, b) =>
      finish(
        node,
        b,
        'Gemm',
        node.inputs,
        Object.fromEntries([...node.attributes].filter(([name]) => name !== 'broadcast')),
      ),
  },
];
