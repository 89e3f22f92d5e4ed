/**
 * Trees of a document in one table of tests. A node's children are tried in order, so a node becomes a chain of
 * tests; where the chain ends, and where a test is UNKNOWN, is what the strategies of the model say. What an outcome
 * is worth (score, classes, id) stands beside the table. PMML 4.4.1, Tree Models.
 */
import { attr } from '../../src/ir/attributes.ts';
import { OWN, type Value } from '../../src/ir/model.ts';
import { type Trees, TreeTable } from '../../src/ir/trees.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../shared/xml.ts';
import type { Algebra, Real } from './algebra.ts';
import type { Classes } from './classes.ts';
import { type Document, type Tag, toNumber } from './document.ts';
import { excludes, isPredicate, type Test, Tests } from './predicates.ts';
import type { Scope } from './scope.ts';

export type Strategy =
  | 'lastPrediction'
  | 'nullPrediction'
  | 'defaultChild'
  | 'weightedConfidence'
  | 'aggregateNodes'
  | 'none';

export interface TreeSettings {
  readonly strategy: Strategy;
  /** Where no child is TRUE: the node's own prediction, or none. */
  readonly last: boolean;
  /** Is the confidence lessened by how often a value was missing? Then surrogates are counted. */
  readonly counted: boolean;
  readonly classes: Classes | null;
}

/** Of one class at one outcome. */
interface Share {
  readonly classIndex: number;
  readonly records: number;
  readonly probability: number | undefined;
  readonly confidence: number | undefined;
}

/** A node that is open while its children are read. */
interface Open {
  readonly tag: Tag;
  test: Test | null;
  readonly shares: Share[];
  readonly children: Child[];
}

/** A node that is closed: where it begins, and what its parent needs to know of it. */
interface Child {
  readonly tag: Tag;
  readonly test: Test;
  readonly entry: number;
  /** The same in the table of sure ways. */
  readonly sure: number;
  readonly records: number | undefined;
}

export class Forest {
  readonly tests: Tests;
  readonly trees = new TreeTable();
  /**
   * For strategies that go several ways: the same trees where any UNKNOWN ends in the outcome `unsure`. It tells the
   * rows for which nothing was missing on the way, and what is reached then. Outcomes are numbered alike.
   */
  readonly sure: TreeTable | null;
  readonly unsure: number;
  private readonly a: Algebra;
  private readonly real: Real;
  /** Number of the class, or the number predicted; NaN: none. */
  private readonly scores: number[] = [];
  private readonly ids: string[] = [];
  /** Where the shares of an outcome begin. */
  private readonly sharesFrom: number[] = [];
  private readonly shareClass: number[] = [];
  private readonly shareRecords: number[] = [];
  private readonly shareProbability: number[] = [];
  private readonly shareConfidence: number[] = [];
  private nodes = 0;
  private nullOutcome: number | undefined;

  constructor(a: Algebra, real: Real, severalWays = false) {
    this.a = a;
    this.real = real;
    this.tests = new Tests(a, real);
    this.sure = severalWays ? new TreeTable() : null;
    this.unsure = severalWays ? this.add('', Number.NaN, []) : 0;
  }

  /** Nodes read so far. */
  get size(): number {
    return this.nodes;
  }

  /** Reads the tree whose root `<Node>` was opened last; returns its number. */
  read(cursor: XmlCursor, root: Tag, scope: Scope, settings: TreeSettings): number {
    const { doc } = scope.world;
    const open: Open[] = [{ tag: root, test: null, shares: [], children: [] }];
    for (;;) {
      const node = open[open.length - 1] as Open;
      const tag = cursor.child();
      if (tag === null) {
        const child = this.close(doc, node, settings);
        open.pop();
        const parent = open[open.length - 1];
        if (!parent) {
          this.sure?.root(this.rooted(this.sure, child.test, child.sure, this.unsure));
          return this.trees.root(this.rooted(this.trees, child.test, child.entry, this.none()));
        }
        parent.children.push(child);
      } else if (tag.name === 'Node') {
        open.push({ tag, test: null, shares: [], children: [] });
      } else if (isPredicate(tag.name)) {
        if (node.test !== null) doc.fail(tag, 'pmml/duplicate-element', 'a Node has one predicate');
        node.test = this.tests.predicate(cursor.element(tag), scope);
      } else if (tag.name === 'ScoreDistribution') {
        this.distribution(doc, cursor.element(tag), node, settings.classes);
      } else if (tag.name === 'Extension' || tag.name === 'Partition') cursor.skip();
      else doc.refuse(tag);
    }
  }

