/**
 * float64 → float32, throughout a graph that is expressed in ONNX operators. Over inputs that are float32 numbers no decision
 * changes: thresholds go to the float below or above them as the comparison asks, never to the nearest one, and a
 * number that no float32 is equal to is equal to none. Outcomes and their places stay exact. Sums, and values that
 * are computed, are rounded more often than before: a bound, not values, is kept, and a loss is reported.
 */
import { dataOfAttribute, floatsOf, intsOf, stringsOf } from '../ir/attributes.ts';
import { Builder } from '../ir/builder.ts';
import { type Diagnostic, fail } from '../ir/diagnostic.ts';
import {
  type Attribute,
  type Model,
  type Node,
  opName,
  type Region,
  type Type,
  type Value,
} from '../ir/model.ts';
import { numberOfDtype } from '../ops/onnx/constraints.ts';
import { constant, type Data, digestOf } from '../tensor/data.ts';
import { ceil32, floor32 } from '../tensor/float.ts';
import { nameResults } from './names.ts';
import { moveFields, operatorsAt } from './rebuild.ts';

export interface Narrowed {
  readonly model: Model;
  /** What is lost: one finding for the inputs, one for the arithmetic; none where nothing was float64. */
  readonly diagnostics: readonly Diagnostic[];
}

/** How a constant is brought to float32. */
type Rounding = 'nearest' | 'floor' | 'ceil' | 'equal';

const rounders: Readonly<Record<Rounding, (x: number) => number>> = {
  nearest: (x) => {
    const r = Math.fround(x);
    if (Number.isFinite(x) && !Number.isFinite(r)) {
      fail('narrow/too-large', `${x} is larger than every float32`, undefined, 'write the model in float64');
    }
    return r;
  },
  floor: floor32,
  ceil: ceil32,
  // NaN is equal to nothing.
  equal: (x) => (Math.fround(x) === x ? x : Number.NaN),
};

/** The same elements rounded, window by window as they are read. */
const narrowData = (data: Data, how: Rounding): Data => {
  if (data.dtype !== 'float64') return data;
  const round = rounders[how];
  const narrow: Data = {
    dtype: 'float32',
    dims: data.dims,
    count: data.count,
    read: (from, to) => Float32Array.from(data.read(from, to) as Float64Array, round),
    digest: () => digestOf(narrow),
  };
  return narrow;
};

const narrowType = (type: Type): Type => {
  switch (type.kind) {
    case 'tensor':
    case 'sparse':
      return type.dtype === 'float64' ? { ...type, dtype: 'float32' } : type;
    case 'sequence':
    case 'optional':
      return { ...type, of: narrowType(type.of) };
    case 'map':
      return { ...type, of: narrowType(type.of) };
    default:
      return type;
  }
};

/** Rounding of a constant threshold on the right of a comparison, and on its left. */
const comparisons: ReadonlyMap<string, readonly [left: Rounding, right: Rounding]> = new Map([
  // t < x is x > t: every float above the float below t.
  ['Less', ['floor', 'ceil']],
  ['LessOrEqual', ['ceil', 'floor']],
  ['Greater', ['ceil', 'floor']],
  ['GreaterOrEqual', ['floor', 'ceil']],
  ['Equal', ['equal', 'equal']],
]);

const modeRounding: ReadonlyMap<number | string, Rounding> = new Map<number | string, Rounding>([
  [0, 'floor'],
  ['BRANCH_LEQ', 'floor'],
  [1, 'ceil'],
  ['BRANCH_LT', 'ceil'],
  [2, 'ceil'],
  ['BRANCH_GTE', 'ceil'],
  [3, 'floor'],
  ['BRANCH_GT', 'floor'],
  [4, 'equal'],
  ['BRANCH_EQ', 'equal'],
  [5, 'equal'],
  ['BRANCH_NEQ', 'equal'],
]);

export const narrow = (model: Model): Narrowed => {
  const wideInputs = model.graph.params.filter((v) => isWide(v.type));
  const map = new Map<Value, Value>();
  const known = operatorsAt(model.opsets);
  const { region: graph, moved } = nameResults(
    new Narrower(map).region(model.graph, new Builder(known)),
    model.graph.results.map((v) => v.name),
    known,
  );
  for (const [from, to] of map) map.set(from, moved.get(to) ?? to);
  model.graph.results.forEach((v, i) => {
    map.set(v, graph.results[i] as Value);
  });
  const wide = wideInputs.length > 0 || anyWide(model.graph);
  const names = wideInputs.slice(0, 5).map((v) => `'${v.name}'`);
  const more = wideInputs.length > names.length ? ` and ${wideInputs.length - names.length} more` : '';
  const diagnostics: Diagnostic[] = [];
  if (wideInputs.length) {
    diagnostics.push({
      rule: 'narrow/inputs',
      severity: 'loss',
      message: `inputs become float32: ${names.join(', ')}${more}. A number that is no float32 is rounded before it is tested`,
      help: '--precision float64 keeps every number',
    });
  }
  if (wide) {
    diagnostics.push({
      rule: 'narrow/arithmetic',
      severity: 'loss',
      message: 'sums and computed values are rounded to float32: about 7 significant digits',
    });
  }
  return { model: { ...model, graph, fields: moveFields(model.fields, map) }, diagnostics };
};

