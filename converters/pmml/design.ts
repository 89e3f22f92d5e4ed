/**
 * The design of a general regression: what each parameter is multiplied by. A parameter is the product of its cells in
 * the PPMatrix: a covariate to a power, a factor as 1 where it has the cell's category and 0 elsewhere, or as what a
 * contrast matrix says of its category; a parameter without cells is an intercept. PMML 4.4.1, General Regression.
 */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import { dtypeOf } from './algebra.ts';
import { arrayValues } from './arrays.ts';
import { asReal } from './convert.ts';
import { parts, type Tag } from './document.ts';
import type { Scope } from './scope.ts';
import { type DataType, kindOf, literal } from './types.ts';

interface Contrast {
  readonly categories: readonly string[];
  /** A row for each category of the field. */
  readonly rows: readonly (readonly number[])[];
}

interface Cell {
  readonly tag: Element;
  readonly field: string;
  readonly value: string;
  readonly targetCategory: string | undefined;
}

/** A coefficient with its parameter. */
export interface Term {
  readonly parameter: string;
  readonly beta: number;
}

export class Design {
  private readonly scope: Scope;
  private readonly factors = new Map<string, { readonly tag: Element; readonly contrast: Contrast | null }>();
  private readonly covariates = new Set<string>();
  private readonly cells = new Map<string, Cell[]>();
  private readonly known = new Map<string, Value | null>();
  private readonly powers = new Map<string, Value>();

  constructor(scope: Scope) {
    this.scope = scope;
  }

  /** FactorList, CovariateList or PPMatrix. */
  read(element: Element): void {
    const { doc } = this.scope.world;
    for (const part of parts(element)) {
      if (element.name === 'PPMatrix') {
        const parameter = doc.need(part, 'parameterName');
        const cells = this.cells.get(parameter) ?? [];
        cells.push({
          tag: part,
          field: doc.need(part, 'predictorName'),
          value: doc.need(part, 'value'),
          targetCategory: doc.text(part, 'targetCategory'),
        });
        this.cells.set(parameter, cells);
      } else if (part.name !== 'Predictor') doc.refuse(part);
      else if (element.name === 'CovariateList') this.covariates.add(doc.need(part, 'name'));
      else this.factors.set(doc.need(part, 'name'), { tag: part, contrast: this.contrast(part) });
    }
  }

  private contrast(predictor: Element): Contrast | null {
    const { doc, fields } = this.scope.world;
    const matrix = doc.child(predictor, 'Matrix');
    if (!matrix) return null;
    const listed = doc.child(predictor, 'Categories');
    const categories = listed
      ? parts(listed).map((c) => doc.need(c, 'value'))
      : (fields.get(doc.need(predictor, 'name'))?.spelled ?? []);
    const rows: number[][] = [];
    const number = (tag: Tag, text: string) => doc.parseNumber(tag, text, 'the cell');
    for (const part of parts(matrix)) {
      if (part.name === 'MatCell') {
        const [row, col] = [doc.needNumber(part, 'row'), doc.needNumber(part, 'col')];
        if (!(row >= 1 && row <= categories.length && col >= 1 && col <= categories.length)) {
          doc.fail(part, 'pmml/attribute-value', 'the cell is outside of its matrix');
        }
        while (rows.length < row) rows.push([]);
        (rows[row - 1] as number[])[col - 1] = number(part, part.text.trim());
      } else rows.push(arrayValues(doc, part).map((t) => number(part, t)));
    }
    const columns = doc.number(matrix, 'nbCols') ?? Math.max(0, ...rows.map((r) => r.length));
    const other = doc.number(matrix, 'offDiagDefault') ?? 0;
    if (categories.length === 0 || rows.length > categories.length || columns > categories.length) {
      doc.fail(
        matrix,
        'pmml/contrast-matrix',
        `the factor has ${categories.length} categories, the matrix ${rows.length} rows and ${columns} columns`,
      );
    }
    return {
      categories,
      rows: categories.map((_, i) => Array.from({ length: columns }, (_, j) => rows[i]?.[j] ?? other)),
    };
  }

  /** intercept and terms, each product and sum rounded in turn; `start` is added first. `category` is of the target. */
  predictor(terms: readonly Term[], category: string | null, start: Value | null = null): Value {
    const { world, real } = this.scope;
    const { a } = world;
    let sum = start;
    const add = (v: Value) => {
      sum = sum === null ? v : a.add(sum, v);
    };
    // Parameters that are a factor's categories alone stand in one table.
    const tables = new Map<string, { readonly cell: Cell; readonly beta: number }[]>();
    for (const { parameter, beta } of terms) {
      const cells = this.cellsOf(parameter, category);
      const [cell] = cells;
      if (cells.length !== 1 || !cell || !this.indicates(cell)) continue;
      tables.set(cell.field, [...(tables.get(cell.field) ?? []), { cell, beta }]);
    }
    for (const { parameter, beta } of terms) {
      const cells = this.cellsOf(parameter, category);
      const [cell] = cells;
      const table = cells.length === 1 && cell && this.indicates(cell) ? tables.get(cell.field) : undefined;
      if (table && cell) {
        tables.set(cell.field, []);
        if (table.length > 0) add(this.tabulated(table));
        continue;
      }
      const x = this.column(parameter, category);
      add(x === null ? a.constant(real, beta) : a.mul(a.constant(real, beta), x));
    }
    return sum ?? a.constant(real, 0);
  }

