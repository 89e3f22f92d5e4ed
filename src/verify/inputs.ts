/**
 * The rows that a model is tried on: boundary rows that hit its thresholds, categories and missing values where they
 * matter, then sampled ones.
 */
import type { Model } from '../ir/model.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { criticalsOf } from './critical.ts';
import { type Domain, domainsOf } from './domain.ts';
import { hiding, looseValues, ordinaryOf } from './ordinary.ts';
import { type Packed, pack } from './pack.ts';
import { isTabular, type Probe, probe, type Taken } from './probe.ts';
import { Random } from './random.ts';
import { concatRows, tensorsOf } from './rowset.ts';
import { sampleRows, sampleTensors } from './sample.ts';
import { type Tree, treesIn } from './targets.ts';

export interface InputOptions extends Taken {
  readonly seed?: number;
  readonly sampled?: number;
  /** At most this many boundary rows. */
  readonly limit?: number;
}

/** What boundary rows were made from; coverage is measured against it. */
export interface Plan {
  readonly probe: Probe;
  readonly domains: readonly Domain[];
  readonly trees: readonly Tree[];
  readonly packed: Packed;
}

export interface Inputs {
  /** Boundary rows first, then sampled ones. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly boundary: number;
  readonly sampled: number;
  /** null: the inputs are no table of cells, and nothing is known of boundaries. */
  readonly plan: Plan | null;
}

export const inputsFor = (model: Model, options: InputOptions = {}): Inputs => {
  const { seed = 1, sampled = 10_000, limit = 200_000 } = options;
  const random = new Random(seed);
  if (!isTabular(model)) {
    const rows = model.rows === null ? 1 : Math.min(sampled, 256);
    return { tensors: sampleTensors(model, rows, random), boundary: 0, sampled: rows, plan: null };
  }
  const opened = probe(model, options);
  const criticals = criticalsOf(opened);
  const found = domainsOf(opened, criticals);
  const { domains } = found;
  const ordinary = domains.map(ordinaryOf);
  const trees = limit === 0 ? [] : treesIn(opened.tables, found);
  const packed = pack({
    domains,
    trees,
    loose: looseValues(criticals, found),
    ordinary,
    hides: hiding(opened, domains, ordinary, random),
    random,
    limit,
  });
  const boundary = tensorsOf(opened.slots, packed.rows.length, (slot, i) => {
    const { values } = domains[slot.index] as Domain;
    return values[packed.rows[i]?.[slot.index] ?? 0] ?? null;
  });
  const rest = sampleRows(opened.slots, domains, ordinary, sampled, random);
  return {
    tensors: concatRows([boundary, rest]),
    boundary: packed.rows.length,
    sampled,
    plan: { probe: opened, domains, trees, packed },
  };
};
