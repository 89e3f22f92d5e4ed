/** Rules of PMML 4.4.1 that meet each other; every expected value is worked out here by hand. */
import { describe, expect, it } from 'vitest';
import type { Cell } from '../../../src/rows/table.ts';
import { evaluate, type Row, readText } from './corpus.ts';

const numeric = (name: string, inner = '', type = 'double') =>
  `<DataField name="${name}" dataType="${type}" optype="continuous">${inner}</DataField>`;
const text = (name: string, values: readonly string[] = [], optype = 'categorical') =>
  `<DataField name="${name}" dataType="string" optype="${optype}">${values.map((v) => `<Value value="${v}"/>`).join('')}</DataField>`;

const pmml = (fields: string, model: string, transformations = '') =>
  `<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary>${fields}</DataDictionary>
<TransformationDictionary>${transformations}</TransformationDictionary>${model}</PMML>`;

const schema = (...fields: readonly string[]) =>
  `<MiningSchema>${fields.map((f) => (f.startsWith('<') ? f : `<MiningField name="${f}"/>`)).join('')}</MiningSchema>`;
const target = (name: string) => `<MiningField name="${name}" usageType="target"/>`;

const regression = (gate: string, table: string, before = '', attributes = '') =>
  `<RegressionModel functionName="regression" ${attributes}>${gate}${before}${table}</RegressionModel>`;
const constant = (value: number, gate: string, before = '') =>
  regression(gate, `<RegressionTable intercept="${value}"/>`, before);

const show = (...outputs: readonly (readonly [name: string, expression: string, type?: string])[]) =>
  `<Output>${outputs.map(([n, e, type]) => `<OutputField name="${n}" feature="transformedValue"${type ? ` dataType="${type}"` : ''}>${e}</OutputField>`).join('')}</Output>`;

const run = (document: string, rows: readonly Row[], column: string): Cell[] =>
  evaluate(readText(document).model, rows).map((r) => r[column] as Cell);

describe('the gate of a model', () => {
  it('treats the invalid, then outliers, then what is missing by now', () => {
    const field = numeric('x', '<Interval closure="closedClosed" leftMargin="0" rightMargin="10"/>');
    const gate = schema(
      '<MiningField name="x" invalidValueTreatment="asMissing" outliers="asMissingValues" lowValue="2" highValue="8" missingValueReplacement="5"/>',
    );
    const doc = pmml(field, constant(0, gate, show(['o', '<FieldRef field="x"/>'])));
    // 11 is invalid, 1 and 9 are outliers, null is missing: all become 5.
    expect(run(doc, [{ x: 11 }, { x: 1 }, { x: 9 }, { x: null }, { x: 2 }, { x: 8 }], 'o')).toEqual([
      5, 5, 5, 5, 2, 8,
    ]);
  });

  it('an invalid value makes every result missing, but not a default of the target', () => {
    const doc = pmml(
      text('s', ['a', 'b']) + numeric('y'),
      constant(
        3,
        schema('s', target('y')),
        '<Targets><Target field="y"><TargetValue defaultValue="7"/></Target></Targets>',
      ),
    );
    expect(run(doc, [{ s: 'a' }, { s: 'z' }, { s: null }], 'y')).toEqual([3, null, 3]);
  });

  it('a number declared to mean missing is missing, in the graph itself', () => {
    const doc = pmml(
      numeric('x', '<Value value="-999" property="missing"/>'),
      constant(
        0,
        schema('x'),
        show(['o', '<Apply function="isMissing"><FieldRef field="x"/></Apply>', 'boolean']),
      ),
    );
    const { model } = readText(doc);
    expect(evaluate(model, [{ x: -999 }, { x: 1 }]).map((r) => Number(r.o))).toEqual([1, 0]);
    expect(model.fields[0]?.missing).toEqual(['-999']);
  });

  it('listed values and ranges of a continuous field are both valid', () => {
    const field = numeric(
      'x',
      '<Interval closure="openClosed" leftMargin="0" rightMargin="1"/><Value value="99"/>',
    );
    const gate = schema('<MiningField name="x" invalidValueTreatment="asIs"/>');
    const doc = pmml(
      field,
      constant(0, gate, show(['v', '<Apply function="isValid"><FieldRef field="x"/></Apply>', 'boolean'])),
    );
    expect(run(doc, [{ x: 0 }, { x: 1 }, { x: 99 }, { x: 98 }, { x: null }], 'v').map(Number)).toEqual([
      0, 1, 1, 0, 0,
    ]);
  });

  it('a segment keeps what the model around let in, unless it says otherwise itself', () => {
    const inner = (gate: string) =>
      `<Segment><True/>${regression(gate, '<RegressionTable intercept="0"><NumericPredictor name="x" coefficient="1"/></RegressionTable>')}</Segment>`;
    const ensemble = (gate: string) =>
      pmml(
        numeric('x', '<Interval closure="closedClosed" leftMargin="0" rightMargin="10"/>'),
        `<MiningModel functionName="regression">${schema('<MiningField name="x" invalidValueTreatment="asIs"/>')}<Segmentation multipleModelMethod="sum">${inner(gate)}</Segmentation></MiningModel>`,
      );
    expect(run(ensemble(schema('x')), [{ x: 20 }], 'prediction')).toEqual([20]);
    expect(
      run(
        ensemble(schema('<MiningField name="x" outliers="asExtremeValues" lowValue="1" highValue="4"/>')),
        [{ x: 20 }, { x: 0 }],
        'prediction',
      ),
    ).toEqual([4, 1]);
    expect(
      run(
        ensemble(schema('<MiningField name="x" invalidValueTreatment="returnInvalid"/>')),
        [{ x: 20 }, { x: 3 }],
        'prediction',
      ),
    ).toEqual([null, 3]);
  });
});

