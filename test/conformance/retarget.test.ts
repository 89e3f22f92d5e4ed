/**
 * Every case of the standard, and of the suite of ai.onnx.ml, written for other opsets: the one where an operator of it has
 * its next version, the newest, and the one just before its newest operator. What was written is read again and gives
 * what the case says. What is refused stands in `golden/retarget.txt`, with its reason (`UPDATE=1` writes it; read the
 * difference).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { reader } from '../../converters/onnx/reader.ts';
import { writer } from '../../converters/onnx/writer.ts';
import { evaluator } from '../../src/evaluate/evaluate.ts';
import { memorySource } from '../../src/files/source.ts';
import { PortolanError } from '../../src/ir/diagnostic.ts';
import type { Model, Node, Region } from '../../src/ir/model.ts';
import { find } from '../../src/ops/registry.ts';
import { signatureAt, standardVersions } from '../../src/ops/signature.ts';
import { type Case, dataSets, difference, open, readCases } from '../ops/onnx/cases.ts';

const golden = new URL('./golden/retarget.txt', import.meta.url);

const nodesOf = (r: Region): readonly Node[] =>
  r.nodes.flatMap((n) => [
    n,
    ...[...n.attributes.values()].flatMap((a) => (a.kind === 'region' ? nodesOf(a.region) : [])),
  ]);

interface Step {
  readonly direction: 'up' | 'to the newest' | 'down';
  readonly domain: string;
  readonly version: number;
}

/** Where the case goes, in the domain whose operators it is about. */
const stepsOf = (model: Model, domain: string, newest: number): readonly Step[] => {
  const ids = nodesOf(model.graph).flatMap((n) => (n.op.domain === domain ? [n.op] : []));
  if (ids.length === 0) return [];
  const own = Math.max(...ids.map((op) => op.since));
  const next = Math.min(
    ...ids.flatMap((op) => standardVersions(domain, op.name).filter((v) => v > op.since)),
  );
  const steps: Step[] = [];
  if (next <= newest) steps.push({ direction: 'up', domain, version: next });
  if ((model.opsets.get(domain) ?? 1) < newest) {
    steps.push({ direction: 'to the newest', domain, version: newest });
  }
  if (own > 1) steps.push({ direction: 'down', domain, version: own - 1 });
  return steps;
};

/** What differs, or why it is refused; undefined where all is well. Where it is wrong the text begins with WRONG. */
const judge = (c: Case, model: Model, { domain, version }: Step): string | undefined => {
  const options =
    domain === ''
      ? { opset: version }
      : { opset: releasedWith.get(version) ?? 28, domains: new Map([[domain, version]]) };
  let again: Model;
  try {
    const bytes = Buffer.concat([...(writer.write(model, options).files[0]?.chunks() ?? [])]);
    again = reader.read(memorySource(c.path, bytes), { asWritten: true }).model;
  } catch (e) {
    if (!(e instanceof PortolanError)) return `WRONG ${e}`;
    return `${e.diagnostic.rule}: ${e.message}`;
  }
  for (const n of nodesOf(again.graph)) {
    if (!find(n.op)) return `WRONG ${n.op.name} ${n.op.since}`;
    const there = signatureAt(n.op.domain, n.op.name, again.opsets.get(n.op.domain) ?? 0);
    const tensors = (there?.inputs ?? []).map((p, i) => ({ p, type: n.inputs[i]?.type }));
    for (const { p, type } of tensors) {
      if (type?.kind === 'tensor' && !there?.types.get(p.type)?.has(type.dtype)) {
        return `WRONG ${n.op.name} ${there?.since} takes no ${type.dtype}`;
      }
    }
  }
  const { evaluate, model: expanded } = evaluator(again);
  for (const { inputs, outputs } of dataSets(c, model)) {
    const got = evaluate(inputs);
    for (const [i, wanted] of outputs.entries()) {
      const wrong = difference(got.get(expanded.graph.results[i]?.name ?? ''), wanted);
      if (wrong) return `WRONG output ${i} ${wrong}`;
    }
  }
  return undefined;
};

/** A case that this evaluator computes, which is held elsewhere; random ones are left out. */
const computed = (c: Case): Model | undefined => {
  try {
    const model = open(c);
    for (const { inputs, outputs } of dataSets(c, model)) {
      const { evaluate, model: expanded } = evaluator(model);
      const got = evaluate(inputs);
      if (outputs.some((w, i) => difference(got.get(expanded.graph.results[i]?.name ?? ''), w)))
        return undefined;
    }
    return model;
  } catch {
    return undefined;
  }
};

/** The newest opset that a version of ai.onnx.ml was released with. */
const releasedWith: ReadonlyMap<number, number> = new Map([
  [1, 10],
  [2, 15],
  [3, 18],
  [4, 20],
  [5, 28],
]);

/**
 * Why a case cannot be said at all, by the rule of its refusal: an input or output of the model has a type that the opset does not
 * have; an operator does what no older one does; an attribute of the older version is computed. Every other refusal is ours.
 */
const unsayable = / {2}(express\/(no-type|no-operator|string-equal|not-constant)): /;

const suites = [
  ['onnx-standard/cases.tar.gz', '', 28],
  ['onnx-ml/cases.tar.gz', 'ai.onnx.ml', 5],
] as const;

describe('cases at other opsets', () => {
  const counts = new Map<string, [number, number]>();
  const wrong: string[] = [];
  const refused: string[] = [];
  for (const [archive, domain, newest] of suites) {
    for (const c of readCases(archive)) {
      const model = computed(c);
      for (const step of model ? stepsOf(model, domain, newest) : []) {
        const why = judge(c, model as Model, step);
        const key = `${domain || 'ai.onnx'} ${step.direction}`;
        const [passed, all] = counts.get(key) ?? [0, 0];
        counts.set(key, [passed + (why ? 0 : 1), all + 1]);
        const line = `${key} to ${step.version}  ${c.path}  ${why}`;
        if (why?.startsWith('WRONG')) wrong.push(line);
        else if (why) refused.push(line);
      }
    }
  }
  const summary = [...counts].map(([key, [passed, all]]) => {
    const cannot = refused.filter((line) => line.startsWith(`${key} `) && unsayable.test(line)).length;
    const share = ((100 * passed) / (all - cannot)).toFixed(1);
    return `${key}: ${passed} of ${all}${cannot ? `; of ${all - cannot} that can be said ${share} %` : ''}`;
  });
  for (const line of summary) console.log(line);

  test('what is written says the same', () => expect(wrong).toEqual([]));

  test('nothing that goes up is refused', () =>
    expect(refused.filter((line) => !line.includes(' down '))).toEqual([]));

  test('what goes down is refused for the reasons that are known', () => {
    const text = `${summary.join('\n')}\n\n${refused.sort().join('\n')}\n`;
    if (process.env.UPDATE) writeFileSync(golden, text);
    if (process.env.CASES) return;
    expect(text).toBe(readFileSync(golden, 'utf8'));
  });
});
