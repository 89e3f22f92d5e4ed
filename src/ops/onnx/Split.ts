import { attr, intOf, intsOf } from '../../ir/attributes.ts';
import type { Known } from '../../ir/builder.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import type { Elements } from '../../ir/elements.ts';
import { type Node, type TensorType, tensorType } from '../../ir/model.ts';
import type { Lowered } from '../../kernel/row.ts';
import { countOf, type Tensor, zeros } from '../../tensor/tensor.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { axisOf, dimsOf, ints, knownExtents, knownInts, rowsUnless } from './axes.ts';
import { whereHeld } from './carriers.ts';
import { constantInts, earlier } from './earlier.ts';
import { movedElements } from './elements.ts';
import { attributesBut, finish, vector } from './expansion.ts';
import { copyRuns, takeRow } from './take.ts';

/** Equal parts of an extent, the last one smaller where it does not divide. */
const equalParts = (extent: number, parts: number): number[] => {
  const size = Math.ceil(extent / parts);
  return Array.from({ length: parts }, (_, i) => Math.max(Math.min(size, extent - i * size), 0));
};

/** How long each part is: as given, or equal ones, as many as there are outputs. */
const sizes = (node: Node, extent: number, given: readonly number[] | undefined): readonly number[] => {
  const parts = given ?? equalParts(extent, intOf(node, 'num_outputs', node.outputs.length));
  const all = parts.reduce((a, b) => a + b, 0);
  if (parts.length !== node.outputs.length) {
    refused(node, `it makes ${parts.length} parts for ${node.outputs.length} outputs`);
  }
  return all === extent && parts.every((p) => p >= 0)
    ? parts
    : refused(node, `parts of ${parts} do not make up an axis of extent ${extent}`);
};

/** `given` undefined: equal parts are asked for. */
const inferParts = (node: Node, given: Elements | undefined): readonly TensorType[] => {
  const { dtype, dims } = tensorInput(node, 0);
  if (dims === null) return node.outputs.map(() => tensorType(dtype, null));
  const axis = axisOf(node, dims.length, 0);
  const extent = dims[axis];
  const known = given === undefined || given.every((p) => typeof p === 'number');
  if (typeof extent === 'number' && known) {
    const parts = sizes(node, extent, given as readonly number[] | undefined);
    return parts.map((p) => tensorType(dtype, dims.with(axis, p)));
  }
  // One part alone is all of it, and nothing has parts without elements only.
  const last = node.outputs.length === 1 || extent === 0 ? extent : undefined;
  return node.outputs.map((_, i) => tensorType(dtype, dims.with(axis, given?.[i] ?? last ?? null)));
};

const sizesInput = (node: Node, known: Known): Elements | undefined =>
  node.inputs[1]
    ? (knownInts(node, 1, known) ?? knownExtents(node, 1, known) ?? node.outputs.map(() => null))
    : undefined;

/** Version 13 counted its outputs, without a word. */
const counted: NonNullable<Operator['expand']> = (node, b) =>
  finish(
    node,
    b,
    'Split',
    node.inputs,
    attributesBut(node, [], node.inputs[1] ? {} : { num_outputs: attr.int(node.outputs.length) }),
  );

/** The input cut into parts along `axis`. ONNX Operators, Split. */
export const Split: readonly Operator[] = [
  {
    domain: '',
    name: 'Split',
    since: [18],
    infer: (node, known) => inferParts(node, sizesInput(node, known)),
    elements: movedElements(0),
    evaluate: ([x, split], node) => {
      const t = x as Tensor;
      const axis = axisOf(node, t.dims.length, 0);
      const extent = t.dims[axis] as number;
      const inner = countOf(t.dims.slice(axis + 1));
      const outer = countOf(t.dims.slice(0, axis));
      let at = 0;
      return sizes(node, extent, ints(split)).map((part) => {
        const out = zeros(t.dtype, t.dims.with(axis, part));
        const run = part * inner;
        copyRuns(
          { to: out, at: 0, step: run },
          { from: t, start: at * inner, step: extent * inner },
          run,
          outer,
        );
        at += part;
        return out;
      });
    },
    lower: (node, inputs) => {
      const x = inputs[0] as Lowered;
      const axis = axisOf(node, x.dims.length + 1, 0) - 1;
      const extent = x.dims[axis] as number;
      const inner = countOf(x.dims.slice(axis + 1));
      const outer = countOf(x.dims.slice(0, axis));
      let at = 0;
      return node.outputs.map((v) => {
        const part = Number(dimsOf(v)?.[axis + 1]);
        const map: number[] = [];
        for (let o = 0; o < outer; o++) {
          for (let i = 0; i < part * inner; i++) map.push((o * extent + at) * inner + i);
        }
        at += part;
        return takeRow(x, x.dims.with(axis, part), map);
      });
    },
    express: (node, b, opsets) => {
      const dims = dimsOf(node.inputs[0]);
      const extent = dims?.[axisOf(node, dims.length, 0)];
      const [x = null] = node.inputs;
      const axis = attributesBut(node, ['num_outputs']);
      // Their number came with 18: equal parts need no word, others are spelled out.
      const parts = node.inputs[1] || typeof extent !== 'number' ? undefined : sizes(node, extent, undefined);
      const equal = parts ? new Set(parts).size < 2 : node.inputs[1] ? false : undefined;
      if (equal === undefined && node.attributes.has('num_outputs')) {
        return refuse(
          'express/extent',
          'whether the parts are equal is not known: the extent of the axis is not',
        );
      }
      const given = node.inputs[1] ?? null;
      if ((opsets.get('') ?? 0) >= 13) {
        const split = given ?? (equal || !parts ? null : vector(b, parts));
        return earlier(node, b, opsets, split ? [x, split] : [x], axis);
      }
      const list = given ? constantInts(node, b, 1) : equal ? undefined : parts;
      if (isRefusal(list)) return list;
      return earlier(node, b, opsets, [x], list ? { ...axis, split: attr.ints(list) } : axis);
    },
    carriers: whereHeld,
    rows: (node) => rowsUnless(node, [intOf(node, 'axis', 0)]),
  },
  {
    domain: '',
    name: 'Split',
    since: [13],
    infer: (node, known) => inferParts(node, sizesInput(node, known)),
    expand: counted,
  },
  {
    domain: '',
    name: 'Split',
    // Until 13 the sizes were an attribute; version 1 had them as an input or an attribute.
    since: [1, 2, 11],
    infer: (node, known) => inferParts(node, intsOf(node, 'split') ?? sizesInput(node, known)),
    expand: (node, b) => {
      const given = intsOf(node, 'split');
      return finish(
        node,
        b,
        'Split',
        [node.inputs[0] ?? null, given ? vector(b, given) : (node.inputs[1] ?? null)],
        attributesBut(
          node,
          ['split'],
          given || node.inputs[1] ? {} : { num_outputs: attr.int(node.outputs.length) },
        ),
      );
    },
  },
];
