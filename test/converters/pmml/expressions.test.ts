/** Below the level of a model: functions, expressions, predicates, data preparation, targets, as two open engines assert them. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseTemporal } from '../../../src/rows/dates.ts';
import { agrees, corpora, evaluate, type Row, readFile, readText } from './corpus.ts';

type Plain = string | number | boolean | null;
type Temporal = { readonly date?: string; readonly time?: string; readonly dateTime?: string };

interface Case {
  readonly kind: string;
  readonly function?: string;
  readonly arguments?: readonly (Plain | Temporal)[];
  readonly pmml?: string;
  readonly definitions?: string;
  readonly inputs?: Readonly<Record<string, Plain | Temporal>>;
  readonly document?: string;
  readonly field?: string;
  readonly booleanOperator?: string;
  readonly operands?: readonly (boolean | null)[];
  readonly dataField?: string;
  readonly miningField?: string;
  readonly value?: Plain;
  readonly prediction?: unknown;
  readonly method?: string;
  readonly values?: readonly number[];
  readonly weights?: readonly number[];
  readonly dataType?: string;
  readonly text?: string;
  readonly expected: unknown;
  readonly tolerance: { readonly absolute: number } | null;
  readonly doubtful?: boolean;
}

const corpus = `${corpora}/pmml-spec-examples`;
const there = existsSync(corpus);
const cases: readonly Case[] = there ? JSON.parse(readFile(`${corpus}/cases-expressions.json`)) : [];
const of = (kind: string): [string, Case][] =>
  cases
    .filter((c) => c.kind === kind && !c.doubtful)
    .map((c, i) => [`${i} ${c.function ?? c.booleanOperator ?? c.dataType ?? ''}`, c]);

const quoted = (text: string) => text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');

const typeOf = (v: Plain | Temporal): string => {
  if (typeof v === 'string') return 'string';
  if (typeof v === 'boolean') return 'boolean';
  if (v !== null && typeof v === 'object') return Object.keys(v)[0] as string;
  return v !== null && Number.isInteger(v) ? 'integer' : 'double';
};

const plain = (v: Plain | Temporal): Plain =>
  v !== null && typeof v === 'object' ? (Object.values(v)[0] as string) : v;

/** A document that shows one expression of some fields as `out`. */
const showing = (
  expression: string,
  inputs: Readonly<Record<string, Plain | Temporal>>,
  dataType: string,
  definitions = '',
): string => {
  const names = Object.keys(inputs);
  const optype = (type: string) => (type === 'string' || type === 'boolean' ? 'categorical' : 'continuous');
  const fields = names
    .map((n) => {
      const type = typeOf(inputs[n] as Plain);
      return `<DataField name="${n}" dataType="${type}" optype="${optype(type)}"/>`;
    })
    .join('');
  return `<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary>${fields}</DataDictionary>
<TransformationDictionary>${definitions}<DerivedField name="made" dataType="${dataType}" optype="${optype(dataType)}">${expression}</DerivedField></TransformationDictionary>
<RegressionModel functionName="regression"><MiningSchema>${names.map((n) => `<MiningField name="${n}"/>`).join('')}${names.length === 0 ? '<MiningField name="none" usageType="supplementary"/>' : ''}</MiningSchema>
<Output><OutputField name="out" feature="transformedValue" dataType="${dataType}"><FieldRef field="made"/></OutputField></Output>
<RegressionTable intercept="0"/></RegressionModel></PMML>`;
};

const expected = (c: Case): { readonly value: unknown; readonly type: string } => {
  const e = c.expected as Plain | Temporal;
  if (e !== null && typeof e === 'object') return { value: Object.values(e)[0], type: typeOf(e) };
  return { value: e, type: e === null ? 'double' : typeOf(e) === 'integer' ? 'double' : typeOf(e) };
};

const run = (text: string, inputs: Readonly<Record<string, Plain | Temporal>>, name = 'out') => {
  const row: Row = Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, plain(v)]));
  return evaluate(readText(text).model, [row])[0]?.[name];
};

const holds = (got: unknown, c: Case, value: unknown = c.expected) =>
  expect({ got, agrees: agrees(got as never, value, c.tolerance?.absolute ?? 0) }).toEqual({
    got,
    agrees: true,
  });

