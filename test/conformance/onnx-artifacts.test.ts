/** Models of scikit-learn, XGBoost, LightGBM and small networks: written to every target that takes them, run there, held equivalent. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { read } from '../../src/api/read.ts';
import { supportOf } from '../../src/api/report.ts';
import { verify } from '../../src/api/verify.ts';
import { write } from '../../src/api/write.ts';

const folder = 'fixtures/onnx';
const cases = readdirSync(folder).filter((c) => existsSync(join(folder, c, 'model.onnx')));

/** What JavaScript does not take, and the operator it says is in the way. */
const refused: Readonly<Record<string, RegExp>> = {
  cnn: /Conv/,
  dtypes: /input/,
};

describe.each(['onnx', 'javascript'])('real ONNX models in %s', (to) => {
  it.each(cases)('%s', async (name) => {
    const at = join(folder, name);
    const model = await read(join(at, 'model.onnx'));
    const why = to === 'javascript' ? refused[name] : undefined;
    if (why) {
      const { targets } = await supportOf(model);
      const obstacles = targets.find((t) => t.target === to)?.obstacles ?? [];
      expect(obstacles.map((o) => o.operator).join(' ')).toMatch(why);
      return;
    }
    const data = join(at, 'input.csv');
    const found = await verify(model, await write(model, { to }), {
      sampled: 1000,
      ...(existsSync(data) && { data }),
    });
    expect(found.executed).toBe(true);
    expect(found.columns.filter((c) => c.different > 0)).toEqual([]);
    expect(found.equivalent).toBe(true);
  });
});
