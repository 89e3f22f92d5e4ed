/**
 * A tree of a route as the nodes of a TreeModel under missingValueStrategy="none": a test that is UNKNOWN is passed over as if
 * it were FALSE, so that the branch for what is left stands last, behind `True`.
 */
import { fail } from '../../../src/ir/diagnostic.ts';
import { ABSENT, KIND, type Predicates } from '../../../src/ir/predicates.ts';
import { ALL } from '../../../src/ir/trees.ts';
import type { TestedColumn } from '../../../src/kernel/row.ts';
import { type Field, spelledAs } from './expression.ts';
import type { Tree } from './outcomes.ts';
import { absentOf, type ColumnField, literalAt } from './tests.ts';
import { type Attributes, close, element, type Markup, open, print } from './xml.ts';

/** What a leaf says: attributes of its Node, and what stands in it. */
export type Leaf = (outcome: number) => {
  readonly attributes: Attributes;
  readonly children?: readonly Markup[];
};

/** Nodes written for one tree at most; only subtrees that are shared can lead there. */
const mostNodes = 5_000_000;

/** From here on, "else" branches become siblings instead of children. */
const flatFrom = 60;

interface Branch {
  readonly predicate: Markup;
  readonly to: number;
}

const always = element('True');

/** A forest asks for its few columns a million times: each is looked up by where it stands. */
const remembered = (column: ColumnField): ColumnField => {
  const known = new WeakMap<object, Map<number, Field>>();
  return (columns, c, absent) => {
    let own = known.get(columns);
    if (!own) {
      own = new Map();
      known.set(columns, own);
    }
    const at = 3 * c + (absent === null ? 0 : absent === 'zero' ? 1 : 2);
    let field = own.get(at);
    if (!field) {
      field = column(columns, c, absent);
      own.set(at, field);
    }
    return field;
  };
};

export class TreeWriter {
  private readonly column: ColumnField;

  constructor(column: ColumnField) {
    this.column = remembered(column);
  }

