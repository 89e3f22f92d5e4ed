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

/** `model` is expanded; `inputs` are one row, `fed` the same for `b`. null where nothing inside can be seen to differ. */
export const firstDivergence = async (
  model: Model,
  b: Scorer,
  inputs: ReadonlyMap<string, Tensor>,
  fed: ReadonlyMap<string, Tensor>,
  narrowed: boolean,
): Promise<Divergence | null> => {
  const inner = innerValues(model);
  const seen = await b.run(
    fed,
    inner.map((v) => v.name),
  );
  const shown = inner.filter((v) => seen.has(v.name));
  if (shown.length === 0) return null;
  const values = allValues(model, inputs);
  const bounds = errorBounds(model.graph, values, narrowed);
  for (const node of model.graph.nodes) {
    for (const o of node.outputs) {
      const x = o && values.get(o);
      const y = o && seen.get(o.name);
      if (!o || !x || !y || x.data.length !== y.data.length) continue;
      const at = firstDifference(x, y, bounds.get(o));
      if (at < 0) continue;
      const text = (t: Tensor) => (t.missing?.[at] ? null : spell(cellOf(t, at)));
      return { node: node.name, operator: opName(node.op), value: o.name, a: text(x), b: text(y) };
    }
  }
  return null;
};

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
