/** Output: what a model shows of a row, under names of its own. PMML 4.4.1, Output. */
import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import { dtypeOf } from './algebra.ts';
import { convert } from './convert.ts';
import { parts, type Tag } from './document.ts';
import { express, expressionIn, topLevel } from './expressions.ts';
import type { ModelResult } from './model.ts';
import { byRank } from './ranking.ts';
import { Scope, type Variable } from './scope.ts';
import { type DataType, dataTypeOf, kindOf, optypes } from './types.ts';

export interface OutputColumn {
  readonly name: string;
  readonly tag: Tag;
  readonly variable: Variable;
  readonly says: 'prediction' | 'probability' | 'other';
  readonly label?: string;
  /** Several values a row, the first of them present. */
  readonly list?: boolean;
  /** Is it shown, or only there for others to read? */
  readonly final: boolean;
}

const features = [
  'predictedValue',
  'predictedDisplayValue',
  'transformedValue',
  'decision',
  'probability',
  'residual',
  'confidence',
  'entityId',
  'warning',
] as const;

/** Of classifications: those that rank="2" and so on may be asked of. */
const ranked: ReadonlySet<string> = new Set([
  'predictedValue',
  'predictedDisplayValue',
  'probability',
  'confidence',
]);

/** The same attributes, and nothing inside. */
const alike = (x: Element, y: Element): boolean => {
  const [one, other] = [Object.entries(x.attributes), Object.entries(y.attributes)];
  return (
    one.length === other.length &&
    one.every(([name, value]) => y.attributes[name] === value) &&
    parts(x).length + parts(y).length === 0
  );
};

/** The columns of an Output, in order. `segment` finds the result of a segment by its id. */
export const readOutput = (
  output: Element | null,
  result: ModelResult,
  segment: (id: string) => ModelResult | undefined,
): OutputColumn[] => {
  if (output === null) return [];
  const { scope } = result;
  const { doc } = scope.world;
  const inner = new Scope(scope.world, scope, scope.real);
  const columns: OutputColumn[] = [];
  const known = new Map<string, Element>();
  for (const element of parts(output)) {
    if (element.name !== 'OutputField') doc.refuse(element);
    const name = doc.need(element, 'name');
    const before = known.get(name);
    if (before && alike(before, element)) {
      doc.warn(element, 'pmml/duplicate-name', `the output '${name}' is defined twice, both times alike`);
      continue;
    }
    if (before) doc.fail(element, 'pmml/duplicate-name', `the output '${name}' is defined twice`);
    known.set(name, element);
    const id = doc.text(element, 'segmentId');
    const within = id === undefined ? result : segment(id);
    const target = doc.text(element, 'targetField');
    const of = within?.others.find((o) => o.target === target) ?? within;
    if (!of) {
      doc.fail(element, 'pmml/unknown-segment', `there is no Segment with id "${id}"`);
      continue;
    }
    const column = one(element, name, of, inner);
    inner.set(name, column.variable);
    columns.push(column);
  }
  return columns;
};

/** Zementis' servers spell such a number as JSON, in a string; what R's package pmml and Nyoka say so of are numbers. */
const asJson = (element: Element): boolean =>
  element.children.some(
    (c) =>
      c.name === 'Extension' &&
      c.attributes.extender === 'ADAPA' &&
      c.attributes.name === 'dataType' &&
      c.attributes.value === 'json',
  );

