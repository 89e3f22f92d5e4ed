import { attr, intOf, intsOf, regionOf } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { copyRegion, inlineRegion } from '../../ir/copy.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Dim, type Node, type TensorType, type Type, tensorType, type Value } from '../../ir/model.ts';
import { fits, formatType } from '../../ir/shape.ts';
import { constant } from '../../tensor/data.ts';
import type { Datum } from '../../tensor/datum.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { dimsOf, fromFront } from './axes.ts';
import { asTensor, checkArity, checkGrowth, Stack, slice } from './bodies.ts';
import type { Said } from './earlier.ts';
import { finish, number, vector } from './expansion.ts';
import { same } from './extents.ts';

/** How many of the inputs, from `first` on, are states and how many are scanned. */
const counts = (node: Node, first = 0): { states: number; scanned: number } => {
  const scanned = intOf(node, 'num_scan_inputs');
  const states = node.inputs.length - first - scanned;
  if (!(scanned >= 1 && states >= 0)) {
    refused(node, `num_scan_inputs is ${scanned}, and there are ${node.inputs.length - first} inputs`);
  }
  return { states, scanned };
};

/** A list of whole numbers, one each; 0 where it is left out. */
const listOf = (node: Node, name: string, count: number): readonly number[] => {
  const list = intsOf(node, name) ?? new Array<number>(count).fill(0);
  return list.length === count ? list : refused(node, `${name} has ${list.length} entries for ${count}`);
};

/** Which way each goes: true is backward. */
const directions = (node: Node, name: string, count: number): readonly boolean[] =>
  listOf(node, name, count).map((d) =>
    d === 0 || d === 1 ? d === 1 : refused(node, `${name} has an entry ${d}`),
  );

/** The extent that all scanned inputs share along their axes. */
const length = (node: Node, extents: readonly Dim[]): Dim => {
  const numbers = extents.filter((d) => typeof d === 'number');
  if (numbers.some((n) => n !== numbers[0])) refused(node, `its inputs are of different lengths: ${numbers}`);
  return same(extents);
};

/** The scanned tensors' types without the axis that is scanned. */
const elements = (node: Node, types: readonly TensorType[], axes: readonly number[]): TensorType[] =>
  types.map(({ dtype, dims }, i) =>
    tensorType(dtype, dims?.toSpliced(fromFront(node, axes[i] as number, dims.length), 1) ?? null),
  );

/** What is said of a state that must keep its shape: the sharper of both. */
const steady = (node: Node, i: number, began: Type, back: Type): Type => {
  if (!fits(back, began))
    refused(node, `state ${i} is ${formatType(began)}, and the body gives ${formatType(back)}`);
  if (began.kind !== 'tensor' || back.kind !== 'tensor') return began.kind === 'unknown' ? back : began;
  if (!began.dims || !back.dims) return tensorType(began.dtype, began.dims ?? back.dims);
  return tensorType(
    began.dtype,
    began.dims.map((d, k) => same([d, back.dims?.[k] ?? null])),
  );
};

/**
 * Runs the body for each place along an axis of the scanned inputs, carrying states of unchanging shape; what it gives beside
 * them is put together along an axis, appended or prepended. ONNX Operators, Scan.
 */
