/** How much processor time Route takes for a forest, by what its tests ask. */
import { attr } from '../src/ir/attributes.ts';
import { Builder } from '../src/ir/builder.ts';
import { OWN, tensorType } from '../src/ir/model.ts';
import { PredicateTable } from '../src/ir/predicates.ts';
import { TreeTable } from '../src/ir/trees.ts';
import { Route } from '../src/ops/own/Route.ts';
import { operators } from '../src/ops/registry.ts';
import { constant } from '../src/tensor/data.ts';
import { tensor } from '../src/tensor/tensor.ts';
import { forestRows, seeded } from './forest.ts';

const [trees, depth, features, rows] = [500, 7, 20, 100_000];

/** Complete trees; `kind` says what is asked of a column. */
const forest = (kind: 'number' | 'string' | 'compound') => {
  const random = seeded(1);
  const predicates = new PredicateTable();
  const table = new TreeTable();
  const grow = (level: number, tree: number): number => {
    if (level === depth) return table.outcome(`${tree}`);
    const column = Math.floor(random() * features);
    const ask =
      kind === 'number'
        ? predicates.compare('le', column, random())
        : kind === 'string'
          ? predicates.membership(
              'in',
              column,
              categories.filter(() => random() < 0.5),
            )
          : predicates.compound('surrogate', [
              predicates.compare('le', column, random()),
              predicates.compare('gt', Math.floor(random() * features), random()),
            ]);
    const test = table.test(ask);
    const yes = grow(level + 1, tree);
    const no = grow(level + 1, tree);
    table.link(test, yes, no, yes);
    return test;
  };
  for (let t = 0; t < trees; t++) table.root(grow(0, t));
  const b = new Builder(operators);
  const dtype = kind === 'string' ? 'string' : 'float64';
  const inputs = Array.from({ length: features }, (_, i) =>
    b.input(`x${i}`, tensorType(dtype, ['N', 1], 'missing')),
  );
  b.call([OWN, 'Route'], inputs, {
    attributes: {
      predicates: attr.predicates(predicates.build((v) => constant('float64', v))),
      trees: attr.trees(table.build((v, dims) => constant('float64', v, dims))),
    },
    // How often UNKNOWN was met is asked for by few models.
    outputs: ['outcomes', null],
  });
  return b.finish([]).nodes[0] as Parameters<NonNullable<typeof Route.evaluate>>[1];
};

const categories = Array.from({ length: 12 }, (_, i) => `category ${i}`);

export const benchRouting = (): void => {
  for (const kind of ['number', 'string', 'compound'] as const) {
    const node = forest(kind);
    const columns = forestRows(rows, features).map((c) =>
      kind === 'string'
        ? tensor(
            'string',
            [rows, 1],
            Array.from(c, (x) => categories[Math.floor(x * 12)] as string),
          )
        : tensor('float64', [rows, 1], c),
    );
    for (let run = 0; run < 2; run++) {
      const start = process.cpuUsage();
      Route.evaluate?.(columns, node);
      const ms = process.cpuUsage(start).user / 1000;
      console.log(
        `Route, ${kind.padEnd(8)} tests: ${trees} trees of ${2 ** depth} leaves, ${rows} rows: ${ms.toFixed(0)} ms`,
      );
    }
  }
};
