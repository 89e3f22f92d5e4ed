import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { interfaceOf } from '../../../converters/javascript/interface.ts';
import { read } from '../../../src/api/read.ts';
import type { Model } from '../../../src/ir/model.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { launch } from './chromium.ts';
import { importText, load, readPmml, regression, textOf, tree } from './models.ts';
import { rowsFor } from './rows.ts';

let browser: Awaited<ReturnType<typeof launch>>;
let server: Server;
let context: BrowserContext;
let origin: string;
const modules = new Map<string, string>();

beforeAll(async () => {
  browser = await launch();
  ({ context } = browser);
  server = createServer((request, response) => {
    const module = modules.get(request.url ?? '');
    response.setHeader('content-type', module === undefined ? 'text/html' : 'text/javascript');
    response.end(module ?? '<!doctype html><title>modules</title>');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 120_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** Columns by field names; missing is null. */
const columnsOf = (model: Model, inputs: ReadonlyMap<string, Tensor>) =>
  interfaceOf(model).inputs.map((c) => {
    const { data, missing } = inputs.get(c.value) as Tensor;
    // Numbers as text: JSON has no NaN, no Infinity and no -0.
    const spell = (x: unknown) =>
      typeof x === 'number' ? (Object.is(x, -0) ? '-0' : String(x)) : (x as string);
    const values = Array.from(data as ArrayLike<unknown>, (x, i) => (missing?.[i] ? null : spell(x)));
    return { name: c.name, number: c.kind === 'number', values };
  });

/** Runs in Node and in the page alike, on plain data, and spells results so that they survive the way back. */
const score = `async (module, given) => {
  const columns = Object.fromEntries(given.map(({ name, number, values }) =>
    [name, values.map((x) => (number && x !== null ? Number(x) : x))]));
  const spell = (x) => (Object.is(x, -0) ? "-0" : typeof x === "number" ? "n" + x : x);
  const rows = given[0].values.length;
  const row = (i) => Object.fromEntries(given.map(({ name }) => [name, columns[name][i]]));
  return {
    batch: Object.entries(module.predictBatch(columns)).map(([k, v]) => [k, Array.from(v, spell)]),
    rows: Array.from({ length: rows }, (_, i) => Object.entries(module.predict(row(i))).map(([k, v]) => [k, spell(v)])),
    sha256: module.model.sha256,
  };
}`;

type Score = (module: unknown, given: unknown) => Promise<{ readonly rows: readonly unknown[] }>;

const cases: readonly [name: string, model: () => Promise<Model>][] = [
  ['a regression', () => readPmml(regression)],
  ['a tree', () => readPmml(tree)],
  [
    'a forest',
    () => read(new URL('../../../fixtures/pmml/random-forest/model.pmml', import.meta.url).pathname),
  ],
];

it.each(cases)(
  '%s says the same in a page as in Node, missing values and strings included',
  async (name, get) => {
    const model = await get();
    const { module } = textOf(model);
    const path = `/${encodeURIComponent(name)}.mjs`;
    modules.set(path, module);
    const given = columnsOf(model, rowsFor(model, 600));

    const { default: run } = await importText<{ default: Score }>(`export default ${score}`);
    const inNode = await run(await load(module), given);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(origin);
    const inPage = await page.evaluate(
      `(async () => (${score})(await import(${JSON.stringify(path)}), ${JSON.stringify(given)}))()`,
    );
    await page.close();

    expect(problems).toEqual([]);
    expect(inPage).toEqual(inNode);
    expect(inNode.rows.length).toBe(600);
  },
);
