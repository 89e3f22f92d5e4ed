/** A PMML document is hostile until it is a checked graph: every refusal is typed, located, and quick. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reader } from '../../../converters/pmml/reader.ts';
import { evaluator } from '../../../src/evaluate/evaluate.ts';
import { memorySource } from '../../../src/files/source.ts';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { evaluate, readText } from './corpus.ts';

const refusal = (text: string): string => {
  try {
    readText(text);
  } catch (e) {
    if (e instanceof PortolanError) return `${e.diagnostic.rule}@${e.diagnostic.at?.at} ${e.message}`;
    throw e;
  }
  return 'none';
};

/** A document of a dictionary and a model, a part a line, so that lines tell. */
const pmml = (parts: { fields?: string; transformations?: string; model?: string; version?: string }) =>
  `<PMML version="${parts.version ?? '4.4'}" xmlns="http://www.dmg.org/PMML-4_4">
<Header/><DataDictionary>${parts.fields ?? '<DataField name="x" dataType="double" optype="continuous"/>'}</DataDictionary>
<TransformationDictionary>${parts.transformations ?? ''}</TransformationDictionary>
${parts.model ?? regression()}
</PMML>`;

const regression = (
  body = '<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable>',
  schema = '<MiningField name="x"/>',
  before = '',
) =>
  `<RegressionModel functionName="regression"><MiningSchema>${schema}</MiningSchema>${before}
${body}</RegressionModel>`;

const derived = (name: string, expression: string) =>
  `<DerivedField name="${name}" dataType="double" optype="continuous">${expression}</DerivedField>`;

const shown = (field: string) =>
  regression(
    undefined,
    undefined,
    `<Output><OutputField name="o" feature="transformedValue"><FieldRef field="${field}"/></OutputField></Output>`,
  );

const tree = (nodes: string) =>
  `<TreeModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema>
${nodes}</TreeModel>`;

