/** Models for tests of the writer: read from PMML written here, so that they are what users convert. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writer } from '../../../converters/javascript/writer.ts';
import { read } from '../../../src/api/read.ts';
import type { Model } from '../../../src/ir/model.ts';

export const textOf = (model: Model): { module: string; declarations: string } => {
  const { files } = writer.write(model, {});
  const [module, declarations] = files.map((f) => Buffer.concat([...f.chunks()]).toString());
  return { module: module ?? '', declarations: declarations ?? '' };
};

export interface Written {
  predict(row: unknown): Record<string, unknown>;
  predictBatch(columns: unknown): Record<string, ArrayLike<unknown>>;
  readonly model: { sha256: string; inputs: { name: string }[]; outputs: { name: string }[] };
}

/** A module from its text. */
export const importText = async <T>(source: string): Promise<T> =>
  import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`);

/** A written module as a user imports it. */
export const load = (source: string): Promise<Written> => importText<Written>(source);

/** A model from PMML text. */
export const readPmml = async (text: string): Promise<Model> => {
  const folder = mkdtempSync(join(tmpdir(), 'portolan-javascript-'));
  try {
    const file = join(folder, 'model.pmml');
    writeFileSync(file, text);
    return await read(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const document = (dictionary: string, model: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/>
<DataDictionary>${dictionary}</DataDictionary>${model}</PMML>`;

/** y = 1.5 + 0.1·age + 3·[color = "</script>"]; the field names are what an attacker would choose. */
export const regression = document(
  `<DataField name="y" optype="continuous" dataType="double"/>
   <DataField name="__proto__" optype="continuous" dataType="double"/>
   <DataField name="it's &quot;color&quot;" optype="categorical" dataType="string">
     <Value value="&lt;/script&gt;"/><Value value="blue"/></DataField>`,
  `<RegressionModel functionName="regression">
   <MiningSchema><MiningField name="y" usageType="target"/>
   <MiningField name="__proto__" missingValueReplacement="10"/><MiningField name="it's &quot;color&quot;"/></MiningSchema>
   <RegressionTable intercept="1.5"><NumericPredictor name="__proto__" coefficient="0.1"/>
   <CategoricalPredictor name="it's &quot;color&quot;" value="&lt;/script&gt;" coefficient="3"/>
   <CategoricalPredictor name="it's &quot;color&quot;" value="blue" coefficient="-1"/>
   </RegressionTable></RegressionModel>`,
);

/** x <= 2.5: left, else z in {a, b}: right; null where x is missing, the last prediction where z is. */
export const tree = document(
  `<DataField name="label" optype="categorical" dataType="string"><Value value="left"/><Value value="middle"/><Value value="right"/></DataField>
   <DataField name="x" optype="continuous" dataType="double"/>
   <DataField name="z" optype="categorical" dataType="string"/>`,
  `<TreeModel functionName="classification" missingValueStrategy="lastPrediction" splitCharacteristic="multiSplit">
   <MiningSchema><MiningField name="label" usageType="target"/><MiningField name="x"/><MiningField name="z"/></MiningSchema>
   <Node score="middle"><True/>
     <Node score="left"><SimplePredicate field="x" operator="lessOrEqual" value="2.5"/></Node>
     <Node score="middle"><SimplePredicate field="x" operator="greaterThan" value="2.5"/>
       <Node score="right"><SimpleSetPredicate field="z" booleanOperator="isIn"><Array n="2" type="string">a b</Array></SimpleSetPredicate></Node>
       <Node score="left"><SimpleSetPredicate field="z" booleanOperator="isNotIn"><Array n="2" type="string">a b</Array></SimpleSetPredicate></Node>
     </Node></Node></TreeModel>`,
);
