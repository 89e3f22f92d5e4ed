/** What is known of the sign of an expression, whatever the row: NaN aside. */
import type { Expression, Field } from './expression.ts';

type Sign = 'positive' | 'nonnegative' | null;

export const isNonzero = (e: Expression): boolean =>
  e.k === 'constant' && typeof e.value === 'number' && e.value !== 0;

const meet = (signs: readonly Sign[]): Sign =>
  signs.includes(null) ? null : signs.includes('nonnegative') ? 'nonnegative' : 'positive';

export class Signs {
  private readonly known = new Map<Field, Sign>();

  of(e: Expression): Sign {
    switch (e.k) {
      case 'constant':
        return typeof e.value !== 'number' || e.value < 0 || Object.is(e.value, -0)
          ? null
          : e.value > 0
            ? 'positive'
            : 'nonnegative';
      case 'map':
        return null;
      case 'field': {
        let found = this.known.get(e.field);
        if (found === undefined) {
          found = e.field.expression ? this.of(e.field.expression) : null;
          this.known.set(e.field, found);
        }
        return found;
      }
    }
    const args = () => e.args.map((a) => this.of(a));
    switch (e.fn) {
      case '+':
      case 'sum': {
        const all = args();
        if (all.includes(null)) return null;
        return all.includes('positive') || hasGreatest(e.args) ? 'positive' : 'nonnegative';
      }
      case '*':
        // A product of small numbers may come out as 0.
        return e.args.length === 2 && sameField(e.args)
          ? 'nonnegative'
          : args().includes(null)
            ? null
            : 'nonnegative';
      case '/':
        return args().includes(null) ? null : 'nonnegative';
      case 'exp':
      case 'abs':
        return 'nonnegative';
      case 'sqrt':
        return this.of(e.args[0] as Expression);
      case 'max': {
        const all = args();
        return all.includes('positive') ? 'positive' : all.includes('nonnegative') ? 'nonnegative' : null;
      }
      case 'min':
        return meet(args());
      case 'if':
        return e.args.length === 3 ? meet(args().slice(1)) : this.of(e.args[1] as Expression);
      default:
        return null;
    }
  }
}

const sameField = ([a, b]: readonly Expression[]): boolean =>
  a?.k === 'field' && b?.k === 'field' && a.field === b.field;

const inside = (e: Expression): Expression =>
  e.k === 'field' && e.field.expression ? inside(e.field.expression) : e;

/** Exponentials of what is above the greatest among them: one of them is exp(0). */
const hasGreatest = (terms: readonly Expression[]): boolean => {
  const shifted: { from: Expression; by: Field }[] = [];
  for (const t of terms) {
    const e = inside(t);
    const d = e.k === 'apply' && e.fn === 'exp' ? inside(e.args[0] as Expression) : null;
    if (d?.k !== 'apply' || d.fn !== '-' || d.args[1]?.k !== 'field') return false;
    shifted.push({ from: d.args[0] as Expression, by: d.args[1].field });
  }
  const [first] = shifted;
  if (!first || shifted.some((s) => s.by !== first.by)) return false;
  const top = first.by.expression;
  if (top?.k !== 'apply' || top.fn !== 'max') return false;
  const named = new Set(
    shifted.map((s) =>
      s.from.k === 'field' ? s.from.field : s.from.k === 'constant' ? s.from.value : s.from,
    ),
  );
  return top.args.every((a) => named.has(a.k === 'field' ? a.field : a.k === 'constant' ? a.value : a));
};
