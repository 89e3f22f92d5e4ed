import { attr, regionOf } from '../../ir/attributes.ts';
import { inlineRegion } from '../../ir/copy.ts';
import { type Node, type Type, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { type Datum, isTensor, sequence } from '../../tensor/datum.ts';
import { type Operator, refused } from '../operator.ts';
import { checkArity } from './bodies.ts';
import { numberOfDtype } from './constraints.ts';
import { finish } from './expansion.ts';
import { asSequence, itemType } from './sequences.ts';

/** What the body takes of each input: an item of a sequence, a tensor as a whole. */
const taken = (node: Node): Type[] =>
  node.inputs.map((v, i) => {
    const type = v?.type ?? refused(node, `input ${i} is missing`);
    return i === 0 || type.kind === 'sequence' ? itemType(node, i) : type;
  });

/**
 * The body's results for every item of a sequence, beside further sequences of the same length, and tensors that are the same for all
 * items. ONNX Operators, SequenceMap.
 */
export const SequenceMap: Operator = {
  domain: '',
  name: 'SequenceMap',
  since: [17],
  bodies: (node) => new Map([['body', { params: taken(node) }]]),
  infer: (node) => {
    const body = regionOf(node, 'body');
    checkArity(node, 'body', body, node.inputs.length, node.outputs.length);
    return body.results.map((r) => ({ kind: 'sequence', of: r.type }));
  },
  apply: (inputs, node, scope) => {
    const body = regionOf(node, 'body');
    const count = asSequence(node, inputs[0]).items.length;
    const pick = inputs.map((d, i): ((at: number) => Datum) => {
      if (d && isTensor(d) && i > 0) return () => d;
      const { items } = asSequence(node, d, i);
      if (items.length !== count) refused(node, `input ${i} has ${items.length} items, input 0 has ${count}`);
      return (at) => items[at] as Datum;
    });
    const results = body.results.map((): Datum[] => []);
    for (let at = 0; at < count; at++) {
      scope.repeat(node);
      scope
        .run(
          body,
          pick.map((p) => p(at)),
        )
        .forEach((d, i) => {
          results[i]?.push(d);
        });
    }
    return results.map(sequence);
  },
  /** A Loop over the places of the sequence. */
  express: (node, b) => {
    const types = taken(node);
    const body = regionOf(node, 'body');
    const outputs = body.results.map(({ type }): Type => ({ kind: 'sequence', of: type }));
    const began = body.results.map(({ type, name }) => {
      const dtype = type.kind === 'tensor' ? type.dtype : refused(node, `its result '${name}' is no tensor`);
      return b.op('SequenceEmpty', [], { dtype: attr.int(numberOfDtype(dtype)) });
    });
    const inner = b.inner();
    const at = inner.input(inner.unique('at'), tensorType('int64', []));
    const going = inner.input(inner.unique('going'), tensorType('bool', []));
    const sofar = outputs.map((t, i) =>
      inner.input(inner.unique(`results_${i}`), widest(began[i] as Value, t)),
    );
    const items = types.map((_, i) => {
      const v = node.inputs[i] as Value;
      return v.type.kind === 'sequence' ? inner.op('SequenceAt', [v, at]) : v;
    });
    const results = inlineRegion(body, inner, items);
    const grown = sofar.map((s, i) => inner.op('SequenceInsert', [s, results[i] as Value]));
    const region = inner.finish([inner.op('Identity', [going]), ...grown]);
    const count = b.op('SequenceLength', [node.inputs[0] as Value]);
    const yes = b.constant(constant('bool', [true], []));
    return finish(node, b, 'Loop', [count, yes, ...began], { body: attr.region(region) });
  },
};

/** The sequence as it begins: its items may be of any shape. */
const widest = (empty: Value, t: Type): Type => (empty.type.kind === 'sequence' ? empty.type : t);
