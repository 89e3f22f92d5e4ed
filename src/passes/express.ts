/**
 * Says a graph in the operators that a target has: `opsets` gives the version of every domain the target knows. What the
 * target understands stays as it is; all else is replaced by what it `express`es or `expand`s to, until nothing is
 * left. Keeps values.
 */
import type { Operators } from '../ir/builder.ts';
import { fail, isRefusal, type Place, PortolanError, type Refusal, refuse } from '../ir/diagnostic.ts';
import { type Model, type Node, OWN, opName, type Region, type Value } from '../ir/model.ts';
import { find, operators } from '../ops/registry.ts';
import { dead, deadNames } from './dead.ts';
import { computed } from './fold.ts';
import { fuseTrees } from './fuse.ts';
import { gapOf } from './gaps.ts';
import { plain } from './plain.ts';
import { operatorsAt, rebuild } from './rebuild.ts';
import { carried, type InForce, inForce } from './standing.ts';

export type Opsets = ReadonlyMap<string, number>;

export interface Obstacle extends Refusal {
  readonly operator: string;
  readonly at?: Place;
}

/** Operators that do what no older operator does, so that nothing can be said in its place. */
const beyond: ReadonlyMap<string, string> = new Map([
  ['StringNormalizer', 'changes the case of strings'],
  ['StringConcat', 'joins strings'],
  ['StringSplit', 'splits strings'],
  ['RegexFullMatch', 'matches strings'],
  ['ImageDecoder', 'decodes pictures'],
  ['SequenceEmpty', 'gives sequences'],
  ['SequenceConstruct', 'gives sequences'],
  ['SequenceInsert', 'gives sequences'],
  ['SequenceErase', 'gives sequences'],
  ['SequenceAt', 'takes sequences'],
  ['SequenceLength', 'takes sequences'],
  ['SplitToSequence', 'gives sequences'],
  ['ConcatFromSequence', 'takes sequences'],
  ['Optional', 'gives optionals'],
  ['OptionalGetElement', 'takes optionals'],
  ['OptionalHasElement', 'takes optionals'],
]);

/** The first opset with an operator that takes elements of a type; those not listed are from the beginning. */
const born: ReadonlyMap<string, number> = new Map([
  ['float8e4m3fn', 19],
  ['float8e4m3fnuz', 19],
  ['float8e5m2', 19],
  ['float8e5m2fnuz', 19],
  ['int4', 21],
  ['uint4', 21],
  ['float4e2m1', 23],
  ['float8e8m0', 24],
  ['int2', 25],
  ['uint2', 25],
]);

/** An input or output of the model itself of a type that the opset does not have. */
const foreign = ({ graph }: Model, opsets: Opsets): Refusal | undefined => {
  const opset = opsets.get('') ?? 0;
  for (const { name, type } of [...graph.params, ...graph.results]) {
    const since = type.kind === 'tensor' ? born.get(type.dtype) : undefined;
    if (type.kind === 'tensor' && since !== undefined && opset < since) {
      return refuse(
        'express/no-type',
        `'${name}' is ${type.dtype}, a type that opset ${opset} does not have`,
      );
    }
  }
  return undefined;
};

const missing = (node: Node, opsets: Opsets): Refusal => {
  const opset = opsets.get(node.op.domain);
  const deed = node.op.domain === '' ? beyond.get(node.op.name) : undefined;
  if (deed) return refuse('express/no-operator', `no operator of opset ${opset} ${deed}`);
  return opset === undefined
    ? refuse(
        'express/no-form',
        `the target has no operators of '${node.op.domain}', and no other form is known`,
      )
    : refuse('express/not-at-opset', `opset ${opset} has no form of its version ${node.op.since}`);
};

const anyNode = (r: Region, test: (n: Node) => boolean): boolean =>
  r.nodes.some(
    (n) => test(n) || [...n.attributes.values()].some((a) => a.kind === 'region' && anyNode(a.region, test)),
  );

const mayMiss = (r: Region): boolean =>
  anyNode(r, (n) => n.outputs.some((v) => v?.type.kind === 'tensor' && v.type.absent === 'missing'));

type Said = readonly (Value | null)[] | Refusal;

/** An operator that the target does not have yet stands in the way like any other. */
const withTarget = (say: () => Said): Said => {
  try {
    return say();
  } catch (e) {
    if (e instanceof PortolanError && e.diagnostic.rule === 'ir/unknown-operator') {
      return refuse('express/not-at-opset', `its form needs more: ${e.message} at this opset`);
    }
    throw e;
  }
};

interface Manner {
  /** What was read in ONNX is written again: only what must change does, and nothing is done for a runtime's sake. */
  readonly sparing: boolean;
}

