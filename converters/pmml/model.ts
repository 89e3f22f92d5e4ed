/** One model element: its gate, its transformations, what it says, and what it shows. PMML 4.4.1, General Structure. */
import type { Value } from '../../src/ir/model.ts';
import type { Element, OpenTag as Open, XmlCursor } from '../shared/xml.ts';
import type { Real } from './algebra.ts';
import { Classes } from './classes.ts';
import type { DataField } from './dictionary.ts';
import { parts, type Tag } from './document.ts';
import type { Forest, Routed } from './forest.ts';
import type { Segments } from './mining.ts';
import { admit, isTarget, type MiningField, readMiningSchema } from './miningSchema.ts';
import { type OutputColumn, readOutput } from './output.ts';
import { masked, type Prediction } from './prediction.ts';
import { Scope, type Variable, type World } from './scope.ts';
import { applyTarget, displayValues, targetFor } from './targets.ts';
import type { TreeModel } from './tree.ts';
import type { DataType, OpType } from './types.ts';

/** What a model says and shows; made once all of it has been read. */
export interface ModelResult {
  readonly scope: Scope;
  /** Name of the target; null where there is none. */
  readonly target: string | null;
  readonly dataType: DataType;
  readonly optype: OpType;
  /** null under selectAll: each segment has its own. */
  readonly prediction: Prediction | null;
  readonly display: ReadonlyMap<string, string>;
  readonly outputs: () => readonly OutputColumn[];
  /** The segments of a selectAll, each under its id. */
  readonly several: readonly { readonly id: string; readonly result: ModelResult }[];
  /** Where a model predicts several targets, the others. */
  readonly others: readonly ModelResult[];
  /** The actual value of the target, for residuals. */
  readonly actual: (tag: Tag) => Variable;
}

/** A model that is read; its nodes may have to wait for others of its forest. */
export interface Pending {
  /** A tree of the forest shared with its neighbours, with nothing of its own around it: its number. */
  readonly bare: number | null;
  readonly model: TreeModel | null;
  readonly target: string | null;
  readonly classes: Classes | null;
  finish(routed: Routed | null): ModelResult;
}

/** What a segment has from the model around it. */
export interface Surroundings {
  readonly scope: Scope;
  readonly classes: Classes | null;
  /** Trees of one ensemble in one table; null where each stands alone. */
  readonly forest: Forest | null;
}

const passed = new Set(['Extension', 'ModelStats', 'ModelExplanation']);

export type FunctionName =
  | 'regression'
  | 'classification'
  | 'clustering'
  | 'associationRules'
  | 'sequences'
  | 'timeSeries'
  | 'mixed';

/** What the file of a model element says of it. */
export interface ModelElement {
  readonly name: string;
  /** The mining functions it may have. */
  readonly functions: readonly FunctionName[];
  /** Does it read groups of rows (usageType group and order) in its own way? */
  readonly groups?: true;
  /** Reads it from behind its open tag to its end. `m.part` takes what all models have. */
  read(cursor: XmlCursor, m: Model): Pending;
}

/** Reads a model inside another. */
export type Nested = (cursor: XmlCursor, tag: Open, around: Surroundings) => Pending;

/** Attributes and the parts before the content, as far as they have been read. */
export class Model {
  readonly world: World;
  readonly tag: Tag;
  readonly scope: Scope;
  readonly around: Surroundings | null;
  readonly functionName: FunctionName;
  readonly classification: boolean;
  fields: MiningField[] = [];
  /** Fields that nobody around gives. */
  private readonly unknown: MiningField[] = [];
  target: string | null = null;
  classes: Classes | null = null;
  output: Element | null = null;
  targets: Element | null = null;
  verification: Element | null = null;
  private readonly grouping: { readonly name: string; readonly tag: Tag }[] = [];
  /** Rows whose result is invalid for what was let in. */
  rejected: Value | null = null;

