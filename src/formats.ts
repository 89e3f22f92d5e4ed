/** The one table of formats: what is read, written and run. A converter is loaded when it is first needed. */
import type { Reader, Runtime, Snippet, TestData, Writer } from './ir/converter.ts';
import { fail } from './ir/diagnostic.ts';
import type { Model } from './ir/model.ts';

export interface Converter {
  readonly reader?: Reader;
  readonly writer?: Writer;
  readonly runtime?: Runtime;
  readonly testData?: TestData;
  /** Programs that use an artifact of this format; `file` is what the artifact is called. */
  readonly snippets?: (model: Model, file: string) => readonly Snippet[];
}

export interface Format {
  readonly name: string;
  readonly title: string;
  /** File endings usual for it, with the dot. */
  readonly endings: readonly string[];
  readonly reads: boolean;
  readonly writes: boolean;
  /** What runs its artifacts here, to prove them. */
  readonly runs: string | null;
  /** What `score --engine` calls it. */
  readonly engine?: 'onnxruntime' | 'compiled';
  load(): Promise<Converter>;
}

export const formats: readonly Format[] = [
  {
    name: 'onnx',
    title: 'ONNX, IR 3 to 14',
    endings: ['.onnx'],
    reads: true,
    writes: true,
    runs: 'onnxruntime-node',
    engine: 'onnxruntime',
    load: async () => ({
      ...(await import('../converters/onnx/reader.ts')),
      ...(await import('../converters/onnx/writer.ts')),
      ...(await import('../converters/onnx/runtime.ts')),
      ...(await import('../converters/onnx/snippets.ts')),
      ...(await import('../converters/onnx/testData.ts')),
    }),
  },
  {
    name: 'pmml',
    title: 'PMML 3.0 to 4.4.1',
    endings: ['.pmml', '.xml'],
    reads: true,
    writes: true,
    runs: "portolan's own reader",
    load: async () => ({
      ...(await import('../converters/pmml/reader.ts')),
      ...(await import('../converters/pmml/writer.ts')),
      ...(await import('../converters/pmml/runtime.ts')),
    }),
  },
  {
    name: 'javascript',
    title: 'JavaScript, one ES module',
    endings: ['.mjs', '.js'],
    reads: false,
    writes: true,
    runs: 'Node itself',
    engine: 'compiled',
    load: async () => ({
      ...(await import('../converters/javascript/writer.ts')),
      ...(await import('../converters/javascript/runtime.ts')),
      ...(await import('../converters/javascript/snippets.ts')),
    }),
  },
];

const endingOf = (file: string): string => /\.[^./\\]*$/.exec(file)?.[0].toLowerCase() ?? '';

/** The format whose reader knows these bytes. */
export const detectFormat = async (
  head: Uint8Array,
  file: string,
): Promise<{ format: Format; reader: Reader }> => {
  const at = { file, at: '' };
  if (head.length === 0) fail('format/empty', 'the file is empty', at);
  // The ending only decides who is asked first.
  const asked = formats
    .filter((f) => f.reads)
    .sort((a, b) => Number(b.endings.includes(endingOf(file))) - Number(a.endings.includes(endingOf(file))));
  for (const format of asked) {
    const { reader } = await format.load();
    if (reader?.detect(head, file)) return { format, reader };
  }
  return fail(
    'format/unknown',
    'this is none of the formats that can be read',
    at,
    `readable: ${asked.map((f) => f.title).join('; ')}`,
  );
};

/** The format to write: named, or by the artifact's ending. */
export const targetFormat = (file: string | undefined, to?: string): Format => {
  const writable = formats.filter((f) => f.writes);
  const help = `writable: ${writable.map((f) => `${f.name} (${f.endings.join(', ')})`).join('; ')}`;
  if (to !== undefined) {
    return (
      writable.find((f) => f.name === to) ??
      fail('format/no-writer', `nothing is written as '${to}'`, undefined, help)
    );
  }
  const ending = endingOf(file ?? '');
  return (
    writable.find((f) => f.endings.includes(ending)) ??
    fail(
      'format/ending',
      `the ending '${ending}' names no format that can be written`,
      file === undefined ? undefined : { file, at: '' },
      `${help}, or say it with --to`,
    )
  );
};
