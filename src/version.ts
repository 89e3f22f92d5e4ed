import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's version, from its package.json: found above this file, built or not. */
const find = (from: string): string => {
  for (let dir = from; ; dir = dirname(dir)) {
    try {
      const { name, version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
      if (name === 'portolan') return String(version);
    } catch {
      // not here
    }
    if (dirname(dir) === dir) return '0.0.0';
  }
};

export const toolVersion = find(dirname(fileURLToPath(import.meta.url)));
