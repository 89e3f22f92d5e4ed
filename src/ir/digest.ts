/** A model's contents as one hash: equal for equal graphs, wherever they were read from and whenever. */
import { createHash, type Hash } from 'node:crypto';
import type { Attribute, Model, Region, Value } from './model.ts';
import { formatType } from './shape.ts';

/** SHA-256, in hex, over the graph, its parameters and its fields; not over names of files and places in them. */
export const digestModel = (model: Model): string => {
  const hash = createHash('sha256');
  const say = (...parts: readonly unknown[]): void => {
    // Lengths first: no two different lists of parts are the same bytes.
    for (const part of parts) {
      const text = String(part);
      hash.update(`${text.length}:${text}`);
    }
  };
  region(model.graph, say, hash);
  for (const f of model.fields) {
    say(f.role, f.name, f.value.name, f.column, f.optype, f.says, f.label, f.logical);
    say(JSON.stringify([f.categories, f.intervals, f.missing]));
  }
  say(model.rows, model.profile);
  return hash.digest('hex');
};

type Say = (...parts: readonly unknown[]) => void;

const name = (v: Value | null): string => (v === null ? '' : v.name);

const region = (r: Region, say: Say, hash: Hash): void => {
  for (const v of r.params) say('param', v.name, formatType(v.type));
  for (const p of r.parameters) say(p.role, p.value.name, p.data.digest());
  for (const n of r.nodes) {
    say(
      'node',
      n.op.domain,
      n.op.name,
      n.op.since,
      JSON.stringify([n.inputs.map(name), n.outputs.map(name)]),
    );
    const attributes = [...n.attributes].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [key, a] of attributes) {
      say(key);
      attribute(a, say, hash);
    }
  }
  say('results', JSON.stringify(r.results.map(name)));
};

const attribute = (a: Attribute, say: Say, hash: Hash): void => {
  const columns = (...all: readonly (Uint8Array | Int32Array)[]): void => {
    for (const c of all) hash.update(new Uint8Array(c.buffer, c.byteOffset, c.byteLength));
  };
  say(a.kind);
  switch (a.kind) {
    case 'int':
    case 'float':
    case 'string':
      say(a.value);
      break;
    case 'ints':
    case 'floats':
    case 'strings':
      say(...Array.from(a.values as ArrayLike<unknown>));
      break;
    case 'data':
      say(a.data.digest());
      break;
    case 'type':
      say(formatType(a.type));
      break;
    case 'predicates': {
      const p = a.predicates;
      say(p.numbers.digest(), ...p.strings);
      columns(p.kind, p.column, p.literal, p.from, p.to, p.members, p.args, p.absent);
      break;
    }
    case 'trees': {
      const t = a.trees;
      say(t.outcomes, t.share?.digest());
      columns(t.roots, t.test, t.ifTrue, t.ifFalse, t.ifUnknown);
      break;
    }
    case 'region':
      region(a.region, say, hash);
      break;
    case 'ref':
      say(a.ref);
      break;
    case 'opaque':
      break;
  }
};
