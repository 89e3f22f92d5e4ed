/** PMML 3.0 to 4.4.1 into the graph. */

import { attr } from '../../src/ir/attributes.ts';
import type { Reader, ReadResult, Source } from '../../src/ir/converter.ts';
import { PortolanError } from '../../src/ir/diagnostic.ts';
import type { Examples, Field, Model, Value } from '../../src/ir/model.ts';
import { tensorType } from '../../src/ir/model.ts';
import { PredicateTable } from '../../src/ir/predicates.ts';
import { tabulate } from '../../src/passes/tabulate.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element, OpenTag as Open } from '../shared/xml.ts';
import { Algebra, dtypeOf, typeOf } from './algebra.ts';
import { Classes } from './classes.ts';
import { PmmlCursor } from './cursor.ts';
import { type DataField, readDictionary } from './dictionary.ts';
import { Document, parts, type Tag } from './document.ts';
import { derive } from './expressions.ts';
import { type ModelResult, readModel } from './model.ts';
import { models } from './models/index.ts';
import type { Variable, World } from './scope.ts';
import { type DataType, kindOf, logicalOf, parse } from './types.ts';
import { readVerification } from './verification.ts';

const elements = new Map(models.map((m) => [m.name, m]));

export const rows = 'N';

const versions = /^(3\.[0-2]|4\.[0-4])(\.\d+)?$/;

const detect = (head: Uint8Array): boolean => {
  const wide = head[0] === 0xff || head[0] === 0xfe;
  const text = wide
    ? new TextDecoder(head[0] === 0xff ? 'utf-16le' : 'utf-16be').decode(head)
    : Buffer.from(head).toString('latin1');
  // Comments and instructions may stand before the root.
  return /<(?:[\w.-]+:)?PMML[\s>]/.test(text.replace(/<!--[\s\S]*?(-->|$)/g, ''));
};

const read = (source: Source): ReadResult => {
  try {
    return readDocument(source);
  } catch (e) {
    if (e instanceof RangeError && /stack|Invalid string length|allocation/i.test(e.message)) {
      throw new PortolanError({
        rule: 'pmml/too-deep',
        message: 'the document is nested too deep, or too large, to be read',
        at: { file: source.name, at: '' },
      });
    }
    throw e;
  }
};

export const reader: Reader = { format: 'pmml', title: 'PMML 3.0 – 4.4.1', detect, read };

const readDocument = (source: Source): ReadResult => {
  const doc = new Document(source.name);
  const cursor = new PmmlCursor(source, doc);
  const root = cursor.root();
  checkRoot(doc, root);

  const metadata = new Map<string, string>();
  const a = new Algebra();
  a.b.place = doc.place(root);
  let fields: ReadonlyMap<string, DataField> | undefined;
  const derived = new Map<string, Element>();
  const functions = new Map<string, Element>();
  let world: (World & Inputs) | undefined;
  let read: ReturnType<typeof readModel> | undefined;
  let modelTag: Open | undefined;

  for (let tag = cursor.child(); tag !== null; tag = cursor.child()) {
    if (tag.name === 'Header') header(doc, cursor.element(tag), metadata);
    else if (tag.name === 'Extension' || tag.name === 'MiningBuildTask') cursor.skip();
    else if (tag.name === 'DataDictionary') fields = readDictionary(doc, cursor.element(tag));
    else if (tag.name === 'TransformationDictionary')
      dictionary(doc, cursor.element(tag), derived, functions);
    else if (read) {
      doc.warn(tag, 'pmml/further-model', 'only the first model of the document is read');
      cursor.skip();
    } else if (elements.has(tag.name)) {
      if (!fields) return doc.fail(tag, 'pmml/element-order', 'a DataDictionary must stand before the model');
      world = makeWorld(doc, a, fields, derived, functions);
      modelTag = tag;
      read = readModel(cursor, tag, world, null);
    } else doc.refuse(tag, 'this element is not supported');
  }
  cursor.finish();
  if (!read || !world || !modelTag) {
    return doc.fail(root, 'pmml/no-model', 'the document holds no model');
  }
  const result = read.pending.finish(null);
  return {
    model: tabulate(finish(doc, world, modelTag, result, read.model, metadata)),
    diagnostics: doc.diagnostics.list,
  };
};

