import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generate } from '../../../scripts/onnx-messages.ts';

test('the message table is what schemas/onnx.proto says now', () => {
  const committed = readFileSync(new URL('../../../converters/onnx/messages.ts', import.meta.url), 'utf8');
  expect(committed, 'run `npm run generate`').toBe(generate());
});
