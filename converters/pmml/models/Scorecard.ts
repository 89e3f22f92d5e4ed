/** Partial scores, summed, and the reasons why the sum is what it is. PMML 4.4.1, Scorecard. */
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { asReal } from '../convert.ts';
import { parts, type Tag } from '../document.ts';
import { express, expressionIn, topLevel } from '../expressions.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { isPredicate, type Test, Tests } from '../predicates.ts';
import { type Asked, regression } from '../prediction.ts';
import { byRank } from '../ranking.ts';
import type { Scope } from '../scope.ts';
import { kindOf } from '../types.ts';

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { doc } = m.world;
  let characteristics: Element | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (child.name !== 'Characteristics') doc.refuse(child);
    characteristics = cursor.element(child);
  }
  if (!characteristics) doc.fail(m.tag, 'pmml/missing-element', 'a Scorecard needs Characteristics');
  const card = new Card(m.tag, parts(characteristics as Element), m.scope);
  const prediction = { ...regression(card.score()), further: (ask: Asked) => card.reason(ask) };
  return done(m, () => m.result(prediction));
};

export const scorecard: ModelElement = { name: 'Scorecard', functions: ['regression'], read };

interface Attribute {
  readonly tag: Element;
  readonly test: Test;
  readonly partial: Value;
  readonly computed: boolean;
  readonly code: string | undefined;
}

interface Characteristic {
  readonly tag: Element;
  readonly attributes: readonly Attribute[];
  readonly baseline: number | undefined;
}

class Card {
  private readonly tag: Tag;
  private readonly scope: Scope;
  private readonly tests: Tests;
  private readonly characteristics: readonly Characteristic[];
  /** By characteristic, which attribute is TRUE. */
  private readonly chosen: readonly (readonly Value[])[];
  private readonly partials: readonly Value[];
  private ranking: ((rank: number) => Value) | undefined;

  constructor(tag: Tag, elements: readonly Element[], scope: Scope) {
    const { doc, a } = scope.world;
    this.tag = tag;
    this.scope = scope;
    this.tests = new Tests(a, scope.real);
    this.characteristics = elements.map((e) => this.characteristic(e));
    if (this.characteristics.length === 0) doc.fail(tag, 'pmml/missing-element', 'it has no Characteristic');
    const columns = this.tests.each(this.characteristics.flatMap((c) => c.attributes.map((x) => x.test)));
    let at = 0;
    this.chosen = this.characteristics.map((c) => c.attributes.map(() => columns[at++] as Value));
    // No attribute is TRUE: the partial score is unknown, and the score with it.
    this.partials = this.characteristics.map((c, i) =>
      a.choose(
        c.attributes.flatMap((x, k) => [this.chosen[i]?.[k] as Value, x.partial]),
        a.nothing(scope.real),
      ),
    );
  }

  /** initialScore, then the partial scores in document order. */
  score(): Value {
    const { doc, a } = this.scope.world;
    const initial = a.constant(this.scope.real, doc.number(this.tag, 'initialScore') ?? 0);
    return this.partials.reduce((sum, v) => a.add(sum, v), initial);
  }

  private characteristic(element: Element): Characteristic {
    const { doc } = this.scope.world;
    if (element.name !== 'Characteristic') doc.refuse(element);
    const attributes = parts(element).map((e) => this.attribute(e, doc.text(element, 'reasonCode')));
    if (attributes.length === 0) doc.fail(element, 'pmml/missing-element', 'it has no Attribute');
    return { tag: element, attributes, baseline: doc.number(element, 'baselineScore') };
  }

  private attribute(element: Element, code: string | undefined): Attribute {
    const { scope } = this;
    const { doc } = scope.world;
    if (element.name !== 'Attribute') doc.refuse(element);
    const predicate = parts(element).find((p) => isPredicate(p.name));
    if (!predicate) return doc.fail(element, 'pmml/missing-element', 'it holds no predicate');
    for (const p of parts(element)) if (p !== predicate && p.name !== 'ComplexPartialScore') doc.refuse(p);
    return {
      tag: element,
      test: this.tests.predicate(predicate, scope),
      partial: this.partial(element),
      computed: doc.child(element, 'ComplexPartialScore') !== undefined,
      code: doc.text(element, 'reasonCode') ?? code,
    };
  }