  readonly nested: Nested;

  constructor(world: World, tag: Tag, around: Surroundings | null, nested: Nested) {
    const { doc } = world;
    this.world = world;
    this.nested = nested;
    this.tag = tag;
    this.around = around;
    const functions = world.elements.get(tag.name)?.functions ?? [];
    doc.need(tag, 'functionName');
    this.functionName = doc.choice(tag, 'functionName', functions, functions[0] as FunctionName);
    this.classification = this.functionName === 'classification';
    if (!doc.flag(tag, 'isScorable', true)) {
      doc.fail(
        tag,
        'pmml/not-scorable',
        'the model says of itself that it is not to be scored with (isScorable="false")',
        'if it is to be all the same, change that attribute',
      );
    }
    const context = doc.choice(tag, 'x-mathContext', ['double', 'float', ''], '');
    const real: Real =
      context === '' ? (around?.scope.real ?? 'float64') : context === 'float' ? 'float32' : 'float64';
    this.scope = new Scope(world, around?.scope ?? null, real);
  }

  /** A part that all models may have; false for the content. */
  part(cursor: XmlCursor, tag: Open): boolean {
    const { doc } = this.world;
    if (passed.has(tag.name)) {
      cursor.skip();
      return true;
    }
    switch (tag.name) {
      case 'MiningSchema':
        this.admit(cursor.element(tag));
        return true;
      case 'Output':
        this.output = cursor.element(tag);
        return true;
      case 'Targets':
        this.targets = cursor.element(tag);
        return true;
      case 'LocalTransformations':
        for (const d of parts(cursor.element(tag))) {
          if (d.name !== 'DerivedField') doc.refuse(d);
          this.scope.define(doc.need(d, 'name'), d);
        }
        return true;
      case 'ModelVerification':
        this.verification = cursor.element(tag);
        return true;
    }
    if (this.fields.length === 0) {
      doc.fail(tag, 'pmml/element-order', 'a MiningSchema must stand before the content of its model');
    }
    return false;
  }

  /** Lets the fields of a MiningSchema in, but those that are no columns of this model. */
  admit(element: Element, apart: ReadonlySet<string> = new Set()): void {
    const { world, scope, around } = this;
    const { doc, a } = world;
    this.fields = readMiningSchema(doc, element);
    const planes: (Value | null)[] = [];
    for (const field of this.fields) {
      if ((field.usage === 'group' || field.usage === 'order') && !apart.has(field.name)) {
        this.offer(field);
      }
      if (field.usage !== 'active' || apart.has(field.name)) continue;
      const raw = around === null ? world.input(field.name, field.tag) : around.scope.find(field.name);
      if (!raw) {
        this.unknown.push(field);
        continue;
      }
      planes.push(admit(world, field, raw, scope, around !== null));
    }
    this.rejected = a.or(...planes);
    const targets = this.fields.filter(isTarget).map((f) => f.name);
    const named = doc.text(this.tag, 'targetFieldName');
    this.target = targets.find((t) => t === named) ?? targets[0] ?? null;
    if (this.classification) this.classes = this.classesOf(this.target);
  }

  /** A model may list among its inputs what it puts out itself; any other field that nobody gives is wrong. */
  private checkUnknown(): void {
    const { doc } = this.world;
    for (const { name, tag } of this.unknown) {
      if (!this.output?.children.some((c) => c.attributes.name === name)) {
        doc.fail(tag, 'pmml/unknown-field', `the models around know no field '${name}'`);
      }
      doc.warn(tag, 'pmml/own-output', `'${name}' is an output of this model, and none of its inputs`);
    }
  }

  /** What groups or orders rows is read by Lag and Aggregate, and by models that know groups. */
  private offer({ name, tag, usage }: MiningField): void {
    const { world, scope, around } = this;
    scope.offer(name, () => around?.scope.find(name) ?? world.input(name, tag));
    if (usage === 'group' && !world.elements.get(this.tag.name)?.groups) this.grouping.push({ name, tag });
  }

