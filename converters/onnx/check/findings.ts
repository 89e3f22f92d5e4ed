/** What a check finds, in the order of the file. */
import { type Diagnostic, fail, type Place, PortolanError } from '../../../src/ir/diagnostic.ts';

/** A hostile file is wrong in a million places; nobody reads on after these. */
const mostFindings = 100;

class Enough extends Error {}

export class Findings {
  readonly list: Diagnostic[] = [];

  /** The model is not sound. */
  error(rule: string, message: string, at: Place, help: string): void {
    this.attempt(() => fail(rule, message, at, help));
  }

  /** The standard asks for more, but what the model computes is plain. */
  warning(rule: string, message: string, at: Place, help: string): void {
    this.add({ rule, severity: 'warning', message, at, help });
  }

  /** Does something that fails where the model is not sound; false where it did. */
  attempt(act: () => void): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (!(error instanceof PortolanError)) throw error;
      this.add(error.diagnostic);
      return false;
    }
  }

  private add(found: Diagnostic): void {
    this.list.push(found);
    if (this.list.length >= mostFindings) throw new Enough();
  }

  private readonly said = new Set<string>();

  /** True the first time: for what a thousand nodes may have in common. */
  first(subject: string): boolean {
    const first = !this.said.has(subject);
    this.said.add(subject);
    return first;
  }

  /** Everything found by a check, which ends early where it is enough. */
  static of(check: (findings: Findings) => void): readonly Diagnostic[] {
    const findings = new Findings();
    try {
      check(findings);
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    return findings.list;
  }
}
