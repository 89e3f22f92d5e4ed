/** What the operators with bodies share: conditions, arity, and the tensors that iterations leave behind. */
import { fail } from '../../ir/diagnostic.ts';
import { type Node, opName, type Region, type Type } from '../../ir/model.ts';
import { formatType } from '../../ir/shape.ts';
import { type Datum, isTensor } from '../../tensor/datum.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { refused } from '../operator.ts';
import { fromFront } from './axes.ts';
import { copyRuns } from './take.ts';

/** Elements that the iterations of one node may leave behind. */
const mostKept = 2 ** 28;

/** The tensor that is meant; a located refusal where something else comes. */
export const asTensor = (node: Node, what: string, d: Datum | null | undefined): Tensor =>
  d && isTensor(d)
    ? d
    : refused(node, `${what} is ${d ? `a ${(d as { kind: string }).kind}` : 'missing'}, not a tensor`);

/** One element that stands for a whole number. */
export const asInt = (node: Node, what: string, d: Datum | null | undefined): number => {
  const t = asTensor(node, what, d);
  return t.data.length === 1
    ? Number(t.data[0])
    : refused(node, `${what} has ${t.data.length} elements, not one`);
};

/** A condition: one boolean. */
export const isTrue = (node: Node, d: Datum | null | undefined): boolean => {
  const t = asTensor(node, 'the condition', d);
  return t.dtype === 'bool'
    ? asInt(node, 'the condition', t) !== 0
    : refused(node, `the condition is ${t.dtype}, not bool`);
};

/** Refuses a body that does not take and give as many values as the node asks for. */
export const checkArity = (
  node: Node,
  name: string,
  { params, parameters, results }: Region,
  takes: number,
  gives: number,
): void => {
  const defaults = new Set(parameters.filter((p) => p.role === 'default').map((p) => p.value));
  const own = params.filter((p, i) => i < takes || !defaults.has(p)).length;
  if (own !== takes) refused(node, `its ${name} takes ${own} values, and ${takes} are given`);
  if (results.length < gives)
    refused(node, `its ${name} gives ${results.length} values, and ${gives} are asked for`);
};

/** The tensors that a body gives in its iterations, to be put one beside the other. */
export class Stack {
  private readonly node: Node;
  private readonly type: Type;
  private readonly parts: Tensor[] = [];

  /** `type`: what the body is known to give, for the shape of a result of no iterations. */
  constructor(node: Node, type: Type) {
    this.node = node;
    this.type = type;
  }

  push(d: Datum | undefined): number {
    const t = asTensor(this.node, 'a scan output', d);
    const [first = t] = this.parts;
    if (
      t.dtype !== first.dtype ||
      t.dims.length !== first.dims.length ||
      t.dims.some((n, i) => n !== first.dims[i])
    ) {
      refused(this.node, `a scan output is ${first.dtype}[${first.dims}] and then ${t.dtype}[${t.dims}]`);
    }
    this.parts.push(t);
    return countOf(t.dims);
  }

  /** All parts along a new axis; prepended: the last one stands first. Without parts unknown extents are 0. */
  tensor(axis = 0, prepended = false): Tensor {
    const { node, type } = this;
    const { dtype, dims } = this.parts[0] ?? emptyPart(node, type);
    const at = fromFront(node, axis, dims.length + 1);
    const count = this.parts.length;
    const out = zeros(dtype, dims.toSpliced(at, 0, count));
    const outer = countOf(dims.slice(0, at));
    const inner = countOf(dims.slice(at));
    this.parts.forEach((from, i) => {
      const place = prepended ? count - 1 - i : i;
      copyRuns(
        { to: out, at: place * inner, step: count * inner },
        { from, start: 0, step: inner },
        inner,
        outer,
      );
    });
    return out;
  }
}

/** The shape of what was never given. */
const emptyPart = (node: Node, type: Type): Pick<Tensor, 'dtype' | 'dims'> =>
  type.kind === 'tensor'
    ? { dtype: type.dtype, dims: (type.dims ?? []).map((d) => (typeof d === 'number' ? d : 0)) }
    : refused(node, `it ran no iteration, and its scan output is ${formatType(type)}, not a tensor`);

/** The part at `index` of an axis, without that axis. */
export const slice = (t: Tensor, axis: number, index: number): Tensor => {
  const inner = countOf(t.dims.slice(axis + 1));
  const outer = countOf(t.dims.slice(0, axis));
  const out = zeros(t.dtype, t.dims.toSpliced(axis, 1));
  copyRuns(
    { to: out, at: 0, step: inner },
    { from: t, start: index * inner, step: (t.dims[axis] as number) * inner },
    inner,
    outer,
  );
  return out;
};

/** Elements held by a value, whatever it is. */
const heldBy = (d: Datum | undefined): number => {
  if (d === undefined) return 0;
  if (isTensor(d)) return countOf(d.dims);
  switch (d.kind) {
    case 'sequence':
      return d.items.length;
    case 'map':
      return d.values.length;
    case 'sparse':
      return countOf(d.values.dims);
    case 'optional':
      return heldBy(d.value ?? undefined);
  }
};

/** Refuses a loop whose values grow without measure: `kept` elements stand behind it, and `carried` goes on. */
export const checkGrowth = (node: Node, kept: number, carried: readonly Datum[]): void => {
  const held = carried.reduce((n, d) => n + heldBy(d), kept);
  if (held <= mostKept) return;
  fail(
    'evaluate/loop-size',
    `${opName(node.op)} '${node.name}' holds ${held} elements of its iterations; ${mostKept} is the limit`,
    node.from[0],
  );
};
