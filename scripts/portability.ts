/**
 * Where every PMML document of the corpora can go: to ONNX (run by onnxruntime), to PMML again (read back) and to
 * JavaScript, each held against the model on boundary rows, sampled rows and the rows that stand beside the document.
 * Prints a line for each way that is not open, and the shares. Arguments: words that a document's name must hold.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ReadModel, read } from '../src/api/read.ts';
import { tableFrom } from '../src/api/score.ts';
import { verify } from '../src/api/verify.ts';
import { write } from '../src/api/write.ts';
import { PortolanError } from '../src/ir/diagnostic.ts';
import type { Table } from '../src/rows/table.ts';

const corpora = '../shared/corpora';
const targets = ['onnx', 'pmml', 'javascript'] as const;

interface Sample {
  readonly name: string;
  readonly file: string;
  /** Rows of the tool that made it; null: none stand beside it. */
  readonly data: string | null;
}

const inFolder = (folder: string, dataOf: (file: string) => string | null): Sample[] =>
  readdirSync(join(corpora, folder))
    .filter((f) => /\.(pmml|xml)$/.test(f))
    .map((f) => ({
      name: `${folder.split('/')[1]}/${f}`,
      file: join(corpora, folder, f),
      data: dataOf(f),
    }));

const documents = (): Sample[] => [
  ...['knime', 'rapidminer', 'rattle'].flatMap((tool) =>
    inFolder(`pmml-real-tools/${tool}/pmml`, (f) => {
      const rows = join(corpora, 'pmml-real-tools', tool, 'csv', `${/(Iris|Audit|Ozone)/.exec(f)?.[0]}.csv`);
      return existsSync(rows) ? rows : null;
    }).map((d) => ({ ...d, name: `${tool}/${d.file.split('/').pop()}` })),
  ),
  ...inFolder('pmml-spec-examples/models', () => null),
  ...inFolder('pmml-spec-examples/models-modified', () => null),
];

/** With an empty column for every field that the rows lack: one model lists a field that no data has. */
const whole = (rows: Table, model: ReadModel): Table => {
  const lacking = model.fields.filter((f) => f.role === 'input' && !rows.columns.has(f.name));
  const empty = lacking.map((f) => [f.name, new Array<null>(rows.rows).fill(null)] as const);
  return { ...rows, columns: new Map([...rows.columns, ...empty]) };
};

type Status = 'equivalent' | 'different' | 'not executed' | 'refused';

const tried = async (
  model: ReadModel,
  to: (typeof targets)[number],
  data: string | null,
): Promise<readonly [Status, string]> => {
  try {
    const artifact = await write(model, { to });
    const rows = data === null ? null : whole(tableFrom(data), model);
    const v = await verify(model, artifact, { sampled: 2000, ...(rows && { data: rows }) });
    if (!v.executed) return ['not executed', v.why ?? ''];
    return v.equivalent ? ['equivalent', ''] : ['different', JSON.stringify(v.worst)];
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
    return ['refused', `${error.diagnostic.rule} ${error.message}`];
  }
};

const main = async (words: readonly string[]): Promise<number> => {
  if (!existsSync(corpora)) {
    console.log(`portability: no document tried, ${corpora} is not here`);
    return 0;
  }
  const samples = documents().filter((d) => words.every((w) => d.name.includes(w)));
  const counts = new Map<string, number>();
  const count = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const { name, file, data } of samples) {
    let model: ReadModel;
    try {
      model = await read(file);
    } catch (error) {
      if (!(error instanceof PortolanError)) throw error;
      count('not read');
      console.log(`${name}: not read: ${error.diagnostic.rule} ${error.message}`);
      continue;
    }
    count('read');
    for (const to of targets) {
      const [status, why] = await tried(model, to, data);
      count(`${to} ${status}`);
      if (status !== 'equivalent') console.log(`${name} → ${to}: ${status} ${why}`);
    }
  }
  const models = counts.get('read') ?? 0;
  console.log(`\n${samples.length} documents, ${models} models read`);
  for (const to of targets) {
    const of = (status: Status) => counts.get(`${to} ${status}`) ?? 0;
    const written = models - of('refused');
    const share = ((100 * written) / Math.max(models, 1)).toFixed(1);
    console.log(
      `${to.padEnd(10)} ${written} of ${models} written (${share} %), ${of('equivalent')} of them equivalent on every row` +
        (of('different') > 0 ? `, ${of('different')} DIFFERENT` : ''),
    );
  }
  return targets.some((to) => counts.has(`${to} different`)) ? 1 : 0;
};

process.exitCode = await main(process.argv.slice(2));