describe.skipIf(!there)('what two open engines assert', () => {
  it.each(of('function'))('function %s', (_, c) => {
    const args = c.arguments as readonly (Plain | Temporal)[];
    // A missing text is text all the same; the year of the date functions is always a literal.
    const texts = args.some((v) => typeof v === 'string');
    const literal = (i: number) => i > 0 && /Since|format/.test(c.function as string);
    const inputs = Object.fromEntries(
      args.flatMap((v, i) => (literal(i) ? [] : [[`x${i}`, v === null && texts ? '' : v] as const])),
    );
    const body = args
      .map((v, i) => (literal(i) ? `<Constant>${quoted(String(v))}</Constant>` : `<FieldRef field="x${i}"/>`))
      .join('');
    const { value, type } = expected(c);
    const wanted = value === null && texts ? 'string' : type;
    holds(
      run(
        showing(`<Apply function="${quoted(c.function as string)}">${body}</Apply>`, inputs, wanted),
        inputs,
      ),
      c,
      value,
    );
  });

  const expressions = of('expression').filter(([, c]) => !/<Aggregate|<Lag/.test(c.pmml as string));
  it.each(expressions)('expression %s', (_, c) => {
    const { value, type } = expected(c);
    const inputs = Object.fromEntries(
      Object.entries(c.inputs ?? {}).map(([k, v]) => {
        // A missing value says nothing of its type: Discretize and NormContinuous are of numbers, the others of text here.
        const number = /<Discretize|<NormContinuous/.test(c.pmml as string);
        return [k, v === null && !number ? '' : v] as const;
      }),
    );
    const text = value === null && /FieldRef|MapValues|Discretize/.test(c.pmml as string) ? 'string' : type;
    const doc = showing(c.pmml as string, inputs, text, c.definitions);
    holds(
      run(doc, Object.fromEntries(Object.entries(inputs).map(([k, v]) => [k, v === '' ? null : v]))),
      c,
      value,
    );
  });

  it.each(of('expression').filter(([, c]) => /<Aggregate|<Lag/.test(c.pmml as string)))(
    'Aggregate is refused by name: %s',
    (_, c) => {
      expect(() => readText(showing(c.pmml as string, { x: 1 }, 'double'))).toThrow(
        /<Aggregate>.*not supported/,
      );
    },
  );

  it.each([...of('definedFunction'), ...of('derivedField')])('a function of a document: %s', (_, c) => {
    const source = readFile(`${corpus}/models/${c.document}`);
    const definitions =
      /<TransformationDictionary>([\s\S]*)<\/TransformationDictionary>/.exec(source)?.[1] ?? '';
    const functions = [...definitions.matchAll(/<DefineFunction[\s\S]*?<\/DefineFunction>/g)]
      .map((m) => m[0])
      .join('');
    const derived = [...definitions.matchAll(/<DerivedField[\s\S]*?<\/DerivedField>/g)]
      .map((m) => m[0])
      .join('');
    const inputs =
      c.kind === 'derivedField'
        ? (c.inputs as Record<string, Plain>)
        : Object.fromEntries((c.arguments ?? []).map((v, i) => [`x${i}`, v]));
    const expression =
      c.kind === 'derivedField'
        ? `<FieldRef field="${c.field}"/>`
        : `<Apply function="${c.function}">${Object.keys(inputs)
            .map((n) => `<FieldRef field="${n}"/>`)
            .join('')}</Apply>`;
    const doc = showing(expression, inputs, 'string', functions + (c.kind === 'derivedField' ? derived : ''));
    holds(run(doc, inputs), c);
  });

  it.each(of('compoundPredicate'))('compound predicate %s', (_, c) => {
    // Each operand is a test of a field of its own: 1 TRUE, 0 FALSE, missing UNKNOWN. lastPrediction tells UNKNOWN apart.
    const operands = c.operands as readonly (boolean | null)[];
    const inputs = Object.fromEntries(operands.map((v, i) => [`x${i}`, v === null ? null : Number(v)]));
    const tests = operands
      .map((_, i) => `<SimplePredicate field="x${i}" operator="equal" value="1"/>`)
      .join('');
    const doc = `<PMML version="4.4"><Header/><DataDictionary>${operands.map((_, i) => `<DataField name="x${i}" dataType="double" optype="continuous"/>`).join('')}</DataDictionary>
<TreeModel functionName="regression" missingValueStrategy="lastPrediction" noTrueChildStrategy="returnNullPrediction">
<MiningSchema>${operands.map((_, i) => `<MiningField name="x${i}"/>`).join('')}</MiningSchema>
<Node score="-1"><True/><Node score="1"><CompoundPredicate booleanOperator="${c.booleanOperator}">${tests}</CompoundPredicate></Node><Node score="0"><True/></Node></Node></TreeModel></PMML>`;
    const got = run(doc, inputs, 'prediction');
    expect(got).toBe(c.expected === null ? -1 : Number(c.expected));
  });

  it.each(of('prepare'))('data preparation %s', (_, c) => {
    const doc = `<PMML version="4.4"><Header/><DataDictionary>${c.dataField}</DataDictionary><RegressionModel functionName="regression">
<MiningSchema>${c.miningField}</MiningSchema><Output><OutputField name="out" feature="transformedValue" dataType="double"><FieldRef field="x"/></OutputField></Output>
<RegressionTable intercept="0"/></RegressionModel></PMML>`;
    holds(run(doc, { x: c.value as Plain }), c);
  });

  it.each(of('target').filter(([, c]) => c.pmml !== undefined))('target %s', (_, c) => {
    const doc = `<PMML version="4.4"><Header/><DataDictionary><DataField name="amount" dataType="double" optype="continuous"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="amount" usageType="target"/></MiningSchema><Targets>${c.pmml}</Targets>
<RegressionTable intercept="${c.prediction}"/></RegressionModel></PMML>`;
    holds(run(doc, {}, 'amount'), c);
  });

  it.each(of('target').filter(([, c]) => c.document !== undefined))('target of a document %s', (_, c) => {
    // The test injects a missing prediction; here the model is one that never predicts.
    const source = readFile(`${corpus}/models/${c.document}`)
      .replace(
        /<RegressionModel([^>]*)>/,
        (_, rest: string) =>
          `<TreeModel${typeof c.expected === 'number' ? rest : rest.replace('regression', 'classification')}>`,
      )
      .replace('</RegressionModel>', '</TreeModel>')
      .replace(/<RegressionTable[\s\S]*?(\/>|<\/RegressionTable>)/g, '')
      .replace('</TreeModel>', '<Node><True/></Node></TreeModel>');
    const { model } = readText(source);
    const [row] = evaluate(model, [{}]);
    if (typeof c.expected === 'number') {
      expect(row?.[model.fields.find((f) => f.says === 'prediction')?.name ?? '']).toBe(c.expected);
    } else {
      for (const [name, want] of Object.entries(c.expected as Record<string, unknown>)) {
        expect({ name, got: row?.[name] }).toEqual({ name, got: want });
      }
    }
  });

  it.each(of('combine'))('combined %s', (_, c) => {
    const segments = (c.values as readonly number[])
      .map(
        (
          v,
          i,
        ) => `<Segment id="${i}" weight="${c.weights?.[i]}"><True/><RegressionModel functionName="regression">
<MiningSchema><MiningField name="y" usageType="target"/></MiningSchema><RegressionTable intercept="${v}"/></RegressionModel></Segment>`,
      )
      .join('');
    const doc = `<PMML version="4.4"><Header/><DataDictionary><DataField name="y" dataType="double" optype="continuous"/></DataDictionary>
<MiningModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/></MiningSchema>
<Segmentation multipleModelMethod="${c.method}">${segments}</Segmentation></MiningModel></PMML>`;
    holds(run(doc, {}, 'y'), c);
  });

  it.each(of('interval'))('interval %s', (_, c) => {
    const doc = `<PMML version="4.4"><Header/><DataDictionary><DataField name="x" dataType="double" optype="continuous">${c.pmml}</DataField></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="x" invalidValueTreatment="asIs"/></MiningSchema>
<Output><OutputField name="out" feature="transformedValue" dataType="boolean"><Apply function="isValid"><FieldRef field="x"/></Apply></OutputField></Output>
<RegressionTable intercept="0"/></RegressionModel></PMML>`;
    holds(run(doc, { x: c.value as Plain }), c);
  });

  it.each(of('parse'))('dates and times %s', (_, c) => {
    expect(parseTemporal(c.dataType as string, c.text as string)).toBe(c.expected);
  });
});