  /** Fields that the tree asks. */
  fields({ route, tree }: Tree): ReadonlySet<Field> {
    const found = new Set<Field>();
    const { trees, predicates } = route;
    const seen = new Set<number>();
    const asked = new Set<number>();
    const stack = [trees.roots[tree] as number];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (at < 0 || at === ALL || seen.has(at)) continue;
      seen.add(at);
      this.columnsOf(predicates, trees.test[at] as number, route.columns, asked, found);
      stack.push(trees.ifTrue[at] as number, trees.ifFalse[at] as number, trees.ifUnknown[at] as number);
    }
    return found;
  }

  private columnsOf(
    p: Predicates,
    row: number,
    columns: readonly TestedColumn[],
    asked: Set<number>,
    found: Set<Field>,
  ): void {
    if (asked.has(row)) return;
    asked.add(row);
    const c = p.column[row] as number;
    if (c >= 0) found.add(this.column(columns, c, absentOf(p.absent[row] as number)));
    else if ((p.kind[row] as number) >= KIND.and) {
      for (const a of p.args.subarray(p.from[row], p.to[row])) this.columnsOf(p, a, columns, asked, found);
    }
  }

  /** The root Node with all below it. */
  *nodes({ route, tree }: Tree, leaf: Leaf, depth: number): Generator<string> {
    const root = route.trees.roots[tree] as number;
    const stack: (string | { readonly branch: Branch; readonly depth: number })[] = [
      { branch: { predicate: always, to: root }, depth },
    ];
    let count = 0;
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (typeof top === 'string') {
        yield top;
        continue;
      }
      if (++count > mostNodes) fail('pmml/too-large', 'the trees share so much that PMML has no room for it');
      const { branch, depth: d } = top;
      const branches = branch.to < 0 ? [] : this.branches(route, branch.to, d - depth > flatFrom);
      const said = branch.to < 0 ? leaf(~branch.to) : { attributes: {} };
      const inside =
        print(d + 1, branch.predicate) + (said.children ?? []).map((c) => print(d + 1, c)).join('');
      const start = open(d, 'Node', said.attributes) + inside;
      if (branches.length === 0) {
        yield start + close(d, 'Node');
        continue;
      }
      yield start;
      stack.push(close(d, 'Node'));
      for (const b of branches.reverse()) stack.push({ branch: b, depth: d + 1 });
    }
  }

  /** Where a test leads, in the order in which a reader tries. */
  private branches(route: Tree['route'], test: number, flat: boolean): Branch[] {
    const { trees, predicates, columns } = route;
    const found: Branch[] = [];
    for (let at = test; ; ) {
      const row = trees.test[at] as number;
      const [yes, no] = [trees.ifTrue[at] as number, trees.ifFalse[at] as number];
      const unknown = this.unknown(predicates, row, columns, [yes, no, trees.ifUnknown[at] as number]);
      let rest = no;
      if (yes === no && unknown === no) rest = no;
      else if (unknown === no)
        found.push({ predicate: this.predicate(predicates, row, columns, false), to: yes });
      else if (unknown === yes) {
        found.push({ predicate: this.predicate(predicates, row, columns, true), to: no });
        rest = yes;
      } else {
        if (yes !== unknown)
          found.push({ predicate: this.predicate(predicates, row, columns, false), to: yes });
        found.push({ predicate: this.predicate(predicates, row, columns, true), to: no });
        rest = unknown;
      }
      if (rest >= 0 && (flat || found.length === 0)) {
        at = rest;
        continue;
      }
      found.push({ predicate: always, to: rest });
      return found;
    }
  }

  /** Where UNKNOWN leads; to where FALSE does if it cannot happen. */
  private unknown(
    p: Predicates,
    row: number,
    columns: readonly TestedColumn[],
    [yes, no, unknown]: readonly [number, number, number],
  ): number {
    if (unknown === ALL)
      return fail('pmml/several-ways', 'a test that takes both ways has no place in a TreeModel here');
    const kind = p.kind[row] as number;
    const c = p.column[row] as number;
    if (c < 0) return this.mayBeUnknown(p, row, columns) ? unknown : no;
    const bits = p.absent[row] as number;
    const field = this.column(columns, c, absentOf(bits));
    if (!field.mayMiss || kind === KIND.isMissing || kind === KIND.isNotMissing) return no;
    // Without the bit NaN compares as IEEE 754 says: FALSE, and TRUE of "not equal".
    if ((columns[c] as TestedColumn).missing === null && !(bits & (ABSENT.nan | ABSENT.zero))) {
      return kind === KIND.ne || kind === KIND.notIn ? yes : no;
    }
    return unknown;
  }

  private mayBeUnknown(p: Predicates, row: number, columns: readonly TestedColumn[]): boolean {
    const kind = p.kind[row] as number;
    const c = p.column[row] as number;
    if (c >= 0) {
      if (kind === KIND.isMissing || kind === KIND.isNotMissing) return false;
      return this.column(columns, c, absentOf(p.absent[row] as number)).mayMiss;
    }
    if (kind < KIND.and) return false;
    const args = [...p.args.subarray(p.from[row], p.to[row])].map((a) => this.mayBeUnknown(p, a, columns));
    return kind === KIND.surrogate ? args.every((a) => a) : args.some((a) => a);
  }

  predicate(p: Predicates, row: number, columns: readonly TestedColumn[], negated: boolean): Markup {
    const kind = p.kind[row] as number;
    const [from, to] = [p.from[row] as number, p.to[row] as number];
    if (kind === KIND.true || kind === KIND.false)
      return element((kind === KIND.true) !== negated ? 'True' : 'False');
    if (kind >= KIND.and) {
      const args = [...p.args.subarray(from, to)];
      // There is no "not" in PMML's predicates; it goes inwards.
      const each = args.map((a, i) =>
        this.predicate(p, a, columns, kind === KIND.xor ? negated && i === 0 : negated),
      );
      if (each.length === 1) return each[0] as Markup;
      const name =
        kind === KIND.xor
          ? 'xor'
          : kind === KIND.surrogate
            ? 'surrogate'
            : (kind === KIND.and) !== negated
              ? 'and'
              : 'or';
      return element('CompoundPredicate', { booleanOperator: name }, each);
    }
    const c = p.column[row] as number;
    const { dtype } = columns[c] as TestedColumn;
    const field = this.column(columns, c, absentOf(p.absent[row] as number));
    if (kind === KIND.isMissing || kind === KIND.isNotMissing) {
      const operator = (kind === KIND.isMissing) !== negated ? 'isMissing' : 'isNotMissing';
      if (!field.mayMiss) return element(operator === 'isMissing' ? 'False' : 'True');
      return element('SimplePredicate', { field: field.name, operator });
    }
    if (kind === KIND.in || kind === KIND.notIn) {
      const values = Array.from(p.members.subarray(from, to), (m) => literalAt(p, m, dtype));
      return setPredicate(field, (kind === KIND.in) !== negated, values);
    }
    const operator = (operators[kind] as readonly [string, string])[negated ? 1 : 0];
    const value = literalAt(p, p.literal[row] as number, dtype);
    return element('SimplePredicate', {
      field: field.name,
      operator,
      value: spelledAs(value, field.dataType),
    });
  }
}

const operators: Readonly<Record<number, readonly [string, string]>> = {
  [KIND.lt]: ['lessThan', 'greaterOrEqual'],
  [KIND.le]: ['lessOrEqual', 'greaterThan'],
  [KIND.gt]: ['greaterThan', 'lessOrEqual'],
  [KIND.ge]: ['greaterOrEqual', 'lessThan'],
  [KIND.eq]: ['equal', 'notEqual'],
  [KIND.ne]: ['notEqual', 'equal'],
};

const setPredicate = (field: Field, inside: boolean, values: readonly (number | string)[]): Markup => {
  const text = field.dataType === 'string';
  const items = values.map((v) =>
    typeof v === 'string'
      ? `"${v.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`
      : spelledAs(v, field.dataType),
  );
  return element('SimpleSetPredicate', { field: field.name, booleanOperator: inside ? 'isIn' : 'isNotIn' }, [
    { ...element('Array', { n: values.length, type: text ? 'string' : 'real' }), text: items.join(' ') },
  ]);
};
