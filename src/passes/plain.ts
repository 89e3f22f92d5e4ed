/**
 * Takes missing values out of a graph: every value that may be missing becomes two plain ones, its data and a boolean
 * plane that is true where it is missing. Keeps values.
 *
 * At the edge of the graph there are two ways to say "missing":
 * - `nan`: a float input or result holds NaN, a string one `""`; a bool or integer result becomes float64, to have NaN.
 * - `planes`: beside the input or result `x` stands a second, bool one, `x.missing`; results keep their order, their planes
 *   come behind them.
 */
import { Builder } from '../ir/builder.ts';
import { fail, isRefusal } from '../ir/diagnostic.ts';
import {
  type Attribute,
  type Field,
  type Model,
  type Node,
  OWN,
  opName,
  type Region,
  type TensorType,
  tensorType,
  type Value,
} from '../ir/model.ts';
import { formatType } from '../ir/shape.ts';
import { cast, literal } from '../ops/ml/build.ts';
import type { Plane } from '../ops/operator.ts';
import { segmentResult } from '../ops/own/Segment.ts';
import { where } from '../ops/own/where.ts';
import { find, operators } from '../ops/registry.ts';
import { isBig, isFloat, isInteger } from '../tensor/dtype.ts';
import { idleFills } from './fills.ts';
import { nameResults } from './names.ts';

export interface PlainOptions {
  /** How the inputs and results of the graph say that an element is missing. */
  readonly edge: 'nan' | 'planes';
}

/** What stands beside an input or result `x` that may be missing, where the edge has planes. */
export const planeName = (name: string): string => `${name}.missing`;

/** The same model without missing values. Throws a located error where the edge or an operator cannot do without. */
export const plain = (model: Model, { edge }: PlainOptions): Model => {
  if (edge === 'nan') refuseEmptyCategory(model.fields);
  const b = new Builder(operators);
  const planes = new Map<Value, Plane>();
  for (const p of model.graph.params) planes.set(p, edge === 'nan' ? inputAsNaN(b, p) : inputWithPlane(b, p));
  nodesOf(model.graph, b, planes);

  const results = model.graph.results.map((r) => planes.get(r) as Plane);
  const names = model.graph.results.map((r) => r.name);
  const ends: Value[] = [];
  const beside: Value[] = [];
  results.forEach((r, i) => {
    ends.push(edge === 'nan' ? resultAsNaN(b, r, model.graph.results[i] as Value) : r.data);
    if (edge === 'planes' && r.missing) {
      beside.push(r.missing);
      names.push(planeName(names[i] as string));
    }
  });
  const { region: graph, moved } = nameResults(b.finish([...ends, ...beside]), names);
  const now = new Map<Value, Value>();
  for (const [from, { data }] of planes) now.set(from, moved.get(data) ?? data);
  model.graph.results.forEach((r, i) => {
    now.set(r, graph.results[i] as Value);
  });
  return { ...model, graph, fields: model.fields.flatMap((f) => movedField(f, now)) };
};

const mayMiss = (v: Value): boolean => 'absent' in v.type && v.type.absent === 'missing';

const tensorOnly = (v: Value): TensorType =>
  v.type.kind === 'tensor'
    ? v.type
    : fail('plain/kind', `'${v.name}' is ${formatType(v.type)}; only tensors can have missing elements here`);

const without = ({ dtype, dims }: TensorType): TensorType => tensorType(dtype, dims);

/** An empty string that means something cannot also mean "missing". */
const refuseEmptyCategory = (fields: readonly Field[]): void => {
  const field = fields.find((f) => f.role === 'input' && mayMiss(f.value) && f.categories?.includes(''));
  if (!field) return;
  fail(
    'plain/empty-string-category',
    `the empty string is a category of '${field.name}', and the artifact reads it as a missing value`,
    undefined,
    'write a format that has missing values of its own, such as JavaScript',
  );
};

const inputAsNaN = (b: Builder, v: Value): Plane => {
  if (!mayMiss(v)) return { data: b.input(v.name, v.type), missing: null };
  const type = tensorOnly(v);
  const { dtype } = type;
  if (!isFloat(dtype) && dtype !== 'string') {
    fail(
      'plain/edge-dtype',
      `the input '${v.name}' is ${formatType(type)}, which has no spelling for a missing value`,
    );
  }
  const data = b.input(v.name, without(type));
  return dtype === 'string'
    ? { data, missing: b.op('Equal', [data, literal(b, 'string', '')]), under: 'zero' }
    : { data, missing: b.op('IsNaN', [data]), under: 'nan' };
};

const inputWithPlane = (b: Builder, v: Value): Plane => {
  if (!mayMiss(v)) return { data: b.input(v.name, v.type), missing: null };
  const type = tensorOnly(v);
  const data = b.input(v.name, without(type));
  return { data, missing: b.input(planeName(v.name), tensorType('bool', type.dims)) };
};

