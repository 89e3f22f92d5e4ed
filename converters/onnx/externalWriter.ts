/** Models beyond 2 GiB: their large tensors stand in a second file, in the form of ONNX's external data. */
import type { Bytes } from './bytes.ts';
import type { GraphProto, TensorProto } from './schema.ts';

/** Behind the artifact's own name without its ending. */
export const dataSuffix = '.data';

export const locationFor = (name: string): string => `${name.replace(/\.[^./\\]*$/, '')}${dataSuffix}`;

/** Smaller tensors stay where they are: shapes and axes are read by whoever inspects the model. */
const smallest = 1024;
/** Tensors begin at pages, so that a runtime can map them (onnx.proto, external_data). */
const page = 4096;

interface Split {
  /** The graph, its large tensors at `location`. */
  graph(location: string): GraphProto;
  readonly data: Bytes;
}

/** Takes the raw data of large initializers out of a graph. */
export const splitOff = (graph: GraphProto): Split => {
  const offsets = new Map<TensorProto, number>();
  const parts: Bytes[] = [];
  let length = 0;
  for (const t of graph.initializer ?? []) {
    const raw = t.raw_data as Bytes | undefined;
    if (!raw || raw.length < smallest) continue;
    const gap = (page - (length % page)) % page;
    if (gap > 0) parts.push(zeros(gap));
    offsets.set(t, length + gap);
    parts.push(raw);
    length += gap + raw.length;
  }
  return {
    graph: (location) => ({
      ...graph,
      initializer: (graph.initializer ?? []).map((t) => {
        const offset = offsets.get(t);
        if (offset === undefined) return t;
        const { raw_data, ...rest } = t;
        const entry = (key: string, value: string | number) => ({ key, value: String(value) });
        return {
          ...rest,
          external_data: [
            entry('location', location),
            entry('offset', offset),
            entry('length', (raw_data as Bytes).length),
          ],
          data_location: 1,
        };
      }),
    }),
    data: {
      length,
      *chunks() {
        for (const part of parts) yield* part.chunks();
      },
    },
  };
};

const zeros = (count: number): Bytes => ({ length: count, chunks: () => [new Uint8Array(count)] });