const checkRoot = (doc: Document, root: Open): void => {
  if (root.name !== 'PMML') doc.fail(root, 'pmml/not-pmml', 'the root element of a PMML document is <PMML>');
  doc.version = (doc.text(root, 'version') ?? versionOfNamespace(doc, root)).trim();
  if (!versions.test(doc.version)) {
    doc.fail(
      root,
      'pmml/version',
      `version ${doc.version} is not read; 3.0 to 4.4.1 are`,
      'export the model again as PMML 4',
    );
  }
  const [, major, minor] = /^(\d)\.(\d)/.exec(doc.version) as RegExpExecArray;
  let known = false;
  for (const name in root.attributes) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    const said = /^https?:\/\/www\.dmg\.org\/PMML-(\d)_(\d)$/.exec(root.attributes[name] as string);
    known ||= said !== null;
    if (said && (said[1] !== major || said[2] !== minor)) {
      doc.warn(
        root,
        'pmml/namespace',
        `the namespace says ${said[1]}.${said[2]}, the attribute version ${doc.version}; the attribute counts`,
      );
    }
  }
  if (!known && root.attributes.xmlns !== undefined) {
    doc.warn(
      root,
      'pmml/namespace',
      `xmlns="${root.attributes.xmlns}" is no namespace of PMML; the names are taken for its`,
    );
  }
};

/** A document without the attribute version says its version in its namespace, if anywhere. */
const versionOfNamespace = (doc: Document, root: Open): string => {
  const said = /PMML-(\d)_(\d)$/.exec(doc.text(root, 'xmlns') ?? '');
  if (!said) return doc.need(root, 'version');
  const version = `${said[1]}.${said[2]}`;
  doc.warn(root, 'pmml/missing-attribute', `the attribute version is missing; the namespace says ${version}`);
  return version;
};

const header = (doc: Document, element: Element, into: Map<string, string>): void => {
  for (const name of ['copyright', 'description', 'modelVersion']) {
    const text = doc.text(element, name);
    if (text) into.set(name, text);
  }
  for (const part of element.children) {
    if (part.name === 'Application') {
      const [name, version] = [doc.text(part, 'name'), doc.text(part, 'version')];
      if (name) into.set('application', version ? `${name} ${version}` : name);
    } else if (part.name === 'Timestamp' && part.text.trim() !== '') into.set('timestamp', part.text.trim());
  }
};

const dictionary = (
  doc: Document,
  element: Element,
  derived: Map<string, Element>,
  functions: Map<string, Element>,
): void => {
  for (const part of parts(element)) {
    const into =
      part.name === 'DerivedField' ? derived : part.name === 'DefineFunction' ? functions : doc.refuse(part);
    const name = doc.need(part, 'name');
    if (into.has(name)) doc.fail(part, 'pmml/duplicate-name', `'${name}' is defined twice`);
    into.set(name, part);
  }
};

/** The inputs of the graph that were asked for, in order. */
interface Inputs {
  readonly inputs: Map<
    string,
    { readonly raw: Value; readonly field: DataField; readonly variable: Variable }
  >;
  /** Fields of inputs that are no columns of cells. */
  readonly specials: { readonly value: Value; readonly fields: readonly Field[] }[];
}

