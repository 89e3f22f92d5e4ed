/** Where two runs of one row part: the first value in graph order that both show and that differs too much. */
import type { Scorer } from '../ir/converter.ts';
import { type Model, opName, type Value } from '../ir/model.ts';
import { spell } from '../rows/cell.ts';
import { cellOf } from '../rows/unbind.ts';
import { isFloat } from '../tensor/dtype.ts';
import { ulpDistance } from '../tensor/float.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { errorBounds } from './bounds.ts';
import { evaluatorOf } from './probe.ts';
import type { Divergence } from './result.ts';

/** Rows as side a and as side b take them. */
export interface Fed {
  readonly a: ReadonlyMap<string, Tensor>;
  readonly b: ReadonlyMap<string, Tensor>;
}

/**
 * `model` is expanded; `row` is where the sides differ, `calm` are rows on which they agree: a value that differs there
 * too only bears the same name by chance. null where nothing inside can be seen to differ.
 */
export const firstDivergence = async (
  model: Model,
  b: Scorer,
  row: Fed,
  calm: Fed | null,
  narrowed: boolean,
): Promise<Divergence | null> => {
  const alien = new Set<string>();
  for await (const d of calm ? differences(model, b, calm, narrowed) : []) alien.add(d.value);
  for await (const d of differences(model, b, row, narrowed)) if (!alien.has(d.value)) return d;
  return null;
};

/** Values that both sides show and that differ beyond their bound, in graph order. */
async function* differences(
  model: Model,
  b: Scorer,
  rows: Fed,
  narrowed: boolean,
): AsyncGenerator<Divergence> {
  const inner = innerValues(model);
  const seen = await b.run(
    rows.b,
    inner.map((v) => v.name),
  );
  const shown = inner.filter((v) => seen.has(v.name));
  if (shown.length === 0) return;
  const values = allValues(model, rows.a);
  const bounds = errorBounds(model.graph, values, narrowed);
  for (const node of model.graph.nodes) {
    for (const o of node.outputs) {
      const x = o && values.get(o);
      const y = o && seen.get(o.name);
      if (!o || !x || !y || x.data.length !== y.data.length) continue;
      const at = firstDifference(x, y, bounds.get(o));
      if (at < 0) continue;
      const text = (t: Tensor) => (t.missing?.[at] ? null : spell(cellOf(t, at)));
      yield { node: node.name, operator: opName(node.op), value: o.name, a: text(x), b: text(y) };
    }
  }
}

/** Every value of the top-level graph on these rows. */
export const allValues = (model: Model, inputs: ReadonlyMap<string, Tensor>): Map<Value, Tensor> => {
  const wanted = innerValues(model);
  const out = evaluatorOf(model, wanted).run(inputs);
  const values = new Map<Value, Tensor>();
  for (const v of wanted) {
    const t = out.get(v.name);
    if (t) values.set(v, t);
  }
  for (const p of model.graph.params) {
    const t = inputs.get(p.name);
    if (t) values.set(p, t);
  }
  for (const p of model.graph.parameters) {
    if (!values.has(p.value)) {
      values.set(p.value, { dtype: p.data.dtype, dims: p.data.dims, data: p.data.read(0, p.data.count) });
    }
  }
  return values;
};

const innerValues = (model: Model): Value[] =>
  model.graph.nodes.flatMap((n) =>
    n.outputs.filter((o): o is Value => o !== null && o.type.kind === 'tensor'),
  );

const firstDifference = (x: Tensor, y: Tensor, bound: Float64Array | undefined): number => {
  for (let i = 0; i < x.data.length; i++) {
    // What stands under a missing element means nothing.
    if (x.missing?.[i] || y.missing?.[i]) continue;
    const [p, q] = [x.data[i], y.data[i]];
    if (p === q || String(p) === String(q)) continue;
    if (typeof p === 'string' || typeof q === 'string') return i;
    const [m, n] = [Number(p), Number(q)];
    if (m === n) continue;
    if (isFloat(x.dtype) && isFloat(y.dtype)) {
      const narrow = x.dtype !== 'float64' || y.dtype !== 'float64';
      const [r, s] = narrow ? [Math.fround(m), Math.fround(n)] : [m, n];
      if (ulpDistance(r, s, narrow ? 'float32' : 'float64') === 0 || Math.abs(m - n) <= (bound?.[i] ?? 0))
        continue;
    }
    return i;
  }
  return -1;
};
