/**
 * Trees of a document in one table of tests. A node's children are tried in order, so a node becomes a chain of
 * tests; where the chain ends, and where a test is UNKNOWN, is what the strategies of the model say. What an outcome
 * is worth (score, classes, id) stands beside the table. PMML 4.4.1, Tree Models.
 */
import { attr } from '../../src/ir/attributes.ts';
import { Ints, Reals } from '../../src/ir/growing.ts';
import { OWN, type Value } from '../../src/ir/model.ts';
import { type Trees, TreeTable } from '../../src/ir/trees.ts';
import { constant } from '../../src/tensor/data.ts';
import type { Element } from '../shared/xml.ts';
import type { Algebra, Real } from './algebra.ts';
import type { Classes } from './classes.ts';
import { type Document, type Tag, toNumber } from './document.ts';
import { isPredicate, PredicateReader, Tests } from './predicates.ts';
import type { Prediction } from './prediction.ts';
import type { Scope } from './scope.ts';
import type { TreeCursor } from './treeCursor.ts';

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
  /**
   * Is the confidence lessened by how often a surrogate or a default child was taken? Then a test is UNKNOWN on the way
   * just as often.
   */
  readonly counted: boolean;
  readonly classes: Classes | null;
}

/** Models that may stand in a Node instead of its children, and then speak for it. */
export const isEmbedded = (name: string): boolean => name === 'Regression' || name === 'DecisionTree';

/** What such a model says. */
export type Embed = (element: Element) => Prediction;

/** An outcome that a model speaks for. */
interface Spoken {
  readonly tree: number;
  readonly outcome: number;
  readonly id: string;
  readonly prediction: Prediction;
}

/** Of one class at one outcome. */
interface Share {
  readonly classIndex: number;
  readonly records: number;
  readonly probability: number | undefined;
  readonly confidence: number | undefined;
}

/** A node: what it says of itself, then, once it is closed, where it begins. A forest has a million: nothing of one is kept longer. */
interface Branch {
  readonly line: number;
  id: string | undefined;
  /** A number where it was read as one, else its text. */
  score: number | string | undefined;
  records: number | undefined;
  defaultChild: string | undefined;
  /** Row of its predicate; -1: not met yet. */
  test: number;
  shares: Share[];
  embedded: Prediction | null;
  children: Branch[];
  entry: number;
  /** The same in the table of sure ways. */
  sure: number;
}

/** A leaf has no children, most nodes no shares: one list for all of them. */
const noShares: Share[] = [];
const noChildren: Branch[] = [];

const tagOf = ({ line }: Branch): Tag => ({ name: 'Node', attributes: {}, line });

