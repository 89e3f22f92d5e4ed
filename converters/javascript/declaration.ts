/** TypeScript declarations of a written module. */
import { batchArray, type Interface, type InterfaceColumn } from './interface.ts';
import { quote } from './text.ts';

/** What a caller may pass for one value: categories where the field lists them. */
const given = (c: InterfaceColumn): string => {
  if (c.kind !== 'number') return c.kind;
  return c.dtype === 'int64' || c.dtype === 'uint64' ? 'number | bigint' : 'number';
};

const maybe = (c: InterfaceColumn): boolean => c.missing || c.dtype === 'float64' || c.dtype === 'float32';

export const declarationSource = (face: Interface): string => {
  const row = face.inputs.map((c) =>
    maybe(c) ? `  ${quote(c.name)}?: ${given(c)} | null;` : `  ${quote(c.name)}: ${given(c)};`,
  );
  const columns = face.inputs.map(
    (c) => `  ${quote(c.name)}: ArrayLike<${given(c)}${maybe(c) ? ' | null | undefined' : ''}>;`,
  );
  const prediction = face.outputs.map((c) => `  ${quote(c.name)}: ${c.kind}${c.missing ? ' | null' : ''};`);
  const predictions = face.outputs.map((c) => {
    const array = batchArray(c) ?? (c.missing ? `(${c.kind} | null)[]` : `${c.kind}[]`);
    return `  ${quote(c.name)}: ${array};`;
  });
  return `/** One row by field names. A number is missing if it is null, undefined or NaN, a string also if it is empty. */
export interface Row {
${row.join('\n')}
}

/** What the model says about a row; null: nothing. */
export interface Prediction {
${prediction.join('\n')}
}

/** Columns of equal length by field names; typed arrays are fastest. */
export interface Columns {
${columns.join('\n')}
}

/** Columns by output names; among typed numbers NaN stands for missing. */
export interface Predictions {
${predictions.join('\n')}
}

export interface Column {
  name: string;
  type: "number" | "string" | "boolean";
  dtype: string;
  /** May it be missing? */
  missing: boolean;
  optype?: "continuous" | "categorical" | "ordinal";
  logical?: string;
  categories?: (string | number)[];
  intervals?: { low: number; high: number; closure: "oo" | "oc" | "co" | "cc" }[];
  says?: "prediction" | "probability" | "other";
  label?: string;
}

export declare const model: {
  name: string;
  /** The format it was read from, and that format's version. */
  format: string;
  version: string;
  /** SHA-256 of the model's contents. */
  sha256: string;
  inputs: Column[];
  outputs: Column[];
};

/** Throws a TypeError that names the field where a value is of another type. */
export declare const predict: (row: Row) => Prediction;

/** Throws a TypeError that names the column where one is missing or holds a value of another type. */
export declare const predictBatch: (columns: Columns) => Predictions;
`;
};
