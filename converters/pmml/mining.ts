/** Segmentation: segments with predicates, and how their results become one. PMML 4.4.1, Multiple Models. */
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../shared/xml.ts';
import { type Algebra, dtypeOf, typeOf } from './algebra.ts';
import { Classes } from './classes.ts';
import { combine, type Members, methods } from './combine.ts';
import type { Tag } from './document.ts';
import { type Columns, Forest, type Routed } from './forest.ts';
import type { Model, ModelResult, Pending } from './model.ts';
import { isPredicate, type Test, Tests } from './predicates.ts';
import { firstOf, masked, type Prediction } from './prediction.ts';

/** What a Segmentation gives to its MiningModel. */
export interface Segments {
  readonly prediction: Prediction | null;
  /** The target predicted, where the segments decide it. */
  readonly target: string | null;
  readonly several: readonly { readonly id: string; readonly result: ModelResult }[];
  readonly byId: (id: string) => ModelResult | undefined;
  /** What is predicted of each target, where there are several. */
  readonly targets?: ReadonlyMap<string, Prediction>;
}

interface Segment {
  readonly tag: Tag;
  readonly id: string;
  readonly test: Test;
  readonly weight: number;
  /** Names a field that the weight is multiplied by: an output of the segment's own model, or one around. */
  readonly factor: Element | null;
  readonly pending: Pending;
  /** Rows where the predicate is TRUE; null: all. Known at once in a chain, else when all are read. */
  readonly guard: Value | null;
}

export const readSegmentation = (cursor: XmlCursor, tag: Tag, m: Model): Segments => {
  const { world, scope } = m;
  const { doc, a } = world;
  const method = doc.choice(tag, 'multipleModelMethod', [...methods, ''], '');
  if (method === '') return doc.need(tag, 'multipleModelMethod') as never;
  const missing = doc.choice(
    tag,
    'missingPredictionTreatment',
    ['continue', 'skipSegment', 'returnMissing'],
    'continue',
  );
  const threshold = doc.number(tag, 'missingThreshold') ?? 1;
  const chain = method === 'modelChain' || method === 'x-multiModelChain';
  const tests = new Tests(a, scope.real);
  const forest = chain ? null : new Forest(a, scope.real);

  const segments: Segment[] = [];
  const ids = new Set<string>();
  for (let child = cursor.child(), position = 0; child !== null; child = cursor.child()) {
    if (child.name === 'Extension') {
      cursor.skip();
      continue;
    }
    if (child.name !== 'Segment') doc.refuse(child);
    position++;
    const id = doc.text(child, 'id') ?? `${position}`;
    if (ids.has(id)) doc.fail(child, 'pmml/duplicate-name', `two Segments have the id "${id}"`);
    ids.add(id);
    const segment = readSegment(
      cursor,
      child,
      id,
      m,
      chain ? new Tests(a, scope.real) : tests,
      forest,
      chain,
    );
    if (segment === null) continue;
    segments.push(segment);
    if (chain) publish(m, segment);
  }
  if (segments.length === 0) doc.fail(tag, 'pmml/missing-element', 'it has no Segment that could ever apply');

  const routed = forest && forest.trees.trees > 0 ? forest.route() : null;
  const guards = chain ? segments.map((s) => s.guard) : guardsOf(a, tests, segments);
  const results = segments.map((s) => once(() => s.pending.finish(routed)));
  const byId = (id: string): ModelResult | undefined => {
    const i = segments.findIndex((s) => s.id === id);
    const result = results[i]?.();
    return result && guarded(a, result, guards[i] ?? null);
  };
  if (m.functionName === 'clustering') unite(m, tag, method, segments);
  const always = a.constant('bool', true);

  switch (method) {
    case 'selectAll': {
      const several = segments.flatMap(({ id }) => listed(id, byId(id) as ModelResult));
      return { prediction: null, target: m.target, several, byId };
    }
    case 'selectFirst': {
      const options = segments.map((_, i) => {
        const then = single(m, tag, at(results, i).prediction);
        let when = guards[i] ?? always;
        if (missing === 'skipSegment') {
          const lost = a.missing(then.value);
          if (lost !== null) when = a.and(when, a.not(lost));
        }
        return { when, then };
      });
      return { prediction: firstOf(a, options), target: m.target, several: [], byId };
    }
    case 'modelChain': {
      const last = (segments[segments.length - 1] as Segment).pending;
      const options = segments
        .map((s, i) => ({ s, i }))
        .filter(
          ({ s, i }) =>
            at(results, i).prediction !== null &&
            s.pending.target === last.target &&
            (s.pending.classes === null) === (last.classes === null),
        )
        .map(({ i }) => ({
          when: guards[i] ?? always,
          then: single(m, tag, at(results, i).prediction),
        }))
        .reverse();
      const end = segments[segments.length - 1] as Segment;
      const ended = byId(end.id) as ModelResult;
      // A chain that ends in a selectAll has no one prediction either.
      if (ended.prediction === null) {
        return { prediction: null, target: last.target ?? m.target, several: ended.several, byId };
      }
      let prediction =
        options[0]?.when === always ? (options[0] as { then: Prediction }).then : firstOf(a, options);
      if (missing === 'returnMissing') {
        const lost = segments.map((_, i) => {
          const p = at(results, i).prediction;
          const gone = p && a.missing(p.value);
          const guard = guards[i] ?? null;
          return gone && (guard === null ? gone : a.and(guard, gone));
        });
        prediction = masked(a, prediction, a.or(...lost));
      }
      return { prediction, target: last.target ?? m.target, several: [], byId };
    }
    case 'x-multiModelChain': {
      // JPMML: a chain whose models have targets of their own, each of them shown.
      const targets = new Map<string, Prediction>();
      for (const s of segments) {
        const { prediction } = byId(s.id) as ModelResult;
        if (prediction === null || s.pending.target === null) continue;
        if (targets.has(s.pending.target))
          doc.fail(s.tag, 'pmml/duplicate-name', `a model before it predicts '${s.pending.target}' already`);
        targets.set(s.pending.target, prediction);
      }
      const prediction = targets.get(m.target ?? '') ?? [...targets.values()][0] ?? null;
      return { prediction, target: m.target, several: [], byId, targets };
    }
    default: {
      const members = membersOf(m, tag, segments, guards, routed, results);
      const how = { method, missing, threshold };
      return {
        prediction: combine(doc, a, tag, scope.real, members, how, m.classes),
        target: m.target,
        several: [],
        byId,
      };
    }
  }
};