  private classesOf(target: string | null): Classes {
    if (target !== null) return this.world.classes(target);
    return this.around?.classes ?? new Classes(undefined);
  }

  /** Does the model do nothing to what its trees say? Then it may stand in one table with its neighbours. */
  get plain(): boolean {
    return this.rejected === null && this.targets === null && this.scope.invalid() === null;
  }

  /** `several`: what is predicted of each target, where there is more than one. */
  result(
    raw: Prediction | null,
    segments: Segments | null = null,
    several: ReadonlyMap<string, Prediction> | null = null,
  ): ModelResult {
    const { a, doc } = this.world;
    this.checkUnknown();
    return a.within(doc.place(this.tag), () => {
      // In a chain the last segment says what is predicted.
      const target = segments?.target ?? [...(several ?? [])].find(([, p]) => p === raw)?.[0] ?? this.target;
      const others = [...(several ?? [])]
        .filter(([name]) => name !== target)
        .map(([name, p]) => this.finished(p, name, null, []));
      return this.finished(raw, target, segments, others);
    });
  }

  private finished(
    raw: Prediction | null,
    target: string | null,
    segments: Segments | null,
    others: readonly ModelResult[],
  ): ModelResult {
    const { world, scope } = this;
    const { doc, a } = world;
    for (const { name, tag } of this.grouping) {
      if (scope.has(name)) continue;
      doc.warn(tag, 'pmml/ignored', `nothing here groups rows by '${name}': each row has its own result`);
    }
    const field: DataField | undefined = target === null ? undefined : world.fields.get(target);
    const own = targetFor(doc, this.targets, target);
    const prediction = raw && masked(a, applyTarget(doc, a, own, raw), a.or(this.rejected, scope.invalid()));
    const categorical = prediction ? prediction.classes !== null : this.classification;
    const display = new Map<string, string>();
    for (const [value, text] of field?.display ?? []) display.set(String(value), text);
    for (const [value, text] of displayValues(doc, own)) display.set(value, text);
    let columns: readonly OutputColumn[] | undefined;
    const result: ModelResult = {
      scope,
      target,
      dataType: categorical ? (prediction?.classes?.dataType ?? 'string') : 'double',
      optype: categorical ? (field?.optype === 'ordinal' ? 'ordinal' : 'categorical') : 'continuous',
      prediction,
      display,
      several: segments?.several ?? [],
      others,
      outputs: () => {
        columns ??= readOutput(this.output, result, (id) => segments?.byId(id));
        return columns;
      },
      actual: (tag) => {
        if (target === null) return doc.fail(tag, 'pmml/no-target', 'a residual needs a target');
        return outermost(scope).find(target) ?? world.input(target, tag);
      },
    };
    return result;
  }
}

const outermost = (scope: Scope): Scope => (scope.outer === null ? scope : outermost(scope.outer));

/** Reads the model whose open tag was read last. */
export const readModel = (
  cursor: XmlCursor,
  tag: Open,
  world: World,
  around: Surroundings | null,
): { readonly model: Model; readonly pending: Pending } => {
  const nested: Nested = (c, t, s) => readModel(c, t, world, s).pending;
  const model = new Model(world, tag, around, nested);
  const element = world.elements.get(tag.name);
  const pending = world.a.within(world.doc.place(tag), () =>
    element ? element.read(cursor, model) : world.doc.refuse(tag, 'this model is not supported'),
  );
  return { model, pending };
};

/** A model that waits for nothing; `finish` is called once, when its result is first asked for. */
export const done = (m: Model, finish: () => ModelResult): Pending => {
  let result: ModelResult | undefined;
  return {
    bare: null,
    model: null,
    target: m.target,
    classes: m.classes,
    finish: () => {
      result ??= finish();
      return result;
    },
  };
};
