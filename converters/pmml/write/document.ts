/** A model as a PMML 4.4.1 document: what fields it has, which elements say what it computes, in which order they stand. */
import { fail } from '../../../src/ir/diagnostic.ts';
import type { Field as IrField, Model, Value } from '../../../src/ir/model.ts';
import type { Program, Slot } from '../../../src/kernel/row.ts';
import { planeName } from '../../../src/passes/plain.ts';
import { isTemporal } from '../../../src/rows/dates.ts';
import { isFloat } from '../../../src/tensor/dtype.ts';
import { toolVersion } from '../../../src/version.ts';
import type { Placed } from './elements/cut.ts';
import type { Part } from './elements/part.ts';
import {
  constantOf,
  type DataType,
  type Expression,
  type Field,
  fieldsIn,
  type Literal,
  markup,
  mayMiss,
  optypeOf,
  ref,
  spelled,
  typeName,
} from './expression.ts';
import type { ByOutcome } from './outcomes.ts';
import { type ElementSegment, type Segment, Speller } from './spell.ts';
import { TreeWriter } from './tree.ts';
import { type Attributes, close, element, type Markup, numeral, open, print } from './xml.ts';

/** An output of the model. */
interface Output {
  readonly field: IrField;
  readonly expression: Expression;
}

/** What the model itself predicts. */
interface Prediction {
  readonly output: Output;
  /** The labels, in order; null for a number. */
  readonly classes: readonly (string | number)[] | null;
}

export interface Plan {
  /** One line for a person. */
  readonly summary: string;
  /** Sums of single precision that became double. */
  readonly widened: number;
  readonly pieces: () => Iterable<string>;
}

/** Unique names; those that are promised are taken from the beginning. */
class Names {
  private readonly taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.taken = new Set(taken);
  }

  readonly unique = (stem: string): string => {
    let name = stem === '' ? 'field' : stem;
    for (let i = 2; this.taken.has(name); i++) name = `${stem}.${i}`;
    this.taken.add(name);
    return name;
  };
}

/** `parts`: what was cut out of the model, and is an input and a result of the program now. */
export const plan = (model: Model, program: Program, parts: readonly Placed[], wide: boolean): Plan => {
  const inputs = model.fields.filter((f) => f.role === 'input');
  const outputs = model.fields.filter((f) => f.role === 'output');
  const names = new Names([...inputs, ...outputs].map((f) => f.name));
  const given = new Map<IrField, Field>();
  const elements = parts.map((p) => new ElementFields(p, names.unique));
  const byElement = new Map<string, IrField>();
  for (const f of inputs) byElement.set(`${f.value.name}\0${f.column ?? 0}`, f);
  const inputOf = (slot: Slot, i: number): Field => {
    for (const e of elements) {
      const put = e.gives(slot, i);
      if (put) return put;
    }
    const f = byElement.get(`${slot.name}\0${i}`);
    if (!f) return fail('pmml/input', `no field stands for element ${i} of the input '${slot.name}'`);
    let field = given.get(f);
    if (!field) {
      field = {
        name: f.name,
        dataType: inputType(f),
        mayMiss: canMiss(f.value),
        expression: null,
        segment: null,
      };
      given.set(f, field);
    }
    return field;
  };
  const speller = new Speller(program, planeName, inputOf, names.unique, wide);
  const results = new Map(program.outputs.map((o) => [o.name, o.slot]));
  for (const { placed, segment } of elements) {
    for (const name of placed.reads) {
      const slot = results.get(name) as Slot;
      for (let i = 0; i < slot.size; i++) {
        const e = speller.result(slot, results.get(planeName(name)), i);
        segment.reads.push(e.k === 'field' ? e.field : speller.field(e, `${name}.${i}`));
      }
    }
    speller.segments.push(segment);
  }
  const made = outputs.flatMap((field): Output[] => {
    const slot = results.get(field.value.name);
    if (!slot) return [];
    const i = field.column ?? 0;
    if (i >= slot.size) fail('pmml/output', `the output '${field.name}' has no element ${i}`);
    const e = speller.result(slot, results.get(planeName(field.value.name)), i);
    // A count that is shown as such is no moment any more.
    const moment = isTemporal(typeOf(e)) && field.logical !== typeOf(e);
    return [{ field, expression: moment ? ref(speller.field(e, `${field.name}.value`, 'double')) : e }];
  });
  return new DocumentPlan(model, inputs, given, made, speller, names).finish();
};

/** The fields that an element puts out. */
class ElementFields {
  readonly placed: Placed;
  readonly segment: ElementSegment;
  private readonly names: (stem: string) => string;

  constructor(placed: Placed, names: (stem: string) => string) {
    this.placed = placed;
    this.names = names;
    this.segment = { k: 'element', part: placed.part, reads: [], gives: [] };
  }

