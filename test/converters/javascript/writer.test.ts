import { describe, expect, it } from 'vitest';
import { writer } from '../../../converters/javascript/writer.ts';
import { load, readPmml, regression, textOf, tree } from './models.ts';

const color = `it's "color"`;

describe('a regression', async () => {
  const model = await readPmml(regression);
  const { module, declarations } = textOf(model);
  const { predict, predictBatch, model: schema } = await load(module);
  const row = (age: unknown, shade: unknown) =>
    Object.fromEntries([
      ['__proto__', age],
      [color, shade],
    ]);

  it('predicts rows by field names, whatever the names are', () => {
    expect(predict(row(20, 'blue')).y).toBe(1.5 + 0.1 * 20 - 1);
    expect(predict(row(20, '</script>')).y).toBe(1.5 + 0.1 * 20 + 3);
  });

  it('takes null, undefined, NaN and the empty string for missing', () => {
    const replaced = 1.5 + 0.1 * 10 - 1;
    for (const nothing of [null, undefined, Number.NaN])
      expect(predict(row(nothing, 'blue')).y).toBe(replaced);
    // What an ordinary object inherits as `__proto__` is not a value of the row.
    expect(predict({ [color]: 'blue' }).y).toBe(replaced);
    // No replacement for the colour: neither indicator counts, as the evaluator has it.
    expect(predict(row(20, '')).y).toBe(predict(row(20, null)).y);
  });

  it('refuses values of another type by the name of the field', () => {
    expect(() => predict(row('20', 'blue'))).toThrow(
      new TypeError('field "__proto__": a number is wanted, not string'),
    );
    expect(() => predict(row(20, 7))).toThrow(
      `field ${JSON.stringify(color)}: a string is wanted, not number`,
    );
    expect(() => predict(null)).toThrow(TypeError);
  });

  it('predicts batches of columns, typed or not, over block borders', () => {
    const rows = 1300;
    const ages = Float64Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? Number.NaN : i));
    const shades = Array.from({ length: rows }, (_, i) =>
      i % 3 === 0 ? 'blue' : i % 3 === 1 ? '</script>' : null,
    );
    const columns = Object.fromEntries<unknown>([
      ['__proto__', ages],
      [color, shades],
    ]);
    const { y } = predictBatch(columns);
    expect(y).toBeInstanceOf(Float64Array);
    const single = Array.from(ages, (age, i) => predict(row(age, shades[i])).y ?? Number.NaN);
    expect(Array.from(y as ArrayLike<number>)).toEqual(single);
  });

  it('names a column that is missing, of another length or of another type', () => {
    const columns = (ages: unknown, shades: unknown) =>
      Object.fromEntries([
        ['__proto__', ages],
        [color, shades],
      ]);
    expect(() => predictBatch({ [color]: [] })).toThrow(new TypeError('the column "__proto__" is missing'));
    expect(() => predictBatch(columns([1, 2], ['blue']))).toThrow(RangeError);
    expect(() => predictBatch(columns([1, '2'], ['blue', 'blue']))).toThrow(
      new TypeError('field "__proto__", row 1: a number is wanted, not string'),
    );
    expect(predictBatch(columns([], [])).y).toEqual(new Float64Array(0));
  });

  it('pastes no name into code', () => {
    expect(module).not.toContain('</script>');
    expect(module).not.toMatch(/^.*(?<!")__proto__(?!"|: null).*$/m);
    expect(schema.inputs.map((f) => f.name)).toEqual(['__proto__', color]);
    expect(declarations).toContain(`"it's \\"color\\""?: string | null;`);
  });

  it('is the same bytes again, and says which model it is of', async () => {
    const again = textOf(await readPmml(regression));
    expect(again).toEqual({ module, declarations });
    const other = textOf(await readPmml(regression.replace('0.1', '0.2')));
    expect((await load(other.module)).model.sha256).not.toBe(schema.sha256);
  });
});

describe('a tree', async () => {
  const { predict } = await load(textOf(await readPmml(tree)).module);

  it.each([
    [{ x: 2.5, z: 'q' }, 'left'],
    [{ x: 2.5000000000000004, z: 'a' }, 'right'],
    [{ x: 3, z: 'c' }, 'left'],
    [{ x: 3, z: null }, 'middle'],
    [{ z: 'a' }, 'middle'],
    [{ x: Infinity, z: 'b' }, 'right'],
    [{ x: -Infinity }, 'left'],
  ])('%o is %s', (row, label) => {
    expect(predict(row).label).toBe(label);
  });
});

describe('what JavaScript cannot express', () => {
  it('is refused by its name', async () => {
    const model = await readPmml(regression);
    expect(writer.obstacles(model, {})).toEqual([]);
    expect(() => writer.write(model, { precision: 'float32' })).toThrow('precision of its model');
    const unknownRows = { ...model, rows: null };
    expect(writer.obstacles(unknownRows, {}).map((o) => o.rule)).toContain('lower/input-shape');
    expect(() => writer.write(unknownRows, {})).toThrow('JavaScript cannot express this model');
  });
});
