/** Clusters, neighbours, vector machines, Gaussian processes: what is refused and where, what is read with a warning. */
import { describe, expect, it } from 'vitest';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { evaluate, readText } from './corpus.ts';

const document = (model: string, version = '4.4'): string =>
  `<PMML version="${version}" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary>
<DataField name="x" dataType="double" optype="continuous"/><DataField name="y" dataType="double" optype="continuous"/>
<DataField name="s" dataType="string" optype="categorical"/><DataField name="t" dataType="double" optype="continuous"/>
<DataField name="c" dataType="string" optype="categorical"><Value value="p"/><Value value="q"/></DataField></DataDictionary>
${model}</PMML>`;

const schema = (target?: string, input = 'x') =>
  `<MiningSchema><MiningField name="${input}"/><MiningField name="y"/>${target ? `<MiningField name="${target}" usageType="target"/>` : ''}</MiningSchema>`;

const clusters = (inner: string, attributes = 'modelClass="centerBased" numberOfClusters="2"', input = 'x') =>
  document(
    `<ClusteringModel functionName="clustering" ${attributes}>${schema(undefined, input)}${inner}</ClusteringModel>`,
  );
const euclidean = '<ComparisonMeasure kind="distance"><euclidean/></ComparisonMeasure>';
const fields = '<ClusteringField field="x"/><ClusteringField field="y"/>';
const two =
  '<Cluster><Array type="real">0 0</Array></Cluster><Cluster><Array type="real">1 1</Array></Cluster>';
const distributed = 'modelClass="distributionBased" numberOfClusters="2"';
const statistics = (field: string, content: string) =>
  `<PartitionFieldStats field="${field}">${content}</PartitionFieldStats>`;
const partitions = (content: string) =>
  ['p', 'q'].map((n) => `<Cluster><Partition name="${n}">${content}</Partition></Cluster>`).join('');
const normal = statistics('x', '<NumericInfo mean="1" standardDeviation="1"/>');
const oneField = '<ClusteringField field="x"/>';

const machines = (
  inner: string,
  attributes = 'functionName="classification"',
  target = 'c',
  version = '4.4',
) =>
  document(
    `<SupportVectorMachineModel ${attributes}>${schema(target)}<LinearKernelType/><VectorDictionary><VectorFields><FieldRef field="x"/></VectorFields><VectorInstance id="v"><Array type="real">1</Array></VectorInstance></VectorDictionary>${inner}</SupportVectorMachineModel>`,
    version,
  );
const machine = (attributes: string, id = 'v') =>
  `<SupportVectorMachine ${attributes}><SupportVectors><SupportVector vectorId="${id}"/></SupportVectors><Coefficients><Coefficient value="1"/></Coefficients></SupportVectorMachine>`;

const neighbours = (
  attributes: string,
  training = '<InlineTable><row><x>1</x><t>2</t></row><row><x>3</x><t>4</t></row></InlineTable>',
  output = '',
  target: string | undefined = 't',
) =>
  document(
    `<NearestNeighborModel functionName="regression" ${attributes}>${schema(target)}${output}
<TrainingInstances><InstanceFields><InstanceField field="x"/><InstanceField field="t"/></InstanceFields>${training}</TrainingInstances>
${euclidean}<KNNInputs><KNNInput field="x"/></KNNInputs></NearestNeighborModel>`,
  );

const process = (kernel: string, rows = '<row><x>1</x><t>2</t></row><row><x>3</x><t>4</t></row>') =>
  document(
    `<GaussianProcessModel functionName="regression">${schema('t')}${kernel}
<TrainingInstances><InstanceFields><InstanceField field="x"/><InstanceField field="t"/></InstanceFields><InlineTable>${rows}</InlineTable></TrainingInstances></GaussianProcessModel>`,
  );

const asking = (feature: string) => `<Output><OutputField name="o" dataType="string" ${feature}/></Output>`;

