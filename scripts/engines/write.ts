/**
 * Writes the classical models from ONNX as PMML into a folder, each with its rows and what the library predicts: for other
 * engines to score (`score.py` beside this file). Argument: the folder.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { read } from '../../src/api/read.ts';
import { save, write } from '../../src/api/write.ts';
import { PortolanError } from '../../src/ir/diagnostic.ts';

const fixtures = 'fixtures/onnx-classical';
const [folder = 'portolan-out/engines'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(fixtures)) {
  const at = join(fixtures, name);
  if (!existsSync(join(at, 'model.onnx'))) continue;
  try {
    save(await write(await read(join(at, 'model.onnx')), { to: 'pmml' }), join(folder, `${name}.pmml`));
    for (const rows of ['input', 'expected']) {
      copyFileSync(join(at, `${rows}.csv`), join(folder, `${name}.${rows}.csv`));
    }
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
    console.log(`${name}: ${error.message}`);
  }
}