const work = (
  model: Model,
  opsets: Opsets,
  { sparing }: Manner,
): { readonly model: Model; readonly obstacles: Obstacle[] } => {
  const obstacles = new Map<string, Obstacle>();
  // An operator of our own expresses itself at the opsets; what others become is written in the newest, which the next
  // round says in older ones.
  const target = operatorsAt(opsets);
  let making: Operators = target;
  const known: Operators = {
    ...operators,
    resolve: (domain, name, opset) => making.resolve(domain, name, opset),
    compute: (node, data) => making.compute?.(node, data),
  };
  const make = <T>(by: Operators, say: () => T): T => {
    making = sparing ? { ...by, compute: computed } : by;
    try {
      return say();
    } finally {
      making = target;
    }
  };
  // An expansion may look up what is not there and fill it in: both are said over planes.
  const given = mayMiss(model.graph);
  const idle = sparing ? deadNames(model.graph) : undefined;
  let current = sparing ? model : dead(fuseTrees(model, opsets, target));
  for (let changed = true, depth = 0; changed; depth++) {
    if (depth > 32) fail('express/depth', 'operators are expressed by each other without end');
    changed = false;
    const refusedHere = new Map<string, Obstacle>();
    const next = rebuild(
      current,
      (node, b, inputs) => {
        const moved: Node = { ...node, inputs };
        const standing = inForce(moved, opsets);
        const operator = find(node.op);
        const gap = sparing || standing.k === 'lacking' ? undefined : gapOf(node);
        const said = (): Said => {
          const expressed = make(node.op.domain === OWN ? target : operators, () =>
            operator?.express?.(moved, b, opsets),
          );
          if (expressed && !isRefusal(expressed)) return expressed;
          const elsewhere = make(operators, () => carried(moved, b, opsets));
          if (elsewhere) return elsewhere;
          const expanded = make(operators, () => operator?.expand?.(moved, b));
          return expanded ?? expressed ?? reason(standing) ?? missing(node, opsets);
        };
        const result = gap
          ? make(operators, () => gap(moved, b))
          : standing.k === 'lacking'
            ? withTarget(said)
            : standing.k === 'stamp'
              ? b.call(standing.op, inputs, {
                  attributes: standing.attributes,
                  name: node.name,
                  from: node.from,
                  outputs: node.outputs.map((o) => (o ? b.unique(o.name) : null)),
                  types: node.outputs.map((o) => o?.type),
                })
              : undefined;
        if (isRefusal(result)) {
          const operatorName = opName(node.op);
          const place = node.from[0];
          refusedHere.set(`${operatorName}\0${result.rule}\0${result.why}`, {
            operator: operatorName,
            ...result,
            ...(place && { at: place }),
          });
          return undefined;
        }
        if (result) changed = true;
        return result;
      },
      known,
    );
    for (const [key, obstacle] of refusedHere) obstacles.set(key, obstacle);
    // A refused node is kept as it is: without this the walk would try it for ever beside others that move on.
    if (changed) current = dead(given || !mayMiss(next.graph) ? next : plain(next, { edge: 'nan' }), idle);
  }
  return { model: { ...current, opsets }, obstacles: [...obstacles.values()] };
};

const reason = (standing: InForce): Refusal | undefined =>
  standing.k === 'lacking' ? standing.why : undefined;

const broad: Manner = { sparing: false };
const sparing: Manner = { sparing: true };

/** Why a target with these opsets does not take the model: one reason an operator and cause; empty if it does. */
export const obstacles = (model: Model, opsets: Opsets): readonly Obstacle[] =>
  work(model, opsets, broad).obstacles;

const done = (model: Model, opsets: Opsets, manner: Manner): Model => {
  const result = work(model, opsets, manner);
  const [first, ...rest] = result.obstacles;
  if (first) {
    const type = foreign(model, opsets);
    if (type) fail(type.rule, type.why, undefined, 'ask for a newer opset');
    fail(
      rest.some(({ rule }) => rule !== first.rule) ? 'express/refused' : first.rule,
      [first, ...rest].map((o) => `${o.operator}: ${o.why}`).join('; '),
      first.at,
      'portolan report lists where this model can go, and what is in the way of each target',
    );
  }
  return result.model;
};

/**
 * The model in the target's operators alone; throws one located error that lists every operator in the way. Sums of trees
 * become one operator (see fuse.ts), and what onnxruntime has no kernel for is said in what it has (see gaps.ts).
 */
export const express = (model: Model, opsets: Opsets): Model => done(model, opsets, broad);

/** The same of a model that was read in ONNX: nodes that the target understands stay as they were read. */
export const retarget = (model: Model, opsets: Opsets): Model => done(model, opsets, sparing);

/** Why that cannot be. */
export const retargetObstacles = (model: Model, opsets: Opsets): readonly Obstacle[] =>
  work(model, opsets, sparing).obstacles;

/** Is every operator of the model one of the target's, as it stands? */
export const isExpressed = (model: Model, opsets: Opsets): boolean =>
  !anyNode(model.graph, (n) => n.op.domain === OWN || inForce(n, opsets).k !== 'keep');
