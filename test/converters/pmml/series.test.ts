/** What of a time series is refused, where and why; how far back and ahead it may ask. */
import { describe, expect, it } from 'vitest';
import { PortolanError } from '../../../src/ir/diagnostic.ts';
import { readText } from './corpus.ts';

const values = (n: number) =>
  `<TimeSeries>${Array.from({ length: n }, (_, i) => `<TimeValue index="${i + 1}" value="${i % 7}"/>`).join('')}</TimeSeries>`;

/** The series stands in line 3, the algorithm from line 4 on. */
const document = (best: string, body: string, series = values(6)) =>
  `<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary><DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<TimeSeriesModel functionName="timeSeries" bestFit="${best}"><MiningSchema><MiningField name="y" usageType="predicted"/></MiningSchema>
${series}
${body}
</TimeSeriesModel></PMML>`;

const array = (...x: number[]) => `<Array n="${x.length}" type="real">${x.join(' ')}</Array>`;
const ar = (...x: number[]) =>
  `<NonseasonalComponent p="${x.length}"><AR>${array(...x)}</AR></NonseasonalComponent>`;
const arima = (inner: string, attributes = '') => document('ARIMA', `<ARIMA${attributes}>\n${inner}</ARIMA>`);
const exact = ' predictionMethod="exactLeastSquares"';
const regressor = (attributes: string, numerator: string, more = '') =>
  arima(
    `${ar(0.5)}\n<DynamicRegressor field="x"${attributes}><Numerator>${numerator}</Numerator>${more}</DynamicRegressor>`,
  );
const one = `<NonseasonalFactor>${array(2)}</NonseasonalFactor>`;

const refusal = (text: string): string => {
  try {
    readText(text);
  } catch (e) {
    if (e instanceof PortolanError) return `${e.diagnostic.rule}@${e.diagnostic.at?.at} ${e.message}`;
    throw e;
  }
  return 'none';
};

const refused: readonly (readonly [string, string, RegExp])[] = [
  [
    'an algorithm without content',
    document('SpectralAnalysis', '<SpectralAnalysis/>'),
    /^pmml\/not-supported@4 .*for later versions/,
  ],
  [
    'a polynomial trend',
    document(
      'ExponentialSmoothing',
      '<ExponentialSmoothing><Level smoothedValue="1"/>\n<Trend_ExpoSmooth trend="polynomial_exponential"/></ExponentialSmoothing>',
    ),
    /^pmml\/not-supported@5 .*not settled/,
  ],
  ['a unit root in exact least squares', arima(ar(1), exact), /^pmml\/attribute-value@4 .*not stationary/],
  [
    'exact least squares of nothing',
    document('ARIMA', `<ARIMA${exact}>${ar(0.5)}</ARIMA>`, ''),
    /^pmml\/no-series@4 .*whole TimeSeries/,
  ],
  [
    'more states than can be filtered',
    document('ARIMA', `<ARIMA${exact}>${ar(...new Array<number>(201).fill(0.001))}</ARIMA>`, values(300)),
    /^pmml\/too-large@4 /,
  ],
  [
    'residuals that do not reach',
    arima(
      '<NonseasonalComponent q="1"><MA><MACoefficients><Array n="1" type="real">1</Array></MACoefficients></MA></NonseasonalComponent>',
    ),
    /^pmml\/no-series@4 .*0 Residuals/,
  ],
  [
    'an outlier outside the series',
    arima('<OutlierEffect type="level" startTime="9" magnitude="1"/>'),
    /^pmml\/attribute-value@5 .*no time of the TimeSeries/,
  ],
  [
    'an outlier between two steps',
    arima('<OutlierEffect type="level" startTime="2.5" magnitude="1"/>'),
    /^pmml\/attribute-value@5 .*between two steps/,
  ],
  [
    'a transient outlier that does not say how it fades',
    arima('<OutlierEffect type="transient" startTime="2" magnitude="1"/>'),
    /^pmml\/missing-attribute@5 .*dampingCoefficient/,
  ],
  [
    'a transfer function',
    regressor('', `<NonseasonalFactor>${array(2, 1)}</NonseasonalFactor>`),
    /^pmml\/not-supported@6 .*transfer function/,
  ],
  [
    'a transfer function with a denominator',
    regressor('', one, `<Denominator><NonseasonalFactor>${array(0.5)}</NonseasonalFactor></Denominator>`),
    /^pmml\/not-supported@6 .*transfer function/,
  ],
  [
    'a regressor that is differenced, and the series is not',
    regressor('', `<NonseasonalFactor difference="1">${array(2)}</NonseasonalFactor>`),
    /^pmml\/not-supported@6 .*differenced in another way/,
  ],
  [
    'a trend of the regressor',
    regressor(' futureValuesMethod="trend"', one),
    /^pmml\/not-supported@6 .*trend/,
  ],
  [
    'another model of the regressor',
    regressor(' futureValuesMethod="otherModel"', one),
    /^pmml\/not-supported@6 .*otherModel/,
  ],
  [
    'a delay of what rows give',
    regressor(' futureValuesMethod="userSupplied" delay="1"', one),
    /^pmml\/not-supported@6 .*delay/,
  ],
  [
    'a regressor whose past is not there',
    regressor(' futureValuesMethod="userSupplied"', one),
    /^pmml\/no-series@4 .*0 values/,
  ],
  [
    'more outliers than can be added up',
    arima('<OutlierEffect type="level" startTime="2" magnitude="1"/>'.repeat(30_000)),
    /^pmml\/too-large@4 /,
  ],
  [
    'a regressor that nothing is known of',
    regressor(' futureValuesMethod="stored"', one),
    /^pmml\/no-series@4 .*no step ahead/,
  ],
  [
    'a state space in which all hangs together',
    document(
      'StateSpaceModel',
      `<StateSpaceModel><StateVector>${array(...new Array<number>(450).fill(1))}</StateVector>
<TransitionMatrix><Matrix>${`<Array type="real">${'1 '.repeat(450)}</Array>`.repeat(450)}</Matrix></TransitionMatrix>
<MeasurementMatrix><Matrix><Array type="real">${'1 '.repeat(450)}</Array></Matrix></MeasurementMatrix></StateSpaceModel>`,
    ),
    /^pmml\/too-large@5 /,
  ],
];

describe('a time series that is refused', () => {
  it.each(refused)('%s', (_, text, why) => expect(refusal(text)).toMatch(why));
});

describe('a time series that is read', () => {
  it.each([
    ['a root very near the unit circle', arima(ar(0.999999999), exact)],
    ['a series without noise', arima('', exact)],
    [
      'a state space without connections',
      document(
        'StateSpaceModel',
        `<StateSpaceModel><StateVector>${array(...new Array<number>(450).fill(1))}</StateVector><TransitionMatrix><Matrix diagDefault="1" nbRows="450" nbCols="450"><MatCell row="1" col="1">1</MatCell></Matrix></TransitionMatrix><MeasurementMatrix><Matrix><Array type="real">${'1 '.repeat(450)}</Array></Matrix></MeasurementMatrix></StateSpaceModel>`,
      ),
    ],
  ])('%s', (_, text) => expect(refusal(text)).toBe('none'));
});
