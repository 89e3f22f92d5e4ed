/** Expressions of the row language as JavaScript: the same functions, rounding and order, bit for bit. */
import { fail } from '../../src/ir/diagnostic.ts';
import { dtypeOf, type Fn, type Loop, type Row, type Slot } from '../../src/kernel/row.ts';
import type { Data } from '../../src/tensor/data.ts';
import { type DType, dtypeInfo, isBig, isFloat } from '../../src/tensor/dtype.ts';
import type { HelperName } from './helpers.ts';
import type { Fold } from './plan.ts';
import { literal } from './text.ts';

/** What the module around gives a name to. */
export interface Names {
  /** An array of a constant's elements. */
  table(data: Data): string;
  /** A Map from a constant's elements to their first index. */
  index(data: Data): string;
  helper(name: HelperName): string;
  /** A name not used yet, starting with `stem`. */
  fresh(stem: string): string;
}

/** How slots, loop variables and folds done elsewhere are read here. */
export interface Scope {
  element(slot: Slot, index: string): string;
  fold(fold: Fold): string | undefined;
}

export const arrayOf = (dtype: DType): string =>
  dtype === 'bool' ? 'Uint8Array' : dtype === 'string' ? 'Array' : spelled[dtype as Spelled];

const spelled = {
  float64: 'Float64Array',
  float32: 'Float32Array',
  int64: 'BigInt64Array',
  uint64: 'BigUint64Array',
  int32: 'Int32Array',
  uint32: 'Uint32Array',
  int16: 'Int16Array',
  uint16: 'Uint16Array',
  int8: 'Int8Array',
  uint8: 'Uint8Array',
} as const;

type Spelled = keyof typeof spelled;

/** Does JavaScript have arithmetic that gives this dtype exactly? */
export const hasDtype = (dtype: DType): boolean =>
  dtype === 'bool' || dtype === 'string' || Object.hasOwn(spelled, dtype);

/** Writes statements, indented; expressions may need some before them. */
export class Speller {
  readonly lines: string[] = [];
  private readonly names: Names;
  private readonly scope: Scope;
  private readonly loops: Map<Loop, string>;
  private indent: string;
  /** Look-ups already made in this block, by their code. */
  private found = new Map<string, string>();

  constructor(names: Names, scope: Scope, indent = '    ', loops = new Map<Loop, string>()) {
    this.names = names;
    this.scope = scope;
    this.indent = indent;
    this.loops = loops;
  }

  line(text: string): void {
    this.lines.push(this.indent + text);
  }

  /** A block `head { … }`. */
  block(head: string, body: () => void): void {
    this.line(`${head} {`);
    const { indent, found } = this;
    this.indent += '  ';
    this.found = new Map(found);
    body();
    this.indent = indent;
    this.found = found;
    this.line('}');
  }

  loop(loop: Loop, count: number, body: (variable: string) => void): void {
    const j = this.names.fresh('j');
    this.loops.set(loop, j);
    this.block(`for (let ${j} = 0; ${j} < ${count}; ${j}++)`, () => body(j));
  }

  /** Code of an expression. Bools are whatever JavaScript takes as true or false: `true`, 1. */
  expression(row: Row): string {
    switch (row.k) {
      case 'const':
        return literal(row.value, row.dtype);
      case 'element':
        return this.scope.element(row.of, this.whole(row.index));
      case 'index':
        return this.loops.get(row.loop) as string;
      case 'apply': {
        const args = row.args.map((a) => this.expression(a));
        return call(row.fn, row.dtype, dtypeOf(row.args[0] as Row), args, this.names);
      }
      case 'choose':
        return this.choose(row);
      case 'at':
        return `${this.names.table(row.table)}[${this.whole(row.key)}]`;
      case 'find':
        return this.find(row);
      case 'fold':
        return this.scope.fold(row) ?? this.fold(row);
      case 'intrinsic':
        return fail('javascript/intrinsic', `JavaScript has no '${row.name}' yet`);
    }
  }

  /** An index: a number, whatever integer it is computed as. */
  private whole(row: Row): string {
    const code = this.expression(row);
    return isBig(dtypeOf(row)) ? `Number(${code})` : code;
  }