  /** The field of an element of a slot that stands for what the part gives. */
  gives(slot: Slot, i: number): Field | undefined {
    const given = this.placed.part.gives[this.placed.gives.indexOf(slot.name)];
    const as = given?.as[i];
    if (!as) return undefined;
    const value = as.value === undefined ? '' : `(${as.value})`;
    const field: Field = {
      name: this.names(`${as.feature}${value}`),
      // What an element computes is not rounded to single precision: what is made of it is.
      dataType: isFloat(slot.dtype) ? 'double' : typeName(slot.dtype),
      // NaN of a number is missing; a label of text is not, unless the model says so.
      mayMiss: isFloat(slot.dtype) || isAbsent(given.value),
      expression: null,
      segment: this.segment,
    };
    this.segment.gives.push({ field, as });
    return field;
  }
}

const inputType = (f: IrField): DataType => {
  if (f.logical !== undefined && (dataTypes.has(f.logical) || isTemporal(f.logical))) return f.logical;
  return f.value.type.kind === 'tensor' ? typeName(f.value.type.dtype) : 'double';
};

/** The field whose presence is asked, and the branch of `if` where it is there. */
const presenceIn = (e: Expression): { readonly field: Field; readonly branch: number } | null => {
  if (e.k !== 'apply') return null;
  const [x] = e.args;
  const branch = e.fn === 'isNotMissing' ? 1 : e.fn === 'isMissing' ? 2 : 0;
  return branch > 0 && x?.k === 'field' ? { field: x.field, branch } : null;
};

const isFloatType = (type: DataType): boolean => type === 'float' || type === 'double';

const dataTypes = new Set(['string', 'integer', 'float', 'double', 'boolean']);

const isAbsent = ({ type }: Value): boolean => type.kind === 'tensor' && type.absent === 'missing';

const canMiss = (v: Value): boolean =>
  isAbsent(v) || (v.type.kind === 'tensor' && (isFloat(v.type.dtype) || v.type.dtype === 'string'));

class DocumentPlan {
  private readonly model: Model;
  private readonly inputs: readonly IrField[];
  private readonly given: ReadonlyMap<IrField, Field>;
  private readonly outputs: readonly Output[];
  private readonly speller: Speller;
  private readonly names: Names;
  private readonly trees: TreeWriter;
  private readonly dependence = new Map<Field, ReadonlySet<Segment>>();
  private readonly tested = new Map<Segment, ReadonlySet<Field>>();
  /** Fields that elements on the way predict, where these name them. */
  private readonly targets = new Map<ElementSegment, string>();
  /** What elements want of the fields of the document: they have no result for a missing or an infinite number. */
  private readonly demands = new Map<Field, NonNullable<IrField['demands']>>();
  /** The largest magnitude that an element reads of such a field. */
  private readonly most = new Map<Field, number>();

  constructor(
    model: Model,
    inputs: readonly IrField[],
    given: ReadonlyMap<IrField, Field>,
    outputs: readonly Output[],
    speller: Speller,
    names: Names,
  ) {
    this.model = model;
    this.inputs = inputs;
    this.given = given;
    this.outputs = outputs;
    this.speller = speller;
    this.names = names;
    this.trees = new TreeWriter(speller.column.bind(speller));
  }

  finish(): Plan {
    if (this.outputs.length === 0) fail('pmml/no-output', 'the model has no output');
    const prediction = this.prediction();
    const actual = this.inputs.find((f) => f.name === prediction.output.field.name);
    if (actual) {
      fail(
        'pmml/residual',
        `the input '${actual.name}' is the actual value of what is predicted: residuals are not written`,
      );
    }
    const others = this.outputs.filter((o) => o !== prediction.output);
    // The tests of a tree may ask what another tree gives: the list grows while it is walked.
    for (const s of this.speller.segments) this.tested.set(s, this.fieldsTested(s));
    const { segments } = this.speller;
    for (const s of segments) if (s.k === 'element') this.demand(s);
    const direct = segments.length === 1 ? this.alone(segments[0] as Segment, prediction) : null;
    if (!direct) for (const s of segments) settle(s, this.names.unique);
    const content = direct ?? (segments.length === 0 ? this.single(prediction) : null);
    const body = content ? this.plain(prediction, others, content) : this.chain(prediction, others);
    const trees = segments.reduce((n, s) => n + (s.k === 'tree' ? 1 : s.k === 'sum' ? s.trees.length : 0), 0);
    return {
      summary: `PMML 4.4.1${trees > 0 ? ` · ${trees.toLocaleString('en-US')} tree${trees === 1 ? '' : 's'}` : ''}`,
      widened: this.speller.widened,
      pieces: () => this.document(prediction, body),
    };
  }

