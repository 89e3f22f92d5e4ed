/** The command line as a user meets it: arguments in; exit code, stdout and stderr out. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '../../src/cli/program.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const root = resolve(import.meta.dirname, '../..');

export const fixture = (path: string): string => join(root, 'fixtures', path);

/** Runs it in this process: what `main.ts` does, without the two seconds a process takes to start. */
export const portolan = async (...args: string[]): Promise<Outcome> => {
  const text = { out: '', err: '' };
  const catching = (to: 'out' | 'err') => (chunk: string | Uint8Array) => {
    text[to] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  const { stdout, stderr } = process;
  const before = { out: stdout.write, err: stderr.write };
  stdout.write = catching('out');
  stderr.write = catching('err');
  try {
    return { code: await run(args), ...text };
  } finally {
    stdout.write = before.out;
    stderr.write = before.err;
  }
};

/** Runs it as a process of its own. */
export const spawned = (args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Outcome => {
  const done = spawnSync(process.execPath, ['--import', 'tsx', join(root, 'src/cli/main.ts'), ...args], {
    input,
    encoding: 'utf8',
    cwd: root,
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  return { code: done.status ?? -1, out: done.stdout, err: done.stderr };
};

/** A folder of its own for a test, and the names in it. */
export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'portolan-test-'));

  file(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string | Uint8Array): string {
    writeFileSync(this.file(name), content);
    return this.file(name);
  }

  copy(from: string, name: string): string {
    cpSync(from, this.file(name));
    return this.file(name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  get names(): string[] {
    return readdirSync(this.path).sort();
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
