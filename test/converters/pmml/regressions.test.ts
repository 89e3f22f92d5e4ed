/** What general regressions and neural networks refuse, by rule and place; what of them is read with a warning. */
import { describe, expect, it } from 'vitest';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { evaluate, readText } from './corpus.ts';

const document = (model: string) => `<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/>
<DataDictionary>
<DataField name="x" optype="continuous" dataType="double"/><DataField name="g" optype="categorical" dataType="string"/>
<DataField name="y" optype="continuous" dataType="double"/>
<DataField name="c" optype="categorical" dataType="string"><Value value="a"/><Value value="b"/><Value value="d"/></DataField>
</DataDictionary>
${model}
</PMML>`;

const schema = (target: string) =>
  `<MiningSchema><MiningField name="x"/><MiningField name="g"/><MiningField name="${target}" usageType="target"/></MiningSchema>`;

/** The rule that a document is refused by, and the line that it names. */
const refusal = (model: string): string => {
  try {
    readText(document(model));
    return 'none';
  } catch (e) {
    if (!(e instanceof PortolanError)) throw e;
    return `${e.diagnostic.rule} at ${e.diagnostic.at?.at}`;
  }
};

describe('a neural network', () => {
  const network = (layers: string, outputs = '', attributes = '') =>
    `<NeuralNetwork functionName="regression" activationFunction="identity"${attributes}>${schema('y')}
<NeuralInputs><NeuralInput id="0"><DerivedField optype="continuous" dataType="double"><FieldRef field="x"/></DerivedField></NeuralInput></NeuralInputs>
${layers}
<NeuralOutputs>${outputs || '<NeuralOutput outputNeuron="1"><DerivedField optype="continuous" dataType="double"><FieldRef field="y"/></DerivedField></NeuralOutput>'}</NeuralOutputs></NeuralNetwork>`;
  const layer = (neurons: string, attributes = '') => `<NeuralLayer${attributes}>${neurons}</NeuralLayer>`;
  const neuron = (id: string, from: string) => `<Neuron id="${id}"><Con from="${from}" weight="1"/></Neuron>`;

  it.each([
    // A later layer, the neuron itself, one of the same layer: recurrent networks keep a state.
    ['pmml/unknown-neuron', layer(neuron('1', '2')) + layer(neuron('2', '1'))],
    ['pmml/unknown-neuron', layer(neuron('1', '1'))],
    ['pmml/unknown-neuron', layer(neuron('1', '0') + neuron('2', '1'))],
    ['pmml/unknown-neuron', layer(neuron('1', '__proto__'))],
    ['pmml/duplicate-name', layer(neuron('1', '0') + neuron('1', '0'))],
    ['pmml/duplicate-name', layer(neuron('0', '0'))],
    [
      'pmml/duplicate-name',
      layer('<Neuron id="1"><Con from="0" weight="1"/><Con from="0" weight="2"/></Neuron>'),
    ],
    ['pmml/missing-element', layer('<Neuron id="1"/>')],
    ['pmml/missing-attribute', layer(neuron('1', '0'), ' activationFunction="radialBasis"')],
    ['pmml/attribute-value', layer(neuron('1', '0'), ' activationFunction="radialBasis" width="0"')],
    ['pmml/attribute-value', layer(neuron('1', '0'), ' activationFunction="softplus"')],
    ['pmml/not-a-number', layer('<Neuron id="1" bias="?"><Con from="0" weight="1"/></Neuron>')],
  ])('is refused by %s', (rule, layers) => {
    expect(refusal(network(layers))).toBe(`${rule} at 9`);
  });

  it.each([
    ['pmml/unknown-neuron', '<FieldRef field="y"/>', '9'],
    ['pmml/not-supported', '<NormDiscrete field="c" value="a"/>', '1'],
    ['pmml/not-supported', '<Constant>1</Constant>', '1'],
    [
      'pmml/attribute-value',
      '<NormContinuous field="y"><LinearNorm orig="0" norm="0"/><LinearNorm orig="1" norm="1"/><LinearNorm orig="2" norm="1"/></NormContinuous>',
      '1',
    ],
  ])('with an output that cannot be turned back is refused by %s', (rule, expression, from) => {
    const output = `<NeuralOutput outputNeuron="${from}"><DerivedField optype="continuous" dataType="double">${expression}</DerivedField></NeuralOutput>`;
    expect(refusal(network(layer(neuron('1', '0')), output))).toBe(`${rule} at 10`);
  });

  it('counts what it holds, not what it says it holds', () => {
    const { model, diagnostics } = readText(
      document(network(layer(neuron('1', '0'), ' numberOfNeurons="7"'))),
    );
    expect(diagnostics.map((d) => `${d.rule} at ${d.at?.at}`)).toEqual(['pmml/count at 9']);
    expect(evaluate(model, [{ x: 2.5 }])[0]?.y).toBe(2.5);
  });

  it('need not connect all to all', () => {
    // Neurons that hear different ones are products of their own, in the order of the document.
    const text =
      layer(neuron('a', '0') + neuron('b', '0')) +
      layer(neuron('c', 'a') + neuron('1', 'b') + neuron('d', 'a'));
    expect(evaluate(readText(document(network(text))).model, [{ x: -3 }])[0]?.y).toBe(-3);
  });
});

