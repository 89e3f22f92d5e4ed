/** What the toolchain has to say about a model: one finding, its stable rule id, and where in the source it is. */

/** A place in a source: `at` is a line, an element path, a node name or a byte offset, spelled for a person. */
export interface Place {
  readonly file: string;
  readonly at: string;
}

export type Severity = 'error' | 'warning' | 'loss' | 'note';

export interface Diagnostic {
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly at?: Place;
  /** What the reader can do about it. */
  readonly help?: string;
}

/** Says why something cannot be expressed; returned, not thrown, where the caller has an alternative. */
export interface Refusal {
  readonly rule: string;
  readonly why: string;
}

export const refuse = (rule: string, why: string): Refusal => ({ rule, why });

export const isRefusal = (x: unknown): x is Refusal =>
  typeof x === 'object' && x !== null && 'rule' in x && 'why' in x;

/** The only error that leaves this library on purpose: the input or the request is wrong (exit 2 on the command line). */
export class PortolanError extends Error {
  readonly diagnostic: Diagnostic;
  /** What else is wrong, where more than the first fault was looked for. */
  readonly others: readonly Diagnostic[];

  constructor(diagnostic: Omit<Diagnostic, 'severity'>, others: readonly Diagnostic[] = []) {
    super(diagnostic.message);
    this.name = 'PortolanError';
    this.diagnostic = { severity: 'error', ...diagnostic };
    this.others = others;
  }
}

/** Throws a located error. `rule` is `<room or format>/<what>`, kebab-case, and never changes its meaning. */
export const fail = (rule: string, message: string, at?: Place, help?: string): never => {
  throw new PortolanError({ rule, message, ...(at && { at }), ...(help && { help }) });
};

/**
 * Text for a terminal, a log, a report. Names come from hostile files: control characters (escape sequences, forged
 * lines), invisible formatting characters, and what a build server takes for a command (`::error::` at the start of a line,
 * `##[error]`, `##vso[…]`) are shown as such.
 */
export const printable = (s: string): string =>
  s.replace(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, '\ufffd').replace(/^(\s*)::|##(?=\w*\[)/g, '$1\ufffd');

/** `error[pmml/unknown-field] model.pmml:12: …` on one line, the help on the next. */
export const formatDiagnostic = (d: Diagnostic): string => {
  const place = d.at ? `${d.at.file}${d.at.at ? `:${d.at.at}` : ''}: ` : '';
  return `${printable(`${d.severity}[${d.rule}] ${place}${d.message}`)}${d.help ? `\n  ${printable(d.help)}` : ''}`;
};

/** Collects what is not fatal while a model is read, passed or written. */
export class Diagnostics {
  readonly list: Diagnostic[] = [];
  private readonly seen = new Set<string>();

  add(severity: Severity, rule: string, message: string, at?: Place): void {
    const key = `${rule}\0${message}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.list.push({ severity, rule, message, ...(at && { at }) });
  }
}