  /**
   * What a model from elsewhere makes of NaN and infinite numbers (a label, by accident), an element of PMML does not: the
   * document refuses them, where they come through to it. A model with missing values of its own is taken at its word.
   */
  private demand(s: ElementSegment): void {
    const whole = (f: Field) => isFloatType(f.dataType) && !this.takesMissing(f);
    const seen = new Set<Field>();
    const missing = (e: Expression, known: Field | null = null): void => {
      if (!mayMiss(e) || (e.k === 'field' && e.field === known)) return;
      if (e.k === 'apply') {
        const asked = e.fn === 'if' ? presenceIn(e.args[0] as Expression) : null;
        e.args.forEach((x, i) => {
          missing(x, asked && i === asked.branch ? asked.field : null);
        });
      }
      if (e.k === 'field' && e.field.expression) missing(e.field.expression);
      else if (e.k === 'field' && whole(e.field)) this.demands.set(e.field, { present: true, valid: true });
    };
    const infinite = (f: Field): void => {
      if (seen.has(f)) return;
      seen.add(f);
      if (f.expression) for (const inner of fieldsIn(f.expression)) infinite(inner);
      else if (!f.segment && whole(f) && !this.demands.has(f)) {
        this.demands.set(f, { present: false, valid: true });
      }
    };
    for (const f of s.reads) missing(ref(f));
    for (const f of s.reads) infinite(f);
    const { most } = s.part;
    if (most === undefined) return;
    for (const f of s.reads) {
      if (this.demands.has(f)) this.most.set(f, Math.min(most, this.most.get(f) ?? most));
    }
  }

  private takesMissing(field: Field): boolean {
    const input = this.inputs.find((f) => this.given.get(f) === field);
    return input?.value.type.kind === 'tensor' && input.value.type.absent === 'missing';
  }

  // What is predicted

  private prediction(): Prediction {
    const said = this.outputs.filter((o) => o.field.says === 'prediction');
    for (const output of [...said, ...this.outputs.filter((o) => !said.includes(o))]) {
      const { expression, field } = output;
      const text = typeOf(expression) === 'string';
      if (!text && field.optype === 'continuous') return { output, classes: null };
      const classes = this.labels(output);
      if (classes) return { output, classes };
      if (!text) return { output, classes: null };
    }
    return fail(
      'pmml/no-prediction',
      'no output is a number or one of a few classes, and a PMML model predicts one of these',
    );
  }

  /** The values that a label takes: as the field lists them, as the probabilities name them, or as they are met. */
  private labels({ field, expression }: Output): readonly (string | number)[] | null {
    const met = new Set<string | number>();
    const open = (e: Expression): boolean => {
      if (e.k === 'constant') {
        if (e.value !== null) met.add(typeof e.value === 'boolean' ? Number(e.value) : e.value);
        return true;
      }
      if (e.k === 'map')
        return [...e.rows.map(([, v]) => v), e.otherwise].every((v) => open(constantOf(v, e.dataType)));
      if (e.k === 'apply') return e.fn === 'if' && e.args.slice(1).every(open);
      if (e.field.expression) return open(e.field.expression);
      const listed = classesOf(e.field);
      for (const v of listed ?? []) met.add(v);
      if (listed) return true;
      const column = this.columnOf(e.field);
      if (!column) return false;
      for (const v of column.values()) if (!Number.isNaN(v)) met.add(typeof v === 'boolean' ? Number(v) : v);
      return true;
    };
    const known = open(expression);
    const listed = field.categories ?? [];
    const named = this.outputs
      .filter((o) => o.field.says === 'probability' && o.field.label !== undefined)
      .map((o) => o.field.label as string);
    if (!known) return listed.length > 0 ? listed : null;
    const order = [...listed, ...named.map((n) => (typeOf(expression) === 'string' ? n : Number(n)))];
    return [...new Set([...order.filter((v) => listed.includes(v) || met.has(v)), ...met])];
  }

  private columnOf(field: Field): ByOutcome | null {
    for (const s of this.speller.segments) {
      if (s.k !== 'tree') continue;
      const column = s.columns.find((c) => c.field === field);
      if (column) return column.values;
    }
    return null;
  }

  // What stands where

  private fieldsTested(s: Segment): ReadonlySet<Field> {
    if (s.k === 'element') return new Set(s.reads);
    const found = new Set<Field>();
    for (const tree of s.k === 'tree' ? [s.tree] : s.trees.map((t) => t.tree)) {
      for (const f of this.trees.fields(tree)) found.add(f);
    }
    return found;
  }

  /** Segments on whose output a field depends. */
  private behind(field: Field): ReadonlySet<Segment> {
    let found = this.dependence.get(field);
    if (!found) {
      const all = new Set<Segment>();
      this.dependence.set(field, all);
      if (field.segment) all.add(field.segment as Segment);
      if (field.expression) {
        for (const f of fieldsIn(field.expression)) for (const s of this.behind(f)) all.add(s);
      }
      found = all;
    }
    return found;
  }

