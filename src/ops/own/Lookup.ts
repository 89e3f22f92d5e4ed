import { attr, dataOfAttribute } from '../../ir/attributes.ts';
import type { Builder } from '../../ir/builder.ts';
import { refuse } from '../../ir/diagnostic.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import type { Lowered, Row } from '../../kernel/row.ts';
import { constant, type Data, load } from '../../tensor/data.ts';
import { type DType, isFloat } from '../../tensor/dtype.ts';
import { countOf, type Tensor, tensor } from '../../tensor/tensor.ts';
import { cast, literal, ML } from '../ml/build.ts';
import { type Operator, type Plane, refused, tensorInput } from '../operator.ts';
import { withPlanes } from './columns.ts';
import { Collector } from './elements.ts';
import { apply, int, loop, slotFor } from './rows.ts';
import { arity } from './types.ts';
import { everywhere, orAll, reduce, withLastAxis } from './where.ts';

interface LookupTable {
  readonly keys: Data;
  readonly values: Data;
  /** Entries whose value is missing; null: none. */
  readonly missing: Data | null;
}

const tableOf = (node: Node): LookupTable => {
  const keys = dataOfAttribute(node, 'keys') ?? refused(node, 'it lacks the attribute keys');
  const values = dataOfAttribute(node, 'values') ?? refused(node, 'it lacks the attribute values');
  const missing = dataOfAttribute(node, 'missing') ?? null;
  for (const d of [keys, values, missing]) {
    if (d && (d.dims.length !== 1 || d.count !== keys.count)) {
      refused(
        node,
        `keys, values and missing must be lists of one length, not [${keys.dims}] and [${d.dims}]`,
      );
    }
  }
  if (missing && missing.dtype !== 'bool') refused(node, `missing is ${missing.dtype}, not bool`);
  return { keys, values, missing };
};

const indices = new WeakMap<Data, ReadonlyMap<unknown, number>>();

/** Where each key stands first. NaN is no key: it equals nothing. */
const indexOf = (keys: Data): ReadonlyMap<unknown, number> => {
  const known = indices.get(keys);
  if (known) return known;
  const index = new Map<unknown, number>();
  load(keys).data.forEach((key: unknown, i: number) => {
    if (!Number.isNaN(key) && !index.has(key)) index.set(key, i);
  });
  indices.set(keys, index);
  return index;
};

/**
 * The value beside the first equal key; missing where there is none, where the key is missing, or `missing` says so of the
 * entry. With `planes` = 1 (its form after `plain`) the key is plain and the result is two: the value, the dtype's zero
 * where there is none, and whether there is none.
 */
export const Lookup: Operator = {
  domain: OWN,
  name: 'Lookup',
  since: [1],
  infer: (node) => {
    arity(node, 1);
    const { keys, values } = tableOf(node);
    const { dims, absent } = tensorInput(node, 0, [keys.dtype]);
    if (!withPlanes(node)) return [tensorType(values.dtype, dims, 'missing')];
    if (absent === 'missing') refused(node, 'with planes the key must be plain');
    return [tensorType(values.dtype, dims), tensorType('bool', dims)];
  },
  evaluate: ([key], node) => {
    const { data, dims, missing } = key as Tensor;
    const table = tableOf(node);
    const index = indexOf(table.keys);
    const values = load(table.values);
    const gone = table.missing ? load(table.missing).data : null;
    const out = new Collector(values.dtype, dims);
    const count = countOf(dims);
    for (let i = 0; i < count; i++) {
      if (missing?.[i]) continue;
      const at = index.get(data[i]);
      if (at !== undefined && !gone?.[at]) out.set(i, values.data[at] as Tensor['data'][number]);
    }
    return withPlanes(node)
      ? [tensor(values.dtype, dims, out.data), tensor('bool', dims, out.missing)]
      : [out.tensor()];
  },
  plain: (node, b, inputs) => {
    const [key] = inputs as readonly [Plane];
    const [out] = node.outputs as readonly [Value];
    const [data, none] = b.call(node.op, [key.data], {
      attributes: new Map([...node.attributes, ['planes', attr.int(1)]]),
      name: node.name,
      from: node.from,
      outputs: [b.unique(out.name), b.unique(`${out.name}.missing`)],
    });
    // NaN equals no key.
    const missing = orAll(b, [key.under === 'nan' ? null : key.missing, none as Value]);
    return [{ data: data as Value, missing }];
  },
  express: (node, b, opsets) => {
    if (!withPlanes(node))
      return refuse('express/missing', 'its result may be missing, which ONNX cannot hold');
    const [key] = node.inputs as readonly [Value];
    const { keys, values, missing } = tableOf(node);
    const index = indexOf(keys);
    // One entry more, for a key that is none of these.
    const entries = [...index.values()];
    const { data } = load(values);
    const gone = missing ? load(missing).data : null;
    const zero = values.dtype === 'string' ? '' : 0;
    const table = [...entries.map((e) => (gone?.[e] ? zero : (data[e] as number))), zero];
    const none = [...entries.map((e) => gone?.[e] ?? 0), 1];
    const entry = entryOf(b, key, [...index.keys()], keys.dtype, opsets);
    return [
      b.op('Gather', [literal(b, values.dtype, table), entry], { axis: attr.int(0) }),
      b.op('Gather', [literal(b, 'bool', none as number[]), entry], { axis: attr.int(0) }),
    ];
  },
  lower: (node, [key], to) => {
    const { dims, element } = key as Lowered;
    const { keys, values, gone } = entriesOf(node);
    const size = countOf(dims);
    // Keys are looked for once; what stands beside them is read twice.
    const found = slotFor(node, 0, 'int32', size, '.entry');
    const index = loop();
    to.statement({
      k: 'define',
      slot: found,
      loop: index,
      body: { k: 'find', table: keys, key: element({ k: 'index', loop: index }) },
    });
    const at = (i: Row): Row => ({ k: 'element', of: found, index: i });
    const zero: Row = { k: 'const', dtype: values.dtype, value: values.dtype === 'string' ? '' : 0 };
    // A key that is not found is at -1; the entry read there, 0, counts for nothing.
    const table =
      (data: Data) =>
      (i: Row): Row => ({ k: 'at', table: data, key: apply('max', 'int32', at(i), int(0)) });
    const lost = (i: Row) => apply('lt', 'bool', at(i), int(0));
    const none = (i: Row): Row =>
      gone ? { k: 'choose', when: [lost(i)], then: [yes], otherwise: table(gone)(i) } : lost(i);
    if (keys.count === 0) {
      return [
        { dtype: values.dtype, dims, element: () => zero },
        { dtype: 'bool', dims, element: () => yes },
      ];
    }
    return [
      {
        dtype: values.dtype,
        dims,
        element: (i) => ({ k: 'choose', when: [none(i)], then: [zero], otherwise: table(values)(i) }),
      },
      { dtype: 'bool', dims, element: none },
    ];
  },
  rows: () => 'each',
};

