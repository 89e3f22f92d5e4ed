/**
 * What is not observed, from what is, over a network of conditional distributions. PMML 4.4.1, Bayesian Network Models.
 *
 * Inference is exact: discrete nodes are summed out; continuous nodes that depend on each other linearly, with normal
 * distributions, are jointly normal given the discrete ones, observed or not. Any other continuous node takes part where it
 * is observed, where it is what is predicted, or not at all: a network that would need an integral over one that is not
 * observed (the specification's MCMC) is refused. A missing value of an active field is a node that is not observed in
 * that row; of such an other node on which a distribution depends it makes the row's result missing.
 */
import { attr } from '../../../src/ir/attributes.ts';
import type { Value } from '../../../src/ir/model.ts';
import { constant } from '../../../src/tensor/data.ts';
import type { Element, XmlCursor } from '../../shared/xml.ts';
import { asReal } from '../convert.ts';
import { logGaussian } from '../distributions.ts';
import { parts } from '../document.ts';
import { express, expressionIn, topLevel } from '../expressions.ts';
import { Elimination, type Factor } from '../factors.ts';
import {
  type Conditioned,
  conditioned,
  jointly,
  type LinearNormal,
  linearNormal,
} from '../linearGaussian.ts';
import { done, type Model, type ModelElement, type Pending } from '../model.ts';
import { byProbability, type Prediction, regression } from '../prediction.ts';
import { kindOf, literal } from '../types.ts';

/** Combinations of states in one table; beyond this exact inference is no use. */
const tableLimit = 1 << 14;

/** Numbers in all covariances of continuous nodes that are taken together. */
const covarianceLimit = 1 << 13;

const read = (cursor: XmlCursor, m: Model): Pending => {
  const { doc } = m.world;
  let nodes: Element | undefined;
  for (let child = cursor.child(); child !== null; child = cursor.child()) {
    if (m.part(cursor, child)) continue;
    if (child.name !== 'BayesianNetworkNodes') doc.refuse(child);
    nodes = cursor.element(child);
  }
  if (!nodes) doc.fail(m.tag, 'pmml/missing-element', 'a BayesianNetworkModel needs BayesianNetworkNodes');
  const prediction = new Network(nodes as Element, m).predict();
  return done(m, () => m.result(prediction));
};

export const bayesianNetworkModel: ModelElement = {
  name: 'BayesianNetworkModel',
  functions: ['classification', 'regression'],
  read,
};

/** The states of some parents, and what the node is then. */
interface Row {
  readonly tag: Element;
  readonly parents: ReadonlyMap<string, string>;
  readonly content: readonly Element[];
}

interface Node {
  readonly name: string;
  readonly tag: Element;
  readonly discrete: boolean;
  readonly rows: readonly Row[];
  /** Discrete parents, then what its expressions read of other nodes. */
  readonly parents: readonly string[];
  readonly reads: readonly string[];
}

/** Continuous nodes that are jointly normal for every combination of what their discrete parents may be. */
interface Joint {
  /** What is read stands before what reads it. */
  readonly nodes: readonly Node[];
  readonly parents: readonly string[];
  /** What is known in each combination. */
  readonly cases: readonly Conditioned[];
  /** Is any of them observed? */
  readonly observed: boolean;
}

class Network {
  private readonly m: Model;
  private readonly nodes = new Map<string, Node>();
  private readonly states = new Map<string, readonly (string | number)[]>();
  private readonly elimination: Elimination;
  /** Rows in which something that must be known is missing. */
  private readonly unknown: (Value | null)[] = [];

  constructor(element: Element, m: Model) {
    this.m = m;
    const { doc, a } = m.world;
    for (const part of parts(element)) {
      if (part.name !== 'DiscreteNode' && part.name !== 'ContinuousNode') doc.refuse(part);
      const name = doc.need(part, 'name');
      if (this.nodes.has(name)) doc.fail(part, 'pmml/duplicate-name', `there are two nodes '${name}'`);
      this.nodes.set(name, this.node(part, name));
    }
    for (const node of this.nodes.values()) this.check(node);
    this.elimination = new Elimination(a, m.scope.real, (v) => (this.states.get(v) ?? []).length);
  }

