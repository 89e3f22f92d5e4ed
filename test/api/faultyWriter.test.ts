/** A conversion whose proof fails: exit 1, no artifact unless it is asked for, and the report says so. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Artifact, Writer } from '../../src/ir/converter.ts';
import { Folder, fixture, portolan } from '../cli/portolan.ts';

/** What becomes of the module's text on its way to the file. */
const fault = vi.hoisted(() => ({ apply: (text: string): string => text }));

vi.mock('../../converters/javascript/writer.ts', async (original) => {
  const { writer } = await original<{ writer: Writer }>();
  const write = (...args: Parameters<Writer['write']>): Artifact => {
    const artifact = writer.write(...args);
    const files = artifact.files.map((f) => ({
      ...f,
      chunks: () =>
        f.suffix === '' ? [Buffer.from(fault.apply(Buffer.concat([...f.chunks()]).toString()))] : f.chunks(),
    }));
    return { ...artifact, files };
  };
  return { writer: { ...writer, obstacles: writer.obstacles.bind(writer), write } };
});

const tree = fixture('pmml/spec/tree-none/model.pmml');
let folder: Folder;
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.remove());

const convert = (...more: string[]) =>
  portolan('convert', tree, folder.file('m.mjs'), '--report', folder.file('r.json'), ...more);

describe('a writer without a fault', () => {
  it('passes', async () => {
    fault.apply = (text) => text;
    expect((await convert()).code).toBe(0);
    expect(folder.names).toEqual(['m.d.mts', 'm.mjs', 'r.json']);
  });
});

describe('a writer that gets a threshold wrong', () => {
  beforeEach(() => {
    fault.apply = (text) => text.replaceAll(/(?<![\w.])5(?![\w.])/g, '5.5');
  });

  it('is found: 1, no artifact, a report', async () => {
    const { code, out, err } = await convert();
    expect(code).toBe(1);
    expect(folder.names).toEqual(['r.json']);
    expect(out).toMatch(/^DIFFERENT /m);
    expect(err).toMatch(/^warning\[convert\/not-proven\] m\.mjs was not written/m);
    const report = JSON.parse(folder.read('r.json'));
    expect(report.verdict.status).toBe('different');
    // Between the threshold and the mistaken one: 5 < x ≤ 5.5 goes another way.
    expect(report.verification.worst.inputs.x).toBeGreaterThan(5);
    expect(report.verification.worst.inputs.x).toBeLessThanOrEqual(5.5);
  });

  it('what stood there still stands', async () => {
    folder.write('m.mjs', 'what stood there');
    expect((await convert()).code).toBe(1);
    expect(folder.read('m.mjs')).toBe('what stood there');
    expect(folder.names).toEqual(['m.mjs', 'r.json']);
  });

  it('--keep writes it all the same, and says so: 1', async () => {
    const { code, err } = await convert('--keep');
    expect(code).toBe(1);
    expect(folder.names).toEqual(['m.d.mts', 'm.mjs', 'r.json']);
    expect(err).toMatch(/^warning\[convert\/not-proven\] m\.mjs was kept although the check failed/m);
    const { diagnostics, verdict } = JSON.parse(folder.read('r.json'));
    expect(diagnostics.map((d: { rule: string }) => d.rule)).toContain('convert/not-proven');
    expect(verdict.status).toBe('different');
    const verified = await portolan('verify', tree, folder.file('m.mjs'));
    expect(verified.code).toBe(1);
  });

  it('--json prints the report: 1', async () => {
    const { code, out } = await convert('--json');
    expect([code, JSON.parse(out).verdict.status]).toEqual([1, 'different']);
  });

  it('--no-verify does not see it, and claims nothing: 0', async () => {
    expect((await convert('--no-verify')).code).toBe(0);
    expect(JSON.parse(folder.read('r.json')).verdict.sentence).toMatch(/NOT verified/);
    expect((await portolan('verify', tree, folder.file('m.mjs'))).code).toBe(1);
  });
});

describe('a writer of what does not run', () => {
  it('is found: 1, no artifact, and why', async () => {
    fault.apply = (text) => `${text}\nthrow new Error('broken from the start');\n`;
    const { code, out } = await convert();
    expect(code).toBe(1);
    expect(folder.names).toEqual(['r.json']);
    expect(out).toMatch(/^DIFFERENT .*broken from the start/m);
    const { verdict } = JSON.parse(folder.read('r.json'));
    expect(verdict.sentence).toMatch(/^m\.mjs does NOT run in Node itself: .*broken from the start/);
    // No temporary name in it.
    expect(JSON.stringify(verdict)).not.toContain(folder.path);
  });
});
