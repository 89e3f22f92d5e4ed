/** What documents of naive Bayes, rules, scorecards, networks, texts, anomalies and baselines get wrong, and what is not read. */
import { describe, expect, it } from 'vitest';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { evaluate, type Row, readText } from './corpus.ts';

const number = (name: string) => `<DataField name="${name}" optype="continuous" dataType="double"/>`;
const text = (name: string, ...values: string[]) =>
  `<DataField name="${name}" optype="categorical" dataType="string">${values.map((v) => `<Value value="${v}"/>`).join('')}</DataField>`;

const schema = (active: readonly string[], target?: string): string =>
  `<MiningSchema>${active.map((a) => `<MiningField name="${a}"/>`).join('')}${target === undefined ? '' : `<MiningField name="${target}" usageType="target"/>`}</MiningSchema>`;

/** Line 1: the head; line 2: the model. */
const document = (fields: string, model: string): string =>
  `<PMML version="4.4"><Header/><DataDictionary>${fields}</DataDictionary>\n${model}</PMML>`;

const refusal = (fields: string, model: string): { rule: string; message: string; at: unknown } => {
  try {
    readText(document(fields, model));
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
    const { rule, message, at } = error.diagnostic;
    return { rule, message, at: at?.at };
  }
  throw new Error('it was read');
};

const scored = (fields: string, model: string, rows: readonly Row[]) =>
  evaluate(readText(document(fields, model)).model, rows);

describe('naive Bayes', () => {
  const counts = (a: number, b: number) =>
    `<TargetValueCounts><TargetValueCount value="a" count="${a}"/><TargetValueCount value="b" count="${b}"/></TargetValueCounts>`;
  const output = `<BayesOutput fieldName="t">${counts(1, 1)}</BayesOutput>`;
  const model = (inputs: string, threshold = '0.001', last = output) =>
    `<NaiveBayesModel functionName="classification" threshold="${threshold}">${schema(['x'], 't')}<BayesInputs>${inputs}</BayesInputs>${last}</NaiveBayesModel>`;
  const fields = number('x') + text('t', 'a', 'b');
  const stat = (a: string, b: string) =>
    `<BayesInput fieldName="x"><TargetValueStats><TargetValueStat value="a">${a}</TargetValueStat><TargetValueStat value="b">${b}</TargetValueStat></TargetValueStats></BayesInput>`;
  const gauss = (mean: number, variance: number) =>
    `<GaussianDistribution mean="${mean}" variance="${variance}"/>`;

  it.each([
    [
      'a distribution without a density',
      model(stat(gauss(0, 1), '<AnyDistribution mean="0" variance="1"/>')),
      'pmml/not-supported',
      /no density/,
    ],
    [
      'a variance of zero',
      model(stat(gauss(0, 1), gauss(0, 0))),
      'pmml/attribute-value',
      /variance="0" is not positive/,
    ],
    [
      'a threshold that is no probability',
      model(stat(gauss(0, 1), gauss(1, 1)), '2'),
      'pmml/attribute-value',
      /threshold/,
    ],
    [
      'no counts of the target',
      model('', '0', `<BayesOutput fieldName="t">${counts(0, 0)}</BayesOutput>`),
      'pmml/attribute-value',
      /all zero/,
    ],
    [
      'a negative count',
      model(`<BayesInput fieldName="x"><PairCounts value="1">${counts(1, -1)}</PairCounts></BayesInput>`),
      'pmml/attribute-value',
      /no count/,
    ],
    [
      'two counts of one value',
      model(
        `<BayesInput fieldName="x"><PairCounts value="1">${counts(1, 1)}</PairCounts><PairCounts value="1.0">${counts(1, 1)}</PairCounts></BayesInput>`,
      ),
      'pmml/duplicate-name',
      /already/,
    ],
  ])('refuses %s', (_, xml, rule, message) => {
    const found = refusal(fields, xml);
    expect(found).toMatchObject({ rule, at: '2' });
    expect(found.message).toMatch(message);
  });

  it('has no answer where a threshold of zero leaves no likelihood', () => {
    const pairs = `<BayesInput fieldName="x"><PairCounts value="1">${counts(1, 0)}</PairCounts></BayesInput><BayesInput fieldName="x"><PairCounts value="1">${counts(0, 1)}</PairCounts></BayesInput>`;
    const [one, none] = scored(fields, model(pairs, '0'), [{ x: 1 }, { x: 2 }]);
    expect(one).toMatchObject({ t: null, 'probability(a)': null });
    expect(none).toMatchObject({ t: 'a', 'probability(a)': 0.5 });
  });

  it('does not vanish under many inputs', () => {
    // 400 densities of about e^-50 and e^-50.5: the product is below the smallest double.
    const [row] = scored(fields, model(stat(gauss(10, 1), gauss(-10, 1)).repeat(400), '0'), [{ x: 0.001 }]);
    // Each input has odds exp(20 · 0.001): 400 of them exp(8).
    expect(row?.['probability(a)']).toBeCloseTo(1 / (1 + Math.exp(-8)), 10);
  });

  it('reads what Rattle wrote into an Extension as R computes it: the threshold is for zero alone', () => {
    const [row] = scored(fields, model(`<Extension>${stat(gauss(0, 1), gauss(8, 1))}</Extension>`, '0.001'), [
      { x: 0 },
    ]);
    expect(row?.['probability(b)']).toBeCloseTo(Math.exp(-32) / (1 + Math.exp(-32)), 25);
  });
});

