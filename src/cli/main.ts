#!/usr/bin/env node
import { run } from './program.ts';

// A closed pipe (`portolan … | head`) ends the output, not the program's good manners.
process.stdout.on('error', (e: NodeJS.ErrnoException) => {
  if (e.code === 'EPIPE') process.exit(0);
  throw e;
});

process.exitCode = await run(process.argv.slice(2));
