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

/** What is not 0, row after row. */
interface Matrix {
  /** Where each row begins, and where the last one ends. */
  readonly starts: readonly number[];
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

const sparse = (rows: readonly Vector[]): Matrix => {
  const entries = rows.map((row) => row.flatMap((x, j) => (x === 0 ? [] : [j])));
  const starts = [0];
  for (const row of entries) starts.push((starts.at(-1) as number) + row.length);
  return {
    starts,
    columns: Int32Array.from(entries.flat()),
    values: Float64Array.from(entries.flatMap((row, i) => row.map((j) => rows[i]?.[j] as number))),
  };
};

/** What is not 0 in the matrices of a model; more is refused, for every step goes through all of it. */
const mostEntries = 200_000;

export const stateSpace = (doc: Document, e: Element, observed: Series): Made => {
  const need = (name: string): Element =>
    doc.child(e, name) ?? doc.fail(e, 'pmml/missing-element', `it needs a ${name}`);
  const state = numbersIn(doc, need('StateVector'));
  const size = state.length;
  let entries = 0;
  const square = (element: Element): Matrix => {
    const matrix = matrixIn(doc, element);
    if (matrix.length !== size || matrix.some((row) => row.length !== size)) {
      doc.fail(element, 'pmml/matrix', `it is not ${size} x ${size}, as the StateVector is`);
    }
    const found = sparse(matrix);
    entries += found.values.length;
    if (entries > mostEntries)
      doc.fail(element, 'pmml/too-large', `a state of ${size} numbers that all hang together is too large`);
    return found;
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
  const x = addition(doc, e, added.effects, 0);
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
    state = applied(transition, state).map((x, i) => x + (shift[i] ?? 0));
  }
  return out;
};

/** `M v`. */
const applied = ({ starts, columns, values }: Matrix, v: Vector): number[] =>
  v.map((_, i) => {
    let sum = 0;
    const end = starts[i + 1] as number;
    for (let k = starts[i] as number; k < end; k++)
      sum += (values[k] as number) * (v[columns[k] as number] as number);
    return sum;
  });

/** `v M`. */
const through = (v: Vector, { starts, columns, values }: Matrix): number[] => {
  const out = new Array<number>(v.length).fill(0);
  v.forEach((x, i) => {
    if (x === 0) return;
    const end = starts[i + 1] as number;
    for (let k = starts[i] as number; k < end; k++) {
      const j = columns[k] as number;
      out[j] = (out[j] as number) + x * (values[k] as number);
    }
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
