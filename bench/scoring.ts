/** Scoring: the reference evaluator and the JavaScript module against onnxruntime-node on one thread, interleaved. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openArtifact } from '../src/api/open.ts';
import { read } from '../src/api/read.ts';
import { save, write } from '../src/api/write.ts';
import type { Scorer } from '../src/ir/converter.ts';
import { type Tensor, tensor } from '../src/tensor/tensor.ts';
import { referenceScorer } from '../src/verify/scorers.ts';
import { forestPmml, forestRows } from './forest.ts';
import { ratio, row, title } from './print.ts';

const median = (xs: number[]): number => xs.sort((a, b) => a - b)[xs.length >> 1] as number;

const columns = (data: readonly Float64Array[], rows: number): Map<string, Tensor> =>
  new Map(data.map((d, i) => [`x${i}`, tensor('float64', [rows, 1], d.subarray(0, rows))]));

/** How rows are spread: predictable rows favour branches, so all three are shown. */
const spreads: Readonly<Record<string, (x: number) => number>> = {
  uniform: (x) => x,
  skewed: (x) => x ** 6,
  constant: () => 0.3,
};

/** The module called as a user calls it, without the tensors in between. */
const moduleCalls = async (file: string, data: readonly Float64Array[], rows: number) => {
  const { predict, predictBatch } = await import(file);
  const batch = Object.fromEntries(data.map((d, i) => [`x${i}`, d.subarray(0, rows)]));
  const one = Object.fromEntries(data.map((d, i) => [`x${i}`, d[0]]));
  return { one: () => predict(one), batch: () => predictBatch(batch) };
};

const time = async (f: () => unknown, times: number): Promise<number> => {
  const start = performance.now();
  for (let i = 0; i < times; i++) await f();
  return (performance.now() - start) / times;
};

export const benchScoring = async (folder: string): Promise<void> => {
  const features = 20;
  for (const { trees, depth, rows } of [
    { trees: 1, depth: 5, rows: 100_000 },
    { trees: 100, depth: 6, rows: 100_000 },
    { trees: 500, depth: 7, rows: 100_000 },
  ]) {
    const base = join(folder, `forest-${trees}`);
    mkdirSync(base, { recursive: true });
    writeFileSync(join(base, 'model.pmml'), [...forestPmml({ trees, depth, features })].join(''));
    const model = await read(join(base, 'model.pmml'));
    const onnx = join(base, 'model.onnx');
    const module = join(base, 'model.mjs');
    save(await write(model, { to: 'onnx' }), onnx);
    save(await write(model, { to: 'javascript' }), module);
    const scorers: [string, Scorer][] = [
      ['onnxruntime-node', await openArtifact('onnx', onnx, model)],
      ['reference evaluator', referenceScorer(model)],
    ];
    for (const [spread, map] of Object.entries(spreads)) {
      const data = forestRows(rows, features).map((c) => c.map(map));
      const js = await moduleCalls(module, data, rows);
      const calls: [string, () => unknown, () => unknown][] = [
        ...scorers.map(
          ([name, s]) =>
            [name, () => s.run(columns(data, 1)), () => s.run(columns(data, rows))] as [
              string,
              () => unknown,
              () => unknown,
            ],
        ),
        ['JavaScript module', js.one, js.batch],
      ];
      const one = calls.map(() => [] as number[]);
      const batch = calls.map(() => [] as number[]);
      // Of the processor, the least of the rounds: what a busy machine changes least.
      const cpu = calls.map(() => Number.POSITIVE_INFINITY);
      for (let round = 0; round < 4; round++) {
        for (const [i, [, single, many]] of calls.entries()) {
          const a = await time(single, 200);
          const before = process.cpuUsage();
          const b = await time(many, 1);
          const { user, system } = process.cpuUsage(before);
          cpu[i] = Math.min(cpu[i] as number, (user + system) / 1000);
          // The first round warms up.
          if (round > 0) {
            one[i]?.push(a);
            batch[i]?.push(b);
          }
        }
      }
      title(
        `${trees} trees of depth ${depth}, ${features} features, ${spread} rows (× = onnxruntime's time by ours)`,
      );
      row([
        '',
        'one row, µs',
        '×',
        `${rows} rows, ms`,
        '×',
        'least CPU ms',
        'million rows/s',
        'a CPU second',
      ]);
      const [ortOne = 0, ortBatch = 0] = [median(one[0] as number[]), median(batch[0] as number[])];
      calls.forEach(([name], i) => {
        const a = median(one[i] as number[]);
        const b = median(batch[i] as number[]);
        row([
          name,
          (a * 1000).toFixed(2),
          ratio(ortOne / a),
          b.toFixed(0),
          ratio(ortBatch / b),
          (cpu[i] as number).toFixed(0),
          (rows / b / 1000).toFixed(2),
          (rows / (cpu[i] as number) / 1000).toFixed(2),
        ]);
      });
    }
    for (const [, s] of scorers) await s.close();
  }
};