  private distribution(doc: Document, element: Element, node: Open, classes: Classes | null): void {
    if (classes === null) return;
    node.shares.push({
      classIndex: classes.index(doc, element, doc.need(element, 'value')),
      records: doc.number(element, 'recordCount') ?? Number.NaN,
      probability: doc.number(element, 'probability'),
      confidence: doc.number(element, 'confidence'),
    });
  }

  private close(doc: Document, node: Open, settings: TreeSettings): Child {
    this.nodes++;
    const { tag, children } = node;
    if (node.test === null) doc.fail(tag, 'pmml/missing-element', 'a Node needs a predicate');
    let own: number | undefined;
    const last = () => {
      own ??= this.outcome(doc, node, settings);
      return own;
    };
    const leaf = children.length === 0;
    return {
      tag,
      test: node.test as Test,
      entry: leaf ? last() : this.branches(doc, node, settings, last),
      sure: this.sure === null ? 0 : leaf ? last() : this.sureBranches(this.sure, node, settings, last),
      records: doc.number(tag, 'recordCount'),
    };
  }

  /** The root is entered where its own predicate is TRUE; there is nothing to fall back on. */
  private rooted(trees: TreeTable, test: Test, entry: number, unknown: number): number {
    if (test.always !== undefined) return test.always ? entry : this.none();
    return trees.test(test.row, entry, this.none(), unknown);
  }

  private branches(doc: Document, node: Open, settings: TreeSettings, last: () => number): number {
    const exhausted = settings.last ? last : () => this.none();
    switch (settings.strategy) {
      case 'aggregateNodes':
      case 'weightedConfidence':
        return this.spread(doc, node, exhausted, settings.strategy);
      case 'lastPrediction':
        return this.chain(this.trees, reachable(node), exhausted, last, settings.counted);
      case 'nullPrediction':
        return this.chain(this.trees, reachable(node), exhausted, () => this.none(), settings.counted);
      case 'defaultChild':
        return this.chain(
          this.trees,
          reachable(node),
          exhausted,
          () => defaultChild(doc, node),
          settings.counted,
        );
      case 'none':
        return this.chain(this.trees, reachable(node), exhausted, null, settings.counted);
    }
  }

  private sureBranches(sure: TreeTable, node: Open, settings: TreeSettings, last: () => number): number {
    const exhausted = settings.last ? last : () => this.none();
    const children = reachable(node).map((c) => ({ test: c.test, entry: c.sure }));
    return this.chain(sure, children, exhausted, () => this.unsure, false);
  }

  /** The children in order, from the last to the first; returns where the chain begins. `unknown` null: as FALSE. */
  private chain(
    trees: TreeTable,
    children: readonly Way[],
    exhausted: () => number,
    unknown: (() => number) | null,
    counted: boolean,
  ): number {
    let next: number | undefined;
    let i = children.length - 1;
    const final = children[i];
    const before = children[i - 1];
    if (final?.test.always) {
      next = final.entry;
      i--;
    } else if (final && before && excludes(before.test, final.test)) {
      // Where the one before is FALSE this one is TRUE, and where it is UNKNOWN so is this one: no test needed.
      next = trees.test(before.test.row, before.entry, final.entry, (unknown ?? exhausted)());
      i -= 2;
    }
    for (; i >= 0; i--) {
      const otherwise: number = next ?? exhausted();
      next = enter(trees, children[i] as Way, otherwise, unknown === null ? otherwise : unknown(), counted);
    }
    return next ?? exhausted();
  }

