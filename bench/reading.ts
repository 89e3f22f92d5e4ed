/** Reading big files: time and peak memory of a fresh process each, beside plain parsers of the same bytes. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { forestPmml } from './forest.ts';
import { ratio, row, title } from './print.ts';

const writeAll = (file: string, parts: Iterable<string | Uint8Array>): void => {
  const fd = openSync(file, 'w');
  let text = '';
  for (const p of parts) {
    if (typeof p !== 'string') {
      writeSync(fd, p);
      continue;
    }
    text += p;
    if (text.length > 1 << 20) {
      writeSync(fd, text);
      text = '';
    }
  }
  writeSync(fd, text);
  closeSync(fd);
};

/** 50 MatMuls of 1,000 × 1,000 float32 weights: 200 MB. */
export const bigOnnx = (file: string): void => {
  const Model = protobuf.loadSync('schemas/onnx.proto').lookupType('onnx.ModelProto');
  const layers = 50;
  const side = 1000;
  const weights = new Float32Array(side * side).map((_, i) => Math.sin(i));
  const io = (name: string) => ({
    name,
    type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: 'N' }, { dimValue: side }] } } },
  });
  const model = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: 'big',
      input: [io('x0')],
      output: [io(`x${layers}`)],
      node: Array.from({ length: layers }, (_, i) => ({
        name: `layer${i}`,
        opType: 'MatMul',
        input: [`x${i}`, `w${i}`],
        output: [`x${i + 1}`],
      })),
      initializer: Array.from({ length: layers }, (_, i) => ({
        name: `w${i}`,
        dataType: 1,
        dims: [side, side],
        rawData: new Uint8Array(weights.buffer),
      })),
    },
  };
  writeAll(file, [Model.encode(Model.fromObject(model)).finish()]);
};

interface Measured {
  readonly ms: number;
  /** Milliseconds of the processor: what a busy machine does not change as much. */
  readonly cpu: number;
  readonly rss: number;
  /** Memory before it began. */
  readonly start: number;
  /** Bytes of the result. */
  readonly kept: number;
  readonly what: string;
}

/** Runs one reader in a process of its own; it prints its own time and the process's peak memory. */
const measure = (what: string, file: string): Measured => {
  const child = spawnSync(process.execPath, ['--expose-gc', 'bench/readOne.mjs', what, file], {
    encoding: 'utf8',
  });
  if (child.status !== 0) throw new Error(`${what}: ${child.stderr}`);
  return { what, ...JSON.parse(child.stdout) };
};

const show = (name: string, measured: readonly Measured[]): void => {
  title(name);
  const [first] = measured as [Measured];
  row(['reader', 'ms', 'CPU ms', 'CPU ×', 'peak RSS, MB', 'result, MB', 'beyond, MB']);
  for (const m of measured) {
    row([
      m.what,
      m.ms.toFixed(0),
      m.cpu.toFixed(0),
      ratio(m.cpu / first.cpu),
      (m.rss / 1e6).toFixed(0),
      (m.kept / 1e6).toFixed(0),
      ((m.rss - m.start - m.kept) / 1e6).toFixed(0),
    ]);
  }
};

export const benchReading = (folder: string): void => {
  const onnx = join(folder, 'big.onnx');
  bigOnnx(onnx);
  show('200 MB ONNX, 50 tensors (× = against portolan)', [
    measure('portolan', onnx),
    measure('protobufjs', onnx),
    measure('onnxruntime-node', onnx),
  ]);
  const pmml = join(folder, 'big.pmml');
  writeAll(pmml, forestPmml({ trees: 3300, depth: 7, features: 20 }));
  show('100 MB PMML, 841,500 nodes (× = against portolan; goal: under 2 s, under 100 MB beyond the graph)', [
    measure('portolan', pmml),
    measure('saxes alone', pmml),
    measure('portolan, to PMML again', pmml),
  ]);
};
