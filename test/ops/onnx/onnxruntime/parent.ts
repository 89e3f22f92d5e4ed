/** Cases run in onnxruntime by a child process; where one ends it, the next case gets another. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './child.ts';

const file = fileURLToPath(new URL('./child.ts', import.meta.url));

/** The next message of the child; undefined where it ends first. */
const answer = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => {
    const settle = (message?: unknown) => {
      child.off('message', settle);
      child.off('exit', ended);
      resolve(message);
    };
    const ended = () => settle();
    child.once('message', settle);
    child.once('exit', ended);
  });

const start = async (): Promise<{ readonly child: ChildProcess; readonly version: string }> => {
  // What onnxruntime prints stands in the outcomes too.
  const child = fork(file, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const version = await answer(child);
  if (typeof version !== 'string') throw new Error(`${file} does not start: run it by itself`);
  return { child, version };
};

export interface Run {
  /** Of onnxruntime. */
  readonly version: string;
  /** By the path of the case. */
  readonly found: ReadonlyMap<string, Outcome>;
}

export const runCases = async (paths: readonly string[]): Promise<Run> => {
  const found = new Map<string, Outcome>();
  let { child, version } = await start();
  for (const path of paths) {
    const told = answer(child);
    child.send(path);
    const outcome = (await told) as Outcome | undefined;
    found.set(path, outcome ?? { kind: 'ended', words: '' });
    if (!outcome) ({ child, version } = await start());
  }
  child.disconnect();
  return { version, found };
};
