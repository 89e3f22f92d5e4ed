/**
 * Models written as PMML: valid by the standard's schema, the same bytes twice, and read back they say what was worked out by
 * hand (fixtures/pmml/spec), what the makers' tools predicted (real tools), what the libraries predicted (onnx-classical).
 * What is refused stands with its reason in golden/pmml-written.txt.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTemporarily } from '../../src/api/open.ts';
import { type ReadModel, read } from '../../src/api/read.ts';
import { score, tableFrom } from '../../src/api/score.ts';
import { write } from '../../src/api/write.ts';
import type { Artifact } from '../../src/ir/converter.ts';
import { PortolanError } from '../../src/ir/diagnostic.ts';
import { bind } from '../../src/rows/bind.ts';
import type { Table } from '../../src/rows/table.ts';
import { unbind } from '../../src/rows/unbind.ts';
import { feed, match } from '../../src/verify/interface.ts';
import { violations } from '../converters/pmml/schema.ts';
import { differences } from './differences.ts';

const folders = (at: string): string[] =>
  readdirSync(at, { withFileTypes: true })
    .filter((e) => e.isDirectory())
    .map((e) => e.name);

const bytesOf = (artifact: Artifact): Uint8Array => Buffer.concat([...(artifact.files[0]?.chunks() ?? [])]);

/** The artifact, or why there is none. */
const written = async (model: ReadModel): Promise<Artifact | string> => {
  try {
    return await write(model, { to: 'pmml' });
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
    return `${error.diagnostic.rule} ${error.message}`;
  }
};

/** What the document gives for rows that the model binds, or for rows that it binds itself. */
const scored = async (artifact: Artifact, model: ReadModel, rows: Table): Promise<Table> => {
  const scorer = await openTemporarily(artifact, '.pmml', model);
  try {
    const tensors =
      model.format === 'PMML'
        ? feed(bind(rows, model.fields), match(model.fields, scorer.fields).inputs)
        : bind(rows, scorer.fields);
    return unbind(await scorer.run(tensors), scorer.fields);
  } finally {
    await scorer.close();
  }
};

/** Model elements of a document in order, each once. */
const elementsIn = (bytes: Uint8Array): string =>
  [
    ...new Set(
      Array.from(
        new TextDecoder().decode(bytes).matchAll(/<(\w+(?:Model|Network)) /g),
        (m) => m[1] as string,
      ),
    ),
  ].join(' ');

const outcomes = new Map<string, string>();

const check = async (name: string, model: ReadModel, rows: Table, verdict: (results: Table) => void) => {
  const artifact = await written(model);
  if (typeof artifact === 'string') {
    outcomes.set(name, artifact);
    return;
  }
  const bytes = bytesOf(artifact);
  outcomes.set(name, `written, ${elementsIn(bytes)}`);
  expect(violations(bytes)).toEqual([]);
  const again = await written(model);
  expect(typeof again === 'string' ? null : Buffer.compare(bytes, bytesOf(again))).toBe(0);
  verdict(await scored(artifact, model, rows));
};

/** Models that take plain rows: each has its rows and what they give beside it. */
const spec = folders('fixtures/pmml/spec').filter((c) =>
  existsSync(join('fixtures/pmml/spec', c, 'input.csv')),
);

describe('the PMML specification, written again', () => {
  it.each(spec)('%s', async (name) => {
    const at = join('fixtures/pmml/spec', name);
    const model = await read(join(at, 'model.pmml'));
    const expected = tableFrom(join(at, 'expected.csv'));
    await check(`spec/${name}`, model, tableFrom(join(at, 'input.csv')), (results) => {
      expect(differences(results, expected)).toEqual([]);
    });
  });
});

const corpus = '../shared/corpora/pmml-real-tools';

/** Rows with an empty column for every field that they lack: one model lists a field that nothing reads. */
const whole = (rows: Table, model: ReadModel): Table => {
  const lacking = model.fields.filter((f) => f.role === 'input' && !rows.columns.has(f.name));
  const empty = lacking.map((f) => [f.name, new Array<null>(rows.rows).fill(null)] as const);
  return { ...rows, columns: new Map([...rows.columns, ...empty]) };
};

describe('models of real tools, written again', () => {
  const models = ['knime', 'rapidminer', 'rattle'].flatMap((tool) =>
    readdirSync(join(corpus, tool, 'pmml')).map((file) => [tool, file] as const),
  );
  it.each(models)('%s %s', async (tool, file) => {
    const data = /(Iris|Audit|Ozone|Shopping)/.exec(file)?.[1] as string;
    const model = await read(join(corpus, tool, 'pmml', file));
    const rows = join(corpus, tool, 'csv', `${data}.csv`);
    const own = (await score(model, whole(tableFrom(rows), model))).results;
    await check(`${tool}/${file}`, model, whole(tableFrom(rows), model), (results) => {
      // Elementary functions and sums of products are computed alike, operation by operation.
      expect(differences(results, own)).toEqual([]);
      expect(results.rows).toBe(own.rows);
    });
  });
});

/** Cells of a column that are further apart than single precision explains. */
const apart = (results: Table, expected: Table, slack: number): string[] => {
  const found: string[] = [];
  for (const [name, wanted] of expected.columns) {
    const own = results.columns.get(name) ?? [];
    for (let i = 0; i < expected.rows; i++) {
      const [a, b] = [own[i], wanted[i]];
      const [x, y] = [Number(a), Number(b)];
      const near = Number.isNaN(y) ? String(a) === String(b) : Math.abs(x - y) <= slack * (1 + Math.abs(y));
      if (!near) found.push(`${name}[${i}]: ${a}, not ${b}`);
    }
  }
  return found;
};

describe('classical models from ONNX', () => {
  it.each(folders('fixtures/onnx-classical'))('%s', async (name) => {
    const at = join('fixtures/onnx-classical', name);
    const model = await read(join(at, 'model.onnx'));
    const expected = tableFrom(join(at, 'expected.csv'));
    await check(`onnx/${name}`, model, tableFrom(join(at, 'input.csv')), (results) => {
      expect(results.rows).toBe(expected.rows);
      // Distances to centres are differences of large squares in the ONNX model itself.
      expect(apart(results, expected, name.endsWith('k-means') ? 1e-3 : 1e-5)).toEqual([]);
    });
  });
});

describe('what is written', () => {
  it('is this, and the rest is refused for these reasons', async () => {
    const count = [...outcomes.values()].filter((o) => o.startsWith('written')).length;
    const lines = [...outcomes].map(([name, said]) => `${name}: ${said}`).sort();
    await expect([`${count} of ${outcomes.size} written`, ...lines, ''].join('\n')).toMatchFileSnapshot(
      'golden/pmml-written.txt',
    );
  });
});