const at = (results: readonly (() => ModelResult)[], i: number): ModelResult =>
  (results[i] as () => ModelResult)();

const once = <T>(f: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: f() };
    return made.value;
  };
};

/** null for a Segment whose predicate is False: nothing of it is ever scored. */
const readSegment = (
  cursor: XmlCursor,
  tag: Tag,
  id: string,
  m: Model,
  tests: Tests,
  forest: Forest | null,
  chain: boolean,
): Segment | null => {
  const { world, scope } = m;
  const { doc, a } = world;
  const weight = doc.number(tag, 'weight') ?? 1;
  let test: Test | undefined;
  let factor: Element | null = null;
  let pending: Pending | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (child.name === 'Extension' || test?.always === false) cursor.skip();
    else if (isPredicate(child.name)) {
      if (test) doc.fail(child, 'pmml/duplicate-element', 'a Segment has one predicate');
      test = tests.predicate(cursor.element(child), scope);
    } else if (child.name === 'VariableWeight') {
      factor = cursor.element(child);
    } else if (world.elements.has(child.name)) {
      if (!test) doc.fail(child, 'pmml/element-order', "a Segment's predicate must stand before its model");
      if (pending) doc.fail(child, 'pmml/duplicate-element', 'a Segment has one model');
      pending = m.nested(cursor, child, { scope, classes: m.classes, forest });
    } else doc.refuse(child);
  }
  if (!test) return doc.fail(tag, 'pmml/missing-element', 'a Segment needs a predicate');
  if (test.always === false) return null;
  if (!pending) return doc.fail(tag, 'pmml/missing-element', 'a Segment needs a model');
  const guard = chain && test.always === undefined ? a.isTrue(tests.test([test.row])) : null;
  return { tag, id, test, weight, factor, pending, guard };
};

/** All guards by one Test; null for those that are always TRUE. */
const guardsOf = (a: Algebra, tests: Tests, segments: readonly Segment[]): (Value | null)[] => {
  const open = segments.filter((s) => s.test.always === undefined);
  if (open.length === 0) return segments.map(() => null);
  const all = a.isTrue(tests.test(open.map((s) => s.test.row)));
  return segments.map((s) => {
    const at = open.indexOf(s);
    return at < 0 ? null : open.length === 1 ? all : a.column(all, at);
  });
};

/** What a segment of a chain puts out, for those after it. */
const publish = (m: Model, segment: Segment): void => {
  const { a } = m.world;
  const { guard } = segment;
  const result = segment.pending.finish(null);
  for (const { name, variable } of result.outputs()) {
    let { value } = variable;
    if (guard !== null) {
      const before = m.scope.find(name);
      const otherwise =
        before && dtypeOf(before.value) === dtypeOf(value) ? before.value : a.nothing(dtypeOf(value));
      value = a.choose([guard, value], otherwise);
    }
    m.scope.set(name, { ...variable, value });
  }
};

/** What a segment says, missing where its predicate is not TRUE. */
const guarded = (a: Algebra, result: ModelResult, guard: Value | null): ModelResult => {
  if (guard === null) return result;
  const off = a.not(guard);
  const inside = (r: ModelResult): ModelResult => guarded(a, r, guard);
  return {
    ...result,
    prediction: result.prediction && masked(a, result.prediction, off),
    outputs: () =>
      result
        .outputs()
        .map((o) => ({ ...o, variable: { ...o.variable, value: a.mask(o.variable.value, off) } })),
    several: result.several.map((s) => ({ id: s.id, result: inside(s.result) })),
    others: result.others.map(inside),
  };
};

