/** The types inside a body follow from the node it stands in; what a loop carries round must fit each time. */
import type { Region, Type } from '../ir/model.ts';
import { join, sameType, widened } from '../ir/shape.ts';
import type { Body } from './operator.ts';

/** Rounds after which what is carried loses its extents, and one later its rank. */
const patience = 2;

/**
 * Builds a body with params of the types that hold in every iteration. `declared`: what the source says of the params, used
 * where nothing else is known of them. `hasty` assumes nothing of shapes that are carried, and builds once.
 */
export const typedBody = (
  { params, carried }: Body,
  declared: readonly Type[],
  make: (params: readonly Type[]) => Region,
  hasty = false,
): Region => {
  const isCarried = (i: number) =>
    carried !== undefined && i >= carried.param && i < carried.param + carried.count;
  let types = declared.map((d, i) => known(params[i], d));
  if (hasty) types = types.map((t, i) => (isCarried(i) ? widened(t, true) : t));
  for (let round = 0; ; round++) {
    const region = make(types);
    if (!carried || hasty) return region;
    const next = types.map((t, i) => {
      const back = isCarried(i) ? region.results[i - carried.param + carried.result]?.type : undefined;
      return back ? known(join(t, back), declared[i]) : t;
    });
    if (round > patience + 1 || next.every((t, i) => sameType(t, types[i] as Type))) return region;
    types = round < patience ? next : next.map((t, i) => (isCarried(i) ? widened(t, round > patience) : t));
  }
};

const known = (type: Type = { kind: 'unknown' }, declared: Type = { kind: 'unknown' }): Type =>
  type.kind === 'unknown' ? declared : type;

/** What is carried, after any number of rounds: as it began, or as it came back. */
export const carriedType = (body: Region, param: number, result: number, began: Type): Type => {
  const taken = body.params[param]?.type ?? { kind: 'unknown' };
  const back = body.results[result]?.type ?? { kind: 'unknown' };
  // A body whose param does not take what comes back was not typed for a second round: its shapes hold for one.
  const holds = sameType(join(taken, back), taken);
  return join(began, holds ? back : widened(back, true));
};
