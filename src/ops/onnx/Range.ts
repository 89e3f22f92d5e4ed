import { attr } from '../../ir/attributes.ts';
import { type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { column, type DType, isBig, isFloat } from '../../tensor/dtype.ts';
import { rounder } from '../../tensor/float.ts';
import { type Tensor, tensor } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { knownExtents } from './axes.ts';
import { floats } from './constraints.ts';
import { cast } from './earlier.ts';
import { computedElements } from './elements.ts';
import { spelling } from './spelling.ts';

const dtypes: readonly DType[] = [...floats, 'int16', 'int32', 'int64'];

type Ends = readonly [start: number, limit: number, delta: number];

/** max(ceil((limit - start) / delta), 0). */
const count = (node: Node, dtype: DType, [start, limit, delta]: Ends): number => {
  if (delta === 0) refused(node, 'the step is 0');
  // float16 and bfloat16 are stashed in single precision, and the quotient is rounded to what it is computed in.
  const round = rounder(dtype === 'float64' || isBig(dtype) ? 'float64' : 'float32');
  return Math.max(Math.ceil(round(round(limit - start) / delta)), 0);
};

/** start, start + delta, … up to but not including the limit. ONNX Operators, Range. */
export const Range: Operator = {
  domain: '',
  name: 'Range',
  since: [11, 27],
  infer: (node, known) => {
    const { dtype } = tensorInput(node, 0, dtypes);
    for (const i of [1, 2]) tensorInput(node, i, [dtype]);
    const ends = [0, 1, 2].map((i) => knownExtents(node, i, known)?.[0] ?? null);
    if (ends.every((e) => typeof e === 'number')) {
      return [tensorType(dtype, [count(node, dtype, ends as unknown as Ends)])];
    }
    const [start, limit = null, delta] = ends;
    return [tensorType(dtype, [start === 0 && delta === 1 ? limit : null])];
  },
  express: (node, b, opsets) => {
    const { dtype } = tensorInput(node, 0, dtypes);
    if ((opsets.get('') ?? 0) >= 11) {
      // Before 27 without the smaller floats, which are stashed in single precision anyway.
      const wide = node.inputs.map((v) => cast(b, v as Value, 'float32'));
      return dtype === 'float16' || dtype === 'bfloat16' ? [cast(b, b.op('Range', wide), dtype)] : undefined;
    }
    // Before 11: a Loop that gives start + i · delta, in what that is stashed in.
    const stash = isFloat(dtype) && dtype !== 'float64' ? 'float32' : dtype;
    const quotient = dtype === 'float64' || isBig(dtype) ? 'float64' : 'float32';
    const of = (to: DType) => node.inputs.map((v) => cast(b, v as Value, to));
    const [from, to, by] = of(quotient) as [Value, Value, Value];
    const s = spelling(b, quotient);
    const count = cast(b, s.one('Ceil', s.div(s.sub(to, from), by)), 'int64');
    const [start, , delta] = of(stash) as [Value, Value, Value];
    const inner = b.inner();
    const i = inner.input(inner.unique('i'), tensorType('int64', []));
    const going = inner.input(inner.unique('going'), tensorType('bool', []));
    const element = inner.op('Add', [start, inner.op('Mul', [cast(inner, i, stash), delta])]);
    // Before 13 a Loop carries something.
    const last = inner.input(inner.unique('last'), start.type);
    const body = inner.finish([inner.op('Identity', [going]), inner.op('Identity', [last]), element]);
    const yes = b.constant(constant('bool', [true], []));
    const [, all] = b.call(['', 'Loop'], [count, yes, start], {
      attributes: { body: attr.region(body) },
      outputs: [b.unique('start'), b.unique('range')],
    });
    return [cast(b, all as Value, dtype)];
  },
  elements: computedElements,
  evaluate: (inputs, node) => {
    const [start, limit, delta] = inputs as readonly [Tensor, Tensor, Tensor];
    const { dtype } = start;
    const [from, to, step] = [start, limit, delta].map((t) => t.data[0]) as unknown as Ends;
    const length = count(node, dtype, [Number(from), Number(to), Number(step)]);
    const out = column(dtype, length) as unknown as (number | bigint)[];
    if (isBig(dtype)) {
      for (let i = 0; i < length; i++) out[i] = BigInt(from) + BigInt(i) * BigInt(step);
    } else {
      const round = rounder(dtype);
      const stash = dtype === 'float64' ? round : Math.fround;
      for (let i = 0; i < length; i++) out[i] = round(stash(from + stash(i * step)));
    }
    return [tensor(dtype, [length], out as unknown as Tensor['data'])];
  },
};