  /** Derived fields that these need, themselves among them, each behind what it reads. */
  private derived(fields: Iterable<Field>, found: Set<Field> = new Set()): Set<Field> {
    const visit = (f: Field): void => {
      if (!f.expression || found.has(f)) return;
      for (const inner of fieldsIn(f.expression)) visit(inner);
      found.add(f);
    };
    for (const f of fields) visit(f);
    return found;
  }

  /** Segments, each behind those that it needs. */
  private ordered(): Segment[] {
    const done = new Set<Segment>();
    const visit = (s: Segment): void => {
      if (done.has(s)) return;
      for (const f of this.tested.get(s) ?? [])
        for (const inner of this.behind(f)) if (inner !== s) visit(inner);
      done.add(s);
    };
    for (const s of this.speller.segments) visit(s);
    return [...done];
  }

  // Models

  /** A tree that says all there is to say: no chain around it. */
  private alone(s: Segment, prediction: Prediction): Content | null {
    const { expression } = prediction.output;
    if (s.k === 'element') return this.elementAlone(s, prediction);
    if (expression.k !== 'field' || s.k !== 'tree' || s.columns.length !== 1) return null;
    const [column] = s.columns;
    if (!column || expression.field !== column.field) return null;
    if (this.outputs.some((o) => o !== prediction.output && this.depends(o.expression, s))) return null;
    const trees = this.trees;
    return {
      name: 'TreeModel',
      needs: [...(this.tested.get(s) ?? [])],
      attributes: {},
      content: (depth) =>
        trees.nodes(
          s.tree,
          (o) => {
            const score = column.values.get(o);
            return { attributes: Number.isNaN(score) ? {} : { score: spelled(score as string | number) } };
          },
          depth,
        ),
    };
  }

  /** An element that predicts what the model predicts. */
  private elementAlone(s: ElementSegment, { output }: Prediction): Content | null {
    const { expression } = output;
    const own = s.gives.find((g) => g.as.feature === 'predictedValue');
    if (!own || expression.k !== 'field' || expression.field !== own.field) return null;
    // Probabilities are shown by these names, whether they are asked for or not.
    const shown = s.gives
      .filter((g) => g.as.feature === 'probability')
      .map((g) => `probability(${g.as.value})`);
    if (!shown.every((name) => this.outputs.some((o) => o.field.name === name))) return null;
    return {
      name: s.part.element,
      needs: s.reads,
      attributes: s.part.attributes,
      segment: s,
      content: (depth) => s.part.content(s.reads, depth, output.field.name),
    };
  }

  private depends(e: Expression, s: Segment): boolean {
    for (const f of fieldsIn(e)) if (this.behind(f).has(s)) return true;
    return false;
  }

  /** What is predicted stands in a field: handed on as it is. */
  private single({ output, classes }: Prediction): Content {
    const e = output.expression;
    if (classes === null && e.k === 'constant' && e.value !== null) {
      return {
        name: 'RegressionModel',
        needs: [],
        attributes: {},
        *content(depth) {
          yield print(depth, element('RegressionTable', { intercept: Number(e.value) }));
        },
      };
    }
    const field = this.fieldOf(e, `${output.field.name}.value`);
    if (classes === null) {
      return {
        name: 'RegressionModel',
        needs: [field],
        attributes: {},
        *content(depth) {
          const term = element('NumericPredictor', { name: field.name, coefficient: 1 });
          yield print(depth, element('RegressionTable', { intercept: 0 }, [term]));
        },
      };
    }
    return {
      name: 'TreeModel',
      needs: [field],
      attributes: {},
      *content(depth) {
        const nodes = classes.map((c) =>
          element('Node', { score: spelled(c) }, [
            element('SimplePredicate', { field: field.name, operator: 'equal', value: spelled(c) }),
          ]),
        );
        yield print(depth, element('Node', {}, [element('True'), ...nodes]));
      },
    };
  }

  private fieldOf(e: Expression, stem: string): Field {
    return e.k === 'field' ? e.field : this.speller.field(e, stem);
  }

  private functionOf({ classes }: Prediction): string {
    return classes === null ? 'regression' : 'classification';
  }

  private *schema(depth: number, fields: Iterable<string>, target: string | null): Generator<string> {
    const names = [...new Set(fields)];
    yield open(depth, 'MiningSchema');
    // A schema lists one field at least.
    if (names.length === 0 && target === null) names.push((this.inputs[0] as IrField).name);
    for (const name of names) yield print(depth + 1, element('MiningField', { name }));
    if (target !== null)
      yield print(depth + 1, element('MiningField', { name: target, usageType: 'target' }));
    yield close(depth, 'MiningSchema');
  }

