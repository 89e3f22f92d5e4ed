import { describe, expect, it } from 'vitest';
import { fixture, portolan } from './portolan.ts';

describe('score of models over several rows', () => {
  it('gives one row a group, the group first', async () => {
    const model = fixture('pmml/spec/association-transactions/model.pmml');
    const data = fixture('pmml/spec/association-transactions/input.csv');
    const { code, out } = await portolan('score', model, '--data', data);
    expect(code).toBe(0);
    expect(out.split('\n').slice(0, 3)).toEqual([
      'customer,prediction,best,id,all,both,second,two',
      'c1,pen,tea -> pen,c,[b a c d],[b a],milk,[b a]',
      'c2,tea,milk -> tea,b,[b],[],,[b]',
    ]);
    expect((await portolan('score', model, '--data', data, '--engine', 'onnxruntime')).out).toBe(out);
  });

  it('asks a time series for the steps ahead', async () => {
    const steps = (name: string, ...args: string[]) =>
      portolan('score', fixture(`pmml/spec/${name}/model.pmml`), ...args);
    expect((await steps('series-trend-additive', '--horizon', '3')).out).toBe('y\n21.5\n23\n24.5\n');
    expect((await steps('series-horizon', '--horizon', '1', '--engine', 'compiled')).out).toBe('y\n21.5\n');
    const no = await steps('lag', '--horizon', '3');
    expect(no.code).toBe(2);
    expect(no.err).toMatch(/error\[score\/horizon\]/);
    const both = await steps('series-level', '--horizon', '3', '--data', 'rows.csv');
    expect(both.err).toMatch(/error\[usage\/conflicting-option\]/);
    expect((await steps('lag')).err).toMatch(/error\[usage\/missing-mandatory-option-value\].*\n.*--help/);
  });
});
