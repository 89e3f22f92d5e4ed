/**
 * Runs cases of the standard in onnxruntime, in a process of its own, since a native runtime may end it: tells its
 * version, then takes the path of a case and answers its outcome, one after the other. Each model goes through our own checker first, as every model does (converters/onnx/runtime.ts).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'onnxruntime-node';
import { runtime } from '../../../../converters/onnx/runtime.ts';
import { evaluator } from '../../../../src/evaluate/evaluate.ts';
import type { Scorer } from '../../../../src/ir/converter.ts';
import type { Model } from '../../../../src/ir/model.ts';
import { type Datum, isTensor } from '../../../../src/tensor/datum.ts';
import { dtypeInfo } from '../../../../src/tensor/dtype.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { type Case, dataSets, difference, open, readCases } from '../cases.ts';

export type Outcome =
  /** Both agree with the standard; how far they are from each other: `Conv float32` → a part of the largest element. */
  | { readonly kind: 'agrees'; readonly apart: Readonly<Record<string, number>> }
  | { readonly kind: 'unloaded' | 'failed' | 'differs' | 'ended'; readonly words: string };

/** The largest difference of two float tensors, as a part of the largest element; 0 where they are equal. */
const apart = (ours: Tensor, theirs: Tensor): number => {
  const [a, b] = [ours.data as Float64Array, theirs.data as Float64Array];
  let [most, largest] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x));
    if (Number.isFinite(x) && Number.isFinite(y)) most = Math.max(most, Math.abs(x - y));
  }
  return most === 0 ? 0 : most / largest;
};

const compare = async (c: Case, model: Model, scorer: Scorer): Promise<Outcome> => {
  const { evaluate } = evaluator(model);
  const found: Record<string, number> = {};
  const [node, ...more] = model.graph.nodes;
  const operator = more.length > 0 ? 'several' : (node?.op.name ?? 'none');
  for (const { inputs, outputs } of dataSets(c, model)) {
    const theirs = await scorer.run(inputs as ReadonlyMap<string, Tensor>, []);
    const ours = evaluate(inputs);
    for (const [i, wanted] of outputs.entries()) {
      const name = model.graph.results[i]?.name ?? '';
      const why = difference(theirs.get(name), wanted);
      if (why) return { kind: 'differs', words: `${name} ${why}` };
      const [a, b] = [ours.get(name) as Datum, theirs.get(name) as Tensor];
      if (!isTensor(a) || dtypeInfo(a.dtype).kind !== 'float') continue;
      const key = `${operator} ${a.dtype}`;
      found[key] = Math.max(found[key] ?? 0, apart(a, b));
    }
  }
  return { kind: 'agrees', apart: found };
};

const wordsOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));

const run = async (c: Case, file: string): Promise<Outcome> => {
  writeFileSync(file, c.model);
  const model = open(c);
  let scorer: Scorer;
  try {
    scorer = await runtime.open(file, model);
  } catch (e) {
    return { kind: 'unloaded', words: wordsOf(e) };
  }
  try {
    return await compare(c, model, scorer);
  } catch (e) {
    return { kind: 'failed', words: wordsOf(e) };
  } finally {
    await scorer.close?.();
  }
};

const folder = mkdtempSync(join(tmpdir(), 'portolan-cases-'));
const cases = new Map(readCases().map((c) => [c.path, c]));

process.on('message', async (path: string) => {
  process.send?.(await run(cases.get(path) as Case, join(folder, 'model.onnx')));
});
process.on('disconnect', () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
process.send?.(env.versions.node);