describe('expressions', () => {
  const of = (
    expression: string,
    rows: readonly Row[],
    fields = numeric('x'),
    names = ['x'],
    type?: string,
  ) =>
    run(
      pmml(
        fields,
        constant(0, schema(...names), show(type === undefined ? ['o', expression] : ['o', expression, type])),
      ),
      rows,
      'o',
    );
  const apply = (f: string, ...args: readonly string[]) => `<Apply function="${f}">${args.join('')}</Apply>`;
  const x = '<FieldRef field="x"/>';
  const k = (v: number | string) => `<Constant>${v}</Constant>`;

  it('what has no result is invalid, missing or as the machine has it', () => {
    const quotient = (treatment: string) => `<Apply function="/" ${treatment}>${k(1)}${x}</Apply>`;
    expect(of(quotient(''), [{ x: 0 }, { x: 4 }])).toEqual([null, 0.25]);
    expect(of(quotient('invalidValueTreatment="asIs"'), [{ x: 0 }])).toEqual([Infinity]);
    expect(
      of(quotient('invalidValueTreatment="asMissing" defaultValue="9"'), [{ x: 0 }, { x: null }]),
    ).toEqual([9, 9]);
  });

  it('an invalid result makes the prediction of the model that reads it missing', () => {
    const doc = pmml(
      numeric('x'),
      regression(
        schema('x'),
        '<RegressionTable intercept="0"><NumericPredictor name="d" coefficient="1"/></RegressionTable>',
      ),
      `<DerivedField name="d" dataType="double" optype="continuous">${apply('ln', x)}</DerivedField>`,
    );
    expect(run(doc, [{ x: 1 }, { x: 0 }, { x: -1 }, { x: null }], 'prediction')).toEqual([
      0,
      null,
      null,
      null,
    ]);
  });

  it('expm1 and ln1p keep their digits near zero', () => {
    // Taylor: x + x²/2 and x - x²/2, exact to double precision at 1e-10.
    const near = 1e-10;
    expect(of(apply('expm1', x), [{ x: near }, { x: 0 }, { x: -40 }])).toEqual([
      near + (near * near) / 2,
      0,
      Math.expm1(-40),
    ]);
    expect(of(apply('ln1p', x), [{ x: near }, { x: 0 }])).toEqual([near - (near * near) / 2, 0]);
  });

  it('log10 is exact at the powers of ten', () => {
    expect(of(apply('log10', x), [{ x: 1000 }, { x: 1e15 }, { x: 0.001 }])).toEqual([3, 15, -3]);
  });

  it('the normal distribution far out, and its inverse', () => {
    // mpmath, 30 digits: ncdf(-10), ncdf(-3), quantiles of 1e-20 and 0.3.
    const want = [7.619853024160525e-24, 0.0013498980316300946];
    of(apply('stdNormalCDF', x), [{ x: -10 }, { x: -3 }]).forEach((got, i) => {
      expect(Math.abs(Number(got) / (want[i] as number) - 1)).toBeLessThan(1e-14);
    });
    const quantile = [-9.262340089798407, -0.524400512708041];
    of(apply('stdNormalIDF', x), [{ x: 1e-20 }, { x: 0.3 }]).forEach((got, i) => {
      expect(Math.abs(Number(got) / (quantile[i] as number) - 1)).toBeLessThan(1e-14);
    });
    expect(of(apply('stdNormalIDF', x), [{ x: 0 }, { x: 1 }, { x: 1.5 }])).toEqual([null, null, null]);
  });

  it('round goes up at a half, rint to the even neighbour', () => {
    const rows = [{ x: 0.5 }, { x: 1.5 }, { x: -0.5 }, { x: -1.5 }, { x: 0.49999999999999994 }];
    expect(of(apply('round', x), rows).map((v) => Number(v) + 0)).toEqual([1, 2, 0, -1, 0]);
    expect(of(apply('rint', x), rows).map((v) => Number(v) + 0)).toEqual([0, 2, 0, -2, 0]);
  });

  it('an if that is UNKNOWN has no result; what is not chosen does no harm', () => {
    const guarded = apply('if', apply('greaterThan', x, k(0)), apply('ln', x), k(-1));
    expect(of(guarded, [{ x: 1 }, { x: null }])).toEqual([0, null]);
  });

  it('MapValues by two columns, the first of equal rows, and empty cells', () => {
    const table = `<MapValues outputColumn="o" dataType="double" defaultValue="-1" mapMissingTo="-2"><FieldColumnPair field="a" column="c1"/><FieldColumnPair field="x" column="c2"/>
<InlineTable><row><c1>p</c1><c2>1</c2><o>10</o></row><row><c1>p</c1><c2>2</c2><o>20</o></row><row><c1>q</c1><c2>1</c2><o>30</o></row><row><c1>p</c1><c2>1</c2><o>99</o></row><row><c1>q</c1><c2>2</c2></row></InlineTable></MapValues>`;
    const rows: Row[] = [
      { a: 'p', x: 1 },
      { a: 'p', x: 2 },
      { a: 'q', x: 1 },
      { a: 'q', x: 2 },
      { a: 'z', x: 1 },
      { a: null, x: 1 },
    ];
    expect(of(table, rows, text('a') + numeric('x'), ['a', 'x'])).toEqual([10, 20, 30, -1, -1, -2]);
  });

  it('a derived float is rounded to single precision, a derived integer loses its fraction', () => {
    const doc = (type: string) =>
      pmml(
        numeric('x'),
        constant(0, schema('x'), show(['o', '<FieldRef field="d"/>'])),
        `<DerivedField name="d" dataType="${type}" optype="continuous">${x}</DerivedField>`,
      );
    expect(run(doc('float'), [{ x: 0.1 }], 'o')).toEqual([Math.fround(0.1)]);
    expect(run(doc('integer'), [{ x: 2.9 }, { x: -2.9 }, { x: null }], 'o')).toEqual([2, -2, null]);
  });

  it('dates move between their units', () => {
    const fields =
      '<DataField name="d" dataType="date" optype="continuous"/><DataField name="m" dataType="dateTime" optype="continuous"/>';
    const doc = pmml(
      fields,
      constant(
        0,
        schema('d', 'm'),
        show(
          ['days', '<FieldRef field="since"/>'],
          ['second', apply('dateSecondsSinceMidnight', '<FieldRef field="m"/>')],
        ),
      ),
      '<DerivedField name="since" dataType="dateDaysSince[1960]" optype="continuous"><FieldRef field="d"/></DerivedField>',
    );
    const [row] = evaluate(readText(doc).model, [{ d: '2003-04-01', m: '2003-04-01T05:23:30' }]);
    expect([row?.days, row?.second]).toEqual([15796, 19410]);
  });
});