  private choose(row: Extract<Row, { k: 'choose' }>): string {
    const tails = [...row.then, row.otherwise].map((r) => this.apart(r));
    const whens = row.when.map((w) => this.apart(w));
    if ([...tails, ...whens].every((t) => t.lines.length === 0)) {
      const otherwise = (tails.at(-1) as Spelling).code;
      return `(${whens.map((w, i) => `${w.code} ? ${(tails[i] as Spelling).code} : `).join('')}${otherwise})`;
    }
    // A branch needs statements: they run only where it is taken.
    const outer = this.indent.length;
    const add = (lines: readonly string[]) => {
      const deeper = this.indent.slice(outer);
      this.lines.push(...lines.map((l) => deeper + l));
    };
    const result = this.names.fresh('c');
    this.line(`let ${result};`);
    const branch = (i: number): void => {
      const tail = tails[i] as Spelling;
      const when = whens[i];
      if (when === undefined) {
        add(tail.lines);
        this.line(`${result} = ${tail.code};`);
        return;
      }
      add(when.lines);
      this.block(`if (${when.code})`, () => {
        add(tail.lines);
        this.line(`${result} = ${tail.code};`);
      });
      this.block('else', () => branch(i + 1));
    };
    branch(0);
    return result;
  }

  /** The code of an expression, and the statements that it needs before it. */
  private apart(row: Row): Spelling {
    const before = this.lines.length;
    const { found } = this;
    this.found = new Map(found);
    const code = this.expression(row);
    this.found = found;
    return { code, lines: this.lines.splice(before) };
  }

  private find(row: Extract<Row, { k: 'find' }>): string {
    const code = `(${this.names.index(row.table)}.get(${this.expression(row.key)}) ?? -1)`;
    const known = this.found.get(code);
    if (known) return known;
    const name = this.names.fresh('f');
    this.line(`const ${name} = ${code};`);
    this.found.set(code, name);
    return name;
  }

  private fold(row: Fold): string {
    const result = this.names.fresh('a');
    if (row.with === 'argmin' || row.with === 'argmax') {
      const best = this.names.fresh('b');
      this.line(`let ${result} = 0, ${best};`);
      this.loop(row.loop, row.over, (j) => {
        const x = this.names.fresh('x');
        const code = this.expression(row.body);
        this.line(`const ${x} = ${code};`);
        const better = `${row.with === 'argmax' ? '>' : '<'}${row.last ? '=' : ''}`;
        this.line(`if (${j} === 0 || ${x} ${better} ${best}) { ${best} = ${x}; ${result} = ${j}; }`);
      });
      return isBig(row.dtype) ? `BigInt(${result})` : result;
    }
    const start = row.start ? this.expression(row.start) : neutral(row);
    this.line(`let ${result} = ${start};`);
    this.loop(row.loop, row.over, () => {
      const code = this.expression(row.body);
      this.line(`${result} = ${accumulate(row, result, code, this.names)};`);
    });
    return result;
  }
}

interface Spelling {
  readonly code: string;
  readonly lines: readonly string[];
}

/** What a fold without a start begins with: adding the first element to it gives that element, bit for bit. */
export const neutral = (row: Fold): string => {
  switch (row.with) {
    case 'sum':
      return isBig(row.dtype) ? '0n' : isFloat(row.dtype) ? '-0' : '0';
    case 'product':
      return isBig(row.dtype) ? '1n' : '1';
    case 'any':
      return 'false';
    case 'all':
      return 'true';
    case 'min':
    case 'max': {
      if (isFloat(row.dtype)) return row.with === 'min' ? 'Infinity' : '-Infinity';
      const { bits, kind } = dtypeInfo(row.dtype);
      const span = 2n ** BigInt(bits);
      const [low, high] = kind === 'int' ? [-span / 2n, span / 2n - 1n] : [0n, span - 1n];
      return `${row.with === 'min' ? high : low}${isBig(row.dtype) ? 'n' : ''}`;
    }
    default:
      return '0';
  }
};

/** One step of a fold. */
export const accumulate = (row: Fold, so_far: string, next: string, names: Names): string => {
  if (row.with === 'any') return `${so_far} || ${next}`;
  if (row.with === 'all') return `${so_far} && ${next}`;
  const fn = ({ sum: 'add', product: 'mul', min: 'min', max: 'max' } as const)[
    row.with as 'sum' | 'product' | 'min' | 'max'
  ];
  return call(fn, row.dtype, dtypeOf(row.body), [so_far, next], names);
};

const infix: Partial<Record<Fn, string>> = {
  add: '+',
  sub: '-',
  mul: '*',
  div: '/',
  fmod: '%',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
  eq: '===',
  ne: '!==',
  and: '&&',
  or: '||',
};

