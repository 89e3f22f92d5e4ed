/** Runs a written module itself, unchanged, in Node: in a thread of its own, with nothing of this process around it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Runtime, Scorer } from '../../src/ir/converter.ts';
import { fail } from '../../src/ir/diagnostic.ts';
import type { Model } from '../../src/ir/model.ts';
import { type Column, column, isBig, isFloat } from '../../src/tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../src/tensor/tensor.ts';
import { type InterfaceColumn, interfaceOf } from './interface.ts';
import { signature } from './module.ts';

/** What the thread runs: imports the module, answers each batch of columns. Entries, since names may be anything. */
const thread = `
const { parentPort, workerData } = require('node:worker_threads');
const loaded = import(workerData);
parentPort.on('message', async ({ id, columns }) => {
  try {
    const { predictBatch } = await loaded;
    const result = Object.entries(predictBatch(Object.fromEntries(columns)));
    parentPort.postMessage({ id, result });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error && error.message) });
  }
});
`;

type Values = Float64Array | Float32Array | Int32Array | readonly (number | string | boolean | null)[];

interface Answer {
  readonly id: number;
  readonly result?: readonly (readonly [string, Values])[];
  readonly error?: string;
}

export const runtime: Runtime = {
  format: 'javascript',
  unavailable: async () => undefined,
  open: async (file, model) => {
    const head = readFileSync(file, 'utf8').slice(0, 4096);
    if (!signature.test(head)) {
      fail('javascript/not-a-module', 'this is no module that portolan has written', { file, at: '' });
    }
    return new ModuleScorer(file, model);
  },
};

class ModuleScorer implements Scorer {
  readonly runtime = `Node ${process.version}`;
  readonly fields: Scorer['fields'];
  private readonly file: string;
  private readonly inputs: readonly InterfaceColumn[];
  private readonly outputs: readonly InterfaceColumn[];
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { done(a: Answer): void; failed(e: Error): void }>();
  private next = 0;

  constructor(file: string, model: Model) {
    this.file = file;
    this.fields = model.fields;
    const { inputs, outputs } = interfaceOf(model);
    this.inputs = inputs;
    this.outputs = outputs;
    this.worker = new Worker(thread, {
      eval: true,
      workerData: pathToFileURL(resolve(file)).href,
      execArgv: [],
      env: {},
    });
    this.worker.unref();
    this.worker.on('message', (answer: Answer) => {
      this.waiting.get(answer.id)?.done(answer);
      this.waiting.delete(answer.id);
    });
    this.worker.on('error', (error) => this.failAll(error));
    this.worker.on('exit', () => this.failAll(new Error('the thread has ended')));
  }

  private failAll(error: Error): void {
    for (const { failed } of this.waiting.values()) failed(error);
    this.waiting.clear();
  }

  async run(inputs: ReadonlyMap<string, Tensor>): Promise<ReadonlyMap<string, Tensor>> {
    const columns = this.inputs.map((c) => [c.name, this.given(c, inputs)] as const);
    const id = this.next++;
    // The thread keeps the process alive only while an answer is awaited.
    this.worker.ref();
    const { result, error } = await new Promise<Answer>((done, failed) => {
      this.waiting.set(id, { done, failed });
      this.worker.postMessage({ id, columns });
    }).finally(() => this.worker.unref());
    if (!result) return fail('javascript/failed', `the module threw: ${error}`, { file: this.file, at: '' });
    return this.tensors(new Map(result));
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  /** One column of an input tensor as a caller of the module has it: NaN or null where it is missing. */
  private given(c: InterfaceColumn, inputs: ReadonlyMap<string, Tensor>): Values {
    const t = inputs.get(c.value);
    if (!t) return fail('javascript/missing-input', `the input '${c.value}' is not given`);
    const { data, missing, dims } = t;
    const rows = dims[0] ?? 1;
    const width = countOf(dims.slice(1));
    const at = (i: number): number => i * width + c.element;
    if (isFloat(c.dtype)) {
      return Float64Array.from({ length: rows }, (_, i) =>
        missing?.[at(i)] ? NaN : (data[at(i)] as number),
      );
    }
    return Array.from({ length: rows }, (_, i) => {
      if (missing?.[at(i)]) return null;
      const x = data[at(i)];
      if (c.kind === 'boolean') return x !== 0;
      return x as string | number;
    });
  }

  private tensors(columns: ReadonlyMap<string, Values>): ReadonlyMap<string, Tensor> {
    const results = new Map<string, Tensor>();
    for (const value of new Set(this.outputs.map((c) => c.value))) {
      const parts = this.outputs.filter((c) => c.value === value);
      const { dtype, missing: maybe } = parts[0] as InterfaceColumn;
      const width = Math.max(...parts.map((c) => c.element)) + 1;
      const rows = columns.get(parts[0]?.name ?? '')?.length ?? 0;
      const data = column(dtype, rows * width) as (number | bigint | string)[] & Column;
      const missing = new Uint8Array(rows * width);
      for (const c of parts) {
        const values = columns.get(c.name);
        if (!values) return fail('javascript/missing-output', `the module gives no '${c.name}'`);
        for (let i = 0; i < rows; i++) {
          const x = values[i];
          const at = i * width + c.element;
          if (maybe && (x === null || (typeof x === 'number' && Number.isNaN(x)))) missing[at] = 1;
          else
            data[at] = (
              isBig(dtype) ? BigInt(x as number) : typeof x === 'boolean' ? Number(x) : x
            ) as number;
        }
      }
      results.set(value, tensor(dtype, [rows, width], data, missing.includes(1) ? missing : undefined));
    }
    return results;
  }
}
