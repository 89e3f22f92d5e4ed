/** What a verification found, and what it did not look at. Plain data: the report holds it as it is. */

import type { Structure } from './structure.ts';

export interface Side {
  /** File name without folders, or what it is called in a sentence. */
  readonly name: string;
  /** reference, onnxruntime 1.30.0, the module itself in Node v20, a predictions file … */
  readonly runtime: string;
  readonly sha256?: string;
}

/** A number that JSON can hold: infinities and NaN are spelled. */
export type Figure = number | 'Infinity' | '-Infinity' | 'NaN';

export const figure = (x: number): Figure => (Number.isFinite(x) ? x : (String(x) as Figure));

export interface ColumnAgreement {
  readonly column: string;
  readonly kind: 'label' | 'number';
  readonly dtype: string;
  readonly rows: number;
  /** Rows that are exactly equal (NaN equals NaN, missing equals missing). */
  readonly equal: number;
  /** Rows outside the allowance. */
  readonly different: number;
  /** Rows where just one side is missing; counted in `different` too. */
  readonly missingOnOneSide: number;
  readonly maxAbs: Figure;
  readonly maxRel: Figure;
  readonly maxUlp: Figure;
  /** What was allowed, in words, and why. */
  readonly allowed: string;
  /** Rows by how many ULP apart: 0, 1, 2, 3-4, 5-8, … ; `Infinity` holds what is missing, NaN or infinite on one side. */
  readonly histogram: readonly { readonly upTo: Figure; readonly rows: number }[];
}

export interface WorstRow {
  readonly column: string;
  readonly source: 'boundary' | 'sampled' | 'given';
  readonly index: number;
  readonly inputs: Readonly<Record<string, string | number | null>>;
  readonly a: string | number | null;
  readonly b: string | number | null;
  /** A shell command that shows the row on side a again. */
  readonly reproduce: string;
}

export interface Divergence {
  /** The first node, in graph order, whose value differs beyond what its operator is allowed. */
  readonly node: string;
  readonly operator: string;
  readonly value: string;
  readonly a: string | number | null;
  readonly b: string | number | null;
}

export interface Coverage {
  readonly leaves: { readonly reached: number; readonly total: number };
  /** Tests of trees and other predicates that were seen TRUE and FALSE. */
  readonly predicates: { readonly bothWays: number; readonly total: number };
  /** Thresholds tried exactly and one ULP to either side, on a row that reaches the test. */
  readonly thresholds: { readonly tried: number; readonly total: number; readonly unreachable: number };
  readonly categories: { readonly tried: number; readonly total: number };
}

export interface Verification {
  readonly a: Side;
  readonly b: Side;
  /** false: the artifact could not be run here; `why` says it. Never counted as passed. */
  readonly executed: boolean;
  readonly why?: string;
  readonly equivalent: boolean;
  readonly rows: { readonly boundary: number; readonly sampled: number; readonly given: number };
  readonly seed: number;
  readonly columns: readonly ColumnAgreement[];
  /** Inputs or outputs that stand on one side only. */
  readonly unmatched: readonly string[];
  readonly worst: WorstRow | null;
  readonly divergence: Divergence | null;
  readonly coverage: Coverage | null;
  /** How the graphs differ, where both sides are models of one format. It does not make them unequal. */
  readonly structure?: Structure;
  /** What this verification says nothing about, in words. */
  readonly unchecked: readonly string[];
}