/** A segment of a selectAll; one that selects all in turn, as its own segments under both ids. */
const listed = (id: string, result: ModelResult): Segments['several'] =>
  result.prediction === null && result.several.length > 0
    ? result.several.map((s) => ({ id: `${id}.${s.id}`, result: s.result }))
    : [{ id, result }];

/** The one prediction of a segment, in the classes of the model around it. */
const single = (m: Model, tag: Tag, p: Prediction | null): Prediction => {
  const { doc, a } = m.world;
  if (p === null) {
    return doc.refuse(
      tag,
      'a segment of multipleModelMethod="selectAll" has no single prediction to combine',
    );
  }
  const from = p.classes;
  const to = m.classes;
  if (m.functionName !== 'clustering' || from === null || to === null || from === to) return p;
  const numbers = from.labels.map((label) => to.index(doc, tag, label));
  const local = new Map(numbers.map((c, i) => [c, i]));
  return {
    ...p,
    classes: to,
    index: a.pick(a.table(constant('int32', numbers), 'clusters'), p.index as Value),
    probability: (c) => (local.has(c) ? p.probability(local.get(c) as number) : null),
    confidence: (c) => (local.has(c) ? p.confidence(local.get(c) as number) : null),
  };
};

/** Clusters have no target that lists them: those of all segments together, by their ids. */
const unite = (m: Model, tag: Tag, method: string, segments: readonly Segment[]): void => {
  const { doc } = m.world;
  const voted = ['majorityVote', 'weightedMajorityVote', 'selectFirst', 'selectAll', 'modelChain'];
  if (!voted.includes(method))
    doc.refuse(tag, `multipleModelMethod="${method}" is not defined for clustering`);
  const all = new Classes(undefined);
  for (const { pending, tag: of } of segments) {
    for (const label of pending.classes?.labels ?? []) all.index(doc, of, label);
  }
  m.classes = all;
};

const membersOf = (
  m: Model,
  tag: Tag,
  segments: readonly Segment[],
  guards: readonly (Value | null)[],
  routed: Routed | null,
  results: readonly (() => ModelResult)[],
): Members => {
  const { world, scope } = m;
  const { doc, a } = world;
  for (const s of segments) {
    if ((s.pending.classes === null) !== (m.classes === null)) {
      doc.fail(s.tag, 'pmml/mixed-functions', 'its model is not of the functionName that combines it');
    }
    if (m.classes !== null && s.pending.classes !== m.classes && m.functionName !== 'clustering') {
      doc.fail(s.tag, 'pmml/mixed-targets', 'its model has another target than the MiningModel');
    }
  }
  const bare =
    routed !== null &&
    segments.every((s, i) => s.pending.bare === i) &&
    routed.forest.trees.trees === segments.length;
  const guard = guards.every((g) => g === null)
    ? null
    : a.join(guards.map((g) => g ?? a.constant('bool', true))).data;
  const weightOf = (s: Segment, i: number): Value => {
    const own = a.constant(scope.real, s.weight);
    if (s.factor === null) return own;
    const name = doc.need(s.factor, 'field');
    const output = at(results, i)
      .outputs()
      .find((o) => o.name === name);
    const { value } = output?.variable ?? scope.read(name, s.factor);
    return a.mul(a.cast(value, scope.real), own);
  };
  // A weight that is missing weighs nothing.
  const factors = segments.some((s) => s.factor !== null) ? a.join(segments.map(weightOf)).data : null;
  /** Constants of all segments are one row; beside weights of each row they must have their rows. */
  const wide = (c: Columns): Columns => {
    if (factors === null || typeOf(c.data).dims?.[0] !== 1 || typeOf(factors).dims?.[0] === 1) return c;
    const shape = a.b.op('Shape', [factors]);
    const expand = (v: Value) => a.b.op('Expand', [v, shape]);
    return { data: expand(c.data), missing: c.missing && expand(c.missing) };
  };
  const side = (of: (p: Prediction) => Value | null): Columns | null => {
    const columns = results.map((r) => of(single(m, tag, r().prediction)));
    return columns.every((c) => c !== null) ? wide(a.join(columns)) : null;
  };
  return {
    count: segments.length,
    active: guard,
    weights: factors ?? segments.map((s) => s.weight),
    values: () => (bare ? routed.scores() : (side((p) => p.value) as Columns)),
    classes: () => (bare ? routed.classes() : (side((p) => p.index) as Columns)),
    probability: (c) => {
      if (!bare) return side((p) => p.probability(c));
      return routed.forest.distributed ? routed.shares(c, 'probability') : null;
    },
  };
};
