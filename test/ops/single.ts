/** One operator by itself, evaluated as it stands and by what it is said to be in others. */
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { Builder } from '../../src/ir/builder.ts';
import { type Attribute, type Model, tensorType, type Value } from '../../src/ir/model.ts';
import { find, operators, resolve } from '../../src/ops/registry.ts';
import { rebuild } from '../../src/passes/rebuild.ts';
import { type DType, isBig } from '../../src/tensor/dtype.ts';
import { type Tensor, tensorOf } from '../../src/tensor/tensor.ts';

export const t = (
  dtype: DType,
  dims: readonly number[],
  values: ArrayLike<number | bigint | string | boolean>,
): Tensor => tensorOf(dtype, dims, values);

export interface Single {
  readonly domain?: string;
  readonly name: string;
  readonly opset?: number;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** How many outputs are asked for. */
  readonly outputs?: number;
}

/** A model of one node: inputs X0, X1 …, outputs Y0, Y1 …. `attributes` may be made in the builder, for bodies. */
export const modelOfOne = (
  { domain = '', name, opset, attributes = {}, outputs = 1 }: Single,
  inputs: readonly (Tensor | null)[],
  b: Builder = new Builder(operators),
): Model => {
  const op = resolve(domain, name, opset);
  if (!op) throw new Error(`there is no ${name} at ${opset}`);
  const values = inputs.map((x, i) => x && b.input(`X${i}`, tensorType(x.dtype, x.dims)));
  const made = b.call(op, values, {
    attributes,
    outputs: Array.from({ length: outputs }, (_, i) => `Y${i}`),
  });
  return {
    format: 'test',
    version: '',
    name,
    graph: b.finish(made as Value[]),
    rows: null,
    fields: [],
    templates: [],
    opsets: new Map([['', opset ?? 28]]),
    profile: 'ONNX',
    metadata: new Map(),
    extra: new Map(),
  };
};

/** The model with every node of this operator, at whatever version, replaced by what it expands to, though it could be evaluated. */
export const bodyOf = (model: Model, name: string): Model => {
  let current = model;
  while (current.graph.nodes.some(({ op }) => op.name === name)) {
    current = rebuild(current, (node, b, inputs) => {
      if (node.op.name !== name) return undefined;
      const expanded = find(node.op)?.expand?.({ ...node, inputs }, b);
      if (!expanded || 'rule' in expanded) throw new Error(expanded?.why ?? `${name} has no body`);
      return expanded;
    });
  }
  return current;
};

/** The results for X0, X1 …, and `more` inputs by name. */
export const runModel = (
  model: Model,
  inputs: readonly (Tensor | null)[],
  more: Readonly<Record<string, Tensor>> = {},
): readonly Tensor[] => {
  const { run, model: ready } = evaluator(model);
  const given = inputs.flatMap((x, i) => (x ? [[`X${i}`, x] as const] : []));
  const results = run(new Map([...given, ...Object.entries(more)]));
  return ready.graph.results.map((r) => results.get(r.name) as Tensor);
};

/** The outputs, evaluated as it stands. */
export const direct = (one: Single, inputs: readonly (Tensor | null)[]): readonly Tensor[] =>
  runModel(modelOfOne(one, inputs), inputs);

/** The outputs, of what it expands to. */
export const byBody = (one: Single, inputs: readonly (Tensor | null)[]): readonly Tensor[] =>
  runModel(bodyOf(modelOfOne(one, inputs), one.name), inputs);

/** Elements as numbers. */
export const elements = (x: Tensor | undefined): number[] =>
  x
    ? isBig(x.dtype)
      ? Array.from(x.data as BigInt64Array, Number)
      : Array.from(x.data as Float64Array)
    : [];
