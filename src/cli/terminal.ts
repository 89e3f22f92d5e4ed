/** How the command line speaks: results on stdout, everything else on stderr. */
import { type Diagnostic, formatDiagnostic } from '../ir/diagnostic.ts';

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** The width of the first word in `read     audit.pmml …`. */
const column = 9;

/** A step of the work, as one line: `read     audit.pmml   PMML 4.2 · …`. */
export const step = (verb: string, text: string): void => {
  const [first = '', ...rest] = text.split('\n');
  say(`${verb.padEnd(column - 1)} ${first}`);
  for (const line of rest) say(' '.repeat(column) + line);
};

const severities = { error: 0, loss: 1, warning: 2, note: 3 } as const;

/** Diagnostics on stderr, the grave ones first; many alike are counted, not repeated. */
export const explain = (list: readonly Diagnostic[]): void => {
  const shown = new Map<string, number>();
  const limit = 5;
  for (const d of [...list].sort((a, b) => severities[a.severity] - severities[b.severity])) {
    const n = (shown.get(d.rule) ?? 0) + 1;
    shown.set(d.rule, n);
    if (n <= limit) process.stderr.write(`${formatDiagnostic(d)}\n`);
  }
  for (const [rule, n] of shown) {
    if (n > limit) process.stderr.write(`… and ${n - limit} more of ${rule}\n`);
  }
};

/** A bar on stderr for what takes over a second, on a terminal only. */
export class Progress {
  private readonly started = performance.now();
  private readonly live = process.stderr.isTTY === true;
  private drawn = false;
  private last = 0;
  private readonly label: string;

  constructor(label: string) {
    this.label = label;
  }

  /** `part` of the whole, 0 to 1. */
  at(part: number): void {
    const now = performance.now();
    if (!this.live || now - this.started < 1000 || now - this.last < 100) return;
    this.last = now;
    this.drawn = true;
    const width = 30;
    const full = Math.round(Math.min(1, Math.max(0, part)) * width);
    process.stderr.write(
      `\r${this.label.padEnd(column)}${'█'.repeat(full)}${'░'.repeat(width - full)} ${Math.round(part * 100)} %`,
    );
  }

  end(): void {
    if (this.drawn) process.stderr.write(`\r${' '.repeat(60)}\r`);
  }
}