const makeWorld = (
  doc: Document,
  a: Algebra,
  fields: ReadonlyMap<string, DataField>,
  derived: ReadonlyMap<string, Element>,
  functions: ReadonlyMap<string, Element>,
): World & Inputs => {
  const classes = new Map<string, Classes>();
  const inputs: Inputs['inputs'] = new Map();
  const specials: Inputs['specials'] = [];
  return {
    elements,
    doc,
    a,
    fields,
    derived,
    functions,
    derive,
    inputs,
    specials,
    special: (name, type, fieldsOf) => {
      const value = a.b.input(a.b.unique(name), type);
      specials.push({ value, fields: fieldsOf(value) });
      return value;
    },
    steps: new Set(),
    demands: new Map(),
    counts: { trees: 0, nodes: 0 },
    classes: (target) => {
      let list = classes.get(target);
      if (!list) {
        list = new Classes(fields.get(target));
        classes.set(target, list);
      }
      return list;
    },
    input: (name, tag) => {
      const known = inputs.get(name);
      if (known) return known.variable;
      const field = fields.get(name);
      if (!field) return doc.fail(tag, 'pmml/unknown-field', `the DataDictionary has no field '${name}'`);
      const dtype = kindOf(field.dataType) === 'string' ? 'string' : 'float64';
      const raw = a.b.input(a.b.unique(name), tensorType(dtype, [rows, 1], 'missing'));
      const variable: Variable = {
        // A float holds numbers of single precision, and so do the literals that it is compared with.
        value: withoutMarkers(
          a,
          field.dataType === 'float' ? a.cast(a.cast(raw, 'float32'), 'float64') : raw,
          field,
        ),
        dataType: field.dataType,
        optype: field.optype,
        ...(field.valid.length > 0 && { order: field.valid }),
        field,
        notValid: null,
        invalid: null,
      };
      inputs.set(name, { raw, field, variable });
      return variable;
    },
  };
};

/** Values that the DataDictionary declares to mean missing. */
const withoutMarkers = (a: Algebra, raw: Value, field: DataField): Value => {
  const markers = field.missing.map((t) => parse(t, field.dataType)).filter((v) => v !== undefined);
  if (markers.length === 0) return raw;
  const table = new PredicateTable();
  const row = table.membership('in', 0, markers);
  const test = a.own('Test', [raw], {
    predicates: attr.predicates(table.build((numbers) => constant('float64', numbers))),
    rows: attr.ints([row]),
  });
  return a.mask(raw, a.isTrue(test));
};

/** The finished model: named results, fields, facts. */
const finish = (
  doc: Document,
  world: World & Inputs,
  tag: Open,
  result: ModelResult,
  m: { readonly verification: Element | null },
  metadata: Map<string, string>,
): Model => {
  const columns = shown(doc, tag, result);
  const { a } = world;
  const anchor = [...world.inputs.values()][0]?.raw;
  const rowsOf = () => anchor ?? firstColumn(a, world.specials[0]?.value);
  const fields: Field[] = [
    ...[...world.inputs].map(([name, { raw, field }]) => ({
      ...inputField(name, raw, field),
      ...(world.steps.has(name) && { step: true as const }),
      ...(world.demands.has(name) && { demands: world.demands.get(name) as NonNullable<Field['demands']> }),
    })),
    ...world.specials.flatMap((s) => s.fields),
  ];
  const results: Value[] = [];
  for (const c of columns) {
    const value = named(a, c.name, c.value, rowsOf);
    results.push(value);
    const logical = logicalOf(c.dataType);
    fields.push({
      name: c.name,
      role: 'output',
      value,
      optype: c.optype,
      says: c.says,
      ...(c.label !== undefined && { label: c.label }),
      ...(logical !== undefined && { logical }),
      ...(c.categories && { categories: c.categories }),
      ...(c.list && { list: true }),
    });
  }
  const examples = m.verification
    ? readVerification(doc, m.verification, new Set(world.inputs.keys()), new Set(columns.map((c) => c.name)))
    : undefined;
  metadata.set('summary', summary(tag, world, fields));
  return {
    format: 'PMML',
    version: doc.version,
    name: doc.text(tag, 'modelName') ?? '',
    graph: a.b.finish(results),
    rows: anchor || world.specials.length > 0 ? rows : null,
    fields,
    templates: [],
    opsets: new Map([
      ['', 21],
      ['ai.onnx.ml', 5],
    ]),
    profile: 'pmml',
    ...(examples && { examples: examples satisfies Examples }),
    metadata,
    extra: new Map(),
  };
};

/** A column with the rows of an input that has several. */
const firstColumn = (a: Algebra, v: Value | undefined): Value | undefined => {
  if (!v) return undefined;
  const flat = typeOf(v).dims?.length === 3;
  const first = a.b.constant(constant('int64', [0], []));
  return a.column(flat ? a.b.op('Gather', [v, first], { axis: attr.int(2) }) : v, 0);
};

