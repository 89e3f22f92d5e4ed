/**
 * The standard's cases in onnxruntime: what it answers otherwise, refuses or cannot be given, by causes that say who is right
 * by the text, and how far its answers are from ours where both agree with the standard. fixtures/onnx-standard/onnxruntime.json
 * is the list; `UPDATE=1` writes it anew, and its diff is read.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCases } from './cases.ts';
import { causes, explain } from './onnxruntime/causes.ts';
import { type Run, runCases } from './onnxruntime/parent.ts';

const list = new URL('../../../fixtures/onnx-standard/onnxruntime.json', import.meta.url);

interface Listed {
  readonly onnxruntime: string;
  readonly cases: number;
  readonly agree: number;
  readonly causes: readonly { readonly cause: string; readonly cases: Readonly<Record<string, string>> }[];
  /** Operator and dtype → the largest difference between onnxruntime and us, as a part of the largest element. */
  readonly apart: Readonly<Record<string, number>>;
}

/** JSON with a line a case. */
const print = ({ causes, apart, ...head }: Listed): string => {
  const json = (v: unknown) => JSON.stringify(v);
  const lines = (entries: Readonly<Record<string, unknown>>) =>
    Object.entries(entries)
      .map(([k, v]) => `  ${json(k)}: ${json(v)}`)
      .join(',\n');
  const parts = causes.map(({ cases, ...c }) => `${json(c).slice(0, -1)},"cases":{\n${lines(cases)}\n}}`);
  return `${json(head).slice(0, -1)},"causes":[\n${parts.join(',\n')}\n],"apart":{\n${lines(apart)}\n}}\n`;
};

const sorted = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

/** What there is to list; a case that no cause explains stops it. */
const listed = ({ version, found }: Run): Listed => {
  const groups = causes.map(({ says, names, ...c }) => ({ ...c, cases: {} as Record<string, string> }));
  const apart = new Map<string, number>();
  const unexplained: string[] = [];
  let agree = 0;
  for (const [path, outcome] of found) {
    if (outcome.kind === 'agrees') {
      agree++;
      for (const [k, v] of Object.entries(outcome.apart)) apart.set(k, Math.max(apart.get(k) ?? 0, v));
      continue;
    }
    const why = explain(path, outcome);
    const group = groups.find((g) => g.cause === why?.cause.cause);
    if (why && group) group.cases[path] = why.told;
    else unexplained.push(`${path} (${outcome.kind}): ${outcome.words}`);
  }
  expect(unexplained, 'cases that no cause explains').toEqual([]);
  const some = [...apart].filter(([, v]) => v > 0).map(([k, v]) => [k, Number(v.toExponential(1))] as const);
  return { onnxruntime: version, cases: found.size, agree, causes: groups, apart: sorted(some) };
};

const stand = (l: Listed): ReadonlyMap<string, string> =>
  new Map(l.causes.flatMap(({ cause, cases }) => Object.keys(cases).map((path) => [path, cause])));

/** Four units in the last place of a number near the largest element. */
const few: Readonly<Record<string, number>> = {
  float64: 2 ** -50,
  float32: 2 ** -21,
  float16: 2 ** -8,
  bfloat16: 2 ** -5,
};

const cases = readCases();

describe("the standard's cases in onnxruntime", () => {
  let found: Listed;
  let known: Listed;
  beforeAll(async () => {
    found = listed(await runCases(cases.map((c) => c.path)));
    if (process.env.UPDATE) writeFileSync(list, print(found));
    known = JSON.parse(readFileSync(list, 'utf8'));
    console.log(
      `${found.agree} of ${found.cases} cases of the standard agree in onnxruntime ${found.onnxruntime}`,
    );
  }, 600_000);

  test('each agrees, or has the cause that is listed', () => {
    expect(found.onnxruntime).toBe(known.onnxruntime);
    const varying = new Set(causes.filter((c) => c.varies).map((c) => c.cause));
    const [is, was] = [stand(found), stand(known)];
    const changed = cases.flatMap(({ path }) => {
      const [now, before] = [is.get(path), was.get(path)];
      if (now === before || (now === undefined && varying.has(before ?? ''))) return [];
      return `${path}: ${now ?? 'agrees'}, listed: ${before ?? 'agrees'}`;
    });
    expect(changed).toEqual([]);
  });

  test('the list holds cases of the suite only, and every cause', () => {
    const paths = new Set(cases.map((c) => c.path));
    const chosen = new RegExp(process.env.CASES ?? '');
    const strangers = [...stand(known).keys()].filter((p) => chosen.test(p) && !paths.has(p));
    expect(strangers).toEqual([]);
    expect(known.causes.filter((c) => Object.keys(c.cases).length === 0)).toEqual([]);
    expect(known.causes.map((c) => c.cause)).toEqual(causes.map((c) => c.cause));
    expect(known.agree + stand(known).size).toBe(known.cases);
  });

  test('where both agree, they are no further apart than listed', () => {
    const further = Object.entries(found.apart).filter(([k, v]) => {
      const room = few[k.slice(k.indexOf(' ') + 1)] ?? 0;
      return v > Math.max(room, 2 * (known.apart[k] ?? 0));
    });
    expect(further).toEqual([]);
  });
});
