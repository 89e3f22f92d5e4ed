/** `npm run bench [reading|converting|scoring|routing|evaluating]`: side by side in one run, ratios printed; the machine is named. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchConverting } from './converting.ts';
import { benchEvaluating } from './evaluating.ts';
import { benchReading } from './reading.ts';
import { benchRouting } from './route.ts';
import { benchScoring } from './scoring.ts';

const all: Readonly<Record<string, (folder: string) => void | Promise<void>>> = {
  reading: benchReading,
  converting: benchConverting,
  scoring: benchScoring,
  routing: benchRouting,
  evaluating: benchEvaluating,
};

const wanted = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'portolan-bench-'));
console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}`);
try {
  for (const [name, bench] of Object.entries(all)) {
    if (wanted.length === 0 || wanted.includes(name)) await bench(folder);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
