import { describe, expect, it } from 'vitest';
import { ABSENT, PredicateTable } from '../../src/ir/predicates.ts';
import { TreeTable } from '../../src/ir/trees.ts';
import { decide, depthsOf } from '../../src/kernel/decide.ts';
import type { TestedColumn } from '../../src/kernel/row.ts';
import { constant } from '../../src/tensor/data.ts';

const floats = (values: ArrayLike<number>) => constant('float64', values);

const column = (dtype: TestedColumn['dtype']): TestedColumn => ({
  dtype,
  value: { k: 'element', of: { name: 'x', dtype, size: 1 }, index: { k: 'const', dtype: 'int32', value: 0 } },
  missing: null,
});

/** One tree of one test over predicate p: outcome 0 TRUE, 1 FALSE, 2 UNKNOWN. */
const single = (p: PredicateTable, predicate: number, dtype: TestedColumn['dtype'] = 'float64') => {
  const t = new TreeTable();
  const [yes, no, unknown] = [t.outcome('yes'), t.outcome('no'), t.outcome('unknown')];
  t.root(t.test(predicate, yes, no, unknown));
  return decide(p.build(floats), t.build(floats), [column(dtype)], false);
};

describe('every test becomes x < value', () => {
  it('x <= t is x < the next double', () => {
    const p = new PredicateTable();
    const d = single(p, p.compare('le', 0, 1));
    // 1 + 2⁻⁵²
    expect([...d.value]).toEqual([1.0000000000000002]);
    expect([d.ifTrue[0], d.ifFalse[0], d.ifUnknown[0]]).toEqual([~0, ~1, ~2]);
  });

  it('x > t is the opposite', () => {
    const p = new PredicateTable();
    const d = single(p, p.compare('gt', 0, 1));
    expect([...d.value]).toEqual([1.0000000000000002]);
    expect([d.ifTrue[0], d.ifFalse[0], d.ifUnknown[0]]).toEqual([~1, ~0, ~2]);
  });

  it('a literal is first rounded to the dtype of the column', () => {
    const p = new PredicateTable();
    const d = single(p, p.compare('lt', 0, 0.1), 'float32');
    // The float nearest to 0.1, written out.
    expect([...d.value]).toEqual([0.10000000149011612]);
  });

  it('where NaN compares as IEEE says, UNKNOWN leads where FALSE leads', () => {
    const p = new PredicateTable();
    const d = single(p, p.compare('lt', 0, 5, 0));
    expect(d.ifUnknown[0]).toBe(~1);
    const q = new PredicateTable();
    expect(single(q, q.compare('ne', 0, 5, 0)).ifUnknown.every((s) => s >= 0 || s === ~0)).toBe(true);
  });

  it('a set becomes a column of 0 and 1 over codes from 1', () => {
    const p = new PredicateTable();
    p.compare('eq', 0, 'a');
    const d = single(p, p.membership('in', 0, ['b', 'c']), 'string');
    expect(d.columns.map((c) => [...(c.set ?? [])])).toEqual([[0, 0, 1, 1]]);
    expect([...d.value]).toEqual([0.5]);
  });
});

describe('tests that a step has decided are skipped', () => {
  it('of a PMML split, x <= t and else x > t, one test is left', () => {
    const p = new PredicateTable();
    const t = new TreeTable();
    const [left, right, none] = [t.outcome('left'), t.outcome('right'), t.outcome('none')];
    const second = t.test(p.compare('gt', 0, 2.5), right, none, none);
    t.root(t.test(p.compare('le', 0, 2.5), left, second, none));
    const d = decide(p.build(floats), t.build(floats), [column('float64')], false);
    expect(d.column.length).toBe(1);
    expect([d.ifTrue[0], d.ifFalse[0], d.ifUnknown[0]]).toEqual([~0, ~1, ~2]);
    expect([...depthsOf(d)]).toEqual([1]);
  });
});

describe('compound predicates', () => {
  it('and is FALSE as soon as one is, and UNKNOWN only at the end', () => {
    const p = new PredicateTable();
    const a = p.compare('lt', 0, 1, ABSENT.nan);
    const b = p.compare('lt', 0, 2, ABSENT.nan | ABSENT.zero);
    const d = single(p, p.compound('and', [a, b]));
    // a: TRUE → b, FALSE → no, UNKNOWN → b once more, which can now give FALSE or UNKNOWN only.
    const root = d.roots[0] as number;
    const [clean, dirty] = [d.ifTrue[root] as number, d.ifUnknown[root] as number];
    expect(d.ifFalse[root]).toBe(~1);
    expect([d.ifTrue[clean], d.ifFalse[clean], d.ifUnknown[clean]]).toEqual([~0, ~1, ~2]);
    expect([d.ifTrue[dirty], d.ifFalse[dirty], d.ifUnknown[dirty]]).toEqual([~2, ~1, ~2]);
  });

  it('a surrogate is asked only where the first is UNKNOWN', () => {
    const p = new PredicateTable();
    const a = p.compare('lt', 0, 1);
    const b = p.compare('lt', 0, 2, ABSENT.asZero);
    const d = single(p, p.compound('surrogate', [a, b]));
    const root = d.roots[0] as number;
    const next = d.ifUnknown[root] as number;
    expect([d.ifTrue[root], d.ifFalse[root]]).toEqual([~0, ~1]);
    expect([d.ifTrue[next], d.ifFalse[next]]).toEqual([~0, ~1]);
  });
});
