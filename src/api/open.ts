import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formats } from '../formats.ts';
import type { Artifact, Scorer } from '../ir/converter.ts';
import { fail } from '../ir/diagnostic.ts';
import type { Model } from '../ir/model.ts';
import { referenceScorer } from '../verify/scorers.ts';
import { save, write } from './write.ts';

/** What can compute a model's results: the reference evaluator, or an artifact made of it in its own runtime. */
export type Engine = 'reference' | 'onnxruntime' | 'compiled';

/** Opens an artifact's file in its own runtime; throws `runtime/unavailable` where there is none here. */
export const openArtifact = async (format: string, file: string, model: Model): Promise<Scorer> => {
  const { runtime } = (await formats.find((f) => f.name === format)?.load()) ?? {};
  if (!runtime) return fail('runtime/none', `nothing here runs ${format}`, { file, at: '' });
  const why = await runtime.unavailable();
  if (why !== undefined) fail('runtime/unavailable', `${format} cannot be run here`, { file, at: '' }, why);
  return runtime.open(file, model);
};

/** Runs an artifact from a folder of its own, removed when the scorer is closed. */
export const openTemporarily = async (artifact: Artifact, ending: string, model: Model): Promise<Scorer> => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const file = join(folder, `model${ending}`);
    save(artifact, file);
    const scorer = await openArtifact(artifact.format, file, model);
    return {
      ...scorer,
      run: (inputs, watch) => scorer.run(inputs, watch),
      close: async () => {
        await scorer.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
};

/** A scorer of the model with the engine asked for. */
export const openEngine = async (model: Model, engine: Engine): Promise<Scorer> => {
  if (engine === 'reference') return referenceScorer(model);
  const format = formats.find((f) => f.engine === engine);
  if (!format) return fail('runtime/none', `nothing here is called ${engine}`);
  return openTemporarily(await write(model, { to: format.name }), format.endings[0] ?? '', model);
};
