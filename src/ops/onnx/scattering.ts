/** How updates come together with data where an opset's scattering cannot say it. */
import { attr } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { type TensorType, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { vector } from './expansion.ts';
import { reshaped } from './spelling.ts';

/** The operators that reductions stand for. */
export const meets: ReadonlyMap<string, string> = new Map([
  ['add', 'Add'],
  ['mul', 'Mul'],
  ['max', 'Max'],
  ['min', 'Min'],
]);

/** Entries along axis 0 of `data` [P, …] that `at` [K] names meet those of `updates` [K, …], one after the other. */
export const oneByOne = (b: Builder, data: Value, at: Value, updates: Value, meet: string): Value => {
  const inner = b.inner();
  const i = inner.input(inner.unique('i'), tensorType('int64', []));
  const going = inner.input(inner.unique('going'), tensorType('bool', []));
  const sofar = inner.input(inner.unique('sofar'), data.type as TensorType);
  const here = reshaped(inner, i, [1]);
  const place = inner.op('Gather', [at, here]);
  const met = inner.op(meet, [inner.op('Gather', [sofar, place]), inner.op('Gather', [updates, here])]);
  const next = inner.op('ScatterND', [sofar, inner.op('Unsqueeze', [place, vector(inner, [1])]), met]);
  const body = inner.finish([inner.op('Identity', [going]), next]);
  const yes = b.constant(constant('bool', [true], []));
  const count = b.op('Size', [at]);
  return b.op('Loop', [count, yes, data], { body: attr.region(body) });
};
