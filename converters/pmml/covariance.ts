/** PCovMatrix: how sure a regression is of what it predicts. PMML 4.4.1, General Regression and Output. */
import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import type { Design } from './design.ts';
import { type Document, parts } from './document.ts';
import type { Model } from './model.ts';
import type { Asked } from './prediction.ts';
import { studentQuantile } from './quantiles.ts';
import { normalQuantile, over } from './special.ts';

/** A predicted mean and how it is made. */
interface Mean {
  readonly eta: Value;
  readonly mean: (eta: Value) => Value;
  /** Derivative of the inverse link. */
  readonly slope: (eta: Value) => Value;
  readonly times: Value | null;
  readonly design: Design;
}

export class Covariance {
  private readonly cells = new Map<
    string,
    { readonly row: string; readonly col: string; readonly value: number }
  >();
  private error: Value | undefined;

  constructor(doc: Document, element: Element) {
    for (const cell of parts(element)) {
      if (cell.name !== 'PCovCell') doc.refuse(cell);
      const [row, col] = [doc.need(cell, 'pRow'), doc.need(cell, 'pCol')];
      const key = (x: string, y: string) => JSON.stringify([x, y]);
      const value = doc.needNumber(cell, 'value');
      this.cells.set(key(row, col), { row, col, value });
      // One triangle is enough: the matrix is symmetric.
      if (!this.cells.has(key(col, row))) this.cells.set(key(col, row), { row: col, col: row, value });
    }
  }

  /**
   * `standardError`: of the predicted mean, by the delta method where the link is not the identity. The bounds of a
   * confidence interval are those of the linear predictor, through the inverse link; `value` is its level in percent, 95
   * where it is not given; Student's t with modelDF degrees of freedom, the normal distribution without them.
   */
  ask({ feature, element, value }: Asked, m: Model, of: Mean): { value: Value; dataType: 'double' } | null {
    const { doc, a } = m.world;
    const { real } = m.scope;
    const column = (v: Value) => ({ value: v, dataType: 'double' as const });
    if (feature === 'standardError') {
      const error = a.mul(a.lift('Abs', [of.slope(of.eta)]), this.deviation(m, of));
      return column(of.times === null ? error : a.mul(error, of.times));
    }
    if (feature !== 'confidenceIntervalLower' && feature !== 'confidenceIntervalUpper') return null;
    const level = value === undefined ? 95 : doc.parseNumber(element, value, 'value');
    if (!(level > 0 && level < 100)) {
      doc.fail(element, 'pmml/attribute-value', `value="${value}" is no level of confidence in percent`);
    }
    const df = doc.number(m.tag, 'modelDF');
    const p = 0.5 + level / 200;
    const quantile =
      df === undefined
        ? over(a, normalQuantile, a.constant(real, p))
        : a.constant(real, studentQuantile(p, df));
    const reach = a.mul(quantile, this.deviation(m, of));
    // A link that falls turns the interval round.
    const [low, high] = [of.mean(a.sub(of.eta, reach)), of.mean(a.add(of.eta, reach))];
    return column(a.lift(feature === 'confidenceIntervalLower' ? 'Min' : 'Max', [low, high]));
  }

  /** Standard error of the linear predictor: √(x' V x). */
  private deviation(m: Model, { design }: Mean): Value {
    const { a } = m.world;
    if (this.error) return this.error;
    let sum: Value = a.constant(m.scope.real, 0);
    for (const { row, col, value } of this.cells.values()) {
      let product: Value = a.constant(m.scope.real, value);
      for (const x of [design.column(row, null), design.column(col, null)]) {
        if (x !== null) product = a.mul(product, x);
      }
      sum = a.add(sum, product);
    }
    this.error = a.lift('Sqrt', [sum]);
    return this.error;
  }
}
