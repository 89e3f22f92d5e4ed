/** Where a model's behaviour changes: constants that values inside it are compared with, element by element. */
import { dataOfAttribute } from '../ir/attributes.ts';
import type { Node, Value } from '../ir/model.ts';
import { OWN } from '../ir/model.ts';
import { KIND, type Predicates } from '../ir/predicates.ts';
import { type Data, load } from '../tensor/data.ts';
import { isFloat } from '../tensor/dtype.ts';
import { rounder } from '../tensor/float.ts';
import type { Probe, TestTable } from './probe.ts';

/** Constants that element `element` of a row of `value` is compared with. */
export interface Critical {
  readonly value: Value;
  readonly element: number;
  readonly numbers: Set<number>;
  readonly strings: Set<string>;
  /** Is one of them from something else than a tree's test? Such constants are tried on rows of their own. */
  loose: Set<number | string>;
}

export const criticalsOf = ({ model, tables, dependence }: Probe): Critical[] => {
  const found = new Map<Value, Map<number, Critical>>();
  const at = (value: Value, element: number): Critical => {
    let byElement = found.get(value);
    if (!byElement) {
      byElement = new Map();
      found.set(value, byElement);
    }
    let c = byElement.get(element);
    if (!c) {
      c = { value, element, numbers: new Set(), strings: new Set(), loose: new Set() };
      byElement.set(element, c);
    }
    return c;
  };
  const add = (
    value: Value | null | undefined,
    constants: ArrayLike<number | bigint | string>,
    broadcast = false,
  ) => {
    if (!value) return;
    const width = dependence.width(value);
    for (let j = 0; j < width; j++) {
      const c = at(value, j);
      // Constants in line with the elements of a row belong to one of them each.
      const own = broadcast && constants.length === width ? [constants[j]] : constants;
      for (const x of Array.from(own as ArrayLike<number | bigint | string>)) {
        if (typeof x === 'string') c.strings.add(x);
        else c.numbers.add(Number(x));
        c.loose.add(typeof x === 'string' ? x : Number(x));
      }
    }
  };

  for (const t of tables) addTable(t, at);
  for (const n of model.graph.nodes) {
    for (const [value, constants, broadcast] of comparedIn(n, dependence.constants))
      add(value, constants, broadcast);
  }
  return [...found.values()].flatMap((m) => [...m.values()]);
};

const addTable = (t: TestTable, at: (v: Value, element: number) => Critical): void => {
  const p = t.predicates;
  const numbers = load(p.numbers).data;
  t.columns.forEach((v, column) => {
    const c = at(v, 0);
    const dtype = v.type.kind === 'tensor' ? v.type.dtype : 'float64';
    const strings = dtype === 'string';
    const round = isFloat(dtype) ? rounder(dtype) : Number;
    const take = (literal: number) => {
      if (strings) c.strings.add(p.strings[literal] as string);
      else c.numbers.add(round(Number(numbers[literal])));
    };
    for (let row = 0; row < p.kind.length; row++) {
      if (p.column[row] !== column) continue;
      if (isComparison(p, row)) take(p.literal[row] as number);
      else for (const m of membersOf(p, row)) take(m);
    }
  });
};

const isComparison = (p: Predicates, row: number): boolean =>
  (p.kind[row] as number) >= KIND.lt && (p.kind[row] as number) <= KIND.ne;

/** Literal indices of an `in` or `notIn`; none for the other kinds. */
export const membersOf = (p: Predicates, row: number): Int32Array =>
  p.kind[row] === KIND.in || p.kind[row] === KIND.notIn
    ? p.members.subarray(p.from[row], p.to[row])
    : p.members.subarray(0, 0);

type Compared = readonly [
  value: Value | null | undefined,
  constants: ArrayLike<number | bigint | string>,
  broadcast?: boolean,
];

const comparisons = new Set([
  'Less',
  'LessOrEqual',
  'Greater',
  'GreaterOrEqual',
  'Equal',
  'Max',
  'Min',
  'Clip',
]);
const atZero = new Set(['Relu', 'Abs', 'Sign', 'LeakyRelu', 'PRelu', 'Elu', 'Log', 'Sqrt', 'Reciprocal']);

const comparedIn = (
  n: Node,
  constants: ReadonlyMap<Value, ArrayLike<number | bigint | string>>,
): Compared[] => {
  const { domain, name } = n.op;
  const [x] = n.inputs;
  const attribute = (key: string): ArrayLike<number | bigint | string> => {
    const a = n.attributes.get(key);
    if (a?.kind === 'data') return read(dataOfAttribute(n, key));
    return a?.kind === 'floats' || a?.kind === 'strings' || a?.kind === 'ints' ? a.values : [];
  };
  if (domain === OWN) {
    if (name === 'Bin') return [[x, attribute('edges')]];
    if (name === 'Interpolate') return [[x, attribute('origs')]];
    if (name === 'Lookup') return [[x, attribute('keys')]];
    return [];
  }
  if (name === 'LabelEncoder')
    return ['keys_floats', 'keys_strings', 'keys_int64s'].map((k) => [x, attribute(k)]);
  if (name === 'OneHotEncoder') return ['cats_int64s', 'cats_strings'].map((k) => [x, attribute(k)]);
  if (name === 'Binarizer')
    return [[x, [Number((n.attributes.get('threshold') as { value?: number })?.value ?? 0)]]];
  if (atZero.has(name)) return [[x, [0]]];
  if (!comparisons.has(name)) return [];
  const found: Compared[] = [];
  for (const v of n.inputs) {
    if (!v || constants.has(v)) continue;
    for (const other of n.inputs) {
      const c = other && constants.get(other);
      if (c && c.length <= 1 << 12) found.push([v, c, true]);
    }
  }
  return found;
};

const read = (data: Data | undefined): ArrayLike<number | bigint | string> => data?.read(0, data.count) ?? [];
