/**
 * Which document of a corpus a text is most alike. PMML 4.4.1, Text Models (deprecated there in favour of TextIndex).
 *
 * The specification defines the weights of a document's terms and the similarity of two documents, and leaves open how
 * a row says its text. Two ways are read: an active field for each term of the dictionary, which holds how often it
 * occurs (missing: not at all), or a single active text field, in which the terms are counted as TextIndex does. Local
 * weights are those of TextIndex, which stands in for this model since 4.2: the logarithm has base 10.
 * The classes are the documents, by their ids; the result feature affinity is the similarity, or the distance.
 */
import type { Value } from '../../../src/ir/model.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { arrayValues } from '../arrays.ts';
import { Classes } from '../classes.ts';
import { asReal } from '../convert.ts';
import { parts, type Tag } from '../document.ts';
import { matrixIn } from '../matrix.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { type Asked, classification, type Prediction } from '../prediction.ts';
import { byRank } from '../ranking.ts';
import { textIndex } from '../textIndex.ts';
import { kindOf } from '../types.ts';

const needed = ['TextDictionary', 'TextCorpus', 'DocumentTermMatrix'] as const;
const optional = ['TextModelNormalization', 'TextModelSimiliarity'];

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { doc } = m.world;
  const content = new Map<string, Element>();
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (!needed.some((n) => n === child.name) && !optional.includes(child.name)) doc.refuse(child);
    if (content.has(child.name))
      doc.fail(child, 'pmml/duplicate-element', `a TextModel has one ${child.name}`);
    content.set(child.name, cursor.element(child));
  }
  for (const n of needed) {
    if (!content.has(n)) doc.fail(m.tag, 'pmml/missing-element', `a TextModel needs a ${n}`);
  }
  const prediction = predict(m, content);
  return done(m, () => m.result(prediction));
};

export const textModel: ModelElement = {
  name: 'TextModel',
  functions: ['classification', 'clustering'],
  read,
};

const local = ['termFrequency', 'binary', 'logarithmic', 'augmentedNormalizedTermFrequency'] as const;
const global = ['inverseDocumentFrequency', 'none', 'GFIDF', 'normal', 'probabilisticInverse'] as const;

const predict = (m: Model, content: ReadonlyMap<string, Element>): Prediction => {
  const { doc, a } = m.world;
  const terms = termsOf(m, content.get('TextDictionary') as Element);
  const ids = documentsOf(m, content.get('TextCorpus') as Element);
  const frequencies = matrixIn(doc, content.get('DocumentTermMatrix') as Element);
  if (frequencies.length !== ids.length || frequencies.some((row) => row.length !== terms.length)) {
    doc.fail(
      content.get('DocumentTermMatrix') as Element,
      'pmml/matrix',
      `it is not ${ids.length} documents x ${terms.length} terms`,
    );
  }
  const normalization: Tag = content.get('TextModelNormalization') ?? none;
  const weights = new Weights(m, normalization, frequencies);
  const similarity = content.get('TextModelSimiliarity') ?? none;
  const cosine = doc.choice(similarity, 'similarityType', ['euclidean', 'cosine'], 'cosine') === 'cosine';

  const row = weights.ofRow(terms.map((t) => countOf(m, t, terms)));
  const compared = frequencies.map((f) => {
    const document = weights.ofDocument(f);
    return cosine ? alike(m, row, document) : distance(m, row, document);
  });
  const missing = a.or(...compared.map((v) => a.missing(v)));
  const { data } = a.join(compared);
  const ranks = byRank(a, data, !cosine);
  const best = ranks(1);
  const classes = new Classes(undefined);
  for (const { tag, id } of ids) classes.index(doc, tag, id);
  m.classes = classes;
  const names = a.table(classes.table(), 'documents');
  const at = (ask: Asked): number => {
    if (Number.isInteger(ask.rank) && ask.rank >= 1 && ask.rank <= ids.length) return ask.rank;
    return doc.fail(ask.element, 'pmml/rank', `rank="${ask.rank}" is not one of 1 to ${ids.length}`);
  };
  return {
    ...classification(a, classes, a.mask(a.cast(best.index, 'int32'), missing), {
      entity: () => a.pick(names, best.index, missing),
    }),
    further: (ask) => {
      if (ask.feature === 'entityId') {
        return { value: a.pick(names, ranks(at(ask)).index, missing), dataType: 'string' };
      }
      if (ask.feature !== 'affinity' && ask.feature !== 'entityAffinity') return null;
      if (ask.value === undefined)
        return { value: a.mask(ranks(at(ask)).value, missing), dataType: 'double' };
      const one = compared[classes.find(ask.value) ?? -1];
      if (!one) doc.fail(ask.element, 'pmml/unknown-entity', `there is no document with id "${ask.value}"`);
      return { value: one as Value, dataType: 'double' };
    },
  };
};

