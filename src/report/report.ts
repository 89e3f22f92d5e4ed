/**
 * The deployability report: one plain JSON value (schemas/report-1.schema.json) that every rendering shows in full.
 * Same inputs, same report, but for `latency`, which is a measurement of one machine and says which.
 */
import type { Diagnostic } from '../ir/diagnostic.ts';
import type { Field, Model, Region } from '../ir/model.ts';
import { type DType, dtypeInfo } from '../tensor/dtype.ts';
import type { ExampleResult } from '../verify/examples.ts';
import type { Verification } from '../verify/result.ts';

export interface FileFacts {
  readonly name: string;
  readonly format: string;
  readonly summary: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface FieldFacts {
  readonly name: string;
  readonly type: string;
  readonly optype: string;
  /** How a missing value is passed or returned; 'never' where there is none. */
  readonly missing: string;
  readonly values: string;
}

export interface TargetSupport {
  readonly target: string;
  readonly supported: boolean;
  /** Empty where it is supported. */
  readonly obstacles: readonly { readonly operator: string; readonly why: string }[];
}

export interface OperatorSupport {
  readonly operator: string;
  readonly nodes: number;
  /** By target: 'yes', or why not. */
  readonly targets: Readonly<Record<string, string>>;
}

export interface Latency {
  readonly machine: string;
  readonly runtime: string;
  readonly oneRowMicroseconds: number;
  readonly batchRows: number;
  readonly batchMicrosecondsPerRow: number;
}

export type Status = 'equivalent' | 'different' | 'not executed' | 'not verified' | 'read';

export interface Report {
  readonly schema: 'portolan-report/1';
  readonly tool: string;
  readonly verdict: { readonly status: Status; readonly sentence: string };
  readonly source: FileFacts;
  readonly artifact: FileFacts | null;
  readonly verification: Verification | null;
  /** The rows that the source itself carries as a check (PMML ModelVerification). */
  readonly examples: ExampleResult | null;
  readonly support: {
    readonly targets: readonly TargetSupport[];
    readonly operators: readonly OperatorSupport[];
  };
  readonly losses: readonly Diagnostic[];
  readonly diagnostics: readonly Diagnostic[];
  readonly contract: { readonly inputs: readonly FieldFacts[]; readonly outputs: readonly FieldFacts[] };
  readonly size: {
    readonly nodes: number;
    readonly parameters: number;
    readonly parameterBytes: number;
    readonly trees: number;
    readonly tests: number;
    readonly outcomes: number;
    /** Resident memory of this process at its peak, in bytes; null where it was not measured. */
    readonly peakMemoryBytes: number | null;
  };
  readonly latency: readonly Latency[];
  readonly snippets: readonly { readonly language: string; readonly code: string }[];
  readonly provenance: Readonly<Record<string, string>>;
  readonly unchecked: readonly string[];
}

/** Every region of a graph, the graph itself first. */
const regions = (graph: Region): Region[] => [
  graph,
  ...graph.nodes.flatMap((n) =>
    [...n.attributes.values()].flatMap((a) => (a.kind === 'region' ? regions(a.region) : [])),
  ),
];

/** How large a model is: nodes, parameters (elements, bytes as held), trees. */
export const sizeOf = (model: Model): Omit<Report['size'], 'peakMemoryBytes'> => {
  let nodes = 0;
  let parameters = 0;
  let parameterBytes = 0;
  let trees = 0;
  let tests = 0;
  let outcomes = 0;
  for (const r of regions(model.graph)) {
    nodes += r.nodes.length;
    for (const p of r.parameters) {
      parameters += p.data.count;
      parameterBytes += (p.data.count * bitsOf(p.data.dtype)) / 8;
    }
    for (const n of r.nodes) {
      for (const a of n.attributes.values()) {
        if (a.kind !== 'trees') continue;
        trees += a.trees.roots.length;
        tests += a.trees.test.length;
        outcomes += a.trees.outcomes;
      }
    }
  }
  return { nodes, parameters, parameterBytes, trees, tests, outcomes };
};

/** How a field is passed and what may stand in it. */
export const fieldFacts = (field: Field): FieldFacts => {
  const { type } = field.value;
  const dtype = type.kind === 'tensor' ? type.dtype : type.kind;
  const absent = type.kind === 'tensor' && type.absent === 'missing';
  return {
    name: field.name,
    type: field.logical ? `${dtype} (${field.logical})` : dtype,
    optype: field.optype,
    missing: absent ? (dtype === 'string' ? '""' : 'NaN') : 'never',
    values: valuesOf(field),
  };
};

const valuesOf = (field: Field): string => {
  if (field.label !== undefined) return `probability of ${field.label}`;
  if (field.categories?.length) {
    const shown = field.categories.slice(0, 20).map(String).join(', ');
    return field.categories.length > 20 ? `${shown}, … (${field.categories.length})` : shown;
  }
  const marks = { o: ['(', ')'], c: ['[', ']'] } as const;
  return (field.intervals ?? [])
    .map(
      ({ low, high, closure }) =>
        `${marks[closure[0] as 'o' | 'c'][0]}${low}, ${high}${marks[closure[1] as 'o' | 'c'][1]}`,
    )
    .join(' ∪ ');
};

/** Operators of a model with how often each stands in it, most frequent first. */
export const operatorCounts = (
  model: Model,
  nameOf: (n: Region['nodes'][number]) => string,
): [string, number][] => {
  const counts = new Map<string, number>();
  for (const r of regions(model.graph)) {
    for (const n of r.nodes) counts.set(nameOf(n), (counts.get(nameOf(n)) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
};

const bitsOf = (dtype: DType): number => dtypeInfo(dtype).bits;

/** The verdict in a sentence that stands alone. */
export const verdictOf = (
  source: FileFacts,
  artifact: FileFacts | null,
  verification: Verification | null,
): Report['verdict'] => {
  if (!artifact && !verification) {
    return {
      status: 'read',
      sentence: `${source.name} (${source.summary}) was read and checked; nothing was written.`,
    };
  }
  const b = verification?.b.name ?? artifact?.name ?? '';
  if (!verification) {
    return {
      status: 'not verified',
      sentence: `${b} was written from ${source.name} and NOT verified (--no-verify): nothing is known about what it computes.`,
    };
  }
  if (!verification.executed) {
    return {
      status: 'not executed',
      sentence: `${b} could not be run here (${verification.why ?? 'no runtime'}): nothing is known about what it computes.`,
    };
  }
  const rows = verification.rows.boundary + verification.rows.sampled + verification.rows.given;
  const apart = verification.columns.reduce((n, c) => n + c.different, 0);
  if (verification.equivalent) {
    return {
      status: 'equivalent',
      sentence: `${b} computes what ${verification.a.name} computes on all ${grouped(rows)} rows tried (${grouped(verification.rows.boundary)} at decision boundaries, ${grouped(verification.rows.sampled)} sampled, ${grouped(verification.rows.given)} given), run in ${verification.b.runtime}.`,
    };
  }
  if (verification.why !== undefined) {
    return {
      status: 'different',
      sentence: `${b} does NOT run in ${verification.b.runtime}: ${verification.why}`,
    };
  }
  return {
    status: 'different',
    sentence:
      apart > 0
        ? `${b} does NOT compute what ${verification.a.name} computes: ${grouped(apart)} values differ on ${grouped(rows)} rows tried, run in ${verification.b.runtime}.`
        : `${b} does NOT have the interface of ${verification.a.name}: ${verification.unmatched.join('; ')}.`,
  };
};

/** 12345 → 12,345 */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
