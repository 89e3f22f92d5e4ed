/**
 * A real Chromium, without a window. The npm package brings the browser and the libraries that a plain Debian lacks (it is
 * made for a cloud function, whose environment variable makes it unpack them); a browser of the system is the other way.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

interface Launched {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

interface Binary {
  readonly path: string;
  readonly libraries: string | undefined;
}

const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];

/** Unpacks the browser of the npm package into `folder`. */
const unpacked = async (folder: string): Promise<Binary> => {
  const names = ['TMPDIR', 'AWS_EXECUTION_ENV', 'LD_LIBRARY_PATH', 'FONTCONFIG_PATH'] as const;
  const before = names.map((n) => process.env[n]);
  try {
    process.env.TMPDIR = folder;
    process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs20.x';
    const { default: packed } = await import('@sparticuz/chromium');
    const path = await packed.executablePath();
    return { path, libraries: join(folder, 'al2023', 'lib') };
  } finally {
    names.forEach((n, i) => {
      const value = before[i];
      if (value === undefined) delete process.env[n];
      else process.env[n] = value;
    });
  }
};

const ofSystem = (): Binary | null => {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      const path = join(folder, name);
      if (existsSync(path)) return { path, libraries: undefined };
    }
  }
  return null;
};

const start = async ({ path, libraries }: Binary, folder: string): Promise<BrowserContext> =>
  chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: path,
    headless: true,
    args,
    env: { ...process.env, HOME: folder, ...(libraries && { LD_LIBRARY_PATH: libraries }) } as Record<
      string,
      string
    >,
  });

/** Throws where no browser starts: a test that wanted one has not passed. */
export const launch = async (): Promise<Launched> => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-chromium-'));
  const clean = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  const reasons: string[] = [];
  for (const find of [() => unpacked(folder), async () => ofSystem()]) {
    try {
      const binary = await find();
      if (!binary) continue;
      const context = await start(binary, folder);
      return {
        context,
        close: async () => {
          await context.close();
          clean();
        },
      };
    } catch (error) {
      reasons.push(String(error));
    }
  }
  clean();
  throw new Error(`no Chromium starts here:\n${reasons.join('\n')}`);
};