describe('a document that is refused', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['another root', '<html></html>', /^pmml\/not-pmml@1 /],
    ['no version', '<PMML></PMML>', /^pmml\/missing-attribute@1 /],
    ['a version that is not read', pmml({ version: '2.1' }), /^pmml\/version@1 .*2\.1/],
    ['no model', '<PMML version="4.4"><Header/>\n<DataDictionary/></PMML>', /^pmml\/no-model@1 /],
    [
      'an unknown model',
      pmml({ model: '<OracleModel functionName="regression"/>' }),
      /^pmml\/not-supported@4 <OracleModel>/,
    ],
    ['a truncated document', pmml({}).slice(0, -20), /^xml\/not-well-formed@/],
    [
      'a field that is not defined',
      pmml({
        model: regression(
          '<RegressionTable intercept="0"><NumericPredictor name="y" coefficient="1"/></RegressionTable>',
        ),
      }),
      /^pmml\/unknown-field@5 <NumericPredictor>.*'y'/,
    ],
    [
      'a MiningField without DataField',
      pmml({ model: regression(undefined, '<MiningField name="q"/>') }),
      /^pmml\/unknown-field@4 <MiningField>.*'q'/,
    ],
    [
      'a DataField that no MiningField lets in',
      pmml({
        fields:
          '<DataField name="x" dataType="double" optype="continuous"/><DataField name="z" dataType="double" optype="continuous"/>',
        model: regression(
          '<RegressionTable intercept="0"><NumericPredictor name="z" coefficient="1"/></RegressionTable>',
        ),
      }),
      /^pmml\/unknown-field@5 .*MiningSchema/,
    ],
    [
      'two fields of one name',
      pmml({
        fields:
          '<DataField name="x" dataType="double" optype="continuous"/>\n<DataField name="x" dataType="double" optype="continuous"/>',
      }),
      /^pmml\/duplicate-name@3 /,
    ],
    [
      'a MiningField twice',
      pmml({ model: regression(undefined, '<MiningField name="x"/>\n<MiningField name="x"/>') }),
      /^pmml\/duplicate-name@5 /,
    ],
    [
      'two outputs of one name',
      pmml({
        model: regression(
          undefined,
          undefined,
          '<Output><OutputField name="o"/>\n<OutputField name="o" feature="residual"/></Output>',
        ),
      }),
      /^pmml\/duplicate-name@5 /,
    ],
    [
      'a derived field made from itself',
      pmml({
        transformations: derived('a', '<FieldRef field="b"/>') + derived('b', '<FieldRef field="a"/>'),
        model: shown('a'),
      }),
      /^pmml\/cyclic-field@3 /,
    ],
    [
      'a function that calls itself',
      pmml({
        transformations: `<DefineFunction name="f" optype="continuous"><ParameterField name="p"/><Apply function="g"><FieldRef field="p"/></Apply></DefineFunction><DefineFunction name="g" optype="continuous"><ParameterField name="p"/><Apply function="f"><FieldRef field="p"/></Apply></DefineFunction>${derived('a', '<Apply function="f"><FieldRef field="x"/></Apply>')}`,
        model: shown('a'),
      }),
      /^pmml\/cyclic-function@3 /,
    ],
    [
      'functions that double at every level',
      pmml({
        transformations: `${Array.from({ length: 40 }, (_, i) => `<DefineFunction name="f${i}" optype="continuous"><ParameterField name="p"/><Apply function="+">${`<Apply function="${i === 39 ? 'abs' : `f${i + 1}`}"><FieldRef field="p"/></Apply>`.repeat(2)}</Apply></DefineFunction>`).join('')}${derived('a', '<Apply function="f0"><FieldRef field="x"/></Apply>')}`,
        model: shown('a'),
      }),
      /^pmml\/too-large@3 /,
    ],
    [
      'an unknown function',
      pmml({
        transformations: derived('a', '<Apply function="eval"><FieldRef field="x"/></Apply>'),
        model: shown('a'),
      }),
      /^pmml\/unknown-function@3 .*'eval'/,
    ],
    [
      'a function named constructor',
      pmml({
        transformations: derived('a', '<Apply function="constructor"><FieldRef field="x"/></Apply>'),
        model: shown('a'),
      }),
      /^pmml\/unknown-function@3 /,
    ],
    [
      'too few arguments',
      pmml({
        transformations: derived('a', '<Apply function="+"><FieldRef field="x"/></Apply>'),
        model: shown('a'),
      }),
      /^pmml\/arguments@3 .*takes 2 arguments, not 1/,
    ],
    [
      'text where a number is wanted',
      pmml({
        transformations: derived(
          'a',
          '<Apply function="ln"><Constant dataType="string">q</Constant></Apply>',
        ),
        model: shown('a'),
      }),
      /^pmml\/arguments@3 /,
    ],
    [
      'a Lag that PMML gives no formula for',
      pmml({ transformations: derived('a', '<Lag field="x" aggregate="stddev"/>'), model: shown('a') }),
      /^pmml\/not-supported@3 <Lag>/,
    ],
    [
      'an Aggregate to a multiset',
      pmml({
        transformations: derived('a', '<Aggregate field="x" function="multiset"/>'),
        model: shown('a'),
      }),
      /^pmml\/not-supported@3 <Aggregate>/,
    ],
    [
      'a table outside the document',
      pmml({
        transformations: derived(
          'a',
          '<MapValues outputColumn="o"><FieldColumnPair field="x" column="i"/><TableLocator/></MapValues>',
        ),
        model: shown('a'),
      }),
      /^pmml\/not-supported@3 <TableLocator>.*never fetched/,
    ],
    [
      'a threshold that is no number',
      pmml({
        model: tree(
          '<Node><True/><Node score="1"><SimplePredicate field="x" operator="lessThan" value="abc"/></Node></Node>',
        ),
      }),
      /^pmml\/literal@5 <SimplePredicate>.*"abc"/,
    ],
    [
      'an unknown operator',
      pmml({
        model: tree(
          '<Node><True/><Node score="1"><SimplePredicate field="x" operator="like" value="1"/></Node></Node>',
        ),
      }),
      /^pmml\/attribute-value@5 /,
    ],
    [
      'an embedded model without a table',
      pmml({ model: tree('<Node score="1"><True/><Regression functionName="regression"/></Node>') }),
      /^pmml\/missing-element@5 <Regression>/,
    ],
    [
      'a Node without predicate',
      pmml({ model: tree('<Node score="1"/>') }),
      /^pmml\/missing-element@5 <Node>/,
    ],
    [
      'a score that is no number',
      pmml({ model: tree('<Node score="big"><True/></Node>') }),
      /^pmml\/not-a-number@5 /,
    ],
    [
      'a default child that is none',
      pmml({
        model: tree(
          '<Node defaultChild="7"><True/><Node id="1" score="1"><SimplePredicate field="x" operator="lessThan" value="1"/></Node></Node>',
        ).replace('functionName', 'missingValueStrategy="defaultChild" functionName'),
      }),
      /^pmml\/unknown-node@5 /,
    ],
    [
      'a model not to be scored',
      pmml({ model: regression().replace('functionName', 'isScorable="false" functionName') }),
      /^pmml\/not-scorable@4 /,
    ],
    [
      'an array that lies about its length',
      pmml({
        model: tree(
          '<Node><True/><Node score="1"><SimpleSetPredicate field="x" booleanOperator="isIn"><Array n="3" type="real">1 2</Array></SimpleSetPredicate></Node></Node>',
        ),
      }),
      /^pmml\/array@5 /,
    ],
    [
      'order among unordered text',
      pmml({
        fields: '<DataField name="x" dataType="string" optype="categorical"/>',
        model: tree(
          '<Node><True/><Node score="1"><SimplePredicate field="x" operator="lessThan" value="a"/></Node></Node>',
        ),
      }),
      /^pmml\/not-ordered@5 /,
    ],
    [
      'the standard error',
      pmml({
        model: regression(
          undefined,
          undefined,
          '<Output><OutputField name="o" feature="standardError"/></Output>',
        ),
      }),
      /^pmml\/not-supported@4 <OutputField>.*standardError/,
    ],
  ];
  it.each(cases)('%s', (_, text, want) => {
    expect(refusal(text)).toMatch(want);
  });

  it('predicates nested without end', () => {
    const n = 1000;
    const test = `${'<CompoundPredicate booleanOperator="and">'.repeat(n)}<True/>${'</CompoundPredicate>'.repeat(n)}`;
    expect(refusal(pmml({ model: tree(`<Node><True/><Node score="1">${test}</Node></Node>`) }))).toMatch(
      /^pmml\/too-deep@5 /,
    );
  });

  it('expressions nested without end', () => {
    const n = 1000;
    const e = `${'<Apply function="abs">'.repeat(n)}<FieldRef field="x"/>${'</Apply>'.repeat(n)}`;
    expect(refusal(pmml({ transformations: derived('a', e), model: shown('a') }))).toMatch(
      /^pmml\/too-deep@3 /,
    );
  });

  it('models nested without end', () => {
    const n = 1000;
    const open = `<MiningModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema><Segmentation multipleModelMethod="sum"><Segment><True/>`;
    const nested = `${open.repeat(n)}${regression()}${'</Segment></Segmentation></MiningModel>'.repeat(n)}`;
    expect(refusal(pmml({ model: nested }))).toMatch(/^(pmml|xml)\/too-deep@/);
  });
});