const one = (element: Element, name: string, of: ModelResult, scope: Scope): OutputColumn => {
  const { doc, a } = scope.world;
  const feature = doc.text(element, 'feature') ?? 'predictedValue';
  const known = features.find((f) => f === feature);
  const rank = doc.number(element, 'rank') ?? 1;
  // Rank 0 asks a model of rules for all of them.
  const least = doc.flag(element, 'isMultiValued', false) ? 0 : 1;
  if (!(Number.isInteger(rank) && rank >= least)) {
    doc.fail(element, 'pmml/attribute-value', `rank="${rank}" is no whole number from 1 on`);
  }
  const declared =
    doc.text(element, 'dataType') === undefined || asJson(element) ? undefined : dataTypeOf(doc, element);
  const final = doc.flag(element, 'isFinalResult', true);
  const column = (
    value: Value,
    dataType: DataType,
    says: OutputColumn['says'] = 'other',
    label?: string,
  ): OutputColumn => {
    const given: Variable = {
      value,
      dataType,
      optype: doc.choice(
        element,
        'optype',
        optypes,
        kindOf(dataType) === 'string' ? 'categorical' : 'continuous',
      ),
      notValid: null,
      invalid: null,
    };
    // A declared type only says how a value is spelled: numbers are cast by Targets alone.
    const other = declared !== undefined && kindOf(declared) !== kindOf(dataType);
    const variable = other ? convert(doc, a, element, given, declared, scope.real) : given;
    return { name, tag: element, variable, says, final, ...(label !== undefined && { label }) };
  };
  const own = of.prediction?.further?.({ feature, element, rank, value: doc.text(element, 'value') });
  if (own) return { ...column(own.value, own.dataType), ...(own.list && { list: true }) };
  if (known === undefined) return doc.refuse(element, `feature="${feature}" is not supported for this model`);
  if (rank !== 1 && !ranked.has(feature)) {
    doc.refuse(element, `rank="${rank}" is not defined for feature="${feature}" of this model`);
  }

  if (of.prediction?.silent)
    doc.refuse(element, `feature="${feature}" needs a target, and this model has none`);
  const p = () =>
    of.prediction ??
    doc.refuse(
      element,
      'a model of multipleModelMethod="selectAll" has no single prediction; name a segmentId',
    );
  const classes = () =>
    p().classes ??
    doc.refuse(element, `feature="${feature}" is of classifications, and this model is a regression`);
  const value = () => {
    if (rank === 1) return p().value;
    const list = classes();
    return a.pick(a.table(list.table(), 'labels'), atRank(element, of, rank));
  };
  const index = () => {
    classes();
    return rank === 1 ? (p().index as Value) : atRank(element, of, rank);
  };

  switch (known) {
    case 'predictedValue':
      return column(value(), of.dataType, 'prediction');
    case 'predictedDisplayValue': {
      if (of.display.size === 0) return column(value(), of.dataType);
      const shown = p().classes;
      const asText = convert(
        doc,
        a,
        element,
        plainVariable(value(), of.dataType),
        'string',
        scope.real,
      ).value;
      const branches = [...of.display].flatMap(([v, text]) => {
        const is = shown
          ? a.compare(
              'Equal',
              value(),
              a.like(value(), shown.values[shown.index(doc, element, v)] as string | number),
            )
          : a.compare('Equal', value(), a.like(value(), doc.parseNumber(element, v, 'value')));
        return [is, a.constant('string', text)];
      });
      return column(a.choose(branches, asText), 'string');
    }
    case 'transformedValue':
    case 'decision': {
      for (const part of parts(element))
        if (part.name === 'Decisions' && known !== 'decision') doc.refuse(part);
      if (!element.children.some((c) => c.name !== 'Extension' && c.name !== 'Decisions')) {
        const segmentId = doc.text(element, 'segmentId');
        const shown = segmentId === undefined ? undefined : of.outputs().find((o) => o.name === name);
        if (shown) return column(shown.variable.value, shown.variable.dataType);
      }
      const made = express(expressionIn(doc, element), topLevel(scope), declared);
      return column(a.mask(made.value, made.invalid), made.dataType);
    }
    case 'probability': {
      const text = doc.text(element, 'value');
      const list = classes();
      if (text !== undefined) {
        const c = list.index(doc, element, text);
        const v = p().probability(c) ?? unsaid(element, scope);
        return column(v, 'double', 'probability', list.labels[c] as string);
      }
      return column(
        ofClass(element, of, index(), (c) => p().probability(c)),
        'double',
      );
    }
    case 'confidence': {
      const text = doc.text(element, 'value');
      const list = classes();
      const of_ = (c: number) => p().confidence(c) ?? p().probability(c);
      if (text !== undefined) {
        const v = of_(list.index(doc, element, text));
        return column(v ?? unsaid(element, scope), 'double');
      }
      return column(ofClass(element, of, index(), of_), 'double');
    }
    case 'residual': {
      const actual = of.actual(element);
      if (p().classes === null) return column(a.sub(a.cast(actual.value, scope.real), value()), 'double');
      const list = classes();
      const text = doc.text(element, 'value');
      const wanted =
        text === undefined
          ? value()
          : a.like(value(), list.values[list.index(doc, element, text)] as string | number);
      const probability =
        text === undefined
          ? ofClass(element, of, index(), (c) => p().probability(c))
          : p().probability(list.index(doc, element, text));
      const hit = a.cast(a.compare('Equal', actual.value, wanted), scope.real);
      return column(a.sub(hit, probability ?? unsaid(element, scope)), 'double');
    }
    case 'entityId': {
      const v = p().entity();
      return column(v ?? doc.refuse(element, 'this model has no entity to name'), 'string');
    }
    case 'warning':
      // None of these models gives warnings.
      return column(a.nothing('string'), 'string');
  }
};

const plainVariable = (value: Value, dataType: DataType): Variable => ({
  value,
  dataType,
  optype: 'categorical',
  notValid: null,
  invalid: null,
});

/** What the model knows nothing of: missing in every row, and a warning. */
const unsaid = (tag: Tag, scope: Scope): Value => {
  const { doc, a } = scope.world;
  doc.warn(
    tag,
    'pmml/no-probabilities',
    'this model knows no probabilities; the column is missing in every row',
  );
  return a.nothing(scope.real);
};

/** Of the class in each row, what the model says of it. */
const ofClass = (tag: Tag, of: ModelResult, index: Value, say: (c: number) => Value | null): Value => {
  const { a } = of.scope.world;
  const branches: Value[] = [];
  for (let c = 0; c < (of.prediction?.classes?.count ?? 0); c++) {
    const v = say(c);
    if (v === null) return unsaid(tag, of.scope);
    branches.push(a.compare('Equal', index, a.like(index, c)), v);
  }
  const last = branches[1] as Value;
  return a.choose(branches, a.nothing(dtypeOf(last)));
};

/** The class in a place from the second on: by probability, equal ones in the target's order. Missing past the last. */
const atRank = (tag: Tag, of: ModelResult, rank: number): Value => {
  const { doc, a } = of.scope.world;
  const p = of.prediction;
  const count = p?.classes?.count ?? 0;
  if (rank > count) return a.nothing('int32');
  const values = Array.from({ length: count }, (_, c) => p?.probability(c) ?? p?.confidence(c) ?? null);
  if (values.some((v) => v === null)) {
    return doc.refuse(tag, 'ranks go by probability, and this model knows none');
  }
  const { data, missing } = a.join(values as Value[]);
  const none = missing === null ? null : a.or(...values.map((v) => a.missing(v as Value)));
  return a.mask(a.cast(byRank(a, data)(rank).index, 'int32'), none);
};
