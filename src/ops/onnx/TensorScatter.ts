import { attr, stringOf } from '../../ir/attributes.ts';
import { refuse } from '../../ir/diagnostic.ts';
import type { Value } from '../../ir/model.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, rowsAreSamples } from './axes.ts';
import { number, vector } from './expansion.ts';
import { extent } from './heads.ts';
import { copyOf } from './meeting.ts';
import { copyRuns } from './take.ts';

/**
 * A cache with an update written into it along `axis`, from the position on that `write_indices` gives each sample
 * (default 0). `circular` goes on at the front where the end is reached; `linear` must not reach past it. ONNX Operators,
 * TensorScatter 24.
 */
export const TensorScatter: Operator = {
  domain: '',
  name: 'TensorScatter',
  since: [24],
  infer: (node) => {
    const cache = tensorInput(node, 0);
    const update = tensorInput(node, 1, [cache.dtype]);
    const at = node.inputs[2] ? tensorInput(node, 2, ['int64']) : undefined;
    modeOf(node);
    const { dims } = cache;
    const rank = dims?.length ?? update.dims?.length;
    if (rank !== undefined) axis(node, rank);
    if (dims && update.dims) {
      const along = axis(node, dims.length);
      const fits =
        dims.length === update.dims.length &&
        dims.every((d, i) => {
          const u = update.dims?.[i];
          if (typeof d !== 'number' || typeof u !== 'number') return true;
          return i === along ? u <= d : u === d;
        });
      if (!fits) refused(node, 'the update does not fit into the cache');
    }
    if (at?.dims && at.dims.length !== 1) refused(node, 'write_indices are one position a sample');
    return [cache];
  },
  evaluate: (inputs, node) => {
    const [cache, update, at] = inputs as readonly [Tensor, Tensor, Tensor | null | undefined];
    const along = axis(node, cache.dims.length);
    const [most, length] = [cache.dims[along] as number, update.dims[along] as number];
    const fits =
      update.dims.length === cache.dims.length &&
      update.dims.every((d, i) => (i === along ? d <= most : d === cache.dims[i]));
    if (!fits) refused(node, `an update [${update.dims}] does not fit into a cache [${cache.dims}]`);
    const [samples] = cache.dims as [number];
    if (at && at.data.length !== samples) refused(node, `${at.data.length} positions for ${samples} samples`);
    const circular = modeOf(node) === 'circular';
    const out = copyOf(cache);
    const run = countOf(cache.dims.slice(along + 1));
    const lines = countOf(cache.dims.slice(1, along));
    for (let n = 0; n < samples; n++) {
      const start = at ? Number(at.data[n]) : 0;
      if (start < 0 || (!circular && start + length > most)) {
        refused(node, `${length} elements from ${start} on do not fit into ${most}`);
      }
      // What reaches past the end goes on at the front.
      const first = circular && most > 0 ? start % most : start;
      const before = Math.min(length, most - first);
      for (let line = n * lines; line < (n + 1) * lines; line++) {
        const [to, from] = [line * most * run, line * length * run];
        const put = (position: number, skip: number, count: number) =>
          copyRuns(
            { to: out, at: to + position * run, step: 0 },
            { from: update, start: from + skip * run, step: 0 },
            count * run,
            1,
          );
        put(first, 0, before);
        put(0, before, length - before);
      }
    }
    return [out];
  },
  /** Each position takes what the update has so many positions after its start, or stays. */
  expand: (node, b) => {
    const [cache, update, at] = node.inputs as readonly [Value, Value, Value | null | undefined];
    const [dims, updated] = [dimsOf(cache), dimsOf(update)];
    const rank = dims?.length ?? updated?.length;
    if (rank === undefined)
      return refuse('ops/rank-needed', 'it is said in other operators where its rank is known');
    const along = axis(node, rank);
    const length = updated?.[along];
    if (typeof length !== 'number') {
      return refuse(
        'ops/extents-needed',
        'it is said in other operators where the length of the update is known',
      );
    }
    if (length === 0) return [b.op('Identity', [cache])];
    const whole = (n: number): Value => number(b, 'int64', n);
    const most = extent(b, cache, along);
    const onAxis = (v: Value, own: number): Value =>
      b.op('Unsqueeze', [
        v,
        vector(
          b,
          [...Array(rank).keys()].filter((i) => i !== own),
        ),
      ]);
    const positions = onAxis(
      b.op('Range', [whole(0), b.op('Squeeze', [most, vector(b, [0])]), whole(1)]),
      along,
    );
    // Without a start every position is its own distance from 0.
    const after = at ? b.op('Mod', [b.op('Sub', [positions, onAxis(at, 0)]), most]) : positions;
    const nearest = b.op('Expand', [b.op('Min', [after, whole(length - 1)]), b.op('Shape', [cache])]);
    const moved = b.op('GatherElements', [update, nearest], { axis: attr.int(along) });
    return [b.op('Where', [b.op('Less', [after, whole(length)]), moved, cache])];
  },
  rows: (node) => rowsAreSamples(node),
};

const axis = (node: Parameters<typeof axisOf>[0], rank: number): number => {
  const along = axisOf(node, rank, -2);
  return along === 0 ? refused(node, 'axis 0 is the batch: positions lie on another') : along;
};

const modeOf = (node: Parameters<typeof axisOf>[0]): string => {
  const mode = stringOf(node, 'mode', 'linear');
  return mode === 'linear' || mode === 'circular' ? mode : refused(node, `there is no mode '${mode}'`);
};