  /** The outermost schema: every field of the model, let in as it comes; the graph says itself what is valid. */
  private *outerSchema(depth: number, target: string): Generator<string> {
    yield open(depth, 'MiningSchema');
    for (const f of this.inputs) {
      const treated = (f.categories?.length ?? 0) > 0 || (f.intervals?.length ?? 0) > 0;
      const demands = this.demands.get(this.given.get(f) as Field);
      yield print(
        depth + 1,
        element('MiningField', {
          name: f.name,
          missingValueTreatment: demands?.present ? 'returnInvalid' : undefined,
          invalidValueTreatment: demands?.valid ? 'returnInvalid' : treated ? 'asIs' : undefined,
        }),
      );
    }
    yield print(depth + 1, element('MiningField', { name: target, usageType: 'target' }));
    yield close(depth, 'MiningSchema');
  }

  private *transformations(depth: number, fields: Iterable<Field>): Generator<string> {
    let first = true;
    for (const f of fields) {
      if (first) yield open(depth, 'LocalTransformations');
      first = false;
      const attributes = { name: f.name, optype: optypeOf(f.dataType), dataType: f.dataType };
      yield print(depth + 1, element('DerivedField', attributes, [markup(f.expression as Expression)]));
    }
    if (!first) yield close(depth, 'LocalTransformations');
  }

  /** `prediction`: what is predicted stands among further results, since some engines give those alone. */
  private *output(depth: number, columns: readonly Markup[], prediction?: Prediction): Generator<string> {
    if (columns.length === 0) return;
    const own = prediction ? [predictedField(prediction)] : [];
    yield print(depth, element('Output', {}, [...own, ...columns]));
  }

  /** One model element for all. */
  private plain(prediction: Prediction, others: readonly Output[], content: Content): Body {
    const { segment } = content;
    const behind = others.filter((o) => segment && this.depends(o.expression, segment));
    const shown = others
      .filter((o) => !behind.includes(o))
      .map((o) => ({ o, field: this.fieldOf(o.expression, `${o.field.name}.value`) }));
    const derived = this.derived([...content.needs, ...shown.map((s) => s.field)]);
    const columns = [
      ...shown.map(({ o, field }) => outputField(o.field, typeOf(o.expression), markup(ref(field)))),
      ...(segment ? this.putOut(segment, behind) : []),
    ];
    const target = prediction.output.field.name;
    const self = this;
    return function* (depth) {
      const attributes = {
        modelName: self.model.name === '' ? undefined : self.model.name,
        functionName: self.functionOf(prediction),
        ...content.attributes,
      };
      yield open(depth, content.name, attributes);
      yield* self.outerSchema(depth + 1, target);
      yield* self.output(depth + 1, columns, prediction);
      yield* self.transformations(depth + 1, derived);
      yield* content.content(depth + 1);
      yield close(depth, content.name);
    };
  }

  /** What an element puts out, and what is made of it: only results may read results. */
  private putOut(s: ElementSegment, outputs: readonly Output[]): Markup[] {
    const columns: Markup[] = [];
    const direct = new Set<Output>();
    for (const { field, as } of s.gives) {
      const shown = outputs.find((o) => o.expression.k === 'field' && o.expression.field === field);
      if (shown) {
        field.name = shown.field.name;
        direct.add(shown);
      }
      const read = outputs.some((o) => o !== shown && this.reads(o.expression, field));
      if (shown || read) columns.push(elementOutput(field, as, shown?.field ?? null));
    }
    const rest = outputs.filter((o) => !direct.has(o));
    const made = this.derived(rest.flatMap((o) => [...fieldsIn(o.expression)]));
    for (const f of made) {
      columns.push(transformed(f.name, f.dataType, markup(f.expression as Expression), false));
    }
    for (const o of rest) columns.push(outputField(o.field, typeOf(o.expression), markup(o.expression)));
    return columns;
  }

  /** Does the expression come to this field, over derived ones too? */
  private reads(e: Expression, field: Field): boolean {
    for (const f of fieldsIn(e)) {
      if (f === field || (f.expression && this.reads(f.expression, field))) return true;
    }
    return false;
  }