const yes: Row = { k: 'const', dtype: 'bool', value: true };

/** The entries that can be found: a key that is NaN equals nothing. */
const entriesOf = (node: Node): { keys: Data; values: Data; gone: Data | null } => {
  const { keys, values, missing } = tableOf(node);
  const all = load(keys).data as ArrayLike<unknown>;
  const kept = Array.from(all, (_, i) => i).filter((i) => !Number.isNaN(all[i]));
  const only = (data: Data): Data => {
    if (kept.length === data.count) return data;
    const from = load(data).data;
    return constant(
      data.dtype,
      kept.map((i) => from[i] as number | bigint | string),
    );
  };
  return { keys: only(keys), values: only(values), gone: missing && only(missing) };
};

/** Where the key stands among those listed; their number where it is none of them. */
const entryOf = (
  b: Builder,
  key: Value,
  listed: readonly unknown[],
  dtype: DType,
  opsets: ReadonlyMap<string, number>,
): Value => {
  const places = listed.map((_, i) => i);
  if (listed.length === 0) return everywhere(b, key, literal(b, 'int64', 0));
  // LabelEncoder has no kernels for the other integers.
  const wide: DType = isFloat(dtype) || dtype === 'string' ? dtype : 'int64';
  const x = cast(b, key, wide);
  if ((opsets.get(ML) ?? 0) >= 4) {
    return b.op([ML, 'LabelEncoder'], [x], {
      keys_tensor: attr.data(constant(wide, listed as readonly number[])),
      values_tensor: attr.data(constant('int64', places)),
      default_tensor: attr.data(constant('int64', [listed.length])),
    });
  }
  const to = { values_int64s: attr.ints(places), default_int64: attr.int(listed.length) };
  const numbered = (opsets.get(ML) ?? 0) < 2;
  if (wide === 'string' && numbered) {
    // The first version numbers strings from 0 on, and nothing else.
    return b.op([ML, 'LabelEncoder'], [x], {
      classes_strings: attr.strings(listed as readonly string[]),
      default_int64: attr.int(listed.length),
    });
  }
  if (wide === 'string') {
    return b.op([ML, 'LabelEncoder'], [x], {
      keys_strings: attr.strings(listed as readonly string[]),
      ...to,
    });
  }
  if (wide === 'int64' && !numbered) {
    const ints = (listed as readonly (number | bigint)[]).map(BigInt);
    return b.op([ML, 'LabelEncoder'], [x], { keys_int64s: attr.ints(ints), ...to });
  }
  // Is it equal to the first, the second, …? Before version 4 there are no double keys.
  const equal = b.op('Equal', [withLastAxis(b, x, opsets), literal(b, wide, listed as readonly number[])]);
  const flags = cast(b, equal, 'int32');
  const first = b.op('ArgMax', [flags], { axis: attr.int(-1), keepdims: attr.int(0) });
  const any = cast(b, reduce(b, 'ReduceMax', flags, -1, opsets), 'bool');
  return b.op('Where', [any, first, literal(b, 'int64', listed.length)]);
};
