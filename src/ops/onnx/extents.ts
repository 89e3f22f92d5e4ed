/** Arithmetic on extents that may be symbols: nothing is concluded that is not certain. */
import type { Dim, Node } from '../../ir/model.ts';
import { refused } from '../operator.ts';

/** The product of some extents divided by that of others, where it is one number or one symbol. */
export const quotient = (over: readonly Dim[], under: readonly Dim[] = []): Dim => {
  if (over.includes(null) || under.includes(null)) return null;
  const numbers = (dims: readonly Dim[]) =>
    dims.reduce<number>((n, d) => (typeof d === 'number' ? n * d : n), 1);
  const symbols = over.filter((d): d is string => typeof d === 'string');
  for (const d of under) {
    if (typeof d !== 'string') continue;
    const at = symbols.indexOf(d);
    if (at < 0) return null;
    symbols.splice(at, 1);
  }
  const [n, by] = [numbers(over), numbers(under)];
  if (n === 0 && by !== 0) return 0;
  if (by === 0 || n % by !== 0) return null;
  if (symbols.length === 0) return n / by;
  return symbols.length === 1 && n === by ? (symbols[0] as string) : null;
};

/** The one extent that all stand for: a number before a symbol, a symbol before nothing known. */
export const same = (dims: readonly Dim[]): Dim =>
  dims.find((d) => typeof d === 'number') ?? dims.find((d) => d !== null) ?? null;

/** The sum of extents; null where one is not a number. */
export const sum = (dims: readonly Dim[]): Dim =>
  dims.every((d): d is number => typeof d === 'number') ? dims.reduce((a, b) => a + b, 0) : null;

/** Beyond so many elements nothing is computed: no real model asks for it, and a hostile one would take all memory. */
const mostElements = 2 ** 28;

/** The extents of a result that attributes or small inputs ask for, or a located refusal: they are lengths, and not too many elements. */
export const asked = (node: Node, dims: readonly number[]): readonly number[] => {
  const sound = dims.every((d) => Number.isSafeInteger(d) && d >= 0);
  if (!sound || dims.reduce((n, d) => n * d, 1) > mostElements)
    refused(node, `it cannot give a tensor of shape [${dims}]`);
  return dims;
};