const math = new Set<Fn>([
  'min',
  'max',
  'abs',
  'sign',
  'exp',
  'expm1',
  'log',
  'log1p',
  'log10',
  'sqrt',
  'floor',
  'ceil',
  'trunc',
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'sinh',
  'cosh',
  'tanh',
  'asinh',
  'acosh',
  'atanh',
]);

const call = (fn: Fn, dtype: DType, from: DType, args: readonly string[], names: Names): string => {
  const [a, b] = args as [string, string];
  if (fn === 'cast') return cast(a, from, dtype, names);
  if (dtype === 'string') return onStrings(fn, args, names);
  if (fn === 'length') return `${a}.length`;
  if (from === 'bool' && dtype === 'bool') {
    if (fn === 'not') return `!${a}`;
    if (fn === 'xor' || fn === 'ne') return `(!${a} !== !${b})`;
    if (fn === 'eq') return `(!${a} === !${b})`;
  }
  if (dtype === 'bool') {
    if (fn === 'isNaN') return `Number.isNaN(${a})`;
    if (fn === 'isInf') return `(Math.abs(${a}) === Infinity)`;
    return `(${a} ${infix[fn]} ${b})`;
  }
  if (isBig(dtype)) return cut(bigs(fn, a, b, names), dtype);
  if (fn === 'mul' && (dtype === 'int32' || dtype === 'uint32')) return cut(`Math.imul(${a}, ${b})`, dtype);
  if (fn === 'neg') return cut(`-${a}`, dtype);
  if (fn === 'roundUp') return cut(`Math.round(${a})`, dtype);
  if (math.has(fn)) return cut(`Math.${fn}(${args.join(', ')})`, dtype);
  if (infix[fn]) return cut(`${a} ${infix[fn]} ${b}`, dtype);
  return cut(`${names.helper(fn as HelperName)}(${args.join(', ')})`, dtype);
};

/** A number brought into the dtype, as `wrap` of the row language does. */
const cut = (code: string, dtype: DType): string => {
  switch (dtype) {
    case 'float32':
      return `Math.fround(${code})`;
    case 'int32':
      return `(${code} | 0)`;
    case 'uint32':
      return `((${code}) >>> 0)`;
    case 'int16':
      return `((${code}) << 16 >> 16)`;
    case 'uint16':
      return `((${code}) & 65535)`;
    case 'int8':
      return `((${code}) << 24 >> 24)`;
    case 'uint8':
      return `((${code}) & 255)`;
    case 'int64':
      return `BigInt.asIntN(64, ${code})`;
    case 'uint64':
      return `BigInt.asUintN(64, ${code})`;
    default:
      return `(${code})`;
  }
};

const bigs = (fn: Fn, a: string, b: string, names: Names): string => {
  switch (fn) {
    case 'add':
    case 'sub':
    case 'mul':
      return `${a} ${infix[fn]} ${b}`;
    case 'neg':
      return `-${a}`;
    default:
      return `${names.helper(`big_${fn}` as HelperName)}(${b === undefined ? a : `${a}, ${b}`})`;
  }
};

const cast = (a: string, from: DType, to: DType, names: Names): string => {
  if (from === to) return a;
  if (to === 'string') return from === 'bool' ? `(${a} ? "1" : "0")` : `String(${a})`;
  const number =
    from === 'string' ? `${names.helper('parse')}(${a})` : from === 'bool' ? `(${a} ? 1 : 0)` : a;
  if (to === 'bool') return isBig(from) ? `(${a} !== 0n)` : `(${number} !== 0)`;
  if (isBig(to)) {
    if (from === 'string') return cut(`${names.helper('parseBig')}(${a})`, to);
    return cut(isBig(from) ? a : `${names.helper('big')}(${number})`, to);
  }
  if (!isBig(from)) return to === 'float64' ? number : cut(number, to);
  return isFloat(to)
    ? to === 'float64'
      ? `Number(${a})`
      : `Math.fround(${names.helper('sticky')}(${a}))`
    : cut(`Number(BigInt.asIntN(32, ${a}))`, to);
};

const onStrings = (fn: Fn, args: readonly string[], names: Names): string => {
  const [a] = args;
  switch (fn) {
    case 'concat':
      return `(${args.join(' + ')})`;
    case 'upper':
      return `${a}.toUpperCase()`;
    case 'lower':
      return `${a}.toLowerCase()`;
    case 'trim':
      return `${a}.trim()`;
    case 'substring':
      return `${names.helper('substring')}(${args.join(', ')})`;
    default:
      return fail('javascript/function', `JavaScript has no '${fn}' on strings`);
  }
};