describe('Bayesian networks', () => {
  const k = (v: number) => `<Constant dataType="double">${v}</Constant>`;
  const normal = (mean: string) =>
    `<ContinuousDistribution><NormalDistributionForBN><Mean>${mean}</Mean><Variance>${k(1)}</Variance></NormalDistributionForBN></ContinuousDistribution>`;
  const node = (name: string, mean: string) =>
    `<ContinuousNode name="${name}">${normal(mean)}</ContinuousNode>`;
  const ref = (name: string) => `<FieldRef field="${name}"/>`;
  const exp = (name: string) => `<Apply function="exp">${ref(name)}</Apply>`;
  const model = (active: readonly string[], target: string, nodes: string, fn = 'regression') =>
    `<BayesianNetworkModel functionName="${fn}">${schema(active, target)}<BayesianNetworkNodes>\n${nodes}</BayesianNetworkNodes></BayesianNetworkModel>`;
  const fields = number('x') + number('y') + number('z') + text('d', 't', 'f');
  const coin = (name: string) =>
    `<DiscreteNode name="${name}"><ValueProbability value="t" probability="0.5"/><ValueProbability value="f" probability="0.5"/></DiscreteNode>`;

  it.each([
    [
      'an observed node below a continuous target',
      model(['y'], 'x', node('x', k(0)) + node('y', exp('x'))),
      'pmml/approximate-inference',
      /'y', which is observed, depends on it/,
    ],
    [
      'an unobserved continuous node in between',
      model(['z'], 'x', node('z', k(0)) + node('y', exp('z')) + node('x', ref('y'))),
      'pmml/approximate-inference',
      /not observed/,
    ],
    [
      'a node that depends on itself',
      model(['z'], 'x', node('x', ref('y')) + node('y', ref('x'))),
      'pmml/cyclic-field',
      /depends on itself/,
    ],
    [
      'continuous nodes without number',
      model(
        ['z'],
        'x',
        Array.from({ length: 100 }, (_, i) =>
          i === 0 ? node('z', k(0)) : node(i === 99 ? 'x' : `n${i}`, ref(i === 1 ? 'z' : `n${i - 1}`)),
        ).join(''),
      ),
      'pmml/approximate-inference',
      /100 continuous nodes/,
    ],
    ['a target that is no node', model(['y'], 'x', node('y', k(0))), 'pmml/no-target', /no node/],
    [
      'a class that is a number',
      model(['y'], 'x', node('x', k(0)) + node('y', k(0)), 'classification'),
      'pmml/type',
      /does not fit/,
    ],
    [
      'states of a parent without a distribution',
      model(
        ['x'],
        'y',
        `${coin('d')}<ContinuousNode name="y"><ContinuousConditionalProbability><ParentValue parent="d" value="t"/>${normal(k(0))}</ContinuousConditionalProbability></ContinuousNode>${node('x', k(0))}`,
      ),
      'pmml/missing-element',
      /have no distribution/,
    ],
    [
      'a state that a parent does not have',
      model(
        ['x'],
        'y',
        `${coin('d')}<ContinuousNode name="y"><ContinuousConditionalProbability><ParentValue parent="d" value="__proto__"/>${normal(k(0))}</ContinuousConditionalProbability></ContinuousNode>`,
      ),
      'pmml/attribute-value',
      /no state/,
    ],
  ])('refuses %s', (_, xml, rule, message) => {
    const found = refusal(fields, xml);
    expect(found.rule).toBe(rule);
    expect(found.message).toMatch(message);
  });

  it('refuses tables that grow with every parent', () => {
    const names = Array.from({ length: 20 }, (_, i) => `p${i}`);
    const parents = names.map((n) => `<ParentValue parent="${n}" value="t"/>`).join('');
    const nodes = `${names.map(coin).join('')}<DiscreteNode name="d"><DiscreteConditionalProbability>${parents}<ValueProbability value="t" probability="1"/></DiscreteConditionalProbability></DiscreteNode>`;
    const found = refusal(fields, model(['x'], 'd', nodes, 'classification'));
    expect(found).toMatchObject({ rule: 'pmml/approximate-inference' });
    expect(found.message).toMatch(/1048576 combinations/);
  });
});