/** Beside each child that is UNKNOWN stands every other: their number is squared. */
const widest = 256;

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
  private readonly scores = new Reals();
  /** Of the outcome's node; NaN: not said. Where they weigh, only. */
  private readonly records = new Reals();
  private readonly spoken: Spoken[] = [];
  /** Where the shares of an outcome begin. */
  private readonly sharesFrom = new Ints();
  private readonly shareClass = new Ints();
  private readonly shareRecords = new Reals();
  private readonly shareProbability = new Reals();
  private readonly shareConfidence = new Reals();
  private nodes = 0;
  private nullOutcome: number | undefined;

  constructor(a: Algebra, real: Real, severalWays = false) {
    this.a = a;
    this.real = real;
    this.tests = new Tests(a, real);
    this.sure = severalWays ? new TreeTable() : null;
    this.unsure = severalWays ? this.add('', Number.NaN, noShares) : 0;
  }

  /** Outcomes of tree `t` that a model of their own speaks for. */
  spokenFor(t: number): readonly Spoken[] {
    return this.spoken.filter((s) => s.tree === t);
  }

  /** Nodes read so far. */
  get size(): number {
    return this.nodes;
  }

  /** Reads the tree whose root `<Node>` was opened last; returns its number. */
  read(cursor: TreeCursor, scope: Scope, settings: TreeSettings, embed: Embed): number {
    const { doc } = scope.world;
    const predicates = new PredicateReader(this.tests, scope);
    const open = [nodeAt(cursor, doc, settings)];
    for (;;) {
      const node = open[open.length - 1] as Branch;
      if (!cursor.enter()) {
        this.close(doc, node, settings);
        open.pop();
        const parent = open[open.length - 1];
        if (!parent) {
          const sure = { test: node.test, entry: node.sure };
          this.sure?.root(this.rooted(this.sure, sure, this.unsure, null));
          return this.trees.root(this.rooted(this.trees, node, this.none(), settings));
        }
        if (parent.children === noChildren) parent.children = [];
        parent.children.push(node);
        continue;
      }
      const { name } = cursor;
      if (name === 'Node') open.push(nodeAt(cursor, doc, settings));
      else if (isPredicate(name)) {
        if (node.test >= 0) doc.fail(cursor.tag(), 'pmml/duplicate-element', 'a Node has one predicate');
        if (node.children !== noChildren || node.shares !== noShares) late(cursor, doc);
        node.test = predicates.read(cursor);
      } else if (name === 'ScoreDistribution') {
        if (settings.classes !== null) {
          if (node.shares === noShares) node.shares = [];
          node.shares.push(shareAt(cursor, doc, settings.classes));
        }
        cursor.skip();
      } else if (isEmbedded(name)) {
        const tag = cursor.tag();
        if (this.sure !== null) doc.refuse(tag, `${settings.strategy} has no weight for a model in a Node`);
        if (node.embedded) doc.fail(tag, 'pmml/duplicate-element', 'a Node holds one model');
        node.embedded = embed(cursor.element(tag));
      } else if (name === 'Extension' || name === 'Partition') cursor.skip();
      else doc.refuse(cursor.tag());
    }
  }

  private close(doc: Document, node: Branch, settings: TreeSettings): void {
    this.nodes++;
    if (node.test < 0) doc.fail(tagOf(node), 'pmml/missing-element', 'a Node needs a predicate');
    if (node.children.length === 0) {
      node.entry = this.outcome(doc, node, settings);
      node.sure = node.entry;
      return;
    }
    const asked = settings.last || settings.strategy === 'lastPrediction';
    const own = asked ? this.ownOutcome(doc, node, settings) : this.nothing;
    node.entry = this.branches(doc, node, settings, own);
    if (this.sure !== null) node.sure = this.sureBranches(this.sure, node, settings, own);
    node.children = noChildren;
  }

  /** The root is entered where its own predicate is TRUE; there is nothing to fall back on. */
  private rooted(trees: TreeTable, way: Way, unknown: number, settings: TreeSettings | null): number {
    const always = this.tests.table.always(way.test);
    if (always !== undefined) return always ? way.entry : this.none();
    return this.enter(trees, way, this.none(), unknown, settings);
  }

  /** What the node itself says, made once where anything leads to it. Apart from `close`: a closure there would cost every node. */
  private ownOutcome(doc: Document, node: Branch, settings: TreeSettings): () => number {
    let own: number | undefined;
    return () => {
      own ??= this.outcome(doc, node, settings);
      return own;
    };
  }

  private branches(doc: Document, node: Branch, settings: TreeSettings, own: () => number): number {
    const exhausted = settings.last ? own : this.nothing;
    switch (settings.strategy) {
      case 'aggregateNodes':
      case 'weightedConfidence':
        return this.spread(doc, node, exhausted, settings.strategy);
      case 'lastPrediction':
        return this.chain(this.trees, this.reachable(node), exhausted, own, settings);
      case 'nullPrediction':
        return this.chain(this.trees, this.reachable(node), exhausted, this.nothing, settings);
      case 'defaultChild':
        return this.chain(
          this.trees,
          this.reachable(node),
          exhausted,
          defaultOf(doc, node, this.nothing),
          settings,
        );
      case 'none':
        return this.chain(this.trees, this.reachable(node), exhausted, null, settings);
    }
  }

  private sureBranches(sure: TreeTable, node: Branch, settings: TreeSettings, own: () => number): number {
    const exhausted = settings.last ? own : this.nothing;
    const children = this.reachable(node).map(({ test, sure: entry }) => ({ test, entry }));
    return this.chain(sure, children, exhausted, () => this.unsure, null);
  }

  /** The children in order, from the last to the first; returns where the chain begins. `unknown` null: as FALSE. */
  private chain(
    trees: TreeTable,
    children: readonly Way[],
    exhausted: () => number,
    unknown: (() => number) | null,
    settings: TreeSettings | null,
  ): number {
    const { table } = this.tests;
    let next: number | undefined;
    let i = children.length - 1;
    const final = children[i];
    const before = children[i - 1];
    if (final && table.always(final.test)) {
      next = final.entry;
      i--;
    } else if (final && before && !counts(settings) && table.excludes(before.test, final.test)) {
      // Where the one before is FALSE this one is TRUE, and where it is UNKNOWN so is this one: no test needed.
      next = trees.test(before.test, before.entry, final.entry, (unknown ?? exhausted)());
      i -= 2;
    }
    for (; i >= 0; i--) {
      const otherwise: number = next ?? exhausted();
      const ifUnknown = unknown === null ? otherwise : unknown();
      next = this.enter(trees, children[i] as Way, otherwise, ifUnknown, settings);
    }
    return next ?? exhausted();
  }

  private enter(
    trees: TreeTable,
    way: Way,
    ifFalse: number,
    ifUnknown: number,
    settings: TreeSettings | null,
  ): number {
    return settings?.counted
      ? this.enterCounted(trees, way, ifFalse, ifUnknown, settings)
      : trees.test(way.test, way.entry, ifFalse, ifUnknown);
  }

  private enterCounted(
    trees: TreeTable,
    { test, entry }: Way,
    ifFalse: number,
    ifUnknown: number,
    settings: TreeSettings,
  ): number {
    const { table } = this.tests;
    const surrogates = table.surrogates(test);
    const primary = surrogates?.[0];
    // UNKNOWN, once more, where a surrogate stood in for it.
    const entered = primary === undefined ? entry : trees.test(primary, entry, entry, entry);
    if (!counts(settings)) return trees.test(test, entered, ifFalse, ifUnknown);
    // Nothing is taken in place of this test where it is UNKNOWN: asked so that it never is.
    const or = (truth: boolean) =>
      table.compound('surrogate', [...(surrogates ?? [test]), this.tests.constant(truth)]);
    const undecided = ifUnknown === ifFalse ? ifFalse : trees.test(or(true), ifUnknown, ifFalse, ifFalse);
    return trees.test(or(false), entered, undecided, undecided);
  }

  /** The children that can be reached at all: up to the first that is always TRUE. */
  private reachable(node: Branch): readonly Branch[] {
    const children = this.live(node);
    const { table } = this.tests;
    for (let i = 0; i < children.length - 1; i++) {
      if (table.always((children[i] as Branch).test)) return children.slice(0, i + 1);
    }
    return children;
  }

  private live({ children }: Branch): readonly Branch[] {
    const { table } = this.tests;
    for (const child of children) {
      if (table.always(child.test) === false) return children.filter((c) => table.always(c.test) !== false);
    }
    return children;
  }

  /**
   * The strategies that go several ways. aggregateNodes enters every child that may be TRUE, up to the first that is;
   * weightedConfidence, once a test is UNKNOWN, enters every child that is not FALSE, weighted by its records.
   */
  private spread(doc: Document, node: Branch, exhausted: () => number, strategy: Strategy): number {
    const weighted = strategy === 'weightedConfidence';
    // Beside an UNKNOWN child, what follows one that is TRUE has its weight too.
    const children = weighted ? this.live(node) : this.reachable(node);
    const weight = weighted ? weights(doc, node) : () => 1;
    if (weighted && children.length > widest) {
      doc.fail(
        tagOf(node),
        'pmml/too-large',
        `weightedConfidence is for Nodes of at most ${widest} children; this has ${children.length}`,
      );
    }
    const { trees } = this;
    const { table } = this.tests;
    /** From child `i` on, when child `met` was UNKNOWN: what is entered beside it. */
    const beside = new Map<string, number>();
    const rest = (i: number, met: number): number => {
      const child = children[i];
      if (!child) return this.none();
      const key = `${i} ${weighted ? met : ''}`;
      let at = beside.get(key);
      if (at !== undefined) return at;
      const { test, entry } = child;
      const more = rest(i + 1, met);
      // `met` is UNKNOWN here: testing it once more takes both ways.
      const both = (): number => {
        const t = trees.test(met, entry, more);
        trees.share(t, weight(child), 1);
        return t;
      };
      if (table.always(test) || table.excludes(met, test)) {
        // Without weights nothing follows what is TRUE, nor the last.
        at = !weighted && (table.always(test) || i === children.length - 1) ? entry : both();
      } else if (weighted) {
        const entered = both();
        at = trees.test(test, entered, more, entered);
      } else {
        at = trees.test(test, entry, more);
        trees.share(at, 1, 1);
      }
      beside.set(key, at);
      return at;
    };
    let next: number | undefined;
    for (let i = children.length - 1; i >= 0; i--) {
      const child = children[i] as Branch;
      if (table.always(child.test)) {
        next = child.entry;
        continue;
      }
      const following = children[i + 1];
      if (following && i === children.length - 2 && table.excludes(child.test, following.test)) {
        next = trees.test(child.test, child.entry, following.entry);
        trees.share(next, weight(child), weight(following));
        continue;
      }
      const t = trees.test(child.test, child.entry, next ?? exhausted());
      const u = trees.test(child.test, child.entry, rest(i + 1, child.test));
      trees.share(u, weight(child), 1);
      trees.link(t, child.entry, next ?? exhausted(), u);
      next = t;
    }
    return next ?? exhausted();
  }

  private readonly nothing = (): number => this.none();

  /** An outcome without a prediction; one for all trees. */
  none(): number {
    this.nullOutcome ??= this.add('', Number.NaN, noShares);
    return this.nullOutcome;
  }

  private outcome(doc: Document, node: Branch, settings: TreeSettings): number {
    const { score, shares } = node;
    const { classes } = settings;
    if (node.embedded) return this.speak(doc, node, node.embedded, settings);
    let worth = Number.NaN;
    if (classes !== null) {
      if (score !== undefined) worth = classes.index(doc, tagOf(node), `${score}`);
      else if (shares.length > 0) worth = mostFrequent(shares);
    } else if (score !== undefined) {
      worth =
        (typeof score === 'number' ? score : toNumber(score)) ??
        doc.fail(tagOf(node), 'pmml/not-a-number', `score="${score}" is not a number`);
    }
    if (Number.isNaN(worth)) return this.none();
    if (classes === null && settings.strategy === 'aggregateNodes' && node.records === undefined) {
      doc.fail(
        tagOf(node),
        'pmml/missing-attribute',
        'aggregateNodes needs recordCount on every Node with a score',
      );
    }
    return this.add(node.id ?? `${node.line}`, worth, shares, node.records);
  }

  private speak(doc: Document, node: Branch, prediction: Prediction, { classes }: TreeSettings): number {
    if ((prediction.classes === null) !== (classes === null)) {
      doc.fail(tagOf(node), 'pmml/mixed-functions', 'its model is not of the functionName of the tree');
    }
    const id = node.id ?? `${node.line}`;
    const at = this.add(id, Number.NaN, noShares);
    this.spoken.push({ tree: this.trees.trees, outcome: ~at, id, prediction });
    return at;
  }

  private add(id: string, worth: number, shares: readonly Share[], records = Number.NaN): number {
    const at = this.trees.outcome(id);
    this.sure?.outcome(id);
    this.scores.push(worth);
    if (this.sure !== null) this.records.push(records);
    this.sharesFrom.push(this.shareClass.length);
    let total = 0;
    for (const s of shares) total += s.records;
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
    const { sharesFrom, shareClass } = this;
    const table = new Float64Array(this.scores.length);
    for (let o = 0; o < table.length; o++) {
      const start = sharesFrom.at(o);
      const end = o + 1 < sharesFrom.length ? sharesFrom.at(o + 1) : shareClass.length;
      if (start === end) table[o] = Number.NaN;
      for (let i = start; i < end; i++) if (shareClass.at(i) === c) table[o] = from.at(i);
    }
    return table;
  }

  get outcomeScores(): Float64Array {
    return this.scores.take();
  }

  /** What the node of each outcome says of its size; NaN: nothing. */
  get outcomeRecords(): Float64Array {
    return this.records.take();
  }

  get outcomeIds(): readonly string[] {
    return this.trees.ids;
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

/** Is an UNKNOWN test no more than that, while others are counted? */
const counts = (settings: TreeSettings | null): boolean =>
  settings?.counted === true && settings.strategy !== 'defaultChild';

/** A child as a chain of tests sees it. */
type Way = Pick<Branch, 'test' | 'entry'>;

const late = (cursor: TreeCursor, doc: Document): void => {
  doc.warn(
    cursor.tag(),
    'pmml/element-order',
    'PMML wants it before all else in its <Node>; it is read all the same',
  );
};

/** The `<Node>` that was opened last. */
const nodeAt = (cursor: TreeCursor, doc: Document, { classes }: TreeSettings): Branch => {
  const node: Branch = {
    line: cursor.line,
    id: undefined,
    score: undefined,
    records: undefined,
    defaultChild: undefined,
    test: -1,
    shares: noShares,
    embedded: null,
    children: noChildren,
    entry: 0,
    sure: 0,
  };
  for (let i = 0; i < cursor.count; i++) {
    switch (cursor.key(i)) {
      case 'id':
        node.id = cursor.value(i, true);
        break;
      case 'score':
        node.score = (classes === null ? cursor.number(i) : undefined) ?? cursor.value(i);
        break;
      case 'recordCount':
        node.records = numberAt(cursor, doc, i);
        break;
      case 'defaultChild':
        node.defaultChild = cursor.value(i, true);
    }
  }
  return node;
};

const numberAt = (cursor: TreeCursor, doc: Document, i: number): number =>
  cursor.number(i) ?? doc.parseNumber(cursor.tag(), cursor.value(i), cursor.key(i));

const shareAt = (cursor: TreeCursor, doc: Document, classes: Classes): Share => {
  let label: string | undefined;
  let records = Number.NaN;
  let probability: number | undefined;
  let confidence: number | undefined;
  for (let i = 0; i < cursor.count; i++) {
    switch (cursor.key(i)) {
      case 'value':
        label = cursor.value(i);
        break;
      case 'recordCount':
        records = numberAt(cursor, doc, i);
        break;
      case 'probability':
        probability = numberAt(cursor, doc, i);
        break;
      case 'confidence':
        confidence = numberAt(cursor, doc, i);
    }
  }
  return { classIndex: classIndexOf(cursor, doc, classes, label), records, probability, confidence };
};

const classIndexOf = (
  cursor: TreeCursor,
  doc: Document,
  classes: Classes,
  label: string | undefined,
): number => {
  const known = label === undefined ? undefined : classes.find(label);
  if (known !== undefined) return known;
  const tag = cursor.tag();
  return classes.index(doc, tag, doc.need(tag, 'value'));
};

/** CatBoost leaves defaultChild out where the field cannot be missing: there is no prediction where it is all the same. */
const defaultOf = (doc: Document, node: Branch, nothing: () => number) => (): number => {
  const id = node.defaultChild;
  if (id === undefined) {
    const message = 'a Node names no defaultChild; where its tests are UNKNOWN there is no prediction';
    doc.warn(tagOf(node), 'pmml/missing-attribute', message);
    return nothing();
  }
  const child = node.children.find((c) => c.id === id);
  const { entry } =
    child ??
    doc.fail(tagOf(node), 'pmml/unknown-node', `defaultChild="${id}" is the id of no child of this Node`);
  return entry;
};

/** Of the records of its parent, the part that a child holds. */
const weights = (doc: Document, node: Branch): ((child: Branch) => number) => {
  const records = (c: Branch) =>
    c.records ??
    doc.fail(tagOf(c), 'pmml/missing-attribute', 'weightedConfidence needs recordCount on every Node');
  return (child) => records(child) / (node.records ?? node.children.reduce((n, c) => n + records(c), 0));
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
      const gaps = new Uint8Array(values.length);
      const full = new Float64Array(values.length);
      for (let i = 0; i < full.length; i++) {
        const v = values[i] as number;
        if (Number.isNaN(v)) gaps[i] = 1;
        else full[i] = v;
      }
      const get = (table: Value) => a.b.op('Gather', [table, this.outcome], { axis: attr.int(0) });
      columns = {
        data: get(a.table(constant(dtype, full), name)),
        missing: gaps.includes(1) ? get(a.table(constant('bool', gaps), `no_${name}`)) : null,
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