describe('a general regression', () => {
  const general = (
    content: string,
    attributes = 'modelType="generalLinear" functionName="regression"',
    target = 'y',
  ) =>
    `<GeneralRegressionModel ${attributes}>${schema(target)}
${content}</GeneralRegressionModel>`;
  const list = '<ParameterList><Parameter name="p"/></ParameterList>';
  const cells = (...cell: string[]) => `<ParamMatrix>${cell.join('')}</ParamMatrix>`;
  const cell = (more = '') => `<PCell parameterName="p" beta="2"${more}/>`;
  const parameter = (field: string, value: string) =>
    `<PPMatrix><PPCell predictorName="${field}" parameterName="p" value="${value}"/></PPMatrix>`;
  const classified = (type: string, more = '') => `modelType="${type}" functionName="classification"${more}`;

  it.each([
    ['pmml/unknown-parameter', general(`${list}${cells('<PCell parameterName="q" beta="1"/>')}`)],
    ['pmml/duplicate-name', general(`${list}${cells(cell(), cell())}`)],
    [
      'pmml/duplicate-name',
      general('<ParameterList><Parameter name="p"/><Parameter name="p"/></ParameterList>'),
    ],
    ['pmml/unknown-predictor', general(`${list}${parameter('x', '1')}${cells(cell())}`)],
    [
      'pmml/not-a-number',
      general(
        `${list}<CovariateList><Predictor name="x"/></CovariateList>${parameter('x', 'one')}${cells(cell())}`,
      ),
    ],
    [
      'pmml/type',
      general(
        `${list}<CovariateList><Predictor name="g"/></CovariateList>${parameter('g', '1')}${cells(cell())}`,
      ),
    ],
    [
      'pmml/contrast-matrix',
      general(
        `${list}<FactorList><Predictor name="g"><Categories><Category value="u"/></Categories><Matrix><Array n="2" type="real">1 2</Array></Matrix></Predictor></FactorList>${parameter('g', 'u')}${cells(cell())}`,
      ),
    ],
    [
      'pmml/contrast-matrix',
      general(
        `${list}<FactorList><Predictor name="g"><Categories><Category value="u"/></Categories><Matrix><Array n="1" type="real">1</Array></Matrix></Predictor></FactorList>${parameter('g', 'v')}${cells(cell())}`,
      ),
    ],
    // Three classes, one with a PCell: which of the other two is the reference?
    [
      'pmml/reference-category',
      general(`${list}${cells(cell(' targetCategory="a"'))}`, classified('multinomialLogistic'), 'c'),
    ],
    [
      'pmml/ordinal-category',
      general(
        `${list}${cells(cell(' targetCategory="a"'))}`,
        classified('ordinalMultinomial', ' cumulativeLink="logit"'),
        'c',
      ),
    ],
    ['pmml/not-supported', general(`${list}${cells(cell())}`, classified('generalLinear'), 'c')],
    [
      'pmml/not-supported',
      general(`${list}${cells(cell())}`, classified('generalizedLinear', ' linkFunction="logit"'), 'c'),
    ],
    [
      'pmml/not-supported',
      general(`${list}${cells(cell())}`, 'modelType="multinomialLogistic" functionName="regression"'),
    ],
    [
      'pmml/missing-attribute',
      general(`${list}${cells(cell())}`, 'modelType="generalizedLinear" functionName="regression"'),
    ],
    [
      'pmml/missing-attribute',
      general(
        `${list}${cells(cell())}`,
        'modelType="generalizedLinear" functionName="regression" linkFunction="power"',
      ),
    ],
    [
      'pmml/missing-element',
      general(
        `${list}${cells(cell())}`,
        'modelType="CoxRegression" functionName="regression" endTimeVariable="x"',
      ),
    ],
  ])('is refused by %s', (rule, model) => {
    expect(refusal(model)).toMatch(new RegExp(`^${rule} at [78]$`));
  });

  it('is asked for standard errors only where it has a covariance matrix', () => {
    const output =
      '<Output><OutputField name="se" optype="continuous" dataType="double" feature="standardError"/></Output>';
    const text = general(`${list}${cells(cell())}`).replace('</MiningSchema>', `</MiningSchema>${output}`);
    expect(refusal(text)).toBe('pmml/not-supported at 7');
  });

  it('says that the start time of a Cox regression is not read', () => {
    const hazards =
      '<BaseCumHazardTables maxTime="2"><BaselineCell time="1" cumHazard="3"/></BaseCumHazardTables>';
    const { model, diagnostics } = readText(
      document(
        general(
          `<ParameterList/><PPMatrix/><ParamMatrix/>${hazards}`,
          'modelType="CoxRegression" functionName="regression" endTimeVariable="x" startTimeVariable="g"',
        ),
      ),
    );
    expect(diagnostics.map((d) => d.rule)).toEqual(['pmml/ignored']);
    expect(evaluate(model, [{ x: 1.5 }])[0]?.y).toBe(3);
  });
});