const isWide = (type: Type): boolean => type.kind === 'tensor' && type.dtype === 'float64';

const anyWide = (r: Region): boolean =>
  r.parameters.some((p) => isWide(p.value.type)) ||
  r.nodes.some(
    (n) =>
      n.outputs.some((v) => v && isWide(v.type)) ||
      [...n.attributes.values()].some((a) => a.kind === 'region' && anyWide(a.region)),
  );

class Narrower {
  private readonly map: Map<Value, Value>;
  private readonly readAsFloat = new Set<Value>();

  constructor(map: Map<Value, Value>) {
    this.map = map;
  }

  /** `around`: the constants that stand around a body, which its comparisons round as they ask. */
  region(region: Region, b: Builder, around: ReadonlyMap<Value, Data> = new Map()): Region {
    const { map } = this;
    for (const n of region.nodes) {
      if (opName(n.op) !== 'Cast') for (const v of n.inputs) if (v) this.readAsFloat.add(v);
    }
    for (const v of region.results) this.readAsFloat.add(v);
    for (const p of region.params) map.set(p, b.input(p.name, narrowType(p.type)));
    const constants = new Map<Value, Data>();
    for (const p of region.parameters) {
      // Constants are rounded as their readers ask; the others are read as they are.
      if (p.role === 'constant' && isWide(p.value.type)) constants.set(p.value, p.data);
      else map.set(p.value, b.parameter(p.value.name, narrowData(p.data, 'nearest'), p.role));
    }
    const all = new Map([...around, ...constants]);
    const rounded = new Map<string, Value>();
    const read = (v: Value | null, how: Rounding): Value | null => {
      const data = v && (constants.get(v) ?? (how === 'nearest' ? undefined : around.get(v)));
      if (!v || !data) return v && (map.get(v) as Value);
      const key = `${how} ${v.name}`;
      const known = rounded.get(key) ?? b.parameter(b.unique(v.name), narrowData(data, how));
      rounded.set(key, known);
      if (how === 'nearest') map.set(v, known);
      return known;
    };
    for (const node of region.nodes) {
      const sides = comparisons.get(opName(node.op));
      // Bodies read constants around them as they are to the nearest.
      for (const a of node.attributes.values()) {
        if (a.kind === 'region') for (const v of a.region.captures) read(v, 'nearest');
      }
      const inputs = node.inputs.map((v, i) => read(v, sides ? (sides[i as 0 | 1] ?? 'nearest') : 'nearest'));
      b.place = node.from[0];
      this.node(node, inputs, b, all);
    }
    return b.finish(region.results.map((v) => read(v, 'nearest') as Value));
  }

  private node(
    node: Node,
    inputs: readonly (Value | null)[],
    b: Builder,
    around: ReadonlyMap<Value, Data>,
  ): void {
    const exact = exactWeights(node);
    const given = exact
      ? inputs
      : inputs.map((v) => v && b.op('Cast', [v], { to: { kind: 'int', value: numberOfDtype('float64') } }));
    const outputs = b.call(node.op, given, {
      attributes: exact ? this.attributes(node, b, around) : node.attributes,
      name: node.name,
      from: node.from,
      outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
      types: node.outputs.map((o) => (exact && o ? narrowType(o.type) : undefined)),
    });
    node.outputs.forEach((o, i) => {
      const made = outputs[i];
      if (!o || !made) return;
      // Places of outcomes go on as whole numbers; what is read as a float goes on as one.
      const float = !exact && this.readAsFloat.has(o);
      this.map.set(
        o,
        float ? b.op('Cast', [made], { to: { kind: 'int', value: numberOfDtype('float32') } }) : made,
      );
    });
  }

  private attributes(
    node: Node,
    b: Builder,
    around: ReadonlyMap<Value, Data>,
  ): ReadonlyMap<string, Attribute> {
    const out = new Map<string, Attribute>();
    for (const [name, a] of node.attributes) out.set(name, this.attribute(name, a, b, around));
    const name = opName(node.op);
    if (name === 'ai.onnx.ml.LabelEncoder') narrowKeys(node, out);
    if (name === 'ai.onnx.ml.TreeEnsemble') narrowTrees(node, out);
    else if (name.startsWith('ai.onnx.ml.TreeEnsemble')) narrowOldTrees(node, out);
    return out;
  }