/** An element that is left out: all of its attributes have their defaults. */
const none: Tag = { name: 'TextModel', attributes: {}, line: 0 };

const termsOf = (m: Model, dictionary: Element): string[] => {
  const { doc } = m.world;
  const array = parts(dictionary).find((p) => p.name === 'Array');
  if (!array) return doc.fail(dictionary, 'pmml/missing-element', 'it holds no Array of terms');
  const terms = arrayValues(doc, array);
  if (new Set(terms).size !== terms.length)
    doc.fail(array, 'pmml/duplicate-name', 'a term stands twice in it');
  const declared = doc.number(m.tag, 'numberOfTerms');
  if (declared !== undefined && declared !== terms.length) {
    doc.warn(m.tag, 'pmml/count', `it says numberOfTerms="${declared}" and holds ${terms.length}`);
  }
  return terms;
};

const documentsOf = (m: Model, corpus: Element): { readonly tag: Element; readonly id: string }[] => {
  const { doc } = m.world;
  const documents = parts(corpus).map((tag) => {
    if (tag.name !== 'TextDocument') doc.refuse(tag);
    return { tag, id: doc.need(tag, 'id') };
  });
  if (documents.length === 0) doc.fail(corpus, 'pmml/missing-element', 'it holds no TextDocument');
  const twice = documents.find((d, i) => documents.findIndex((x) => x.id === d.id) < i);
  if (twice) doc.fail(twice.tag, 'pmml/duplicate-name', `two documents have the id "${twice.id}"`);
  const declared = doc.number(m.tag, 'numberOfDocuments');
  if (declared !== undefined && declared !== documents.length) {
    doc.warn(m.tag, 'pmml/count', `it says numberOfDocuments="${declared}" and holds ${documents.length}`);
  }
  return documents;
};

/** How often a term occurs in the row. */
const countOf = (m: Model, term: string, terms: readonly string[]): Value => {
  const { scope } = m;
  const { doc, a } = m.world;
  const active = m.fields.filter((f) => f.usage === 'active');
  if (terms.every((t) => scope.find(t) !== undefined)) {
    const variable = scope.read(term, m.tag);
    if (kindOf(variable.dataType) !== 'number')
      doc.fail(m.tag, 'pmml/type', `the field '${term}' is no number`);
    return a.fill(asReal(a, variable.value, scope.real), 0);
  }
  const [text] = active;
  const variable = text && active.length === 1 ? scope.read(text.name, text.tag) : undefined;
  if (!text || !variable || kindOf(variable.dataType) !== 'string') {
    return doc.refuse(m.tag, 'it needs an active field for each of its terms, or one that holds a text');
  }
  const word = { ...variable, value: a.constant('string', term), notValid: null, invalid: null };
  const how: Element = { ...text.tag, attributes: {}, children: [], text: '' };
  return textIndex(how, variable, word, scope);
};

/** The weight of a term in a document: local x global, the document then brought to length 1 or not. */
class Weights {
  private readonly m: Model;
  private readonly kind: (typeof local)[number];
  private readonly global: readonly number[];
  private readonly unit: boolean;

  constructor(m: Model, tag: Tag, frequencies: readonly (readonly number[])[]) {
    const { doc } = m.world;
    this.m = m;
    this.kind = doc.choice(tag, 'localTermWeights', local, 'termFrequency');
    this.unit = doc.choice(tag, 'documentNormalization', ['none', 'cosine'], 'none') === 'cosine';
    const which = doc.choice(tag, 'globalTermWeights', global, 'inverseDocumentFrequency');
    this.global = (frequencies[0] ?? []).map((_, t) => {
      const column = frequencies.map((f) => f[t] as number);
      const weight = globalWeight(which, column);
      // A term that the weight is not defined for decides nothing.
      return Number.isFinite(weight) ? weight : 0;
    });
  }