  /** Trees first, each a segment that puts out what it says; then what is made of it. */
  private chain(prediction: Prediction, others: readonly Output[]): Body {
    const last = this.single(prediction);
    const shown = others.map((o) => ({ o, field: this.fieldOf(o.expression, `${o.field.name}.value`) }));
    const segments = this.ordered();
    for (const s of segments) {
      if (s.k === 'element' && s.part.named) this.targets.set(s, this.names.unique('target'));
    }
    const outer = new Set<Field>();
    const local = (fields: Iterable<Field>): Field[] => {
      const own: Field[] = [];
      for (const f of this.derived(fields)) {
        if (this.behind(f).size === 0) outer.add(f);
        else own.push(f);
      }
      return own;
    };
    const locals = new Map(segments.map((s) => [s, local(this.tested.get(s) ?? [])]));
    const finals = local([...last.needs, ...shown.map((s) => s.field)]);
    const exported = new Map<Field, string>();
    const inner: Markup[] = [];
    const columns = shown.map(({ o, field }) => {
      const type = typeOf(o.expression);
      if (!finals.includes(field)) return outputField(o.field, type, markup(ref(field)));
      let name = exported.get(field);
      if (name === undefined) {
        name = this.names.unique(`${field.name}.shown`);
        exported.set(field, name);
        inner.push(transformed(name, field.dataType, markup(ref(field))));
      }
      return outputField(o.field, type, element('FieldRef', { field: name }));
    });
    const target = prediction.output.field.name;
    // pmml4s hands on what stands in an Output alone, where there is one.
    const predicted = predictedField(prediction, this.names.unique(`${target}.predicted`));
    const self = this;
    return function* (depth) {
      yield open(depth, 'MiningModel', {
        modelName: self.model.name === '' ? undefined : self.model.name,
        functionName: self.functionOf(prediction),
      });
      yield* self.outerSchema(depth + 1, target);
      yield* self.output(depth + 1, columns, prediction);
      yield* self.transformations(depth + 1, self.derived(outer));
      yield open(depth + 1, 'Segmentation', { multipleModelMethod: 'modelChain' });
      let id = 0;
      for (const s of segments) {
        yield open(depth + 2, 'Segment', { id: ++id });
        yield print(depth + 3, element('True'));
        yield* self.segment(depth + 3, s, locals.get(s) ?? []);
        yield close(depth + 2, 'Segment');
      }
      yield open(depth + 2, 'Segment', { id: ++id });
      yield print(depth + 3, element('True'));
      yield open(depth + 3, last.name, { functionName: self.functionOf(prediction), ...last.attributes });
      yield* self.schema(depth + 4, self.read(finals, [...last.needs, ...shown.map((x) => x.field)]), target);
      yield* self.output(depth + 4, inner.length > 0 ? [predicted, ...inner] : []);
      yield* self.transformations(depth + 4, finals);
      yield* last.content(depth + 4);
      yield close(depth + 3, last.name);
      yield close(depth + 2, 'Segment');
      yield close(depth + 1, 'Segmentation');
      yield close(depth, 'MiningModel');
    };
  }

  /** Names of the fields from outside that local fields, and further ones, read. */
  private read(local: readonly Field[], further: Iterable<Field>): string[] {
    const own = new Set(local);
    const found = new Set<string>();
    for (const f of local) {
      for (const x of fieldsIn(f.expression as Expression)) if (!own.has(x)) found.add(x.name);
    }
    for (const f of further) if (!own.has(f)) found.add(f.name);
    return [...found];
  }

  private *segment(depth: number, s: Segment, local: readonly Field[]): Generator<string> {
    const tested = this.tested.get(s) as ReadonlySet<Field>;
    if (s.k === 'element') {
      yield* this.elementSegment(depth, s, local);
      return;
    }
    const field = s.k === 'sum' ? s.field : settled(s).field;
    const output = [
      element('OutputField', {
        name: field.name,
        optype: 'continuous',
        dataType: field.dataType,
        feature: 'predictedValue',
      }),
    ];
    const name = s.k === 'sum' ? 'MiningModel' : 'TreeModel';
    yield open(depth, name, { functionName: 'regression' });
    yield* this.schema(depth + 1, this.read(local, tested), null);
    yield* this.output(depth + 1, output);
    yield* this.transformations(depth + 1, local);
    if (s.k === 'tree') yield* this.nodes(depth + 1, s.tree, settled(s).values);
    else yield* this.sum(depth + 1, s);
    yield close(depth, name);
  }

  private *elementSegment(depth: number, s: ElementSegment, local: readonly Field[]): Generator<string> {
    const { part } = s;
    const target = this.targets.get(s) ?? null;
    yield open(depth, part.element, { functionName: part.functionName, ...part.attributes });
    yield* this.schema(depth + 1, this.read(local, s.reads), target);
    yield* this.output(
      depth + 1,
      s.gives.map(({ field, as }) =>
        element('OutputField', {
          name: field.name,
          optype: optypeOf(field.dataType),
          dataType: field.dataType,
          ...as,
        }),
      ),
    );
    yield* this.transformations(depth + 1, local);
    yield* part.content(s.reads, depth + 1, target ?? '');
    yield close(depth, part.element);
  }

