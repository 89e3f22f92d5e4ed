/**
 * Says a graph in the operators that a target has: `opsets` gives the version of every domain the target knows. Our
 * own operators, and those of another opset, are replaced by what they `express` or `expand` to, until none is left.
 * Keeps values; sums of trees become one operator (see fuse.ts).
 */
import type { Operators } from '../ir/builder.ts';
import { fail, isRefusal, type Place, PortolanError, type Refusal, refuse } from '../ir/diagnostic.ts';
import { type Model, type Node, type OpId, opName, type Region, type Value } from '../ir/model.ts';
import { find, operators, resolve } from '../ops/registry.ts';
import { dead } from './dead.ts';
import { fuseTrees } from './fuse.ts';
import { gapOf } from './gaps.ts';
import { lesserForm, olderForm } from './older.ts';
import { plain } from './plain.ts';
import { operatorsAt, rebuild } from './rebuild.ts';

export type Opsets = ReadonlyMap<string, number>;

export interface Obstacle extends Refusal {
  readonly operator: string;
  readonly at?: Place;
}

/** Operators that an opset took away without another version: domain, name, first opset without it. */
const removed = new Map([
  ['Upsample', 10],
  ['Scatter', 11],
  ['ai.onnx.ml.TreeEnsembleClassifier', 5],
  ['ai.onnx.ml.TreeEnsembleRegressor', 5],
]);

type Status = { readonly k: 'keep' } | { readonly k: 'stamp'; readonly op: OpId } | { readonly k: 'rewrite' };

const keep: Status = { k: 'keep' };
const rewrite: Status = { k: 'rewrite' };

/** Does the target have this node, under another version number perhaps? */
const status = (node: Node, opsets: Opsets): Status => {
  const { op } = node;
  const opset = opsets.get(op.domain);
  if (opset === undefined || opset >= (removed.get(opName(op)) ?? Infinity)) return rewrite;
  const inForce = resolve(op.domain, op.name, opset);
  if (!inForce) return rewrite;
  if (inForce.since === op.since) return keep;
  return find(inForce) === find(op) ? { k: 'stamp', op: inForce } : rewrite;
};

const missing = (node: Node, opsets: Opsets): Refusal => {
  const opset = opsets.get(node.op.domain);
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

const work = (model: Model, opsets: Opsets): { readonly model: Model; readonly obstacles: Obstacle[] } => {
  const obstacles = new Map<string, Obstacle>();
  // An operator expresses itself at the opsets; an expansion is written in the newest, which the next round says in older ones.
  const target = operatorsAt(opsets);
  let inForce = target;
  const known: Operators = {
    infer: operators.infer,
    resolve: (domain, name, opset) => inForce.resolve(domain, name, opset),
  };
  const newest = <T>(expand: () => T): T => {
    inForce = operators;
    try {
      return expand();
    } finally {
      inForce = target;
    }
  };
  // An expansion may look up what is not there and fill it in: both are said over planes.
  const given = mayMiss(model.graph);
  let current = dead(fuseTrees(model, opsets, operatorsAt(opsets)));
  for (let changed = true, depth = 0; changed; depth++) {
    if (depth > 32) fail('express/depth', 'operators are expressed by each other without end');
    changed = false;
    const refusedHere = new Map<string, Obstacle>();
    const next = rebuild(
      current,
      (node, b, inputs) => {
        const moved: Node = { ...node, inputs };
        const s = status(node, opsets);
        const operator = find(node.op);
        const gap = s.k === 'rewrite' ? undefined : gapOf(node);
        const lesser = s.k === 'rewrite' ? undefined : lesserForm(node, opsets);
        const said = (): Said => {
          const expressed = operator?.express?.(moved, b, opsets);
          if (expressed) return expressed;
          const older = olderForm(node)?.(moved, b, opsets);
          if (older && !isRefusal(older)) return older;
          return newest(() => operator?.expand?.(moved, b)) ?? older ?? missing(node, opsets);
        };
        const result = gap
          ? newest(() => gap(moved, b))
          : lesser
            ? lesser(moved, b, opsets)
            : s.k === 'rewrite'
              ? withTarget(said)
              : s.k === 'stamp'
                ? b.call(s.op, inputs, {
                    attributes: node.attributes,
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
    if (changed) current = dead(given || !mayMiss(next.graph) ? next : plain(next, { edge: 'nan' }));
  }
  return { model: { ...current, opsets }, obstacles: [...obstacles.values()] };
};

/** Why a target with these opsets does not take the model: one reason an operator and cause; empty if it does. */
export const obstacles = (model: Model, opsets: Opsets): readonly Obstacle[] => work(model, opsets).obstacles;

/** The model in the target's operators alone; throws one located error that lists every operator in the way. */
export const express = (model: Model, opsets: Opsets): Model => {
  const done = work(model, opsets);
  const [first, ...rest] = done.obstacles;
  if (first) {
    fail(
      rest.length ? 'express/refused' : first.rule,
      [first, ...rest].map((o) => `${o.operator}: ${o.why}`).join('; '),
      first.at,
      'portolan report lists where this model can go, and what is in the way of each target',
    );
  }
  return done.model;
};

/** Is every operator of the model one of the target's, as it stands? */
export const isExpressed = (model: Model, opsets: Opsets): boolean =>
  !anyNode(model.graph, (n) => status(n, opsets).k !== 'keep');