  /** A ComplexPartialScore wins over the attribute partialScore. */
  private partial(element: Element): Value {
    const { doc, a } = this.scope.world;
    const complex = doc.child(element, 'ComplexPartialScore');
    if (!complex) return a.constant(this.scope.real, doc.needNumber(element, 'partialScore'));
    const made = express(expressionIn(doc, complex), topLevel(this.scope), 'double');
    if (kindOf(made.dataType) !== 'number')
      doc.fail(complex, 'pmml/type', 'a score is a number, and this is text');
    return a.mask(asReal(a, made.value, this.scope.real), made.invalid);
  }

  /** The result feature reasonCode. */
  reason(ask: Asked) {
    if (ask.feature !== 'reasonCode') return null;
    const { doc } = this.scope.world;
    if (!Number.isInteger(ask.rank) || ask.rank < 1) {
      doc.fail(ask.element, 'pmml/attribute-value', `rank="${ask.rank}" is not a whole number from 1 on`);
    }
    this.ranking ??= this.ranked(ask.element);
    return { value: this.ranking(ask.rank), dataType: 'string' };
  }

  /**
   * Codes by how far the partial scores that they explain are from their baselines, farthest first; what several
   * characteristics say under one code adds up. Equal ones stand in the order of the document. A code under which
   * nothing was lost (pointsBelow) or gained (pointsAbove) is no reason: where none is left the column is missing.
   */
  private ranked(element: Tag): (rank: number) => Value {
    const { scope, tag } = this;
    const { doc, a } = scope.world;
    if (!doc.flag(tag, 'useReasonCodes', true)) {
      doc.refuse(element, 'the Scorecard says useReasonCodes="false"');
    }
    const above =
      doc.choice(tag, 'reasonCodeAlgorithm', ['pointsAbove', 'pointsBelow'], 'pointsBelow') === 'pointsAbove';
    const common = doc.number(tag, 'baselineScore');
    const zero = a.constant(scope.real, 0);
    const sums = new Map<string, Value>();
    this.characteristics.forEach((c, i) => {
      const partial = this.partials[i] as Value;
      const baseline = c.baseline ?? common;
      if (baseline === undefined) {
        doc.fail(
          c.tag,
          'pmml/missing-attribute',
          'neither it nor the Scorecard has a baselineScore, which reason codes need',
        );
      }
      const base = a.like(partial, baseline as number);
      const difference = above ? a.sub(partial, base) : a.sub(base, partial);
      const codes = new Set(c.attributes.map((x) => codeOf(scope, x)));
      for (const code of codes) {
        const own =
          codes.size === 1
            ? difference
            : a.choose(
                c.attributes.flatMap((x, k) => [
                  this.chosen[i]?.[k] as Value,
                  x.code === code ? difference : zero,
                ]),
                a.nothing(scope.real),
              );
        const sum = sums.get(code);
        sums.set(code, sum === undefined ? own : a.add(sum, own));
      }
    });
    return this.byRank([...sums.keys()], [...sums.values()]);
  }

  private byRank(codes: readonly string[], sums: readonly Value[]): (rank: number) => Value {
    const { a } = this.scope.world;
    const { data } = a.join(sums);
    // A computed score may be no number (0 · ∞): then it has no place among the others.
    const computed = this.characteristics.some((c) => c.attributes.some((x) => x.computed));
    const unknown = a.or(
      ...sums.map((v) => a.missing(v)),
      ...(computed ? sums.map((v) => a.b.op('IsNaN', [a.fill(v)])) : []),
    );
    const ranked = byRank(a, data);
    const names = a.table(constant('string', codes), 'reasons');
    return (rank) => {
      if (rank > codes.length) return a.nothing('string');
      const { index, value } = ranked(rank);
      const none = a.b.op('LessOrEqual', [value, a.like(value, 0)]);
      return a.pick(names, index, a.or(none, unknown));
    };
  }
}

const codeOf = (scope: Scope, x: Attribute): string =>
  x.code ??
  scope.world.doc.fail(x.tag, 'pmml/missing-attribute', 'neither it nor its Characteristic has a reasonCode');