const refused: readonly (readonly [
  what: string,
  text: string,
  rule: string,
  line: number,
  message: RegExp,
])[] = [
  [
    'clusters by statistics that are not there',
    clusters(euclidean + fields + two, distributed),
    'pmml/missing-element',
    5,
    /Partition/,
  ],
  [
    'clusters by statistics of other fields',
    clusters(euclidean + fields + partitions(statistics('y', '')), distributed),
    'pmml/missing-element',
    5,
    /PartitionFieldStats of the field 'x'/,
  ],
  [
    'clusters by a number without a spread',
    clusters(
      euclidean + oneField + partitions(normal.replace('standardDeviation="1"', 'standardDeviation="0"')),
      distributed,
    ),
    'pmml/attribute-value',
    5,
    /not positive/,
  ],
  [
    'clusters by counts of nothing that is said',
    clusters(
      euclidean + oneField + partitions(statistics('x', '<Array type="int">1 2</Array>')),
      distributed,
    ),
    'pmml/missing-element',
    5,
    /what the frequencies are of/,
  ],
  [
    'clusters of which only one tells its size',
    clusters(euclidean + oneField + partitions(normal).replace('name="p"', 'name="p" size="4"'), distributed),
    'pmml/missing-attribute',
    5,
    /size/,
  ],
  [
    'no modelClass',
    clusters(euclidean + fields + two, 'numberOfClusters="2"'),
    'pmml/missing-attribute',
    5,
    /modelClass/,
  ],
  [
    'a centre of another length',
    clusters(euclidean + fields + two.replace('0 0', '0 0 0')),
    'pmml/array',
    5,
    /3 coordinates.* 2 fields/,
  ],
  [
    'two clusters of one id',
    clusters(euclidean + fields + two.replace('<Cluster>', '<Cluster id="2">')),
    'pmml/duplicate-name',
    5,
    /id "2"/,
  ],
  [
    'gaussSim without a scale',
    clusters(euclidean + fields.replace('field="x"', 'field="x" compareFunction="gaussSim"') + two),
    'pmml/missing-attribute',
    5,
    /similarityScale/,
  ],
  [
    'a table without Comparisons',
    clusters(euclidean + fields.replace('field="x"', 'field="x" compareFunction="table"') + two),
    'pmml/missing-element',
    5,
    /Comparisons/,
  ],
  [
    'text subtracted',
    clusters(euclidean + fields.replace('"x"', '"s"') + two, undefined, 's'),
    'pmml/type',
    5,
    /text/,
  ],
  [
    'no measure of that name',
    clusters(euclidean.replace('euclidean', 'cosine') + fields + two),
    'pmml/not-supported',
    5,
    /no place in <ComparisonMeasure>/,
  ],
  [
    'minkowski of order 0',
    clusters(euclidean.replace('<euclidean', '<minkowski p-parameter="0"') + fields + two),
    'pmml/attribute-value',
    5,
    /p-parameter/,
  ],
  [
    'an unknown cluster',
    clusters(asking('feature="affinity" value="9"') + euclidean + fields + two),
    'pmml/unknown-entity',
    5,
    /"9"/,
  ],
  [
    'a third of two clusters',
    clusters(asking('feature="entityId" rank="3"') + euclidean + fields + two),
    'pmml/rank',
    5,
    /1 to 2/,
  ],
  [
    'an unknown vector',
    machines(machine('targetCategory="p" alternateTargetCategory="q"', 'w')),
    'pmml/unknown-vector',
    5,
    /"w"/,
  ],
  [
    'a category twice',
    machines(machine('targetCategory="p"') + machine('targetCategory="p"')),
    'pmml/duplicate-name',
    5,
    /machine already/,
  ],
  [
    'two machines of a regression',
    machines(machine('') + machine(''), 'functionName="regression"', 't'),
    'pmml/duplicate-element',
    5,
    /one SupportVectorMachine/,
  ],
  [
    'fewer coefficients than vectors',
    machines(machine('targetCategory="p"').replace('<Coefficient value="1"/>', '')),
    'pmml/svm',
    5,
    /1 support vectors and 0/,
  ],
  [
    'PMML 3’s 0 and 1',
    machines(
      machine('targetCategory="p"'),
      'functionName="classification" alternateBinaryTargetCategory="q"',
      'c',
      '3.2',
    ),
    'pmml/not-supported',
    5,
    /alternateTargetCategory/,
  ],
  [
    'a table elsewhere',
    neighbours('numberOfNeighbors="1"', '<TableLocator/>'),
    'pmml/not-supported',
    6,
    /never fetched/,
  ],
  ['no neighbour', neighbours('numberOfNeighbors="0"'), 'pmml/attribute-value', 5, /"0"/],
  [
    'an instance without a target',
    neighbours('numberOfNeighbors="1"', '<InlineTable><row><x>1</x></row></InlineTable>'),
    'pmml/missing-value',
    6,
    /no 't'/,
  ],
  [
    'neighbours that nobody asks for',
    neighbours('numberOfNeighbors="1"', undefined, '', ''),
    'pmml/no-target',
    5,
    /entityId/,
  ],
  [
    'a prediction without a target',
    neighbours('numberOfNeighbors="1"', undefined, asking('feature="predictedValue"'), ''),
    'pmml/not-supported',
    5,
    /target/,
  ],
  [
    'a second of one neighbour',
    neighbours('numberOfNeighbors="1"', undefined, asking('feature="entityId" rank="2"')),
    'pmml/rank',
    5,
    /1 to 1/,
  ],
  [
    'the affinity of an unknown instance',
    neighbours('numberOfNeighbors="1"', undefined, asking('feature="affinity" value="7"')),
    'pmml/unknown-entity',
    5,
    /"7"/,
  ],
  [
    'a process of equal instances without noise',
    process(
      '<RadialBasisKernel noiseVariance="0"/>',
      '<row><x>1</x><t>2</t></row><row><x>1</x><t>4</t></row>',
    ),
    'pmml/not-positive-definite',
    5,
    /Cholesky/,
  ],
  [
    'lambdas of other fields',
    process(
      '<AbsoluteExponentialKernel><Lambda><Array type="real">1 2</Array></Lambda></AbsoluteExponentialKernel>',
    ),
    'pmml/array',
    5,
    /2 lambdas for 1/,
  ],
];