const resultAsNaN = (b: Builder, { data, missing, under }: Plane, v: Value): Value => {
  if (missing === null) {
    // What may be missing by its type alone is spelled as if it were.
    return mayMiss(v) && tensorOnly(v).dtype !== 'string' && !isFloat(tensorOnly(v).dtype)
      ? cast(b, data, 'float64')
      : data;
  }
  const { dtype } = tensorOnly(v);
  if (dtype === 'string') return under === 'zero' ? data : where(b, missing, literal(b, 'string', ''), data);
  if (isFloat(dtype)) {
    return under === 'nan' ? data : where(b, missing, literal(b, dtype, Number.NaN), data);
  }
  if ((dtype !== 'bool' && !isInteger(dtype)) || isBig(dtype)) {
    fail(
      'plain/edge-dtype',
      `the result '${v.name}' is ${formatType(v.type)}, which has no spelling for a missing value`,
    );
  }
  return where(b, missing, literal(b, 'float64', Number.NaN), cast(b, data, 'float64'));
};

/** A field goes with its value; one that has become a number says what it was. */
const movedField = (field: Field, now: ReadonlyMap<Value, Value>): Field[] => {
  const value = now.get(field.value);
  if (!value) return [];
  const [was, is] = [field.value.type, value.type];
  const changed = was.kind === 'tensor' && is.kind === 'tensor' && was.dtype !== is.dtype;
  const logical = was.kind === 'tensor' && was.dtype === 'bool' ? 'boolean' : 'integer';
  return [{ ...field, value, ...(changed && { logical: field.logical ?? logical }) }];
};

/** Everything of a region but its params, rebuilt in `b`; `planes` learns what became of each value. */
const nodesOf = (region: Region, b: Builder, planes: Map<Value, Plane>): void => {
  for (const p of region.parameters) {
    const value = b.parameter(p.role === 'default' ? p.value.name : b.unique(p.value.name), p.data, p.role);
    if (p.role !== 'default') planes.set(p.value, { data: value, missing: null });
  }
  const idle = idleFills(region);
  for (const node of region.nodes) {
    b.place = node.from[0];
    const outputs = idle.has(node)
      ? [{ data: (planes.get(node.inputs[0] as Value) as Plane).data, missing: null }]
      : isSegment(node)
        ? segment(node, b, planes)
        : plainNode(node, b, planes);
    node.outputs.forEach((o, i) => {
      if (o) planes.set(o, outputs[i] as Plane);
    });
  }
};

const isSegment = (node: Node): boolean => node.op.domain === OWN && node.op.name === 'Segment';

/** The region's nodes stand where the segment stood; its results are missing where the guard is not TRUE. */
const segment = (node: Node, b: Builder, planes: Map<Value, Plane>): readonly Plane[] => {
  const body = (node.attributes.get('body') as Extract<Attribute, { kind: 'region' }>).region;
  nodesOf(body, b, planes);
  const guard = planes.get(node.inputs[0] as Value) as Plane;
  return segmentResult(
    node,
    b,
    guard,
    body.results.map((r) => planes.get(r) as Plane),
  );
};

const plainNode = (node: Node, b: Builder, planes: Map<Value, Plane>): readonly (Plane | null)[] => {
  const inputs = node.inputs.map((v) => (v === null ? null : (planes.get(v) as Plane)));
  const operator = find(node.op);
  if (operator?.plain) {
    const result = operator.plain(node, b, inputs);
    if (isRefusal(result)) return fail(result.rule, `${opName(node.op)}: ${result.why}`, node.from[0]);
    return result;
  }
  const gone = [...node.inputs, ...node.outputs].find((v) => v && mayMiss(v));
  if (gone) {
    return fail(
      'plain/not-supported',
      `'${gone.name}' may be missing, and ${opName(node.op)} cannot be said without missing values yet`,
      node.from[0],
      'portolan report lists where this model can go, and what is in the way of each target',
    );
  }
  return b
    .call(
      node.op,
      inputs.map((x) => x?.data ?? null),
      {
        attributes: plainBodies(node, b, planes),
        name: node.name,
        from: node.from,
        outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
        types: node.outputs.map((o) => o?.type),
      },
    )
    .map((data) => data && { data, missing: null });
};

/** Bodies of other operators (If, Loop, Scan): inside there may be missing values, at their edges not. */
const plainBodies = (node: Node, b: Builder, planes: Map<Value, Plane>): ReadonlyMap<string, Attribute> => {
  const attributes = new Map<string, Attribute>();
  for (const [name, a] of node.attributes) {
    attributes.set(
      name,
      a.kind === 'region' ? { ...a, region: plainBody(a.region, node, b.inner(), planes) } : a,
    );
  }
  return attributes;
};

const plainBody = (region: Region, node: Node, b: Builder, planes: Map<Value, Plane>): Region => {
  for (const p of region.params) planes.set(p, { data: b.input(p.name, p.type), missing: null });
  const edge = [...region.params, ...region.results].find(mayMiss);
  if (edge) {
    fail(
      'plain/body',
      `'${edge.name}', at the edge of a body of ${opName(node.op)}, may be missing`,
      node.from[0],
    );
  }
  nodesOf(region, b, planes);
  const results = region.results.map((r) => (planes.get(r) as Plane).data);
  return b.finish(results);
};