interface Shown {
  readonly name: string;
  readonly value: Value;
  readonly dataType: DataType;
  readonly optype: Field['optype'];
  readonly says: NonNullable<Field['says']>;
  readonly label?: string;
  readonly list?: boolean;
  readonly categories?: readonly (string | number)[];
}

/** The columns of a result, in order: the prediction, the probabilities, the Output. A name of the Output wins. */
const shown = (doc: Document, tag: Tag, result: ModelResult): Shown[] => {
  const own: Shown[] = [];
  const predicted = (r: ModelResult, suffix: string, labels = suffix): void => {
    const p = r.prediction;
    if (!p || p.silent) return;
    own.push({
      name: `${r.target ?? 'prediction'}${suffix}`,
      value: p.value,
      dataType: r.dataType,
      optype: r.optype,
      says: 'prediction',
      ...(p.classes && { categories: p.classes.values }),
    });
    for (let c = 0; c < (p.classes?.count ?? 0); c++) {
      const value = p.probability(c);
      const label = p.classes?.labels[c] as string;
      if (value) {
        own.push({
          name: `probability(${label})${labels}`,
          value,
          dataType: 'double',
          optype: 'continuous',
          says: 'probability',
          label,
        });
      }
    }
  };
  predicted(result, '');
  for (const other of result.others) predicted(other, '', `[${other.target}]`);
  const outputs: Shown[] = [];
  const push = (r: ModelResult, suffix: string) => {
    for (const o of r.outputs()) {
      if (!o.final) continue;
      const taken = outputs.some((s) => s.name === o.name);
      outputs.push({
        name: taken ? `${o.name}${suffix}` : o.name,
        value: o.variable.value,
        dataType: o.variable.dataType,
        optype: o.variable.optype,
        says: o.says,
        ...(o.label !== undefined && { label: o.label }),
        ...(o.list && { list: true }),
        ...(o.says === 'prediction' && r.prediction?.classes && { categories: r.prediction.classes.values }),
      });
    }
  };
  push(result, '');
  for (const { id, result: r } of result.several) {
    predicted(r, `[${id}]`);
    push(r, `[${id}]`);
  }
  return [
    ...own.flatMap((s) => {
      const winner = outputs.find((o) => o.name === s.name);
      if (!winner) return [s];
      // An OutputField that says the same under the same name hides nothing.
      if (winner.says !== s.says || winner.label !== s.label) {
        doc.warn(
          tag,
          'pmml/output-name',
          `the OutputField '${s.name}' stands in the place of the model's own column`,
        );
      }
      outputs.splice(outputs.indexOf(winner), 1);
      return [winner];
    }),
    ...outputs,
  ];
};

const inputField = (name: string, value: Value, field: DataField): Field => {
  const logical = logicalOf(field.dataType);
  return {
    name,
    role: 'input',
    value,
    optype: field.optype,
    ...(logical !== undefined && { logical }),
    ...(field.valid.length > 0 && { categories: field.valid }),
    ...(field.intervals.length > 0 && { intervals: field.intervals }),
    ...(field.missing.length > 0 && { missing: field.missing }),
  };
};

/** A result as artifacts show it: strings or float64, a row each, under its own name where that is free. */
const named = (a: Algebra, name: string, from: Value, rowsOf: () => Value | undefined): Value => {
  const plain = dtypeOf(from) === 'string' ? from : a.cast(from, 'float64');
  const anchor = typeOf(plain).dims?.[0] === 1 ? rowsOf() : undefined;
  const v = anchor ? a.spread(plain, anchor) : plain;
  const output = a.b.unique(name === '' ? 'output' : name);
  const missing = a.missing(v);
  return missing === null
    ? a.b.op('Identity', [v], {}, { output })
    : a.b.op(['portolan', 'Mask'], [a.fill(v), missing], {}, { output });
};

const count = (n: number, one: string): string => `${n.toLocaleString('en-US')} ${one}${n === 1 ? '' : 's'}`;

const summary = (tag: Tag, world: World, fields: readonly Field[]): string =>
  [
    tag.name,
    ...(world.counts.trees > 0 ? [count(world.counts.trees, 'tree'), count(world.counts.nodes, 'node')] : []),
    count(fields.filter((f) => f.role === 'input').length, 'field'),
  ].join(' · ');