describe('scorecards', () => {
  const attribute = (extra: string) => `<Attribute ${extra}><True/></Attribute>`;
  const card = (attributes: string, characteristic: string, inner: string) =>
    `<Scorecard functionName="regression" ${attributes}>${schema(['x'], 's')}<Output><OutputField name="r" optype="categorical" dataType="string" feature="reasonCode"/></Output><Characteristics><Characteristic ${characteristic}>${inner}</Characteristic></Characteristics></Scorecard>`;
  const fields = number('x') + number('s');

  it.each([
    [
      'reason codes without baselines',
      card('', 'reasonCode="A"', attribute('partialScore="1"')),
      'pmml/missing-attribute',
      /baselineScore/,
    ],
    [
      'reason codes without codes',
      card('baselineScore="1"', '', attribute('partialScore="1"')),
      'pmml/missing-attribute',
      /reasonCode/,
    ],
    [
      'reason codes that are not used',
      card('useReasonCodes="false"', '', attribute('partialScore="1"')),
      'pmml/not-supported',
      /useReasonCodes/,
    ],
    ['an attribute without a score', card('', '', attribute('')), 'pmml/missing-attribute', /partialScore/],
    [
      'an attribute without a predicate',
      card('', '', '<Attribute partialScore="1"/>'),
      'pmml/missing-element',
      /predicate/,
    ],
  ])('refuses %s', (_, xml, rule, message) => {
    const found = refusal(fields, xml);
    expect(found).toMatchObject({ rule, at: '2' });
    expect(found.message).toMatch(message);
  });

  it('takes a rank beyond all reasons, however far, as no reason', () => {
    const xml = card('baselineScore="2"', 'reasonCode="A"', attribute('partialScore="1"')).replace(
      'feature="reasonCode"',
      'feature="reasonCode" rank="1000000000"',
    );
    expect(scored(fields, xml, [{ x: 1 }])[0]).toMatchObject({ s: 1, r: null });
  });
});

describe('rule sets', () => {
  const set = (rules: string, method = '<RuleSelectionMethod criterion="firstHit"/>') =>
    `<RuleSetModel functionName="classification">${schema(['x'], 't')}<RuleSet defaultScore="b">${method}${rules}</RuleSet></RuleSetModel>`;
  const fields = number('x') + text('t', 'a', 'b');

  it('refuses a set that does not say how to choose', () => {
    expect(refusal(fields, set('', ''))).toMatchObject({ rule: 'pmml/missing-element', at: '2' });
  });

  it('refuses rules nested without end', () => {
    const deep =
      '<CompoundRule><True/>'.repeat(400) +
      '<SimpleRule score="a"><True/></SimpleRule>' +
      '</CompoundRule>'.repeat(400);
    expect(refusal(fields, set(deep)).rule).toMatch(/^(pmml\/too-deep|xml\/.*)$/);
  });

  it('says the default where there is no rule at all', () => {
    expect(scored(fields, set(''), [{ x: 1 }])[0]).toMatchObject({ t: 'b' });
  });
});

describe('anomaly detection', () => {
  const inner = `<RegressionModel functionName="regression">${schema(['x'])}<RegressionTable intercept="1"/></RegressionModel>`;
  const model = (attributes: string, content: string) =>
    `<AnomalyDetectionModel functionName="regression" ${attributes}>${schema(['x'])}${content}</AnomalyDetectionModel>`;

  it.each([
    [
      'a forest that does not say its sample',
      model('algorithmType="iforest"', inner),
      'pmml/missing-attribute',
      /sampleDataSize/,
    ],
    [
      'a sample of one',
      model('algorithmType="iforest" sampleDataSize="1"', inner),
      'pmml/attribute-value',
      /from 2 on/,
    ],
    [
      'mean distances of no clusters',
      model(
        'algorithmType="clusterMeanDist"',
        `${inner}<MeanClusterDistances><Array n="1" type="real">1</Array></MeanClusterDistances>`,
      ),
      'pmml/not-supported',
      /ClusteringModel/,
    ],
    [
      'mean distances of clusters that have none',
      model(
        'algorithmType="clusterMeanDist"',
        `<ClusteringModel functionName="clustering" modelClass="distributionBased" numberOfClusters="1">${schema(['x'])}<ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure><ClusteringField field="x"/><Cluster><Partition name="p"><PartitionFieldStats field="x"><NumericInfo mean="0" standardDeviation="1"/></PartitionFieldStats></Partition></Cluster></ClusteringModel><MeanClusterDistances><Array n="1" type="real">1</Array></MeanClusterDistances>`,
      ),
      'pmml/not-supported',
      /centres/,
    ],
    ['no model inside', model('algorithmType="other"', ''), 'pmml/missing-element', /holds a model/],
    [
      'two models inside',
      model('algorithmType="other"', inner + inner),
      'pmml/duplicate-element',
      /one model/,
    ],
  ])('refuses %s', (_, xml, rule, message) => {
    const found = refusal(number('x'), xml);
    expect(found).toMatchObject({ rule, at: '2' });
    expect(found.message).toMatch(message);
  });
});

