/** Regular expressions out of models: RE2's, which take time linear in the text, and no larger than people write them. */
import { RE2JS } from 're2js';
import { fail } from '../ir/diagnostic.ts';
import type { Node } from '../ir/model.ts';

/** Steps that one expression may have: the work for each character of a text. */
const most = 20_000;

const repeat = /\{(\d+)(?:,(\d*))?\}/y;
const set = /\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]?/y;
const property = /\\[pP](?:\{[^}]*\}|.)/y;

/** About how many steps an expression has once its counted repetitions are written out: `a{1000}` has a thousand. */
export const stepsOf = (pattern: string): number => {
  const groups = [0];
  let last = 0;
  const met = (steps: number): void => {
    last = steps;
    groups.push((groups.pop() ?? 0) + steps);
  };
  for (let i = 0; i < pattern.length; ) {
    const found = (what: RegExp): RegExpExecArray | null => {
      what.lastIndex = i;
      const m = what.exec(pattern);
      if (m) i = what.lastIndex;
      return m;
    };
    const counted = found(repeat);
    if (counted) {
      const steps = last;
      const times = Math.max(1, Number(counted[1]), Number(counted[2] ?? 0));
      met(steps * (times - 1));
      last = steps * times;
      continue;
    }
    // A set is as long as it is written; a property of Unicode is a set of some hundred ranges.
    const chosen = found(set)?.[0].length ?? (found(property) ? 20 : undefined);
    if (chosen !== undefined) {
      met(chosen);
      continue;
    }
    const c = pattern[i];
    i += c === '\\' ? 2 : 1;
    if (c === '(') groups.push(0);
    else if (c === ')' && groups.length > 1) met(groups.pop() as number);
    else if (c === '*' || c === '+' || c === '?') {
      const steps = last;
      met(1);
      last = steps + 1;
    } else met(1);
  }
  return groups.reduce((n, steps) => n + steps, 0);
};

/** `pattern` ready to be used, or a refusal that says why not. */
export const compileRegex = (node: Node, pattern: string, flags = 0): RE2JS => {
  const short = pattern.length > 100 ? `${pattern.slice(0, 100)}…` : pattern;
  const refused = (why: string, help: string): never =>
    fail('ops/regular-expression', `/${short}/ is ${why}`, node.from[0], help);
  if (stepsOf(pattern) > most) {
    return refused(`too large a regular expression: more than ${most} steps`, 'repeat less in it');
  }
  try {
    return RE2JS.compile(pattern, flags);
  } catch (e) {
    const why = (e as Error).message.replace(/^error parsing regexp: /, '').slice(0, 200);
    return refused(
      `no regular expression of RE2, whose run in linear time: ${why}`,
      'say it without looking around, (?=…) and (?!…), and without back references, \\1',
    );
  }
};