  private attribute(name: string, a: Attribute, b: Builder, around: ReadonlyMap<Value, Data>): Attribute {
    const float64 = numberOfDtype('float64');
    switch (a.kind) {
      case 'int':
        // Cast, EyeLike, random numbers …
        return (name === 'to' || name === 'dtype') && Number(a.value) === float64
          ? { kind: 'int', value: numberOfDtype('float32') }
          : a;
      case 'data':
        return { kind: 'data', data: narrowData(a.data, 'nearest') };
      case 'type':
        return { kind: 'type', type: narrowType(a.type) };
      case 'region':
        return { kind: 'region', region: this.region(a.region, b.inner(), around) };
      default:
        return a;
    }
  }
}

/** Do the leaves keep their numbers in float32, where those are places of outcomes? */
const exactWeights = (node: Node): boolean => {
  if (opName(node.op) !== 'ai.onnx.ml.TreeEnsemble') return true;
  const data = dataOfAttribute(node, 'leaf_weights');
  const weights = data?.dtype === 'float64' ? (data.read(0, data.count) as Float64Array) : [];
  return Array.from(weights).every((w) => !Number.isInteger(w) || Math.fround(w) === w);
};

const narrowTrees = (node: Node, out: Map<string, Attribute>): void => {
  const splits = dataOfAttribute(node, 'nodes_splits');
  const modes = dataOfAttribute(node, 'nodes_modes');
  if (splits?.dtype !== 'float64' || !modes) return;
  const mode = Uint8Array.from(modes.read(0, modes.count) as Uint8Array);
  const split = Float64Array.from(splits.read(0, splits.count) as Float64Array, (s, i) =>
    narrowSplit(s, mode[i] as number),
  );
  const members = dataOfAttribute(node, 'membership_values');
  const sets = members ? Array.from(members.read(0, members.count) as Float64Array) : [];
  const held: number[] = [];
  mode.forEach((m, i) => {
    if (m === memberMode) {
      // NaN ends a set; a member that no float32 is equal to goes.
      const set = sets.splice(0, sets.findIndex(Number.isNaN) + 1).slice(0, -1);
      const kept = set.filter((v) => Math.fround(v) === v);
      if (kept.length) held.push(...kept, Number.NaN);
      else split[i] = Number.NaN;
    }
    if (!Number.isNaN(split[i])) return;
    // A test for equality that is decided: nothing is below -Infinity, and everything is at least that.
    mode[i] = m === notEqualMode ? atLeastMode : belowMode;
    split[i] = -Infinity;
  });
  out.set('nodes_modes', { kind: 'data', data: constant('uint8', mode) });
  out.set('nodes_splits', { kind: 'data', data: constant('float32', split, splits.dims) });
  if (held.length) out.set('membership_values', { kind: 'data', data: constant('float32', held) });
  else out.delete('membership_values');
};

/** TreeEnsemble's own numbers. */
const [belowMode, atLeastMode, notEqualMode, memberMode] = [1, 2, 5, 6];

const narrowSplit = (split: number, mode: number | string): number =>
  rounders[modeRounding.get(mode) ?? 'nearest'](split);

/** Keys that no float32 is equal to are never found. */
const narrowKeys = (node: Node, out: Map<string, Attribute>): void => {
  const keys = dataOfAttribute(node, 'keys_tensor');
  if (keys?.dtype !== 'float64') return;
  const all = keys.read(0, keys.count) as Float64Array;
  const held = [...all.keys()].filter((i) => Object.is(Math.fround(all[i] as number), all[i]));
  out.set('keys_tensor', {
    kind: 'data',
    data: constant(
      'float32',
      held.map((i) => all[i] as number),
    ),
  });
  const pick = <T>(list: ArrayLike<T>): T[] => held.map((i) => list[i] as T);
  const values = out.get('values_tensor');
  if (values?.kind === 'data') {
    const list = values.data.read(0, values.data.count) as ArrayLike<number | bigint | string>;
    out.set('values_tensor', { kind: 'data', data: constant(values.data.dtype, pick(list)) });
  }
  const ints = intsOf(node, 'values_int64s');
  if (ints) out.set('values_int64s', { kind: 'ints', values: pick(ints) });
  const floats = floatsOf(node, 'values_floats');
  if (floats) out.set('values_floats', { kind: 'floats', values: pick(floats) });
  const strings = stringsOf(node, 'values_strings');
  if (strings) out.set('values_strings', { kind: 'strings', values: pick(strings) });
};

/** TreeEnsembleRegressor and TreeEnsembleClassifier keep doubles in tensors, and floats in lists. */
const narrowOldTrees = (node: Node, out: Map<string, Attribute>): void => {
  const modes = stringsOf(node, 'nodes_modes') ?? [];
  for (const name of ['nodes_values', 'target_weights', 'class_weights', 'base_values', 'nodes_hitrates']) {
    const data = dataOfAttribute(node, `${name}_as_tensor`);
    if (data?.dtype !== 'float64') continue;
    const list = data.read(0, data.count) as Float64Array;
    const values =
      name === 'nodes_values'
        ? Array.from(list, (v, i) => narrowSplit(v, modes[i] as string))
        : Array.from(list, rounders.nearest);
    out.delete(`${name}_as_tensor`);
    out.set(name, { kind: 'floats', values });
  }
};
