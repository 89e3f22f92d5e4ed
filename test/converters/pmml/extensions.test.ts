/** What vendors add to PMML where it changes the result; every expected value is worked out here by hand. */
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../../src/rows/table.ts';
import { evaluate, type Row, readText } from './corpus.ts';

const field = (name: string, inner = '') =>
  `<DataField name="${name}" optype="continuous" dataType="double">${inner}</DataField>`;
const range = '<Interval closure="closedClosed" leftMargin="0" rightMargin="10"/>';

const pmml = (fields: string, model: string, transformations = '') =>
  `<PMML version="4.3" xmlns="http://www.dmg.org/PMML-4_3"><Header/><DataDictionary>${fields}</DataDictionary>
<TransformationDictionary>${transformations}</TransformationDictionary>${model}</PMML>`;

const line = (gate: string, name = 'x') =>
  `<RegressionModel functionName="regression"><MiningSchema>${gate}</MiningSchema><RegressionTable intercept="0"><NumericPredictor name="${name}" coefficient="2"/></RegressionTable></RegressionModel>`;

const run = (document: string, rows: readonly Row[], column = 'prediction'): Cell[] =>
  evaluate(readText(document).model, rows).map((r) => r[column] as Cell);

const tree = (attributes: string, predicate: string, score: number) =>
  `<TreeModel functionName="regression" ${attributes}><MiningSchema><MiningField name="x"/></MiningSchema><Node score="0"><True/><Node score="${score}">${predicate}</Node></Node></TreeModel>`;

describe('names with x-', () => {
  it('say what a later version says without', () => {
    const gate =
      '<MiningField name="x" invalidValueTreatment="asValue" x-invalidValueReplacement="4" missingValueTreatment="x-returnInvalid"/>';
    expect(run(pmml(field('x', range), line(gate)), [{ x: 3 }, { x: 11 }, { x: null }])).toEqual([
      6,
      8,
      null,
    ]);
  });

  it('are read on a Segmentation', () => {
    const positive = '<SimplePredicate field="x" operator="greaterThan" value="0"/>';
    const members = [tree('', '<True/>', 5), tree('', positive, 7)];
    const ensemble = (attributes: string) =>
      pmml(
        field('x'),
        `<MiningModel functionName="regression"><MiningSchema><MiningField name="x"/></MiningSchema><Segmentation multipleModelMethod="sum" ${attributes}>${members.map((m) => `<Segment><True/>${m}</Segment>`).join('')}</Segmentation></MiningModel>`,
      );
    // Without a TRUE child the second tree has no prediction.
    const rows = [{ x: 1 }, { x: -1 }];
    expect(run(ensemble('x-missingPredictionTreatment="returnMissing"'), rows)).toEqual([12, null]);
    expect(run(ensemble('x-missingPredictionTreatment="skipSegment"'), rows)).toEqual([12, 5]);
  });

  it('functions', () => {
    const derived =
      '<DerivedField name="d" optype="continuous" dataType="double"><Apply function="x-hypot"><FieldRef field="x"/><Constant>4</Constant></Apply></DerivedField>';
    expect(run(pmml(field('x'), line('<MiningField name="x"/>', 'd'), derived), [{ x: 3 }])).toEqual([10]);
  });

  it('that nobody knows change nothing', () => {
    expect(run(pmml(field('x'), line('<MiningField name="x" x-color="red"/>')), [{ x: 3 }])).toEqual([6]);
  });
});

describe('what exporters write beside the schema', () => {
  it('a table whose cells are in a namespace of their own', () => {
    const derived = `<DerivedField name="d" optype="continuous" dataType="double"><MapValues outputColumn="data:output"><FieldColumnPair field="x" column="data:input"/><InlineTable><row><data:input>3</data:input><data:output>8</data:output></row></InlineTable></MapValues></DerivedField>`;
    const document = (column: string) =>
      pmml(
        field('x'),
        line('<MiningField name="x"/>', 'd'),
        derived.replace('"data:input"', `"${column}"`),
      ).replace('<PMML', '<PMML xmlns:data="http://example.com/data"');
    expect(run(document('data:input'), [{ x: 3 }, { x: 4 }])).toEqual([16, null]);
    expect(() => readText(document('data:other'))).toThrow(/no row of its table has a column 'other'/);
  });

  it('a boolean compared with 0.5', () => {
    const half = (operator: string) =>
      pmml(
        '<DataField name="x" optype="categorical" dataType="boolean"/>',
        tree(
          'noTrueChildStrategy="returnLastPrediction"',
          `<SimplePredicate field="x" operator="${operator}" value="0.5"/>`,
          7,
        ),
      );
    const rows = [{ x: true }, { x: false }];
    expect(run(half('lessThan'), rows)).toEqual([0, 7]);
    expect(run(half('greaterOrEqual'), rows)).toEqual([7, 0]);
    expect(() => readText(half('equal'))).toThrow(/no value of type boolean/);
  });

  it('a float field on the threshold of a tree', () => {
    // As float32, 0.1 is 0.100000001…: more than the double 0.1, and as much as the float.
    const most = '<SimplePredicate field="x" operator="lessOrEqual" value="0.1"/>';
    const document = pmml(
      field('x').replace('double', 'float'),
      tree('noTrueChildStrategy="returnLastPrediction"', most, 7),
    );
    expect(run(document, [{ x: 0.1 }, { x: 0.11 }])).toEqual([7, 0]);
  });

  it('a node without the default child that its strategy wants', () => {
    const low = '<SimplePredicate field="x" operator="lessThan" value="1"/>';
    const document = pmml(field('x'), tree('missingValueStrategy="defaultChild"', low, 7));
    expect(readText(document).diagnostics.map((d) => d.rule)).toContain('pmml/missing-attribute');
    expect(run(document, [{ x: 0 }, { x: null }])).toEqual([7, null]);
  });

  it('a chain of models with a target each', () => {
    const member = (target: string, coefficient: number) =>
      `<Segment><True/><RegressionModel functionName="regression"><MiningSchema><MiningField name="x"/><MiningField name="${target}" usageType="target"/></MiningSchema><RegressionTable intercept="0"><NumericPredictor name="x" coefficient="${coefficient}"/></RegressionTable></RegressionModel></Segment>`;
    const targets = ['y', 'z'].map((t) => `<MiningField name="${t}" usageType="target"/>`).join('');
    const document = pmml(
      ['x', 'y', 'z'].map((n) => field(n)).join(''),
      `<MiningModel functionName="regression"><MiningSchema><MiningField name="x"/>${targets}</MiningSchema><Segmentation multipleModelMethod="x-multiModelChain">${member('y', 2)}${member('z', 3)}</Segmentation></MiningModel>`,
    );
    expect(evaluate(readText(document).model, [{ x: 5 }])).toEqual([{ y: 10, z: 15 }]);
  });
});
