import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generate } from '../../../scripts/pmml-structure.ts';

test("the table of PMML's structure is what the schema says", () => {
  const committed = readFileSync(new URL('../../../converters/pmml/structure.ts', import.meta.url), 'utf8');
  expect(committed, 'run scripts/pmml-structure.ts').toBe(generate('../shared/schemas/pmml-4-4.xsd'));
});
