/** The whole main job on a forest of 500 trees and 63,500 nodes, verification included: seconds of a fresh process. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forestPmml } from './forest.ts';
import { row, title } from './print.ts';

export const benchConverting = (folder: string): void => {
  const pmml = join(folder, 'forest.pmml');
  writeFileSync(pmml, [...forestPmml({ trees: 500, depth: 6, features: 20 })].join(''));
  title('convert with verification: 500 trees, 63,500 nodes (goal: under 10 s)');
  row(['target', 'seconds', 'exit']);
  for (const target of ['forest.onnx', 'forest.mjs']) {
    const start = performance.now();
    const run = spawnSync(process.execPath, ['dist/src/cli/main.js', 'convert', pmml, join(folder, target)], {
      encoding: 'utf8',
    });
    row([target, ((performance.now() - start) / 1000).toFixed(1), String(run.status)]);
    console.log(run.stdout.replace(/^/gm, '    ').trimEnd());
    if (run.stderr) console.log(run.stderr.replace(/^/gm, '    ').trimEnd());
  }
};