const newest: Operator = {
  domain: '',
  name: 'Scan',
  since: [9, 11, 16, 19, 21, 23, 24, 25],
  bodies: (node) => {
    const { states, scanned } = counts(node);
    const types = node.inputs.map((_, i) => tensorInput(node, i));
    const axes = listOf(node, 'scan_input_axes', scanned);
    const params = [...types.slice(0, states), ...elements(node, types.slice(states), axes)];
    return new Map([['body', { params }]]);
  },
  infer: (node) => {
    const { states, scanned } = counts(node);
    const body = regionOf(node, 'body');
    checkArity(node, 'body', body, states + scanned, Math.max(node.outputs.length, states));
    const types = node.inputs.map((_, i) => tensorInput(node, i));
    const axes = listOf(node, 'scan_input_axes', scanned);
    const extents = types
      .slice(states)
      .map(({ dims }, i) => (dims ? (dims[fromFront(node, axes[i] as number, dims.length)] ?? null) : null));
    const times = length(node, extents);
    const places = listOf(node, 'scan_output_axes', body.results.length - states);
    return body.results.map(({ type }, i) => {
      if (i < states) return steady(node, i, types[i] as Type, type);
      if (type.kind === 'unknown') return type;
      if (type.kind !== 'tensor')
        return refused(node, `its scan output is ${formatType(type)}, not a tensor`);
      const at = places[i - states] as number;
      return tensorType(
        type.dtype,
        type.dims?.toSpliced(fromFront(node, at, type.dims.length + 1), 0, times) ?? null,
      );
    });
  },
  express: (node, b, opsets) => ((opsets.get('') ?? 0) < 9 ? looped(node, b) : undefined),
  apply: (inputs, node, scope) => {
    const { states, scanned } = counts(node);
    const body = regionOf(node, 'body');
    const given = inputs.map((d, i) => asTensor(node, `input ${i}`, d));
    const from = given.slice(states);
    const axes = listOf(node, 'scan_input_axes', scanned).map((a, i) =>
      fromFront(node, a, (from[i] as Tensor).dims.length),
    );
    const backward = directions(node, 'scan_input_directions', scanned);
    const outputs = body.results.length - states;
    const places = listOf(node, 'scan_output_axes', outputs);
    const prepended = directions(node, 'scan_output_directions', outputs);
    const times = Number(
      length(
        node,
        from.map((t, i) => t.dims[axes[i] as number] as number),
      ),
    );
    let state: readonly Datum[] = given.slice(0, states);
    const stacks = body.results.slice(states).map((r) => new Stack(node, r.type));
    let kept = 0;
    for (let i = 0; i < times; i++) {
      scope.repeat(node);
      const items = from.map((t, k) => slice(t, axes[k] as number, backward[k] ? times - 1 - i : i));
      const results = scope.run(body, [...state, ...items]);
      state = results.slice(0, states).map((d, k) => unchanged(node, k, given[k] as Tensor, d));
      stacks.forEach((s, k) => {
        kept += s.push(results[states + k]);
      });
      checkGrowth(node, kept, state);
    }
    return [...state, ...stacks.map((s, k) => s.tensor(places[k], prepended[k]))];
  },
};

const unchanged = (node: Node, i: number, began: Tensor, now: Datum): Tensor => {
  const t = asTensor(node, `state ${i}`, now);
  const same =
    t.dtype === began.dtype &&
    t.dims.length === began.dims.length &&
    t.dims.every((d, k) => d === began.dims[k]);
  return same
    ? t
    : refused(node, `state ${i} is ${began.dtype}[${began.dims}] and becomes ${t.dtype}[${t.dims}]`);
};

/** Before 9, where a Scan has a batch, or is not there: a Loop over the places. */
const looped = (node: Node, b: Builder): Said => {
  const { states, scanned } = counts(node);
  const body = regionOf(node, 'body');
  const from = node.inputs.slice(states) as readonly Value[];
  const ranks = from.map((v) => dimsOf(v)?.length);
  if (ranks.includes(undefined)) return refuse('express/extent', 'before opset 9 the ranks must be known');
  const axes = listOf(node, 'scan_input_axes', scanned).map((a, i) => fromFront(node, a, ranks[i] as number));
  const backward = directions(node, 'scan_input_directions', scanned);
  const outputs = body.results.length - states;
  const places = listOf(node, 'scan_output_axes', outputs);
  const prepended = directions(node, 'scan_output_directions', outputs);
  const scalar = vector(b, []);
  const shape = b.op('Shape', [from[0] as Value]);
  const times = b.op('Reshape', [b.op('Gather', [shape, vector(b, [axes[0] as number])]), scalar]);
  const one = number(b, 'int64', 1);
  const inner = b.inner();
  const i = inner.input(inner.unique('i'), tensorType('int64', []));
  const going = inner.input(inner.unique('going'), tensorType('bool', []));
  // Before 13 a Loop carries something.
  const idle = states === 0 ? [inner.input(inner.unique('idle'), tensorType('bool', []))] : [];
  const state = body.params.slice(0, states).map((p) => inner.input(inner.unique(p.name), p.type));
  const last = b.op('Sub', [times, one]);
  const items = from.map((v, k) =>
    inner.op('Gather', [v, backward[k] ? inner.op('Sub', [last, i]) : i], {
      axis: attr.int(axes[k] as number),
    }),
  );
  const results = inlineRegion(body, inner, [...state, ...items]);
  const kept = idle.map((v) => inner.op('Identity', [v]));
  const region = inner.finish([inner.op('Identity', [going]), ...kept, ...results]);
  const yes = b.constant(constant('bool', [true], []));
  const began = [...node.inputs.slice(0, states), ...idle.map(() => yes)];
  const made = b.call(['', 'Loop'], [times, yes, ...began], {
    attributes: { body: attr.region(region) },
    outputs: [...idle, ...body.results].map((r) => b.unique(r.name)),
  }) as readonly Value[];
  return made.slice(idle.length).map((v, k) => {
    const at = k - states;
    if (at < 0) return v;
    const order = () => b.op('Sub', [last, b.op('Range', [number(b, 'int64', 0), times, one])]);
    const inOrder = prepended[at] ? b.op('Gather', [v, order()]) : v;
    const rank = dimsOf(v)?.length ?? 1;
    const axis = fromFront(node, places[at] as number, rank);
    const others = Array.from({ length: rank - 1 }, (_, n) => n + 1);
    return axis === 0
      ? inOrder
      : b.op('Transpose', [inOrder], { perm: attr.ints(others.toSpliced(axis, 0, 0)) });
  });
};