describe('what is refused of models that measure', () => {
  it.each(refused)('%s', (_, text, rule, line, message) => {
    let error: unknown;
    try {
      readText(text);
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(PortolanError);
    const { rule: got, at } = (error as PortolanError).diagnostic;
    expect({ rule: got, at: at?.at }).toEqual({ rule, at: `${line}` });
    expect((error as PortolanError).message).toMatch(message);
  });
});

describe('what is read with a warning', () => {
  const rules = (text: string) => readText(text).diagnostics.map((d) => d.rule);

  it('clusters that are compared by their probability', () => {
    const { diagnostics } = readText(clusters(euclidean + oneField + partitions(normal), distributed));
    expect(diagnostics.map((d) => [d.rule, d.at?.at])).toEqual([['pmml/undefined-comparison', '5']]);
  });

  it('counts that are wrong', () => {
    expect(
      rules(clusters(euclidean + fields + two, 'modelClass="centerBased" numberOfClusters="7"')),
    ).toEqual(['pmml/count']);
    expect(rules(neighbours('numberOfNeighbors="5"'))).toEqual(['pmml/count']);
  });

  it('all instances are neighbours where there are too few', () => {
    const { model } = readText(neighbours('numberOfNeighbors="5"'));
    expect(evaluate(model, [{ x: 0 }])[0]?.t).toBe(3);
  });

  it('a machine without its other class: the other of two', () => {
    const text = machines(machine('targetCategory="q"'));
    expect(rules(text)).toEqual(['pmml/svm']);
    const { model } = readText(text);
    expect(evaluate(model, [{ x: -1 }, { x: 1 }]).map((r) => r.c)).toEqual(['q', 'p']);
  });

  it('alternateBinaryTargetCategory of PMML 4.0 and 4.1 is the alternateTargetCategory of the one machine', () => {
    const text = machines(
      machine('targetCategory="q"'),
      'functionName="classification" alternateBinaryTargetCategory="p"',
      'c',
      '4.1',
    );
    const { model } = readText(text);
    expect(evaluate(model, [{ x: -1 }, { x: 1 }]).map((r) => r.c)).toEqual(['q', 'p']);
  });

  it('machines in pairs without a classificationMethod vote', () => {
    const pair = (a: string, b: string) => machine(`targetCategory="${a}" alternateTargetCategory="${b}"`);
    const text = machines(pair('p', 'q') + pair('p', 'r') + pair('q', 'r'));
    expect(rules(text)).toEqual(['pmml/svm']);
    const { model } = readText(text);
    // Below 0 the first of each pair: p, p, q; above it q, r, r.
    expect(evaluate(model, [{ x: -1 }, { x: 1 }]).map((r) => r.c)).toEqual(['p', 'r']);
  });
});