  private *sum(depth: number, s: Extract<Segment, { k: 'sum' }>): Generator<string> {
    yield open(depth, 'Segmentation', { multipleModelMethod: 'sum' });
    let id = 0;
    if (s.start !== 0) {
      // The sum begins with this.
      yield open(depth + 1, 'Segment', { id: ++id });
      yield print(depth + 2, element('True'));
      yield open(depth + 2, 'TreeModel', { functionName: 'regression' });
      yield* this.schema(depth + 3, [], null);
      yield print(depth + 3, element('Node', { score: s.start }, [element('True')]));
      yield close(depth + 2, 'TreeModel');
      yield close(depth + 1, 'Segment');
    }
    for (const { tree, values } of s.trees) {
      yield open(depth + 1, 'Segment', { id: ++id });
      yield print(depth + 2, element('True'));
      yield open(depth + 2, 'TreeModel', { functionName: 'regression' });
      yield* this.schema(
        depth + 3,
        [...this.trees.fields(tree)].map((f) => f.name),
        null,
      );
      yield* this.nodes(depth + 3, tree, values);
      yield close(depth + 2, 'TreeModel');
      yield close(depth + 1, 'Segment');
    }
    yield close(depth, 'Segmentation');
  }

  private nodes(
    depth: number,
    tree: Parameters<TreeWriter['nodes']>[0],
    values: ByOutcome,
  ): Generator<string> {
    return this.trees.nodes(
      tree,
      (o) => {
        const score = values.get(o);
        return { attributes: score === undefined || Number.isNaN(score) ? {} : { score: spelled(score) } };
      },
      depth,
    );
  }

  // The document

  private *document(prediction: Prediction, body: Body): Generator<string> {
    const { metadata } = this.model;
    yield '<?xml version="1.0" encoding="UTF-8"?>\n';
    yield open(0, 'PMML', { xmlns: 'http://www.dmg.org/PMML-4_4', version: '4.4.1' });
    yield print(
      1,
      element(
        'Header',
        {
          copyright: metadata.get('copyright'),
          description: metadata.get('description'),
          modelVersion: metadata.get('modelVersion'),
        },
        [element('Application', { name: 'Portolan', version: toolVersion })],
      ),
    );
    const target = targetField(prediction);
    const targets = [...this.targets].map(([{ part }, name]) => partTarget(name, part.classes));
    yield open(1, 'DataDictionary', { numberOfFields: this.inputs.length + 1 + targets.length });
    for (const f of this.inputs) {
      const field = this.given.get(f);
      const dataType = field?.dataType ?? inputType(f);
      const finite = field && this.demands.get(field)?.valid ? finiteOf(dataType, this.most.get(field)) : [];
      yield print(2, dataField(finite.length > 0 ? { ...f, intervals: finite } : f, dataType));
    }
    for (const t of [target, ...targets]) yield print(2, t);
    yield close(1, 'DataDictionary');
    yield* body(1);
    yield close(0, 'PMML');
  }
}

type Body = (depth: number) => Generator<string>;

/** The content of a model element, behind what all have. */
interface Content {
  readonly name: string;
  /** The segment that it is, where it puts out more than what is predicted. */
  readonly segment?: ElementSegment;
  readonly needs: readonly Field[];
  readonly attributes: Attributes;
  content(depth: number): Generator<string>;
}

const typeOf = (e: Expression): DataType => (e.k === 'field' ? e.field.dataType : e.dataType);

/** The labels that a field takes which an element predicts. */
const classesOf = (field: Field): readonly (string | number)[] | null => {
  const s = field.segment as Segment | null;
  const label =
    s?.k === 'element' && s.gives.some((g) => g.field === field && g.as.feature === 'predictedValue');
  return label ? s.part.classes : null;
};

/** What a tree puts out: its one number, or the number of its outcome, by which the others are looked up. */
interface Settled {
  readonly field: Field;
  readonly values: ByOutcome;
}

const settledAs = new WeakMap<Segment, Settled>();

const settled = (s: Segment): Settled => settledAs.get(s) as Settled;

const settle = (s: Segment, names: (stem: string) => string): void => {
  if (s.k !== 'tree' || settledAs.has(s)) return;
  const [only] = s.columns;
  if (
    s.columns.length === 1 &&
    only &&
    only.field.dataType !== 'string' &&
    only.field.dataType !== 'boolean'
  ) {
    settledAs.set(s, only);
    return;
  }
  // Leaves that are worth the same in every column are one outcome.
  const outcomes = new Map<string, { readonly number: number; readonly of: number }>();
  const values = new Map<number, number>();
  for (const o of only?.values.keys() ?? []) {
    const worth = s.columns.map((c) => literalKey(c.values.get(o) as number | string | boolean)).join('\0');
    const known = outcomes.get(worth) ?? { number: outcomes.size, of: o };
    outcomes.set(worth, known);
    values.set(o, known.number);
  }
  const field: Field = {
    name: names(`${s.tree.route.slot.name}.outcome`),
    dataType: 'integer',
    mayMiss: false,
    expression: null,
    segment: s,
  };
  for (const c of s.columns) {
    const all = [...outcomes.values()].map(({ number, of }): readonly [number, Literal] => {
      const v = c.values.get(of) as number | string | boolean;
      return [number, Number.isNaN(v) ? null : v];
    });
    // What most outcomes are worth need not be said of each.
    const otherwise = c.field.mayMiss ? null : commonest(all.map(([, v]) => v));
    c.field.segment = null;
    c.field.expression = {
      k: 'map',
      field,
      rows: all.filter(([, v]) => otherwise === null || !Object.is(v, otherwise)),
      dataType: c.field.dataType,
      otherwise,
      mayMiss: c.field.mayMiss,
    };
  }
  settledAs.set(s, { field, values });
};