describe('the structure of a document', () => {
  const twice = '<Output><OutputField name="o" dataType="double"/></Output>\n';
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'a part twice',
      pmml({ model: regression(undefined, undefined, twice + twice) }),
      /^pmml\/duplicate-element@5 <Output>: <RegressionModel> has one <Output>/,
    ],
    [
      'two dictionaries',
      pmml({}).replace('<TransformationDictionary>', '<DataDictionary/>\n<TransformationDictionary>'),
      /^pmml\/duplicate-element@3 <DataDictionary>/,
    ],
    [
      'two expressions',
      pmml({
        transformations: derived('a', '<FieldRef field="x"/>\n<Constant>1</Constant>'),
        model: shown('a'),
      }),
      /^pmml\/duplicate-element@4 <Constant>: <DerivedField> has one expression/,
    ],
    [
      'two predicates',
      pmml({ model: tree('<Node score="1"><True/>\n<False/></Node>') }),
      /^pmml\/duplicate-element@6 /,
    ],
    [
      'a part where it has no place',
      pmml({ model: regression('<RegressionTable intercept="1">\n<Output/></RegressionTable>') }),
      /^pmml\/not-supported@6 <Output>: this element has no place in <RegressionTable>/,
    ],
    [
      'an element of another standard',
      pmml({}).replace(
        '<TransformationDictionary>',
        '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/><TransformationDictionary>',
      ),
      /^pmml\/not-supported@3 <include>: this element has no place in <PMML>/,
    ],
    // One bit of a < is |: a field would be gone without a word.
    [
      'a tag damaged into text',
      pmml({}).replace('<MiningField', '|MiningField'),
      /^pmml\/stray-text@4 <MiningSchema>/,
    ],
    [
      'text in a tree',
      pmml({ model: tree('<Node score="1"><True/>\nNode score="2"</Node>') }),
      /^pmml\/stray-text@6 <Node>/,
    ],
  ];
  it.each(cases)('is refused: %s', (_, text, want) => {
    expect(refusal(text)).toMatch(want);
  });

  const noted = (text: string) =>
    readText(text).diagnostics.map((d) => `${d.severity} ${d.rule}@${d.at?.at} ${d.message}`);
  const odd: readonly (readonly [string, string, RegExp])[] = [
    [
      'an attribute that is misspelled',
      pmml({}).replace('<NumericPredictor', '<NumericPredictor exponnent="2"'),
      /^warning pmml\/unknown-attribute@5 <NumericPredictor>: .*exponnent/,
    ],
    [
      'an attribute of a tree that is misspelled',
      pmml({ model: tree('<Node score="1"><True/>\n<Node scorre="2"><True/></Node></Node>') }),
      /^warning pmml\/unknown-attribute@6 <Node>: .*scorre/,
    ],
    [
      'an attribute that is missing',
      pmml({ fields: '<DataField name="x" dataType="double"/>' }),
      /^warning pmml\/missing-attribute@2 <DataField>: .*optype/,
    ],
    [
      'a part that is missing',
      pmml({}).replace('<Header/>', ''),
      /^warning pmml\/missing-element@1 <PMML>: .*<Header>/,
    ],
    [
      'another order',
      pmml({
        model: `<RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema><RegressionTable intercept="1"/>\n${twice}</RegressionModel>`,
      }),
      /^warning pmml\/element-order@5 <Output>: .*before <RegressionTable> in <RegressionModel>/,
    ],
    [
      'a predicate behind the children',
      pmml({ model: tree('<Node score="1"><Node score="2"><True/></Node>\n<True/></Node>') }),
      /^warning pmml\/element-order@6 <True>/,
    ],
    [
      'a wrong count of fields',
      pmml({}).replace('<DataDictionary>', '<DataDictionary numberOfFields="9">'),
      /^warning pmml\/count@2 <DataDictionary>: it says numberOfFields="9" and holds 1/,
    ],
    [
      'an array of no known type',
      pmml({
        model: tree(
          '<Node score="0"><True/><Node score="1"><SimpleSetPredicate field="x" booleanOperator="isIn"><Array n="2" type="double">1 2</Array></SimpleSetPredicate></Node></Node>',
        ),
      }),
      /^warning pmml\/attribute-value@5 <Array>: type="double"/,
    ],
    [
      'a namespace that is none of PMML',
      pmml({}).replace('http://www.dmg.org/PMML-4_4', 'http://example.org/PMML-4_4'),
      /^warning pmml\/namespace@1 /,
    ],
  ];
  it.each(odd)('is read with one warning that names the line: %s', (_, text, want) => {
    const notes = noted(text);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatch(want);
  });

  it("what vendors add is nobody's fault", () => {
    const text = pmml({})
      .replace('<PMML ', '<PMML xmlns:v="http://v" v:tool="t" x-tool="t" X-other="o" ')
      .replace(
        '<Header/>',
        '<Header><Extension name="n"><DataField sort="of"/><Foo/>text</Extension></Header>',
      );
    expect(noted(text)).toEqual([]);
  });
});

