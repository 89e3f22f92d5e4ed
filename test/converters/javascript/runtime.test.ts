import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runtime } from '../../../converters/javascript/runtime.ts';
import { read } from '../../../src/api/read.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import type { Model } from '../../../src/ir/model.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { readPmml, regression, textOf, tree } from './models.ts';
import { rowsFor } from './rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'portolan-runtime-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

const agree = async (model: Model, rows = 700): Promise<void> => {
  const file = join(folder, `model${files++}.mjs`);
  writeFileSync(file, textOf(model).module);
  const scorer = await runtime.open(file, model);
  try {
    const inputs = rowsFor(model, rows);
    const reference = evaluator(model).run(inputs);
    const got = await scorer.run(inputs);
    expect([...got.keys()].sort()).toEqual([...reference.keys()].sort());
    for (const [name, t] of reference) expect(plainOf(got.get(name)), name).toEqual(plainOf(t));
  } finally {
    await scorer.close();
  }
};

/** At the module's edge NaN is missing, and so it is here. */
const plainOf = (t: Tensor | undefined): unknown[] =>
  Array.from((t?.data ?? []) as ArrayLike<unknown>, (x, i) =>
    t?.missing?.[i] || Number.isNaN(x) ? null : x,
  );

describe('modules in a thread of their own give what the reference evaluator gives, bit for bit', () => {
  it('a regression, missing values and all', async () => agree(await readPmml(regression)));
  it('a tree', async () => agree(await readPmml(tree)));
  it('a forest', async () =>
    agree(await read(new URL('../../../fixtures/pmml/random-forest/model.pmml', import.meta.url).pathname)));

  const corpus = new URL('../../../../shared/corpora/pmml-real-tools/', import.meta.url).pathname;
  const real = [
    'knime/pmml/DecisionTreeIris',
    'knime/pmml/RegressionOzone',
    'rapidminer/pmml/DecisionTreeAudit',
    'rapidminer/pmml/DecisionTreeIris',
    'rapidminer/pmml/RegressionOzone',
    'rattle/pmml/DecisionTreeAudit',
    'rattle/pmml/DecisionTreeIris',
    'rattle/pmml/RandomForestAudit',
    'rattle/pmml/RandomForestIris',
    'rattle/pmml/RandomForestOzone',
    'rattle/pmml/RegressionIris',
    'rattle/pmml/RegressionOzone',
  ].map((name) => join(corpus, `${name}.pmml`));
  const there = real.filter((f) => existsSync(f));
  it(`${there.length} of ${real.length} models of real tools are here`, async () => {
    for (const file of there) await agree(await read(file));
  });
});

describe('what cannot be run is a located error', () => {
  it('a file that is no module of ours', async () => {
    const file = join(folder, 'other.mjs');
    writeFileSync(file, 'export const predict = 1;');
    await expect(runtime.open(file, await readPmml(tree))).rejects.toThrow(
      'no module that portolan has written',
    );
  });

  it('a module that throws', async () => {
    const model = await readPmml(tree);
    const file = join(folder, 'throws.mjs');
    writeFileSync(file, textOf(model).module.replace('score(n);', 'throw new Error("broken");'));
    expect(readFileSync(file, 'utf8')).toContain('broken');
    const scorer = await runtime.open(file, model);
    await expect(scorer.run(rowsFor(model, 3))).rejects.toThrow('the module threw: broken');
    await scorer.close();
  });
});
