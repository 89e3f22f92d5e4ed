// tsc drops the executable bit that npm's bin links expect in a clone.
import { chmodSync, existsSync } from 'node:fs';

const main = 'dist/src/cli/main.js';
if (existsSync(main)) chmodSync(main, 0o755);