describe('trees', () => {
  const tree = (nodes: string, attributes = '', before = '') =>
    `<TreeModel functionName="classification" ${attributes}>${schema('x', 's', target('t'))}${before}${nodes}</TreeModel>`;
  const fields = numeric('x') + text('s', ['low', 'mid', 'high'], 'ordinal') + text('t', ['a', 'b']);

  it('ordinal text is compared in the order that the field lists', () => {
    const nodes =
      '<Node score="a"><True/><Node score="b"><SimplePredicate field="s" operator="greaterThan" value="low"/></Node><Node score="a"><True/></Node></Node>';
    expect(
      run(pmml(fields, tree(nodes)), [{ s: 'low' }, { s: 'mid' }, { s: 'high' }, { s: null }], 't'),
    ).toEqual(['a', 'b', 'b', 'a']);
  });

  it('the label is the score of the node, whatever its distribution says; without a score the most frequent', () => {
    const shares =
      '<ScoreDistribution value="a" recordCount="1"/><ScoreDistribution value="b" recordCount="3"/>';
    const nodes = `<Node><True/><Node score="a"><SimplePredicate field="x" operator="lessThan" value="0"/>${shares}</Node><Node><True/>${shares}</Node></Node>`;
    const rows = evaluate(readText(pmml(fields, tree(nodes))).model, [{ x: -1 }, { x: 1 }]);
    expect(rows.map((r) => [r.t, r['probability(a)'], r['probability(b)']])).toEqual([
      ['a', 0.25, 0.75],
      ['b', 0.25, 0.75],
    ]);
  });

  it('a node without an id is known by its line', () => {
    const nodes =
      '<Node score="a"><True/>\n<Node score="b"><SimplePredicate field="x" operator="lessThan" value="0"/></Node>\n<Node score="a"><True/></Node></Node>';
    const doc = pmml(fields, tree(nodes, '', '<Output><OutputField name="id" feature="entityId"/></Output>'));
    expect(run(doc, [{ x: -1 }, { x: 1 }], 'id')).toEqual(['3', '4']);
  });

  it('numeric classes are predicted as numbers', () => {
    const doc = pmml(
      numeric('x') +
        '<DataField name="t" dataType="integer" optype="categorical"><Value value="0"/><Value value="1"/></DataField>',
      `<TreeModel functionName="classification">${schema('x', target('t'))}<Node score="1"><True/><ScoreDistribution value="1" recordCount="2"/><ScoreDistribution value="0" recordCount="6"/></Node></TreeModel>`,
    );
    const [row] = evaluate(readText(doc).model, [{ x: 0 }]);
    expect([row?.t, row?.['probability(0)'], row?.['probability(1)']]).toEqual([1, 0.75, 0.25]);
  });

  it('x-mathContext="float" compares and adds in single precision', () => {
    const segment = `<Segment><True/><TreeModel functionName="regression" x-mathContext="float">${schema('x')}<Node><True/><Node score="0.1"><SimplePredicate field="x" operator="lessOrEqual" value="0.1"/></Node><Node score="0.7"><SimplePredicate field="x" operator="greaterThan" value="0.1"/></Node></Node></TreeModel></Segment>`;
    const doc = pmml(
      numeric('x'),
      `<MiningModel functionName="regression" x-mathContext="float">${schema('x')}<Segmentation multipleModelMethod="sum">${segment.repeat(3)}</Segmentation></MiningModel>`,
    );
    // 0.1 + 1e-12 is above 0.1 in double precision, and the same number in single.
    const f = Math.fround;
    expect(run(doc, [{ x: 0.1 + 1e-12 }], 'prediction')).toEqual([f(f(f(0.1) + f(0.1)) + f(0.1))]);
  });
});

