/** The ways through a tree of a route. */
import { ALL, type Trees } from '../../../src/ir/trees.ts';

/** Outcomes that a tree can lead to. */
export const reached = (trees: Trees, tree: number): readonly number[] => {
  const found = new Set<number>();
  const seen = new Set<number>();
  const open = [trees.roots[tree] as number];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at < 0) found.add(~at);
    else if (at !== ALL && !seen.has(at)) {
      seen.add(at);
      open.push(trees.ifUnknown[at] as number, trees.ifFalse[at] as number, trees.ifTrue[at] as number);
    }
  }
  return [...found];
};
