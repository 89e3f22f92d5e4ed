/**
 * Hostile and broken files: whatever becomes of the bytes of a model, reading it ends soon, with a located refusal or
 * with a graph that is whole. Nothing else is thrown.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { read } from '../../src/api/read.ts';
import { memorySource } from '../../src/files/source.ts';
import { PortolanError } from '../../src/ir/diagnostic.ts';
import { check } from '../../src/ir/verifier.ts';
import { fixture } from '../cli/portolan.ts';

const most = 100_000;
/** Time for all models together, and what no single one may take. */
const budget = 30_000;
const limit = 2000;

const models = readdirSync(fixture(''), { recursive: true, encoding: 'utf8' })
  .filter((f) => /model\.(pmml|onnx)$/.test(f))
  .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(fixture(''), name))) }))
  .filter((m) => m.bytes.length < most)
  .sort((a, b) => (a.name < b.name ? -1 : 1));

type Edit = (bytes: Uint8Array) => Uint8Array;

const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const place = (part: number, bytes: Uint8Array): number => Math.floor(part * bytes.length);

const joined = (...parts: Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let from = 0;
  for (const p of parts) {
    out.set(p, from);
    from += p.length;
  }
  return out;
};

/** Bytes that mean something in one of the formats: markup, long varints, lengths, numbers at the edges. */
const telling = fc.constantFrom(
  ...[
    '<',
    '>',
    '"',
    '&',
    '&#0;',
    '</',
    '<!--',
    '<![CDATA[',
    ']]>',
    '<?',
    '-',
    '1e999',
    'NaN',
    '__proto__',
    '\u0000',
  ].map((s) => new TextEncoder().encode(s)),
  Uint8Array.of(255, 255, 255, 255, 15),
  Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1),
  Uint8Array.of(128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128),
  Uint8Array.of(0),
);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(
    ([p, mask]): Edit =>
      (b) => {
        const out = b.slice();
        if (out.length > 0) out[place(p, b)] = (out[place(p, b)] as number) ^ mask;
        return out;
      },
  ),
  at.map(
    (p): Edit =>
      (b) =>
        b.slice(0, place(p, b)),
  ),
  fc.tuple(at, at).map(
    ([p, q]): Edit =>
      (b) => {
        const [from, to] = [place(Math.min(p, q), b), place(Math.max(p, q), b)];
        return joined(b.subarray(0, from), b.subarray(to));
      },
  ),
  fc.tuple(at, fc.oneof(telling, fc.uint8Array({ minLength: 1, maxLength: 8 }))).map(
    ([p, more]): Edit =>
      (b) => {
        return joined(b.subarray(0, place(p, b)), more, b.subarray(place(p, b)));
      },
  ),
  fc.tuple(at, at, at).map(
    ([p, q, r]): Edit =>
      (b) => {
        const [from, to] = [place(Math.min(p, q), b), place(Math.max(p, q), b)];
        return joined(b.subarray(0, place(r, b)), b.subarray(from, to), b.subarray(place(r, b)));
      },
  ),
);

describe('any bytes', () => {
  it('the fixtures themselves are read', async () => {
    expect(models.length).toBeGreaterThan(50);
    for (const { name, bytes } of models) {
      // Weights in a file beside it are not found in memory.
      if (name.includes('external')) continue;
      await read(memorySource(name, bytes));
    }
  });

  it(
    'are refused with a place and a reason, or are a whole graph; and soon',
    async () => {
      const started = performance.now();
      let refused = 0;
      let taken = 0;
      for (const [i, { name, bytes }] of models.entries()) {
        const runs = fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
          const mutant = edits.reduce<Uint8Array>((b, e) => e(b), bytes);
          const from = performance.now();
          try {
            const model = await read(memorySource(name, mutant));
            expect(check(model)).toEqual([]);
            taken++;
          } catch (error) {
            if (!(error instanceof PortolanError)) throw error;
            expect(error.diagnostic.rule).toMatch(/^[a-z0-9-]+\/[a-z0-9-]+$/);
            refused++;
          }
          expect(performance.now() - from).toBeLessThan(limit);
        });
        // The seed is fixed; a slow machine tries fewer of the same.
        const left = budget - (performance.now() - started);
        const share = Math.max(100, left / (models.length - i));
        await fc.assert(runs, { seed: 20261121 + i, numRuns: 150, interruptAfterTimeLimit: share });
      }
      // Both happen, or the mutations are not what they are meant to be.
      expect(refused).toBeGreaterThan(1000);
      expect(taken).toBeGreaterThan(100);
    },
    budget * 3,
  );
});