  ofDocument(frequencies: readonly number[]): number[] {
    const most = Math.max(...frequencies);
    const weights = frequencies.map((f, t) => localWeight(this.kind, f, most) * (this.global[t] as number));
    const length = Math.hypot(...weights);
    return this.unit && length > 0 ? weights.map((w) => w / length) : weights;
  }

  /** The same of the row, term by term. */
  ofRow(counts: readonly Value[]): Value[] {
    const { a } = this.m.world;
    const most = counts.reduce((x, v) => a.lift('Max', [x, v]));
    const weights = counts.map((f, t) => a.mul(this.localOf(f, most), a.like(f, this.global[t] as number)));
    if (!this.unit) return weights;
    const length = a.lift('Sqrt', [dot(this.m, weights, weights)]);
    const divisor = a.choose([a.compare('Greater', length, a.like(length, 0)), length], a.like(length, 1));
    return weights.map((w) => a.div(w, divisor));
  }

  private localOf(f: Value, most: Value): Value {
    const { a } = this.m.world;
    const zero = a.like(f, 0);
    const there = a.cast(a.compare('Greater', f, zero), this.m.scope.real);
    switch (this.kind) {
      case 'termFrequency':
        return f;
      case 'binary':
        return there;
      case 'logarithmic':
        return a.div(a.lift('Log', [a.add(a.like(f, 1), f)]), a.like(f, Math.LN10));
      case 'augmentedNormalizedTermFrequency': {
        const some = a.choose([a.compare('Greater', most, zero), most], a.like(f, 1));
        return a.mul(a.like(f, 0.5), a.add(there, a.div(f, some)));
      }
    }
  }
}

const localWeight = (kind: (typeof local)[number], f: number, most: number): number => {
  switch (kind) {
    case 'termFrequency':
      return f;
    case 'binary':
      return f > 0 ? 1 : 0;
    case 'logarithmic':
      return Math.log(1 + f) / Math.LN10;
    case 'augmentedNormalizedTermFrequency':
      return 0.5 * ((f > 0 ? 1 : 0) + (most > 0 ? f / most : 0));
  }
};

/** Of a term, from how often it occurs in each of n documents. */
const globalWeight = (which: (typeof global)[number], column: readonly number[]): number => {
  const n = column.length;
  const within = column.filter((f) => f > 0).length;
  const sum = (of: (f: number) => number) => column.reduce((x, f) => x + of(f), 0);
  switch (which) {
    case 'none':
      return 1;
    case 'inverseDocumentFrequency':
      return Math.log(n / within);
    case 'GFIDF':
      return sum((f) => f) / within;
    case 'normal':
      return 1 / Math.sqrt(sum((f) => f * f));
    case 'probabilisticInverse':
      return Math.log((n - within) / within);
  }
};

const dot = (m: Model, x: readonly Value[], y: readonly Value[]): Value => {
  const { a } = m.world;
  return x.map((v, i) => a.mul(v, y[i] as Value)).reduce((s, v) => a.add(s, v));
};

const constants = (m: Model, values: readonly number[]): Value[] =>
  values.map((v) => m.world.a.constant(m.scope.real, v));

/** The cosine of the angle between them; 0 where one is empty. */
const alike = (m: Model, row: readonly Value[], document: readonly number[]): Value => {
  const { a } = m.world;
  const length = a.mul(a.lift('Sqrt', [dot(m, row, row)]), a.constant(m.scope.real, Math.hypot(...document)));
  const zero = a.like(length, 0);
  const divisor = a.choose([a.compare('Greater', length, zero), length], a.like(length, 1));
  return a.div(dot(m, row, constants(m, document)), divisor);
};

const distance = (m: Model, row: readonly Value[], document: readonly number[]): Value => {
  const { a } = m.world;
  const apart = row.map((v, i) => a.sub(v, a.like(v, document[i] as number)));
  return a.lift('Sqrt', [dot(m, apart, apart)]);
};
