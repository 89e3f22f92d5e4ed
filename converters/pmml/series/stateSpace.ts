/**
 * StateSpaceModel: `y = Z s + d`, `s' = T s + c`, the StateVector being the state at the first step ahead.
 * PMML 4.4.1, Time Series; covariances as R's package pmml and Nyoka write them.
 */
import type { Element } from '../../shared/xml.ts';
import type { Document } from '../document.ts';
import { matrixIn } from '../matrix.ts';
import { addition, regressors } from './effects.ts';
import { horizon, type Made, numbersIn, optionalNumbers, type Series } from './series.ts';

type Vector = readonly number[];
type Matrix = readonly Vector[];

/** States larger than this are refused: every step costs their square. */
const mostStates = 512;

export const stateSpace = (doc: Document, e: Element, observed: Series): Made => {
  const need = (name: string): Element =>
    doc.child(e, name) ?? doc.fail(e, 'pmml/missing-element', `it needs a ${name}`);
  const state = numbersIn(doc, need('StateVector'));
  const size = state.length;
  if (size > mostStates)
    doc.fail(need('StateVector'), 'pmml/too-large', `a state of ${size} numbers is too large`);
  const square = (element: Element): Matrix => {
    const matrix = matrixIn(doc, element);
    const fits = matrix.length === size && matrix.every((row) => row.length === size);
    return fits
      ? matrix
      : doc.fail(element, 'pmml/matrix', `it is not ${size} x ${size}, as the StateVector is`);
  };
  const measurement = matrixIn(doc, need('MeasurementMatrix')).flat();
  if (measurement.length !== size) {
    doc.fail(need('MeasurementMatrix'), 'pmml/matrix', `it is not 1 x ${size}, as the StateVector is`);
  }
  const transition = square(need('TransitionMatrix'));
  const vector = doc.child(e, 'InterceptVector');
  const intercepts = optionalNumbers(doc, vector);
  const ofState =
    vector !== undefined && doc.choice(vector, 'type', ['state', 'observation'], 'state') === 'state';
  if (vector && intercepts.length !== (ofState ? size : 1)) {
    const needed = ofState ? size : 1;
    doc.fail(vector, 'pmml/array', `it has ${intercepts.length} values where ${needed} are needed`);
  }
  const [shift, constant] = ofState ? [intercepts, 0] : [[], intercepts[0] ?? 0];
  const intercept = (doc.number(e, 'intercept') ?? 0) + constant;
  const added = regressors(doc, e, observed, { plain: 0, seasonal: 0 });
  const x = addition(added.effects, 0);
  const forecast = statesAhead(state, transition, shift, x.ahead.length).map(
    (s, h) => dot(measurement, s) + intercept + (x.ahead[h] as number),
  );
  const [covariance, selected] = ['PredictedStateCovarianceMatrix', 'SelectedStateCovarianceMatrix'].map(
    (name) => doc.child(e, name),
  );
  const observation = doc.child(e, 'ObservationVarianceMatrix');
  return {
    forecast: {
      values: forecast,
      errors:
        covariance && selected
          ? errors(measurement, transition, {
              covariance: square(covariance),
              selected: square(selected),
              observation: observation ? (matrixIn(doc, observation)[0]?.[0] ?? 0) : 0,
              variance: doc.number(e, 'variance'),
            })
          : null,
    },
    transformation: 'none',
    supplied: added.supplied,
    regressors: added.fields,
  };
};

const dot = (a: Vector, b: Vector): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
};

const statesAhead = (first: Vector, transition: Matrix, shift: Vector, count: number): Vector[] => {
  const out: Vector[] = [];
  for (let h = 0, state = first; h < count; h++) {
    out.push(state);
    const at = state;
    state = transition.map((row, i) => dot(row, at) + (shift[i] ?? 0));
  }
  return out;
};

/** `v M`. */
const through = (v: Vector, m: Matrix): number[] => {
  const out = new Array<number>(v.length).fill(0);
  v.forEach((x, i) => {
    if (x === 0) return;
    const row = m[i] as Vector;
    for (let j = 0; j < out.length; j++) out[j] = (out[j] as number) + x * (row[j] as number);
  });
  return out;
};

interface Uncertainty {
  /** Of the state, of what is added to it a step, and of the observation. */
  readonly covariance: Matrix;
  readonly selected: Matrix;
  readonly observation: number;
  readonly variance: number | undefined;
}

/**
 * With `variance`, the covariances are in units of it, and PredictedStateCovarianceMatrix is of the state last observed, a
 * step before the StateVector (R); without, they are what they are, and it is of the StateVector (Nyoka, from statsmodels'
 * predicted_state_cov).
 */
const errors = (measurement: Vector, transition: Matrix, u: Uncertainty): number[] => {
  const out: number[] = [];
  // Z T^j: what a change of the state now is to the value j steps on.
  let weights: Vector = measurement;
  let later = 0;
  for (let h = 0; h < horizon; h++) {
    const next = through(weights, transition);
    const arriving = dot(through(weights, u.selected), weights);
    const first =
      u.variance === undefined
        ? dot(through(weights, u.covariance), weights)
        : dot(through(next, u.covariance), next) + arriving;
    out.push(Math.sqrt((u.variance ?? 1) * (first + later + u.observation)));
    later += arriving;
    weights = next;
  }
  return out;
};
