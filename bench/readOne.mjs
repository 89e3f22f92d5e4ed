/**
 * One reader, one file (or a reader and a writer): prints the milliseconds it took, of the clock and of the processor, the peak memory of this process, what it had
 * before, and what the result takes once nothing else is left (bytes; needs --expose-gc). Ours is the built one: `npm run build`.
 */
import { readFileSync } from 'node:fs';

const [what, file] = process.argv.slice(2);

/** @type {Readonly<Record<string, () => Promise<() => unknown>>>} */
const readers = {
  portolan: async () => {
    const built = new URL('../dist/', import.meta.url);
    const { read } = await import(new URL('src/api/read.js', built).href);
    // Modules are loaded before the clock starts, for every reader alike.
    const format = file.endsWith('.onnx') ? 'onnx' : 'pmml';
    const { formats } = await import(new URL('src/formats.js', built).href);
    await formats.find((f) => f.name === format).load();
    return () => read(file);
  },
  'portolan, to PMML again': async () => {
    const reading = await readers.portolan();
    const built = new URL('../dist/', import.meta.url);
    const { save, write } = await import(new URL('src/api/write.js', built).href);
    return async () => {
      const model = await reading();
      save(await write(model, { to: 'pmml' }), `${file}.written`);
      return model;
    };
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

const collect = globalThis.gc ?? (() => {});
/** Bytes of living objects and buffers. */
const living = () => {
  // The second one frees the buffers that the first found to be unused.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const before = { living: living(), rss: process.memoryUsage.rss() };
const cpu = process.cpuUsage();
const start = performance.now();
const result = await run();
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
// getrusage's maximum counts the parent's memory at the fork; the kernel's own high-water mark begins anew.
const mark = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
const rss = mark ? Number(mark) * 1024 : process.resourceUsage().maxRSS * 1024;
const kept = living() - before.living;
console.log(
  JSON.stringify({ ms, cpu: (user + system) / 1000, rss, start: before.rss, kept, got: typeof result }),
);