  private node(tag: Element, name: string): Node {
    const { doc, fields } = this.m.world;
    const discrete = tag.name === 'DiscreteNode';
    const [table, own] = discrete
      ? ['DiscreteConditionalProbability', 'ValueProbability']
      : ['ContinuousConditionalProbability', 'ContinuousDistribution'];
    const alone: Element[] = [];
    const rows: Row[] = [];
    for (const part of parts(tag)) {
      if (part.name === 'DerivedField') {
        this.m.scope.define(doc.need(part, 'name'), part);
      } else if (part.name === own) alone.push(part);
      else if (part.name === table) {
        const given = parts(part).filter((p) => p.name === 'ParentValue');
        const content = parts(part).filter((p) => p.name === own);
        if (given.length + content.length !== parts(part).length) {
          doc.refuse(parts(part).find((p) => !given.includes(p) && !content.includes(p)) as Element);
        }
        rows.push({
          tag: part,
          parents: new Map(given.map((p) => [doc.need(p, 'parent'), doc.need(p, 'value')])),
          content,
        });
      } else doc.refuse(part);
    }
    if (alone.length > 0) rows.push({ tag, parents: new Map(), content: alone });
    if (rows.length === 0) doc.fail(tag, 'pmml/missing-element', 'it has no distribution');
    if (discrete) {
      const type = fields.get(name)?.dataType ?? 'string';
      const values = rows.flatMap((r) => r.content.map((v) => literal(doc, v, doc.need(v, 'value'), type)));
      this.states.set(name, [...new Set(values)]);
    } else {
      for (const r of rows) {
        if (r.content.length === 1) continue;
        doc.fail(
          r.tag,
          'pmml/missing-element',
          `it has ${r.content.length} distributions where one is needed`,
        );
      }
    }
    return {
      name,
      tag,
      discrete,
      rows,
      parents: [...new Set(rows.flatMap((r) => [...r.parents.keys()]))],
      reads: [...new Set(rows.flatMap((r) => r.content.flatMap(fieldsRead)))],
    };
  }

  private check(node: Node): void {
    const { doc } = this.m.world;
    for (const name of node.parents) {
      if (this.nodes.get(name)?.discrete) continue;
      doc.refuse(node.tag, `its parent '${name}' is no DiscreteNode, and only those are summed over`);
    }
    const above = this.ancestors(node.parents.concat(this.continuousParents(node)));
    if (above.has(node.name))
      doc.fail(node.tag, 'pmml/cyclic-field', `the node '${node.name}' depends on itself`);
  }

  private continuousParents(node: Node): string[] {
    return node.reads.filter((r) => this.nodes.has(r));
  }