/** The type of one entry of the batch, of what is scanned without the axis of time too. */
const inBatch = (node: Node, i: number, axes: number): TensorType => {
  const { dtype, dims } = tensorInput(node, i);
  if (dims && dims.length < axes)
    refused(node, `input ${i} has rank ${dims.length}; it needs a batch and a sequence axis`);
  return tensorType(dtype, dims?.slice(axes) ?? null);
};

/**
 * Version 8 scans axis 1 of every entry of a batch (axis 0), for as long as `sequence_lens` says where it is given: a Scan
 * over the batch whose body is a Scan. Behind the length of a sequence its outputs are not specified; here they are zero, and a
 * sequence that is read backward is read from its own end.
 */
const batched: Operator = {
  domain: '',
  name: 'Scan',
  since: [8],
  bodies: (node) => {
    const { states } = counts(node, 1);
    const params = node.inputs.slice(1).map((_, i) => inBatch(node, i + 1, i < states ? 1 : 2));
    return new Map([['body', { params }]]);
  },
  infer: (node) => {
    const { states, scanned } = counts(node, 1);
    const body = regionOf(node, 'body');
    checkArity(node, 'body', body, states + scanned, Math.max(node.outputs.length, states));
    const shapes = node.inputs.slice(1).map(dimsOf);
    const batch = length(
      node,
      shapes.map((s) => s?.[0] ?? null),
    );
    const times = length(
      node,
      shapes.slice(states).map((s) => s?.[1] ?? null),
    );
    return body.results.map(({ type }, i) => {
      if (type.kind !== 'tensor') return type;
      if (i >= states) return tensorType(type.dtype, type.dims && [batch, times, ...type.dims]);
      const kept = steady(node, i, inBatch(node, i + 1, 1), type) as TensorType;
      return tensorType(kept.dtype, kept.dims && [batch, ...kept.dims]);
    });
  },
  expand: (node, b) => {
    const { states, scanned } = counts(node, 1);
    const [lens = null, ...given] = node.inputs as readonly (Value | null)[];
    const backward = directions(node, 'directions', scanned);
    const outer = b.inner();
    const params = given.map((_, i) => outer.input(outer.unique(`entry_${i}`), inBatch(node, i + 1, 1)));
    const own = lens && outer.input(outer.unique('length'), tensorType('int64', []));
    const zero = vector(outer, [0]);
    const until = own && outer.op('Unsqueeze', [own, zero]);
    const cut = params.map((p, i) => (until && i >= states ? outer.op('Slice', [p, zero, until, zero]) : p));
    const body = copyRegion(regionOf(node, 'body'), outer);
    const results = outer.call(['', 'Scan'], cut, {
      attributes: {
        body: attr.region(body),
        num_scan_inputs: attr.int(scanned),
        scan_input_directions: attr.ints(backward.map(Number)),
      },
      // By number: a body may give one value twice.
      outputs: body.results.map((_, i) => outer.unique(`scan_${i}`)),
    }) as readonly Value[];
    const most = until && outer.op('Shape', [params[states] as Value], { end: attr.int(1) });
    const ends = results.map((r, i) => {
      if (!until || !most || i < states) return r;
      const pads = outer.op('Concat', [zero, outer.op('Sub', [most, until])], { axis: attr.int(0) });
      return outer.op('Pad', [r, pads, null, zero]);
    });
    const rows = outer.finish(ends);
    return finish(node, b, 'Scan', lens ? [...given, lens] : given, {
      body: attr.region(rows),
      num_scan_inputs: attr.int(rows.params.length),
    });
  },
};

export const Scan: readonly Operator[] = [newest, batched];