describe('ensembles', () => {
  const part = (value: number, predicate = '<True/>', attributes = '', before = '') =>
    `<Segment ${attributes}>${predicate}${constant(value, schema('x', target('y')), before)}</Segment>`;
  const when = (operator: string, value: number) =>
    `<SimplePredicate field="x" operator="${operator}" value="${value}"/>`;
  const ensemble = (method: string, segments: string, output = '', attributes = '') =>
    pmml(
      numeric('x') + numeric('y'),
      `<MiningModel functionName="regression">${schema('x', target('y'))}${output}<Segmentation multipleModelMethod="${method}" ${attributes}>${segments}</Segmentation></MiningModel>`,
    );

  it('only segments in force take part; without any there is no result', () => {
    const segments = part(1, when('lessThan', 0)) + part(3, when('lessThan', 10)) + part(9, '<False/>');
    const rows: Row[] = [{ x: -1 }, { x: 5 }, { x: 20 }, { x: null }];
    expect(run(ensemble('average', segments), rows, 'y')).toEqual([2, 3, null, null]);
    expect(run(ensemble('sum', segments), rows, 'y')).toEqual([4, 3, null, null]);
    expect(run(ensemble('median', segments), rows, 'y')).toEqual([2, 3, null, null]);
    expect(run(ensemble('selectFirst', segments), rows, 'y')).toEqual([1, 3, null, null]);
  });

  it('Outputs name segments by id', () => {
    const segments = part(1, when('lessThan', 0), 'id="p"') + part(3, '<True/>', 'id="q"');
    const output =
      '<Output><OutputField name="of p" segmentId="p" feature="predictedValue"/><OutputField name="of q" segmentId="q" feature="predictedValue"/></Output>';
    const rows = evaluate(readText(ensemble('sum', segments, output)).model, [{ x: -1 }, { x: 1 }]);
    expect(rows.map((r) => [r.y, r['of p'], r['of q']])).toEqual([
      [4, 1, 3],
      [3, null, 3],
    ]);
  });

  it('selectAll shows every segment in force under its id', () => {
    const segments = part(1, when('lessThan', 0), 'id="p"') + part(3, '<True/>', 'id="q"');
    const rows = evaluate(readText(ensemble('selectAll', segments)).model, [{ x: -1 }, { x: 1 }]);
    expect(rows.map((r) => [r['y[p]'], r['y[q]']])).toEqual([
      [1, 3],
      [null, 3],
    ]);
  });

  it('a chain hands on what its segments put out, and predicts what the last one in force does', () => {
    const named = '<Output><OutputField name="z" feature="predictedValue"/></Output>';
    const first = part(4, when('lessThan', 10), '', named);
    const second = `<Segment><SimplePredicate field="z" operator="greaterThan" value="3"/>${regression(schema('z', target('y')), '<RegressionTable intercept="1"><NumericPredictor name="z" coefficient="2"/></RegressionTable>')}</Segment>`;
    const doc = ensemble('modelChain', first + second);
    // x = 20: the first is not in force, z is missing, and nothing is predicted.
    expect(run(doc, [{ x: 0 }, { x: 20 }], 'y')).toEqual([9, null]);
  });

  it('a forest is one Route, one tree a segment', () => {
    const tree = `<Segment><True/><TreeModel functionName="regression">${schema('x', target('y'))}<Node><True/><Node score="1"><SimplePredicate field="x" operator="lessOrEqual" value="0"/></Node><Node score="2"><SimplePredicate field="x" operator="greaterThan" value="0"/></Node></Node></TreeModel></Segment>`;
    const { model } = readText(ensemble('average', tree.repeat(500)));
    const routes = model.graph.nodes.filter((n) => n.op.name === 'Route');
    expect(routes.length).toBe(1);
    const trees = routes[0]?.attributes.get('trees');
    // The second child is what the first is not: one test a tree.
    expect(trees?.kind === 'trees' && [trees.trees.roots.length, trees.trees.test.length]).toEqual([
      500, 500,
    ]);
    expect(model.graph.nodes.length).toBeLessThan(12);
    expect(model.metadata.get('summary')).toBe('MiningModel · 500 trees · 1,500 nodes · 1 field');
    expect(evaluate(model, [{ x: 0 }, { x: 1 }]).map((r) => r.y)).toEqual([1, 2]);
  });

  it('votes count missing predictions only under continue', () => {
    const fields = numeric('x') + text('t', ['a', 'b']);
    const vote = (score: string | null) =>
      `<Segment><True/><TreeModel functionName="classification">${schema('x', target('t'))}<Node${score === null ? '' : ` score="${score}"`}><True/></Node></TreeModel></Segment>`;
    const doc = (treatment: string, ...votes: readonly (string | null)[]) =>
      pmml(
        fields,
        `<MiningModel functionName="classification">${schema('x', target('t'))}<Segmentation multipleModelMethod="majorityVote" ${treatment}>${votes.map(vote).join('')}</Segmentation></MiningModel>`,
      );
    const t = (d: string) => run(d, [{ x: 0 }], 't')[0];
    expect(t(doc('', 'b', null, null))).toBe(null);
    // As many without a prediction as for b: b wins.
    expect(t(doc('', 'b', 'b', null, null, 'a'))).toBe('b');
    expect(t(doc('missingPredictionTreatment="skipSegment"', 'b', null, null))).toBe('b');
    expect(t(doc('missingPredictionTreatment="skipSegment" missingThreshold="0.5"', 'b', null, null))).toBe(
      null,
    );
    expect(t(doc('missingPredictionTreatment="returnMissing"', 'b', 'b', null))).toBe(null);
    // A tie goes to the class that the target lists first.
    expect(t(doc('', 'b', 'a'))).toBe('a');
  });
});

