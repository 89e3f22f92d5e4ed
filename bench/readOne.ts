/** One reader, one file: prints the milliseconds it took and the peak memory of this process, less nothing. */
import { readFileSync } from 'node:fs';

const [what, file] = process.argv.slice(2) as [string, string];

const readers: Readonly<Record<string, () => Promise<() => unknown>>> = {
  portolan: async () => {
    const { read } = await import('../src/api/read.ts');
    // Modules are loaded before the clock starts, for every reader alike.
    await import(file.endsWith('.onnx') ? '../converters/onnx/reader.ts' : '../converters/pmml/reader.ts');
    return () => read(file);
  },
  protobufjs: async () => {
    const { default: protobuf } = await import('protobufjs');
    const Model = protobuf.loadSync('schemas/onnx.proto').lookupType('onnx.ModelProto');
    return () => Model.decode(readFileSync(file));
  },
  'onnxruntime-node': async () => {
    const { InferenceSession } = await import('onnxruntime-node');
    return () => InferenceSession.create(file, { graphOptimizationLevel: 'disabled' });
  },
  'saxes alone': async () => {
    const { SaxesParser } = await import('saxes');
    return () => {
      const parser = new SaxesParser();
      const text = readFileSync(file, 'utf8');
      for (let at = 0; at < text.length; at += 1 << 20) parser.write(text.slice(at, at + (1 << 20)));
      parser.close();
    };
  },
};

const run = await readers[what]?.();
if (!run) throw new Error(`no reader ${what}`);
const start = performance.now();
await run();
const ms = performance.now() - start;
// getrusage's maximum counts the parent's memory at the fork; the kernel's own high-water mark begins anew.
const mark = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
const rss = mark ? Number(mark) * 1024 : process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ ms, rss }));