  /**
   * The strategies that go several ways. aggregateNodes enters every child that may be TRUE, up to the first that is;
   * weightedConfidence, once a test is UNKNOWN, enters every child that is not FALSE, weighted by its records.
   */
  private spread(doc: Document, node: Open, exhausted: () => number, strategy: Strategy): number {
    const weighted = strategy === 'weightedConfidence';
    // Beside an UNKNOWN child, what follows one that is TRUE has its weight too.
    const children = weighted ? live(node) : reachable(node);
    const weight = weighted ? weights(doc, node) : () => 1;
    const { trees } = this;
    /** From child `i` on, when child `met` was UNKNOWN: what is entered beside it. */
    const beside = new Map<string, number>();
    const rest = (i: number, met: Test): number => {
      const child = children[i];
      if (!child) return this.none();
      const key = `${i} ${weighted ? met.row : ''}`;
      let at = beside.get(key);
      if (at !== undefined) return at;
      const { test, entry } = child;
      const more = rest(i + 1, met);
      // `met` is UNKNOWN here: testing it once more takes both ways.
      const both = (): number => {
        const t = trees.test(met.row, entry, more);
        trees.share(t, weight(child), 1);
        return t;
      };
      if (test.always || excludes(met, test)) {
        // Without weights nothing follows what is TRUE, nor the last.
        at = !weighted && (test.always || i === children.length - 1) ? entry : both();
      } else if (weighted) {
        const entered = both();
        at = trees.test(test.row, entered, more, entered);
      } else {
        at = trees.test(test.row, entry, more);
        trees.share(at, 1, 1);
      }
      beside.set(key, at);
      return at;
    };
    let next: number | undefined;
    for (let i = children.length - 1; i >= 0; i--) {
      const child = children[i] as Child;
      if (child.test.always) {
        next = child.entry;
        continue;
      }
      const following = children[i + 1];
      if (following && i === children.length - 2 && excludes(child.test, following.test)) {
        next = trees.test(child.test.row, child.entry, following.entry);
        trees.share(next, weight(child), weight(following));
        continue;
      }
      const t = trees.test(child.test.row, child.entry, next ?? exhausted());
      const u = trees.test(child.test.row, child.entry, rest(i + 1, child.test));
      trees.share(u, weight(child), 1);
      trees.link(t, child.entry, next ?? exhausted(), u);
      next = t;
    }
    return next ?? exhausted();
  }

  /** An outcome without a prediction; one for all trees. */
  none(): number {
    this.nullOutcome ??= this.add('', Number.NaN, []);
    return this.nullOutcome;
  }

  private outcome(doc: Document, node: Open, settings: TreeSettings): number {
    const { tag, shares } = node;
    const score = doc.text(tag, 'score');
    const { classes } = settings;
    let worth = Number.NaN;
    if (classes !== null) {
      if (score !== undefined) worth = classes.index(doc, tag, score);
      else if (shares.length > 0) worth = mostFrequent(shares);
    } else if (score !== undefined) {
      worth = toNumber(score) ?? doc.fail(tag, 'pmml/not-a-number', `score="${score}" is not a number`);
    }
    if (Number.isNaN(worth)) return this.none();
    return this.add(doc.text(tag, 'id') ?? `${tag.line}`, worth, shares);
  }

  private add(id: string, worth: number, shares: readonly Share[]): number {
    const at = this.trees.outcome(id);
    this.sure?.outcome(id);
    this.ids.push(id);
    this.scores.push(worth);
    this.sharesFrom.push(this.shareClass.length);
    const total = shares.reduce((n, s) => n + s.records, 0);
    for (const s of shares) {
      const ratio = s.records / total;
      this.shareClass.push(s.classIndex);
      this.shareRecords.push(s.records);
      this.shareProbability.push(s.probability ?? ratio);
      this.shareConfidence.push(s.confidence ?? s.probability ?? ratio);
    }
    return at;
  }

  /** Does any outcome tell how its records are distributed? */
  get distributed(): boolean {
    return this.shareClass.length > 0;
  }

  /** For every outcome what it says of a class; 0 where it lists others, NaN where it says nothing. */
  perOutcome(c: number, of: 'probability' | 'confidence' | 'records'): Float64Array {
    const from = {
      probability: this.shareProbability,
      confidence: this.shareConfidence,
      records: this.shareRecords,
    }[of];
    const table = new Float64Array(this.scores.length);
    for (let o = 0; o < table.length; o++) {
      const start = this.sharesFrom[o] as number;
      const end = this.sharesFrom[o + 1] ?? this.shareClass.length;
      if (start === end) table[o] = Number.NaN;
      for (let i = start; i < end; i++) if (this.shareClass[i] === c) table[o] = from[i] as number;
    }
    return table;
  }

  get outcomeScores(): readonly number[] {
    return this.scores;
  }

  get outcomeIds(): readonly string[] {
    return this.ids;
  }

  /** Emits the nodes that route every row through every tree; nothing is added afterwards. */
  route(table: TreeTable = this.trees): Routed {
    const { a } = this;
    const trees = table.build((values, dims) => constant('float64', values, dims));
    if (trees.test.length === 0) {
      const leaves = Array.from(trees.roots, (r) => ~r);
      const outcome = a.table(constant('int32', leaves, [1, leaves.length]), 'outcome');
      return new Routed(a, this, this.real, outcome, null);
    }
    const [outcome, unknowns] = a.b.call([OWN, 'Route'], this.tests.columns, {
      attributes: this.attributes(trees),
      outputs: [a.b.unique('outcome'), a.b.unique('unknowns')],
    });
    return new Routed(a, this, this.real, outcome as Value, unknowns as Value);
  }

