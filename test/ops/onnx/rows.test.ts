/**
 * What an operator says of rows, held against the standard's cases: its inputs are given rows on axis 0 where that can
 * be, alone or together, the others are constants.
 */
import { describe, expect, test } from 'vitest';
import { sliceRows } from '../../../src/evaluate/blocks.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { type Model, tensorType } from '../../../src/ir/model.ts';
import { run } from '../../../src/kernel/run.ts';
import { find } from '../../../src/ops/registry.ts';
import { expand } from '../../../src/passes/expand.ts';
import { lower } from '../../../src/passes/lower.ts';
import { dataOf } from '../../../src/tensor/data.ts';
import { isTensor } from '../../../src/tensor/datum.ts';
import { column } from '../../../src/tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../../src/tensor/tensor.ts';
import { type Case, dataSets, open, readCases, refit } from './cases.ts';

interface Use {
  readonly of: Case;
  readonly operator: string;
  readonly model: Model;
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly rows: number;
}

/** The case with rows on axis 0 of the inputs in `rowed`, the others constant; null where the operator does not keep them. */
const use = (
  of: Case,
  read: Model,
  given: ReadonlyMap<string, Tensor>,
  rowed: ReadonlySet<string>,
): Use | null => {
  const [first] = rowed;
  const rows = given.get(first as string)?.dims[0];
  if (rows === undefined || rows < 2) return null;
  try {
    const model = refit(
      read,
      (p) => {
        const t = given.get(p.name) as Tensor;
        return rowed.has(p.name) ? tensorType(t.dtype, ['N', ...t.dims.slice(1)]) : dataOf(t);
      },
      'N',
    );
    const [node] = model.graph.nodes;
    if (!node || find(node.op)?.rows?.(node) !== 'each') return null;
    // All that has rows in the result has them on axis 0: else a consumer would say so.
    if (model.graph.results.some((v) => v.type.kind !== 'tensor' || v.type.dims?.[0] !== 'N')) return null;
    const inputs = new Map([...rowed].map((name) => [name, given.get(name) as Tensor]));
    return { of, operator: node.op.name, model, rows, inputs };
  } catch (e) {
    // Without constants that it needs, or with rows where it takes none, it is no case.
    if (e instanceof PortolanError) return null;
    throw e;
  }
};

const usesOf = (c: Case): readonly Use[] => {
  const model = open(c);
  if (model.graph.nodes.length !== 1) return [];
  const given = new Map<string, Tensor>();
  for (const [name, d] of dataSets(c, model)[0]?.inputs ?? []) {
    if (!isTensor(d)) return [];
    given.set(name, d);
  }
  const names = [...given.keys()];
  const extent = (name: string | undefined) => given.get(name ?? '')?.dims[0];
  const alike = names.filter((n) => extent(n) !== undefined && extent(n) === extent(names[0]));
  const sets = [alike, ...names.map((n) => [n])].filter(
    (s, i) => s.length > 0 && !(i > 0 && alike.length === 1 && s[0] === alike[0]),
  );
  return sets.flatMap((s) => use(c, model, given, new Set(s)) ?? []);
};

const uses: readonly Use[] = readCases().flatMap(usesOf);

const same = (a: ArrayLike<unknown>, b: ArrayLike<unknown>): boolean =>
  a.length === b.length && Array.from(a).every((x, i) => Object.is(x, b[i]));

const join = (parts: readonly Tensor[]): Tensor => {
  const [first] = parts as readonly [Tensor];
  const out = column(first.dtype, parts.length * countOf(first.dims)) as unknown as unknown[];
  let at = 0;
  for (const p of parts) for (const e of p.data) out[at++] = e;
  return tensor(first.dtype, [parts.length, ...first.dims.slice(1)], out as unknown as Tensor['data']);
};

const operatorsOf = (list: readonly Use[]): number => new Set(list.map((u) => u.operator)).size;

describe('rows in the standard cases', () => {
  test('an operator that keeps rows gives each alone what it gives it among others', () => {
    const wrong: string[] = [];
    for (const { of, model, inputs, rows } of uses) {
      const whole = evaluator(model).run(inputs);
      const alone = Array.from({ length: rows }, (_, i) =>
        evaluator(model).run(new Map([...inputs].map(([name, t]) => [name, sliceRows(t, i, i + 1)]))),
      );
      for (const [name, t] of whole) {
        const joined = join(alone.map((r) => r.get(name) as Tensor));
        if (!same(joined.data, t.data) || joined.dims.join() !== t.dims.join()) {
          wrong.push(`${of.path}, ${name}, rows in ${[...inputs.keys()]}`);
        }
      }
    }
    console.log(`${uses.length} cases of ${operatorsOf(uses)} operators, row by row`);
    expect(wrong).toEqual([]);
  });

  test('what is lowered to the row language says the same, bit for bit', () => {
    const wrong: string[] = [];
    const lowered: Use[] = [];
    for (const u of uses) {
      const program = lower(expand(u.model));
      if (!('statements' in program)) continue;
      lowered.push(u);
      const whole = evaluator(u.model).run(u.inputs);
      const rows = run(program, new Map([...u.inputs].map(([name, t]) => [name, t.data])), u.rows);
      for (const [name, t] of whole) {
        if (!same(rows.get(name) ?? [], t.data)) {
          wrong.push(`${u.of.path}, ${name}, rows in ${[...u.inputs.keys()]}`);
        }
      }
    }
    console.log(`${lowered.length} cases of ${operatorsOf(lowered)} operators in the row language`);
    expect(wrong).toEqual([]);
  });
});
