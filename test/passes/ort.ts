/** Runs a model in onnxruntime, as it is written at some opsets: the other side of the laws in this folder. */
import ort from 'onnxruntime-node';
import { writer } from '../../converters/onnx/writer.ts';
import type { Model } from '../../src/ir/model.ts';
import { type Column, isBig } from '../../src/tensor/dtype.ts';
import { type Tensor, tensor } from '../../src/tensor/tensor.ts';

export const bytesOf = (model: Model, opset = 21): Uint8Array => {
  const artifact = writer.write(model, { opset });
  return Buffer.concat([...(artifact.files[0]?.chunks() ?? [])]);
};

export const runInOrt = async (
  model: Model,
  inputs: ReadonlyMap<string, Tensor>,
  opset = 21,
): Promise<ReadonlyMap<string, Tensor>> => {
  const session = await ort.InferenceSession.create(bytesOf(model, opset), {
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const feeds: Record<string, ort.Tensor> = {};
  // onnxruntime drops inputs that nothing reads.
  for (const name of session.inputNames) {
    const t = inputs.get(name) as Tensor;
    feeds[name] = new ort.Tensor(t.dtype as 'float64', t.data as Float64Array, t.dims);
  }
  const results = await session.run(feeds);
  const out = new Map<string, Tensor>();
  for (const [name, t] of Object.entries(results)) {
    const data = t.data as Column;
    const dtype = t.type as Tensor['dtype'];
    out.set(
      name,
      tensor(
        dtype,
        t.dims,
        Array.isArray(data)
          ? [...data]
          : isBig(dtype)
            ? (data as BigInt64Array).slice()
            : (data as Float64Array).slice(),
      ),
    );
  }
  await session.release();
  return out;
};