describe('regressions', () => {
  const classes = text('t', ['a', 'b', 'c'], 'ordinal');
  const classifier = (attributes: string, tables: readonly (readonly [string, number])[], fields: string) =>
    pmml(
      numeric('x') + fields,
      `<RegressionModel functionName="classification" ${attributes}>${schema('x', target('t'))}${tables.map(([c, i]) => `<RegressionTable intercept="${i}" targetCategory="${c}"><NumericPredictor name="x" coefficient="0"/></RegressionTable>`).join('')}</RegressionModel>`,
    );
  const probabilities = (doc: string) => {
    const [row] = evaluate(readText(doc).model, [{ x: 0 }]);
    return ['a', 'b', 'c'].map((c) => row?.[`probability(${c})`]);
  };
  const sigmoid = (y: number) => 1 / (1 + Math.exp(-y));

  it('ordinal classes: differences of the cumulative probabilities', () => {
    const doc = classifier(
      'normalizationMethod="logit"',
      [
        ['a', -1],
        ['b', 1],
        ['c', 0],
      ],
      classes,
    );
    const [p, q] = [sigmoid(-1), sigmoid(1)];
    expect(probabilities(doc)).toEqual([p, q - p, 1 - q]);
  });

  it('softmax of large values does not overflow', () => {
    const doc = classifier(
      'normalizationMethod="softmax"',
      [
        ['a', 1000],
        ['b', 1000],
        ['c', 0],
      ],
      text('t', ['a', 'b', 'c']),
    );
    expect(probabilities(doc)).toEqual([0.5, 0.5, 0]);
  });

  it('of two classes the table that is not trivial decides', () => {
    const two = (first: number, second: number) =>
      pmml(
        numeric('x') + text('t', ['a', 'b']),
        `<RegressionModel functionName="classification" normalizationMethod="logit">${schema('x', target('t'))}<RegressionTable intercept="${first}" targetCategory="a"/><RegressionTable intercept="${second}" targetCategory="b"/></RegressionModel>`,
      );
    const of = (doc: string) => evaluate(readText(doc).model, [{ x: 0 }])[0];
    expect(of(two(0, 2))?.['probability(b)']).toBe(sigmoid(2));
    expect(of(two(2, 0))?.['probability(a)']).toBe(sigmoid(2));
  });

  it('a missing category adds nothing, a missing number leaves no prediction', () => {
    const doc = pmml(
      numeric('x') + text('s') + numeric('y'),
      regression(
        schema('x', 's', target('y')),
        '<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/><CategoricalPredictor name="s" value="p" coefficient="10"/><CategoricalPredictor name="s" value="q" coefficient="20"/></RegressionTable>',
      ),
    );
    const rows: Row[] = [
      { x: 1, s: 'p' },
      { x: 1, s: 'q' },
      { x: 1, s: null },
      { x: 1, s: 'z' },
      { x: null, s: 'p' },
    ];
    expect(run(doc, rows, 'y')).toEqual([13, 23, 3, 3, null]);
  });
});