  /** The nodes named and all above them. */
  private ancestors(names: readonly string[]): Set<string> {
    const found = new Set<string>();
    const open = [...names];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      const node = this.nodes.get(name);
      if (!node || found.has(name)) continue;
      found.add(name);
      open.push(...node.parents, ...this.continuousParents(node));
    }
    return found;
  }

  private observed(name: string): boolean {
    return this.m.fields.some((f) => f.usage === 'active' && f.name === name);
  }

  predict(): Prediction {
    const { m } = this;
    const { doc } = m.world;
    const target = m.target === null ? undefined : this.nodes.get(m.target);
    if (!target) return doc.fail(m.tag, 'pmml/no-target', 'its target is no node of the network');
    if (target.discrete !== m.classification) {
      doc.fail(
        m.tag,
        'pmml/type',
        `functionName="${m.functionName}" does not fit a target that is a ${target.tag.name}`,
      );
    }
    // What has no observed node below it sums to one.
    const relevant = this.ancestors([target.name, ...[...this.nodes.keys()].filter((n) => this.observed(n))]);
    const factors: Factor[] = [];
    const joints = this.joints(relevant, target);
    for (const joint of joints) factors.push(...this.likelihood(joint));
    for (const name of relevant) {
      const node = this.nodes.get(name) as Node;
      if (joints.some((j) => j.nodes.includes(node))) continue;
      if (node.discrete) {
        factors.push(this.table(node));
        if (node !== target && this.observed(name)) factors.push(this.evidence(node));
      } else if (node !== target) {
        if (!this.observed(name)) {
          this.approximate(node, 'it is not observed, and what is observed or predicted depends on it');
        }
        const density = this.density(node);
        if (density) factors.push(density);
      } else {
        const below = [...relevant].find((n) => n !== name && this.ancestors([n]).has(name));
        if (below !== undefined)
          this.approximate(node, `the node '${below}', which is observed, depends on it`);
      }
    }
    if (target.discrete) return this.classify(target, factors);
    const joint = joints.find((j) => j.nodes.includes(target));
    if (joint) {
      const means = joint.cases.map((c) => c.mean as Value);
      return this.expect(means, joint.parents, factors);
    }
    const means = this.byParents(target).map((row) => this.mean(row.content[0] as Element));
    return this.expect(means, target.parents, factors);
  }

  /** The continuous nodes among those named that hang together and are linear and normal throughout. */
  private joints(relevant: ReadonlySet<string>, target: Node): Joint[] {
    const continuous = [...relevant].map((n) => this.nodes.get(n) as Node).filter((n) => !n.discrete);
    const linked = (x: Node, y: Node) => x.reads.includes(y.name) || y.reads.includes(x.name);
    const found: Joint[] = [];
    for (let left = continuous; left[0]; ) {
      const together = [left[0]];
      for (const node of together) {
        together.push(...left.filter((n) => linked(n, node) && !together.includes(n)));
      }
      left = left.filter((n) => !together.includes(n));
      const joint = together.length > 1 ? this.joint(this.ordered(together), target) : null;
      if (joint) found.push(joint);
    }
    return found;
  }

  /** Those without any above them first. */
  private ordered(nodes: readonly Node[]): Node[] {
    const above = new Map(nodes.map((n) => [n, this.ancestors([n.name]).size]));
    return [...nodes].sort((x, y) => (above.get(x) as number) - (above.get(y) as number));
  }

  private joint(nodes: readonly Node[], target: Node): Joint | null {
    const { world, scope } = this.m;
    const { doc, a } = world;
    const names = new Set(nodes.map((n) => n.name));
    const parents = [...new Set(nodes.flatMap((n) => n.parents))];
    const size = this.elimination.size(parents);
    const linears = new Map<Node, readonly LinearNormal[]>();
    for (const node of nodes) {
      const rows = this.byParents(node).map((row) =>
        linearNormal(doc, this.distribution(row.content[0] as Element), (n) => names.has(n)),
      );
      if (rows.some((r) => r === null)) return null;
      linears.set(node, rows as LinearNormal[]);
    }
    if (size * nodes.length ** 2 > covarianceLimit) {
      doc.fail(
        (nodes[0] as Node).tag,
        'pmml/approximate-inference',
        `${nodes.length} continuous nodes in ${size} combinations of states are more than exact inference is made of`,
      );
    }
    const observations = nodes
      .filter((n) => n !== target && this.observed(n.name))
      .map(({ name, tag }) => ({ name, value: asReal(a, scope.read(name, tag).value, scope.real) }));
    const asked = nodes.includes(target) ? target.name : null;
    const cases = Array.from({ length: size }, (_, c) => {
      const state = this.statesAt(parents, c);
      const moments = jointly(
        nodes.map((node) => {
          const at = node.parents.reduce(
            (place, p) => place * this.elimination.size([p]) + (state.get(p) as number),
            0,
          );
          return [node.name, (linears.get(node) as readonly LinearNormal[])[at] as LinearNormal];
        }),
      );
      return conditioned(a, scope.real, moments, observations, asked);
    });
    return { nodes, parents, cases, observed: observations.length > 0 };
  }

  /** The state of each variable in one combination, the last one's first to change. */
  private statesAt(variables: readonly string[], combination: number): Map<string, number> {
    const found = new Map<string, number>();
    let rest = combination;
    for (const name of [...variables].reverse()) {
      const width = this.elimination.size([name]);
      found.set(name, rest % width);
      rest = Math.floor(rest / width);
    }
    return found;
  }

  /** How likely what is observed is under each combination of the discrete parents; none where there are no such. */
  private likelihood({ parents, cases, observed }: Joint): Factor[] {
    if (parents.length === 0 || !observed) return [];
    return [{ variables: parents, entries: this.relative(cases.map((c) => c.log)) }];
  }

  /** Only the ratios of likelihoods matter: the greatest becomes 1, so that none vanishes. Impossible ones have none at all. */
  private relative(logs: readonly Value[]): Value {
    const { a } = this.m.world;
    const top = logs.reduce((y, v) => a.lift('Max', [y, v]));
    const none = a.b.op('Equal', [top, a.like(top, -Infinity)]);
    const base = a.where(none, a.like(top, 0), top);
    return a.join(logs.map((v) => a.lift('Exp', [a.sub(v, base)]))).data;
  }

  private approximate(node: Node, why: string): never {
    return this.m.world.doc.fail(
      node.tag,
      'pmml/approximate-inference',
      `${why}: that needs approximate inference over '${node.name}', and only exact inference is made`,
    );
  }

  private eliminated(factors: readonly Factor[], query: readonly string[]): Value {
    const f = this.elimination.run(factors, query, (size) => {
      if (size <= tableLimit) return;
      this.m.world.doc.fail(
        this.m.tag,
        'pmml/approximate-inference',
        `exact inference needs a table of ${size} combinations of states, more than ${tableLimit}`,
      );
    });
    return this.elimination.column(f.entries);
  }

  /** P(node | parents), in the order of the parents, the node's own states last. */
  private table(node: Node): Factor {
    const { doc } = this.m.world;
    const own = this.states.get(node.name) as readonly (string | number)[];
    const type = this.typeOf(node.name);
    const rows = this.byParents(node);
    const entries = rows.flatMap((row) => {
      const values = new Map<string | number, number>();
      for (const v of row.content) {
        values.set(literal(doc, v, doc.need(v, 'value'), type), doc.needNumber(v, 'probability'));
      }
      return own.map((s) => values.get(s) ?? 0);
    });
    if (entries.some((p) => !(p >= 0 && p <= 1))) {
      doc.fail(node.tag, 'pmml/attribute-value', 'a probability is not between 0 and 1');
    }
    return { variables: [...node.parents, node.name], entries };
  }

  /** Its rows, one for each combination of the parents' states, in order. */
  private byParents(node: Node): Row[] {
    const { doc } = this.m.world;
    const size = this.elimination.size(node.parents);
    if (size > tableLimit)
      doc.fail(node.tag, 'pmml/approximate-inference', `its parents have ${size} combinations`);
    const at = new Map<number, Row>();
    for (const row of node.rows) {
      let place = 0;
      for (const name of node.parents) {
        const states = this.states.get(name) as readonly (string | number)[];
        const text = row.parents.get(name);
        if (text === undefined) {
          return doc.fail(row.tag, 'pmml/missing-element', `it says nothing of the parent '${name}'`);
        }
        const s = states.indexOf(literal(doc, row.tag, text, this.typeOf(name)));
        if (s < 0) doc.fail(row.tag, 'pmml/attribute-value', `'${name}' has no state "${text}"`);
        place = place * states.length + s;
      }
      if (at.has(place))
        doc.fail(
          row.tag,
          'pmml/duplicate-element',
          'these states of the parents have a distribution already',
        );
      at.set(place, row);
    }
    return Array.from(
      { length: size },
      (_, i) =>
        at.get(i) ??
        doc.fail(node.tag, 'pmml/missing-element', 'some states of its parents have no distribution'),
    );
  }

  private typeOf(name: string): string {
    return this.m.world.fields.get(name)?.dataType ?? 'string';
  }

  /** 1 for the state that is observed, and for all where none is. */
  private evidence(node: Node): Factor {
    const { scope, world } = this.m;
    const { a } = world;
    const states = this.states.get(node.name) as readonly (string | number)[];
    const variable = scope.read(node.name, node.tag);
    const text = kindOf(variable.dataType) === 'string';
    const key = text ? variable.value : asReal(a, variable.value, scope.real);
    const found = a.own('Lookup', [key], {
      keys: attr.data(constant(text ? 'string' : scope.real, states)),
      values: attr.data(
        constant(
          'int32',
          states.map((_, i) => i),
        ),
      ),
    });
    const numbers = a.table(
      constant(
        'int32',
        states.map((_, i) => i),
        [1, states.length],
      ),
      'states',
    );
    const hit = a.b.op('Equal', [a.fill(found, -1), numbers]);
    const missing = a.missing(key);
    return {
      variables: [node.name],
      entries: a.cast(missing === null ? hit : a.b.op('Or', [hit, missing]), scope.real),
    };
  }

  /** How likely the observed value is under each combination of the discrete parents; null where there is none. */
  private density(node: Node): Factor | null {
    const { scope, world } = this.m;
    const { a } = world;
    if (node.parents.length === 0) return null;
    const variable = scope.read(node.name, node.tag);
    const x = asReal(a, variable.value, scope.real);
    const missing = a.missing(x);
    const logs = this.byParents(node).map((row) => {
      const log = this.logDensity(row.content[0] as Element, x);
      // A parameter is not known, and the value is.
      const lost = a.missing(log);
      if (lost !== null) this.unknown.push(missing === null ? lost : a.and(lost, a.not(missing)));
      return a.fill(log, 0);
    });
    const data = this.relative(logs);
    return {
      variables: node.parents,
      entries: missing === null ? data : a.where(missing, a.constant(scope.real, 1), data),
    };
  }

  private parameter(distribution: Element, name: string): Value {
    const { scope, world } = this.m;
    const { doc, a } = world;
    const element = doc.child(distribution, name);
    if (!element) return doc.fail(distribution, 'pmml/missing-element', `it has no ${name}`);
    const made = express(expressionIn(doc, element), topLevel(scope), 'double');
    if (kindOf(made.dataType) !== 'number')
      doc.fail(element, 'pmml/type', 'a number is wanted here, and this is text');
    return a.mask(asReal(a, made.value, scope.real), made.invalid);
  }

  private distribution(holder: Element): Element {
    const { doc } = this.m.world;
    const [found, ...more] = parts(holder);
    if (!found || more.length > 0)
      return doc.fail(holder, 'pmml/missing-element', 'it holds one distribution');
    return found;
  }

  private logDensity(holder: Element, x: Value): Value {
    const { doc, a } = this.m.world;
    const d = this.distribution(holder);
    const k = (n: number) => a.like(x, n);
    const get = (name: string) => this.parameter(d, name);
    const impossible = k(-Infinity);
    const log = (v: Value) => a.lift('Log', [v]);
    /** Missing where a parameter is; -∞ where `possible` does not hold. */
    const where = (possible: Value, v: Value) =>
      a.mask(a.choose([possible, v], impossible), a.or(a.missing(possible), a.missing(x)));
    const between = (lower: Value, upper: Value) =>
      a.lift('And', [a.compare('GreaterOrEqual', x, lower), a.compare('LessOrEqual', x, upper)]);
    switch (d.name) {
      case 'NormalDistributionForBN':
        return logGaussian(a, x, get('Mean'), get('Variance'));
      case 'LognormalDistributionForBN': {
        // Mean and variance are those of the logarithm.
        const possible = a.compare('Greater', x, k(0));
        const y = log(a.choose([possible, x], k(1)));
        return where(possible, a.sub(logGaussian(a, y, get('Mean'), get('Variance')), y));
      }
      case 'UniformDistributionForBN': {
        const [lower, upper] = [get('Lower'), get('Upper')];
        return where(between(lower, upper), a.lift('Neg', [log(a.sub(upper, lower))]));
      }
      case 'TriangularDistributionForBN': {
        // The mean of a triangle is the mean of its corners.
        const [mean, lower, upper] = [get('Mean'), get('Lower'), get('Upper')];
        const mode = a.sub(a.sub(a.mul(k(3), mean), lower), upper);
        const left = a.div(a.sub(x, lower), a.sub(mode, lower));
        const right = a.div(a.sub(upper, x), a.sub(upper, mode));
        const height = a.choose(
          [a.compare('Less', x, mode), left, a.compare('Greater', x, mode), right],
          k(1),
        );
        return where(between(lower, upper), log(a.div(a.mul(k(2), height), a.sub(upper, lower))));
      }
      default:
        return doc.refuse(d);
    }
  }

  /** The expected value of a distribution. */
  private mean(holder: Element): Value {
    const { doc, a } = this.m.world;
    const d = this.distribution(holder);
    const get = (name: string) => this.parameter(d, name);
    switch (d.name) {
      case 'NormalDistributionForBN':
      case 'TriangularDistributionForBN':
        return get('Mean');
      case 'LognormalDistributionForBN': {
        const variance = get('Variance');
        return a.lift('Exp', [a.add(get('Mean'), a.div(variance, a.like(variance, 2)))]);
      }
      case 'UniformDistributionForBN': {
        const sum = a.add(get('Lower'), get('Upper'));
        return a.div(sum, a.like(sum, 2));
      }
      default:
        return doc.refuse(d);
    }
  }

  /** The weights over their sum; missing where the evidence is impossible, or something needed is not known. */
  private shares(weights: Value, count: number): Value[] {
    const { a } = this.m.world;
    const total = a.own('Sum', [weights], { base: attr.string('first') });
    const none = a.b.op('Equal', [total, a.like(total, 0)]);
    const missing = a.or(none, ...this.unknown);
    const divisor = a.where(none, a.like(total, 1), total);
    return Array.from({ length: count }, (_, i) =>
      a.mask(a.b.op('Div', [count === 1 ? weights : a.column(weights, i), divisor]), missing),
    );
  }

  private classify(target: Node, factors: readonly Factor[]): Prediction {
    const { m } = this;
    const { doc, a } = m.world;
    const states = this.states.get(target.name) as readonly (string | number)[];
    const shares = this.shares(this.eliminated(factors, [target.name]), states.length);
    const classes = m.world.classes(target.name);
    const at = states.map((s) => classes.find(s) ?? classes.index(doc, target.tag, `${s}`));
    const first = shares[0] as Value;
    const zero = a.mask(a.constant(m.scope.real, 0), a.missing(first));
    return byProbability(
      a,
      classes,
      Array.from({ length: classes.count }, (_, c) => shares[at.indexOf(c)] ?? zero),
    );
  }

  /** The mean of the target's distribution, over what the discrete nodes that it depends on may be. */
  private expect(
    means: readonly Value[],
    parents: readonly string[],
    factors: readonly Factor[],
  ): Prediction {
    const { a } = this.m.world;
    if (parents.length === 0) return regression(means[0] as Value);
    const shares = this.shares(this.eliminated(factors, parents), means.length);
    return regression(means.map((v, i) => a.mul(v, shares[i] as Value)).reduce((x, y) => a.add(x, y)));
  }
}

const readers = new Set(['FieldRef', 'NormContinuous', 'NormDiscrete', 'Discretize', 'FieldColumnPair']);

/** Names that the expressions of a distribution read. */
const fieldsRead = (element: Element): string[] => {
  const { field } = element.attributes;
  const own = readers.has(element.name) && field !== undefined ? [field] : [];
  return [...own, ...element.children.flatMap(fieldsRead)];
};
