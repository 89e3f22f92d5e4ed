import { regionOf } from '../../ir/attributes.ts';
import type { Known } from '../../ir/builder.ts';
import { type Node, type Region, type Type, tensorType } from '../../ir/model.ts';
import { formatType, join } from '../../ir/shape.ts';
import { load } from '../../tensor/data.ts';
import type { Datum } from '../../tensor/datum.ts';
import { type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { type Operator, refused } from '../operator.ts';
import { carriedType } from '../typedBody.ts';
import { asInt, checkArity, checkGrowth, isTrue, Stack } from './bodies.ts';

/** Values carried round: all inputs but the trip count and the condition. */
const carriedBy = (node: Node): number => Math.max(node.inputs.length - 2, 0);

/** A number or a condition as the body takes it: without axes, or a vector of one where it says so. */
const single = (body: Region, i: number, dtype: 'int64' | 'bool', value: bigint | boolean): Tensor => {
  const type = body.params[i]?.type;
  return tensorOf(dtype, type?.kind === 'tensor' && type.dims?.length === 1 ? [1] : [], [value]);
};

/** How often the body runs, where constants say it. */
const trips = (node: Node, known: Known, body: Region): number | null => {
  const [m, condition] = node.inputs;
  const count = known(m);
  if (count?.count !== 1) return null;
  const most = Math.max(Number(load(count).data[0]), 0);
  if (!condition || most === 0) return most;
  const first = known(condition);
  if (first?.count !== 1) return null;
  if (!isTrue(node, load(first))) return 0;
  const again = body.parameters.find((p) => p.value === body.results[0] && p.role === 'constant')?.data;
  if (most === 1 || body.results[0] === body.params[1]) return most;
  return again?.count === 1 && isTrue(node, load(again)) ? most : null;
};

/**
 * Runs the body until the trip count M is reached or, where a condition is given, until it is false. Values are carried from one
 * iteration to the next; what the body gives beside them is put together along a new axis 0. Without M and condition it does
 * not end, and the evaluation refuses it after its limit of iterations. ONNX Operators, Loop.
 */
export const Loop: Operator = {
  domain: '',
  name: 'Loop',
  since: [1, 11, 13, 16, 19, 21, 23, 24, 25],
  bodies: (node) => {
    const began = node.inputs.slice(2).map((v): Type => v?.type ?? { kind: 'unknown' });
    return new Map([
      [
        'body',
        {
          params: [tensorType('int64', []), tensorType('bool', []), ...began],
          carried: { param: 2, result: 1, count: began.length },
        },
      ],
    ]);
  },
  infer: (node, known) => {
    const body = regionOf(node, 'body');
    const carried = carriedBy(node);
    checkArity(node, 'body', body, carried + 2, Math.max(node.outputs.length, carried) + 1);
    const times = trips(node, known, body);
    return body.results.slice(1).map(({ type }, i) => {
      if (i >= carried) return stacked(node, type, times);
      const began = node.inputs[i + 2]?.type ?? { kind: 'unknown' };
      if (times === 0) return began;
      if (began.kind === type.kind && join(began, type).kind === 'unknown' && type.kind !== 'unknown') {
        return refused(
          node,
          `carried value ${i} is ${formatType(began)}, and the body gives ${formatType(type)}`,
        );
      }
      return times === null ? carriedType(body, i + 2, i + 1, began) : carriedType(body, i + 2, i + 1, type);
    });
  },
  apply: (inputs, node, scope) => {
    const body = regionOf(node, 'body');
    const [m, condition, ...began] = inputs;
    const limited = m ? asInt(node, 'the trip count', m) : Infinity;
    let carried = began.map((d, i) => d ?? refused(node, `carried value ${i} is missing`));
    const stacks = body.results.slice(1 + carried.length).map((r) => new Stack(node, r.type));
    let going = condition ? isTrue(node, condition) : true;
    let kept = 0;
    for (let i = 0; i < limited && going; i++) {
      scope.repeat(node);
      const given: Datum[] = [
        single(body, 0, 'int64', BigInt(i)),
        single(body, 1, 'bool', going),
        ...carried,
      ];
      const [goesOn, ...results] = scope.run(body, given);
      carried = results.slice(0, carried.length);
      stacks.forEach((s, k) => {
        kept += s.push(results[carried.length + k]);
      });
      checkGrowth(node, kept, carried);
      // Without a condition going in, the one that comes out says nothing.
      if (condition) going = isTrue(node, goesOn);
    }
    return [...carried, ...stacks.map((s) => s.tensor())];
  },
};

const stacked = (node: Node, type: Type, times: number | null): Type => {
  if (type.kind === 'unknown') return type;
  if (type.kind !== 'tensor') return refused(node, `its scan output is ${formatType(type)}, not a tensor`);
  return tensorType(type.dtype, type.dims && [times, ...type.dims]);
};
