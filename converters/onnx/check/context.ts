/** What every part of the check knows of the model. */
import type { Place } from '../../../src/ir/diagnostic.ts';
import type { FunctionProto } from '../schema.ts';
import type { External } from '../tensors.ts';
import type { Findings } from './findings.ts';

export interface Context {
  readonly file: string;
  readonly irVersion: number;
  readonly external: External;
  readonly functions: ReadonlyMap<string, FunctionProto>;
  /** Versions by domain that the model imports or, where it does not, its functions. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly findings: Findings;
  /** Count the elements of large blocks too, which reads them. */
  readonly exact: boolean;
  /** Elements of tensors that may still be read: many small entries may name the same large block. */
  readonly budget: { elements: number };
}

export const place = (context: Context, at: string): Place => ({ file: context.file, at });

/** Names seen in a graph so far, and around it. */
export interface Scope {
  readonly names: Set<string>;
  readonly outer: Scope | null;
  readonly inFunction: boolean;
  /** Versions by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The function and the bodies that lead here, each with a colon behind it: for places. */
  readonly within: string;
  /** Names that were read and not there. */
  readonly missing: Set<string>;
  /** Values known to be true, and what values are other names of: for loops. */
  readonly truths: Set<string>;
  readonly origins: Map<string, string>;
}

export const sees = (scope: Scope | null, name: string): boolean => {
  for (let s = scope; s; s = s.outer) if (s.names.has(name)) return true;
  return false;
};