describe('much out of little: a document of at most a megabyte', () => {
  const many = (n: number, part: (i: number) => string) =>
    Array.from({ length: n }, (_, i) => part(i)).join('');
  const less = (value: number) => `<SimplePredicate field="x" operator="lessThan" value="${value}"/>`;
  const classified = (nodes: string, strategy: string) =>
    tree(nodes).replace(
      'functionName="regression"',
      `functionName="classification" missingValueStrategy="${strategy}"`,
    );

  const cases: readonly (readonly [string, () => string, RegExp])[] = [
    [
      'children of which each may stand beside each',
      () =>
        pmml({
          model: classified(
            `<Node recordCount="1"><True/>${many(6000, (i) => `<Node score="a" recordCount="1">${less(i)}</Node>`)}</Node>`,
            'weightedConfidence',
          ),
        }),
      /^pmml\/too-large@5 <Node>: .*6000/,
    ],
    [
      'rules that have a score each',
      () =>
        pmml({
          model: `<RuleSetModel functionName="classification"><MiningSchema><MiningField name="x"/></MiningSchema>
<RuleSet><RuleSelectionMethod criterion="weightedSum"/>${many(6000, (i) => `<SimpleRule score="k${i}">${less(i)}</SimpleRule>`)}</RuleSet></RuleSetModel>`,
        }),
      /^pmml\/too-large@5 <RuleSet>/,
    ],
    [
      'an expression that repeats itself',
      () =>
        pmml({
          transformations: derived(
            'a',
            `<Apply function="matches"><Constant>b</Constant><Constant>${'b{1000}'.repeat(1000)}</Constant></Apply>`,
          ),
          model: shown('a'),
        }),
      /^(pmml\/too-large|ops\/regular-expression)@\d /,
    ],
    [
      'many expressions that do',
      () =>
        pmml({
          transformations: many(900, (i) =>
            derived(
              `a${i}`,
              `<Apply function="if"><Apply function="matches"><Constant>b</Constant><Constant>b{1000}${i}</Constant></Apply><FieldRef field="${i === 899 ? 'x' : `a${i + 1}`}"/></Apply>`,
            ),
          ),
          model: shown('a0'),
        }),
      /^pmml\/too-large@3 /,
    ],
    [
      'what no engine in linear time has',
      () =>
        pmml({
          transformations: derived(
            'a',
            '<Apply function="matches"><Constant>b</Constant><Constant>(a)\\1</Constant></Apply>',
          ),
          model: shown('a'),
        }),
      /^ops\/regular-expression@3 .*linear time/,
    ],
    [
      'a replacement by a group that is not there',
      () =>
        pmml({
          transformations: derived(
            'a',
            '<Apply function="stringLength"><Apply function="replace"><Constant>b</Constant><Constant>b</Constant><Constant>$7</Constant></Apply></Apply>',
          ),
          model: shown('a'),
        }),
      /^ops\/bad-input@3 .*group/,
    ],
    [
      'a Lag over all that ever was',
      () => pmml({ transformations: derived('a', '<Lag field="x" n="1000000000"/>'), model: shown('a') }),
      /^pmml\/attribute-value@3 <Lag>/,
    ],
    [
      'a cell outside of its matrix',
      () =>
        pmml({
          model: `<GeneralRegressionModel modelType="generalLinear" functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema>
<ParameterList><Parameter name="p"/></ParameterList><FactorList><Predictor name="x"><Categories><Category value="1"/></Categories><Matrix nbRows="100000000" nbCols="100000000">
<MatCell row="100000000" col="100000000">1</MatCell></Matrix></Predictor></FactorList><PPMatrix><PPCell predictorName="x" parameterName="p" value="1"/></PPMatrix><ParamMatrix><PCell parameterName="p" beta="1"/></ParamMatrix></GeneralRegressionModel>`,
        }),
      /^pmml\/(attribute-value@6 <MatCell>|contrast-matrix@5)/,
    ],
    [
      'a sparse array that is long beyond its field',
      () =>
        pmml({
          model: `<SupportVectorMachineModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema><LinearKernelType/><VectorDictionary><VectorFields><FieldRef field="x"/></VectorFields><VectorInstance id="v">
<REAL-SparseArray n="1000000000"><Indices>1000000000</Indices><REAL-Entries>1</REAL-Entries></REAL-SparseArray></VectorInstance></VectorDictionary><SupportVectorMachine><SupportVectors><SupportVector vectorId="v"/></SupportVectors><Coefficients><Coefficient value="1"/></Coefficients></SupportVectorMachine></SupportVectorMachineModel>`,
        }),
      /^pmml\/array@5 /,
    ],
    [
      'a table by address',
      () =>
        pmml({
          transformations: derived(
            'a',
            '<MapValues outputColumn="o"><FieldColumnPair field="x" column="i"/><TableLocator><Extension name="href" value="file:///etc/passwd"/></TableLocator></MapValues>',
          ),
          model: shown('a'),
        }),
      /^pmml\/not-supported@3 <TableLocator>.*never fetched/,
    ],
    [
      'many values of a field',
      () =>
        pmml({
          fields: `<DataField name="x" dataType="string" optype="categorical">${many(35_000, (i) => `<Value value="v${i}"/>`)}</DataField>`,
          model: tree('<Node score="1"><SimplePredicate field="x" operator="equal" value="v7"/></Node>'),
        }),
      /^none$/,
    ],
    [
      'derived fields that double, four hundred deep',
      () =>
        pmml({
          transformations: many(400, (i) => {
            const next = `<FieldRef field="${i === 399 ? 'x' : `d${i + 1}`}"/>`;
            return derived(`d${i}`, `<Apply function="+">${next}${next}</Apply>`);
          }),
          model: shown('d0'),
        }),
      /^none$/,
    ],
  ];
  it.each(cases)('%s', (_, make, want) => {
    const text = make();
    expect(text.length).toBeLessThan(1 << 20);
    const start = process.cpuUsage();
    expect(refusal(text)).toMatch(want);
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(2_000_000);
  });

  it('text that doubles until it fills the memory is refused when it is made', () => {
    const double = (i: number) => {
      const next = `<FieldRef field="${i === 39 ? 'x' : `d${i + 1}`}"/>`;
      return derived(`d${i}`, `<Apply function="concat">${next}${next}</Apply>`).replace(
        '"double"',
        '"string"',
      );
    };
    const { model } = readText(pmml({ transformations: many(40, double), model: shown('d0') }));
    expect(() => evaluate(model, [{ x: 1 }])).toThrow(/more than 1048576 characters/);
  });

  it('derived fields in a long row, each made of the next', () => {
    const n = 5000;
    const chain = many(n, (i) => derived(`d${i}`, `<FieldRef field="${i === n - 1 ? 'x' : `d${i + 1}`}"/>`));
    const { model } = readText(pmml({ transformations: chain, model: shown('d0') }));
    expect(evaluate(model, [{ x: 2.5 }])[0]?.o).toBe(2.5);
  });
});