  /** What Route and Spread read. */
  attributes(trees: Trees) {
    return {
      predicates: attr.predicates(this.tests.table.build(this.tests.numbers())),
      trees: attr.trees(trees),
    };
  }
}

/** A child as a chain of tests sees it. */
type Way = Pick<Child, 'test' | 'entry'>;

/** The children that can be reached at all: up to the first that is always TRUE. */
const reachable = (node: Open): readonly Child[] => {
  const children = live(node);
  const certain = children.findIndex((c) => c.test.always);
  return certain < 0 ? children : children.slice(0, certain + 1);
};

const live = (node: Open): readonly Child[] => node.children.filter((c) => c.test.always !== false);

const defaultChild = (doc: Document, node: Open): number => {
  const id = doc.need(node.tag, 'defaultChild');
  const child = node.children.find((c) => c.tag.attributes.id === id);
  const { entry } =
    child ??
    doc.fail(node.tag, 'pmml/unknown-node', `defaultChild="${id}" is the id of no child of this Node`);
  return entry;
};

const enter = (
  trees: TreeTable,
  { test, entry }: Way,
  ifFalse: number,
  ifUnknown: number,
  counted: boolean,
): number => {
  if (!counted || !test.surrogates) return trees.test(test.row, entry, ifFalse, ifUnknown);
  // Each surrogate that had to stand in is an UNKNOWN test on the way.
  let next = ifUnknown;
  for (const s of [...test.surrogates].reverse()) {
    next = s.always === undefined ? trees.test(s.row, entry, ifFalse, next) : s.always ? entry : ifFalse;
  }
  return next;
};

/** Of the records of its parent, the part that a child holds. */
const weights = (doc: Document, node: Open): ((child: Child) => number) => {
  const records = (c: Child) =>
    c.records ??
    doc.fail(c.tag, 'pmml/missing-attribute', 'weightedConfidence needs recordCount on every Node');
  const all = doc.number(node.tag, 'recordCount');
  return (child) => records(child) / (all ?? node.children.reduce((n, c) => n + records(c), 0));
};

const mostFrequent = (shares: readonly Share[]): number => {
  let best = shares[0] as Share;
  for (const s of shares) {
    if ((s.probability ?? s.records) > (best.probability ?? best.records)) best = s;
  }
  return best.classIndex;
};

/** Columns [N, trees] of what every tree says. */
export interface Columns {
  readonly data: Value;
  readonly missing: Value | null;
}

/** The outcomes reached, and what they are worth. */
export class Routed {
  readonly forest: Forest;
  readonly outcome: Value;
  /** How often UNKNOWN was met on the way. */
  readonly unknowns: Value | null;
  private readonly a: Algebra;
  private readonly real: Real;
  private readonly known = new Map<string, Columns>();

  constructor(a: Algebra, forest: Forest, real: Real, outcome: Value, unknowns: Value | null) {
    this.a = a;
    this.forest = forest;
    this.real = real;
    this.outcome = outcome;
    this.unknowns = unknowns;
  }

  /** Element of a table over the outcomes; NaN in the table is missing. */
  private look(name: string, dtype: 'float64' | 'float32' | 'int32', values: ArrayLike<number>): Columns {
    let columns = this.known.get(name);
    if (!columns) {
      const { a } = this;
      const gaps = Array.from(values, (v) => Number.isNaN(v));
      const full = Array.from(values, (v) => (Number.isNaN(v) ? 0 : v));
      const get = (table: Value) => a.b.op('Gather', [table, this.outcome], { axis: attr.int(0) });
      columns = {
        data: get(a.table(constant(dtype, full), name)),
        missing: gaps.includes(true) ? get(a.table(constant('bool', gaps), `no_${name}`)) : null,
      };
      this.known.set(name, columns);
    }
    return columns;
  }

  scores(): Columns {
    return this.look('score', this.real, this.forest.outcomeScores);
  }

  classes(): Columns {
    return this.look('class', 'int32', this.forest.outcomeScores);
  }

  shares(c: number, of: 'probability' | 'confidence'): Columns {
    return this.look(`${of}_${c}`, this.real, this.forest.perOutcome(c, of));
  }

  ids(): Columns {
    const { a } = this;
    const ids = this.forest.outcomeIds;
    const data = a.b.op('Gather', [a.table(constant('string', ids), 'id'), this.outcome], {
      axis: attr.int(0),
    });
    return { data, missing: this.scoresMissing() };
  }

  private scoresMissing(): Value | null {
    return this.forest.outcomeScores.some((s) => Number.isNaN(s)) ? this.scores().missing : null;
  }
}