  /** What a parameter is multiplied by; null: 1. */
  column(parameter: string, category: string | null): Value | null {
    const own = (this.cells.get(parameter) ?? []).some((c) => c.targetCategory !== undefined);
    const key = JSON.stringify([parameter, own ? category : null]);
    let product = this.known.get(key);
    if (product === undefined) {
      product = this.cellsOf(parameter, category)
        .map((c) => this.cell(c))
        .reduce<Value | null>((x, y) => (x === null ? y : this.scope.world.a.mul(x, y)), null);
      this.known.set(key, product);
    }
    return product;
  }

  private cellsOf(parameter: string, category: string | null): readonly Cell[] {
    return (this.cells.get(parameter) ?? []).filter(
      (c) => c.targetCategory === undefined || c.targetCategory === category,
    );
  }

  /** Is the cell 1 for one category of a factor and 0 for all others? */
  private indicates(cell: Cell): boolean {
    return this.factors.get(cell.field)?.contrast === null;
  }

  private tabulated(table: readonly { readonly cell: Cell; readonly beta: number }[]): Value {
    const { a } = this.scope.world;
    const { cell } = table[0] as { readonly cell: Cell };
    const variable = this.scope.read(cell.field, cell.tag);
    // Two parameters of one category count both.
    const betas = new Map<string, number>();
    for (const { cell: c, beta } of table) betas.set(c.value, (betas.get(c.value) ?? 0) + beta);
    const found = this.look(
      variable.value,
      variable.dataType,
      cell.tag,
      [...betas.keys()],
      [...betas.values()],
    );
    return a.mask(a.fill(found, 0), a.missing(variable.value));
  }

  /** The value beside the category that the field has; missing for any other. */
  private look(
    value: Value,
    dataType: DataType,
    tag: Tag,
    categories: readonly string[],
    values: readonly number[],
  ): Value {
    const { world, real } = this.scope;
    const { doc, a } = world;
    const text = kindOf(dataType) === 'string';
    const keys = categories.map((c) => literal(doc, tag, c, dataType));
    return a.own('Lookup', [text ? value : asReal(a, value, real)], {
      keys: attr.data(constant(text ? 'string' : real, keys)),
      values: attr.data(constant(real, values)),
    });
  }

  private cell(cell: Cell): Value {
    const { scope } = this;
    const { doc, a } = scope.world;
    const { tag, field } = cell;
    const variable = scope.read(field, tag);
    const factor = this.factors.get(field);
    if (factor) {
      const { contrast } = factor;
      if (contrast === null) return this.tabulated([{ cell, beta: 1 }]);
      const column = contrast.categories.indexOf(cell.value);
      if (column < 0 || column >= (contrast.rows[0] as readonly number[]).length) {
        return doc.fail(
          tag,
          'pmml/contrast-matrix',
          `the contrast matrix of '${field}' has no column "${cell.value}"`,
        );
      }
      const values = contrast.rows.map((r) => r[column] as number);
      return this.look(variable.value, variable.dataType, tag, contrast.categories, values);
    }
    if (!this.covariates.has(field)) {
      doc.fail(
        tag,
        'pmml/unknown-predictor',
        `'${field}' is neither in the FactorList nor in the CovariateList`,
      );
    }
    if (kindOf(variable.dataType) !== 'number')
      doc.fail(tag, 'pmml/type', `the covariate '${field}' is no number`);
    return this.power(asReal(a, variable.value, scope.real), doc.parseNumber(tag, cell.value, 'value'));
  }

  /** x to a constant power; small whole ones by multiplication, so that every engine gives the same bits. */
  private power(x: Value, exponent: number): Value {
    const { a } = this.scope.world;
    if (exponent === 1) return x;
    const key = `${x.name} ${exponent}`;
    let y = this.powers.get(key);
    if (!y) {
      if (Number.isInteger(exponent) && exponent > 1 && exponent <= 8) {
        y = x;
        for (let k = 1; k < exponent; k++) y = a.mul(y, x);
      } else y = a.lift('Pow', [x, a.constant(dtypeOf(x), exponent)]);
      this.powers.set(key, y);
    }
    return y;
  }
}