describe('a document that is odd, and read', () => {
  it('a deep tree', () => {
    const n = 1000;
    const nodes = `<Node score="0"><True/>${Array.from({ length: n }, (_, i) => `<Node score="${i + 1}"><SimplePredicate field="x" operator="greaterThan" value="${i}"/>`).join('')}${'</Node>'.repeat(n)}</Node>`;
    const { model } = readText(
      pmml({
        model: tree(nodes).replace('functionName', 'noTrueChildStrategy="returnLastPrediction" functionName'),
      }),
    );
    expect(evaluate(model, [{ x: 0 }, { x: 500.5 }, { x: 5000 }]).map((r) => r.prediction)).toEqual([
      0, 501, 1000,
    ]);
  });

  it('names like __proto__, constructor and the empty one', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const fields = names
      .map((n) => `<DataField name="${n}" dataType="double" optype="continuous"/>`)
      .join('');
    const { model } = readText(
      pmml({
        fields,
        model: regression(
          `<RegressionTable intercept="0">${names.map((n, i) => `<NumericPredictor name="${n}" coefficient="${10 ** i}"/>`).join('')}</RegressionTable>`,
          names.map((n) => `<MiningField name="${n}"/>`).join(''),
          '<Output><OutputField name="hasOwnProperty" feature="predictedValue"/></Output>',
        ),
      }),
    );
    const row = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}');
    expect(evaluate(model, [row])[0]?.hasOwnProperty).toBe(321);
  });

  it('a namespace that disagrees with the version: a warning', () => {
    const { model, diagnostics } = readText(pmml({ version: '4.1' }));
    expect(model.version).toBe('4.1');
    expect(diagnostics.map((d) => `${d.severity} ${d.rule}`)).toEqual(['warning pmml/namespace']);
  });

  it('prefixed elements and extensions everywhere', () => {
    const text = pmml({})
      .replace(/<(\/?)(?=[A-Z])/g, '<$1p:')
      .replace('xmlns=', 'xmlns:p=')
      .replace('<p:Header/>', '<p:Header><p:Extension><any><thing/></any></p:Extension></p:Header>');
    expect(evaluate(readText(text).model, [{ x: 3 }])[0]?.prediction).toBe(7);
  });

  it('a further model: the first is read, and a warning says so', () => {
    const { diagnostics } = readText(pmml({ model: `${regression()}\n${regression()}` }));
    expect(diagnostics.map((d) => d.rule)).toEqual(['pmml/further-model']);
  });
});

