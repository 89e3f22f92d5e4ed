// The main job on a model that ships with the repository: PMML to ONNX, proven, with a report.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const fixture = 'fixtures/pmml/random-forest';
const out = 'portolan-out';
mkdirSync(out, { recursive: true });
const args = ['convert', `${fixture}/model.pmml`, `${out}/forest.onnx`];
args.push(
  '--data',
  `${fixture}/input.csv`,
  '--report',
  `${out}/forest.html`,
  '--report',
  `${out}/forest.json`,
);
console.log(`$ npx portolan ${args.join(' ')}`);
process.exit(
  spawnSync(process.execPath, ['dist/src/cli/main.js', ...args], { stdio: 'inherit' }).status ?? 2,
);