describe('what a model shows', () => {
  it('residuals read the actual value', () => {
    const doc = pmml(
      numeric('x') + numeric('y'),
      constant(3, schema('x', target('y')), '<Output><OutputField name="r" feature="residual"/></Output>'),
    );
    const { model } = readText(doc);
    expect(
      evaluate(model, [
        { x: 0, y: 5 },
        { x: 0, y: null },
      ]).map((r) => r.r),
    ).toEqual([2, null]);
    expect(model.fields.filter((f) => f.role === 'input').map((f) => f.name)).toEqual(['x', 'y']);
  });

  it('an OutputField with the name of the target wins, and a warning says so', () => {
    const doc = pmml(
      numeric('x') + numeric('y'),
      constant(
        3,
        schema('x', target('y')),
        `<Output><OutputField name="y" dataType="double" feature="transformedValue"><Constant dataType="double">8</Constant></OutputField></Output>`,
      ),
    );
    const { model, diagnostics } = readText(doc);
    expect(evaluate(model, [{ x: 0 }])[0]?.y).toBe(8);
    expect(diagnostics.map((d) => d.rule)).toEqual(['pmml/output-name']);
    expect(model.fields.filter((f) => f.role === 'output').map((f) => [f.name, f.says])).toEqual([
      ['y', 'other'],
    ]);
  });

  it('what is no final result is not shown', () => {
    const doc = pmml(
      numeric('x'),
      constant(
        3,
        schema('x'),
        '<Output><OutputField name="hidden" isFinalResult="false"/><OutputField name="seen" feature="transformedValue"><Apply function="*"><FieldRef field="hidden"/><Constant>2</Constant></Apply></OutputField></Output>',
      ),
    );
    const { model } = readText(doc);
    expect(model.fields.filter((f) => f.role === 'output').map((f) => f.name)).toEqual([
      'prediction',
      'seen',
    ]);
    expect(evaluate(model, [{ x: 0 }])[0]?.seen).toBe(6);
  });

  it('supplementary fields and targets are no inputs', () => {
    const { model } = readText(
      pmml(
        numeric('x') + numeric('z') + numeric('y'),
        constant(1, schema('x', '<MiningField name="z" usageType="supplementary"/>', target('y'))),
      ),
    );
    expect(model.fields.map((f) => `${f.role} ${f.name}`)).toEqual(['input x', 'output y']);
  });

  it('ModelVerification becomes examples', () => {
    const verification = `<ModelVerification recordCount="2"><VerificationFields><VerificationField field="x" column="data:x"/><VerificationField field="y" column="py" precision="0.01" zeroThreshold="0.001"/></VerificationFields>
<InlineTable><row><x>1</x><py>3</py></row><row><x>2</x></row></InlineTable></ModelVerification>`;
    const doc = pmml(
      numeric('x') + numeric('y'),
      `<RegressionModel functionName="regression">${schema('x', target('y'))}<RegressionTable intercept="3"/>${verification}</RegressionModel>`,
    );
    const { examples } = readText(doc).model;
    expect([...(examples?.inputs ?? [])]).toEqual([['x', ['1', '2']]]);
    expect(examples?.outputs).toEqual([
      { field: 'y', expected: ['3', null], precision: 0.01, zeroThreshold: 0.001 },
    ]);
  });

  it('every node knows the line that it came from', () => {
    const doc = pmml(
      numeric('x'),
      `\n<RegressionModel functionName="regression">${schema('x')}\n<RegressionTable intercept="0"><NumericPredictor name="d" coefficient="1"/></RegressionTable></RegressionModel>`,
      '\n<DerivedField name="d" dataType="double" optype="continuous">\n<Apply function="abs"><FieldRef field="x"/></Apply></DerivedField>',
    );
    const { graph } = readText(doc).model;
    expect(graph.nodes.find((n) => n.op.name === 'Abs')?.from).toEqual([{ file: 'model.pmml', at: '4' }]);
    expect(graph.nodes.find((n) => n.op.name === 'Mul')?.from[0]?.at).toBe('5');
  });
});