describe('detection', () => {
  const head = (text: string) => reader.detect(new TextEncoder().encode(text), 'x');
  it('is by the root element', () => {
    expect(head('<?xml version="1.0"?>\n<!-- a comment with <PMML> inside -->\n<PMML version="4.4">')).toBe(
      true,
    );
    expect(head('<p:PMML xmlns:p="u" version="4.4">')).toBe(true);
    expect(head('<!-- <PMML> --><svg/>')).toBe(false);
    expect(head('{"learner": 1}')).toBe(false);
  });
});

describe('documents with bytes changed at random', () => {
  const folder = 'fixtures/pmml/spec';
  const documents = readdirSync(folder, { withFileTypes: true })
    .filter((e) => e.isDirectory())
    .map((e) => readFileSync(`${folder}/${e.name}/model.pmml`));

  it('give a typed error or a model, never anything else', () => {
    fc.assert(
      fc.property(
        fc.nat(documents.length - 1),
        fc.array(fc.tuple(fc.nat(1 << 16), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(1 << 16)),
        (which, changes, cut) => {
          const data = Uint8Array.from(documents[which] as Buffer);
          for (const [at, byte] of changes) data[at % data.length] = byte;
          const part = cut === null ? data : data.subarray(0, cut % data.length);
          try {
            evaluator(reader.read(memorySource('m.pmml', part)).model);
          } catch (e) {
            expect(e).toBeInstanceOf(PortolanError);
          }
        },
      ),
      { numRuns: 1500, seed: 20261121 },
    );
  });

  it('the same with digits, names and quotes exchanged, so that more of them stay well-formed', () => {
    fc.assert(
      fc.property(
        fc.nat(documents.length - 1),
        fc.nat(1 << 16),
        fc.constantFrom('', '0', '-1', '1e999', 'NaN', 'x', '__proto__', 'true', '9'.repeat(400)),
        (which, at, value) => {
          let n = -1;
          const text = (documents[which] as Buffer).toString('utf8');
          const count = (text.match(/="[^"]*"/g) ?? []).length;
          const changed = text.replace(/="[^"]*"/g, (old) => (++n === at % count ? `="${value}"` : old));
          try {
            evaluator(reader.read(memorySource('m.pmml', new TextEncoder().encode(changed))).model);
          } catch (e) {
            expect(e).toBeInstanceOf(PortolanError);
          }
        },
      ),
      { numRuns: 1500, seed: 20261122 },
    );
  });
});