/** The value that stands there most often, the first of several; null where none stands twice. */
const commonest = (values: readonly Literal[]): Literal => {
  const counts = new Map<string, { readonly value: Literal; count: number }>();
  for (const value of values) {
    const key = literalKey(value as number | string | boolean);
    const known = counts.get(key) ?? { value, count: 0 };
    known.count++;
    counts.set(key, known);
  }
  const best = [...counts.values()].reduce((a, b) => (b.count > a.count ? b : a));
  return best.count > 1 && counts.size > 1 ? best.value : null;
};

const literalKey = (v: number | string | boolean): string => `${typeof v} ${Object.is(v, -0) ? '-0' : v}`;

/** Any number but the infinite ones. */
const finiteOf = (dataType: DataType, limit = Infinity): IrField['intervals'] & object => {
  const most = Math.min(limit, dataType === 'float' ? 3.4028234663852886e38 : Number.MAX_VALUE);
  return [{ low: -most, high: most, closure: 'cc' }];
};

/** Beyond 32 bits with an exponent: JPMML takes a number without a point for an int. */
const margin = (x: number): string =>
  Number.isInteger(x) && Math.abs(x) >= 2 ** 31 ? x.toExponential() : numeral(x);

const closures = { oo: 'openOpen', oc: 'openClosed', co: 'closedOpen', cc: 'closedClosed' } as const;

const dataField = (f: IrField, dataType: DataType): Markup => {
  const plain = !isTemporal(dataType);
  const values = plain ? (f.categories ?? []) : [];
  const optype = dataType === 'string' && f.optype === 'continuous' ? 'categorical' : f.optype;
  const intervals = plain && optype === 'continuous' ? (f.intervals ?? []) : [];
  return element('DataField', { name: f.name, optype, dataType }, [
    ...intervals.map((i) =>
      element('Interval', {
        closure: closures[i.closure],
        leftMargin: i.low === -Infinity ? undefined : margin(i.low),
        rightMargin: i.high === Infinity ? undefined : margin(i.high),
      }),
    ),
    ...values.map((v) => element('Value', { value: spelled(v) })),
    ...(f.missing ?? []).map((value) => element('Value', { value, property: 'missing' })),
  ]);
};

const targetField = ({ output, classes }: Prediction): Markup => {
  const { field, expression } = output;
  const { logical } = field;
  const own = typeOf(expression);
  const dataType =
    logical !== undefined && dataTypes.has(logical) && (logical === 'string') === (own === 'string')
      ? logical
      : own;
  return element(
    'DataField',
    {
      name: field.name,
      optype: classes === null ? 'continuous' : field.optype === 'ordinal' ? 'ordinal' : 'categorical',
      dataType: classes !== null && dataType === 'boolean' ? 'boolean' : dataType,
    },
    (classes ?? []).map((c) => element('Value', { value: spelled(c) })),
  );
};

/** The field that an element on the way predicts. */
const partTarget = (name: string, classes: Part['classes']): Markup => {
  const dataType =
    classes === null ? 'double' : classes.some((c) => typeof c === 'string') ? 'string' : 'integer';
  const optype = classes === null ? 'continuous' : 'categorical';
  return element(
    'DataField',
    { name, optype, dataType },
    (classes ?? []).map((c) => element('Value', { value: spelled(c) })),
  );
};

const predictedField = (prediction: Prediction, name = prediction.output.field.name): Markup =>
  element('OutputField', { ...targetField(prediction).attributes, name, feature: 'predictedValue' });

const transformed = (name: string, dataType: DataType, content: Markup, final = true): Markup =>
  element(
    'OutputField',
    {
      name,
      optype: optypeOf(dataType),
      dataType,
      feature: 'transformedValue',
      isFinalResult: final ? undefined : 'false',
    },
    [content],
  );

/** `shown`: the output of the model that this is. */
const elementOutput = ({ name, dataType }: Field, as: Attributes, shown: IrField | null): Markup =>
  element('OutputField', {
    name,
    optype: shown?.optype ?? optypeOf(dataType),
    dataType,
    ...as,
    isFinalResult: shown ? undefined : 'false',
  });

const outputField = (f: IrField, own: DataType, content: Markup): Markup => {
  const { logical } = f;
  const fits =
    logical !== undefined && dataTypes.has(logical) && (logical === 'string') === (own === 'string');
  return element(
    'OutputField',
    { name: f.name, optype: f.optype, dataType: fits ? logical : own, feature: 'transformedValue' },
    [content],
  );
};