describe('baselines', () => {
  const model = (attributes: string, content: string) =>
    `<BaselineModel functionName="regression">${schema(['x', 'c'], 's')}<TestDistributions field="x" ${attributes}><Baseline>${content}</Baseline></TestDistributions></BaselineModel>`;
  const fields = number('x') + number('s') + text('c', 'u', 'v');
  const gauss = '<GaussianDistribution mean="0" variance="1"/>';
  const table = '<CountTable><FieldValueCount field="x" value="1" count="2"/></CountTable>';

  it.each([
    [
      'independence of a table',
      model('testStatistic="chiSquareIndependence"', table),
      'pmml/not-supported',
      /FieldRefs/,
    ],
    [
      'independence of one field',
      model('testStatistic="chiSquareIndependence"', '<FieldRef field="c"/>'),
      'pmml/missing-element',
      /two fields/,
    ],
    [
      'counts of values that nobody lists',
      model('testStatistic="chiSquareIndependence"', '<FieldRef field="c"/><FieldRef field="x"/>'),
      'pmml/missing-element',
      /lists no values/,
    ],
    [
      'counts without a table',
      model('testStatistic="chiSquareDistribution"', gauss),
      'pmml/missing-element',
      /CountTable/,
    ],
    [
      'a value counted twice',
      model('testStatistic="chiSquareDistribution"', table.replace(/<F.*\/>/, '$&$&')),
      'pmml/duplicate-name',
      /already/,
    ],
    [
      'counts of nothing',
      model('testStatistic="chiSquareDistribution"', table.replace('count="2"', 'count="0"')),
      'pmml/attribute-value',
      /all zero/,
    ],
    [
      'counts of other fields',
      model(
        'testStatistic="chiSquareDistribution"',
        table.replace(/<F.*\/>/, '$&<FieldValueCount field="c" value="u" count="2"/>'),
      ),
      'pmml/count-table',
      /same fields/,
    ],
    [
      'a window of a part of a row',
      model('testStatistic="chiSquareDistribution" windowSize="1.5"', table),
      'pmml/attribute-value',
      /windowSize/,
    ],
    [
      'a window without bounds',
      model('testStatistic="chiSquareDistribution" windowSize="1000000000"', table),
      'pmml/too-large',
      /window of 1000000000 rows/,
    ],
    [
      'a normalisation of another name',
      model('testStatistic="scalarProduct" normalizationScheme="Chaos"', table),
      'pmml/attribute-value',
      /Chaos/,
    ],
    ['a window', model('testStatistic="zValue" windowSize="5"', gauss), 'pmml/not-supported', /windowSize/],
    [
      'a CUSUM without an alternate',
      model('testStatistic="CUSUM"', gauss),
      'pmml/missing-element',
      /Alternate/,
    ],
  ])('refuses %s', (_, xml, rule, message) => {
    const found = refusal(fields, xml);
    expect(found).toMatchObject({ rule, at: '2' });
    expect(found.message).toMatch(message);
  });
});

describe('text models', () => {
  const model = (active: readonly string[], matrix: string, fn = 'classification') =>
    `<TextModel functionName="${fn}" numberOfTerms="3" numberOfDocuments="1">${schema(active)}<TextDictionary><Array n="2" type="string">a b</Array></TextDictionary><TextCorpus><TextDocument id="1"/></TextCorpus><DocumentTermMatrix><Matrix>${matrix}</Matrix></DocumentTermMatrix></TextModel>`;
  const row = '<Array n="2" type="real">1 1</Array>';

  it.each([
    [
      'a matrix of another size',
      number('a') + number('b'),
      model(['a', 'b'], row + row),
      'pmml/matrix',
      /1 documents x 2 terms/,
    ],
    [
      'terms that nothing counts',
      number('a') + number('c'),
      model(['a', 'c'], row),
      'pmml/not-supported',
      /each of its terms/,
    ],
    [
      'a number from a text',
      number('a') + number('b'),
      model(['a', 'b'], row, 'regression'),
      'pmml/attribute-value',
      /functionName/,
    ],
  ])('refuses %s', (_, fields, xml, rule, message) => {
    const found = refusal(fields, xml);
    expect(found).toMatchObject({ rule, at: '2' });
    expect(found.message).toMatch(message);
  });

  it('warns of counts that are wrong', () => {
    const { diagnostics } = readText(document(number('a') + number('b'), model(['a', 'b'], row)));
    expect(diagnostics.map((d) => d.rule)).toEqual(['pmml/count']);
  });
});
