import { intsOf, predicatesOf } from '../../ir/attributes.ts';
import { isRefusal, refuse } from '../../ir/diagnostic.ts';
import { type Node, OWN, tensorType, type Value } from '../../ir/model.ts';
import { mayBeUnknown, TRUE, UNKNOWN } from '../../ir/predicates.ts';
import { tensor } from '../../tensor/tensor.ts';
import { planesOf } from '../ensemble/planes.ts';
import { Truths } from '../ensemble/truth.ts';
import { concat, literal } from '../ml/build.ts';
import { type Operator, type Plane, refused } from '../operator.ts';
import { givenColumns, inferColumns, withPlanes } from './columns.ts';
import { trimmed, withPlanesBehind } from './planes.ts';
import { Block, blockRows, prepare } from './predicate.ts';
import { reading, slotFor, testedColumns } from './rows.ts';
import { everywhere } from './where.ts';

/** The predicates asked for. */
const rowsOf = (node: Node): readonly number[] =>
  intsOf(node, 'rows') ?? refused(node, 'it lacks the attribute rows: which predicates to evaluate');

/**
 * Rows of the predicate table evaluated on the columns: bool `[N, rows]`, missing where UNKNOWN. With planes the result is
 * two: whether the predicate is TRUE, whether it is UNKNOWN.
 */
export const Test: Operator = {
  domain: OWN,
  name: 'Test',
  since: [1],
  infer: (node) => {
    const { rows, columns, predicates } = inferColumns(node);
    const asked = rowsOf(node);
    for (const p of asked) {
      if (!(Number.isInteger(p) && p >= 0 && p < predicates.kind.length)) {
        refused(node, `it asks for predicate ${p} of ${predicates.kind.length}`);
      }
    }
    const dims = [rows, asked.length];
    if (withPlanes(node)) return [tensorType('bool', dims), tensorType('bool', dims)];
    const may = mayBeUnknown(predicates, columns);
    return [tensorType('bool', dims, asked.some((p) => may[p]) ? 'missing' : 'never')];
  },
  evaluate: (inputs, node) => {
    const asked = rowsOf(node);
    const { rows, columns } = givenColumns(inputs, node);
    const block = new Block(
      prepare(
        predicatesOf(node),
        columns.map((c) => c.dtype),
      ),
    );
    const width = asked.length;
    const truth = new Uint8Array(rows * width);
    const unknown = new Uint8Array(rows * width);
    const all = Int32Array.from({ length: Math.min(rows, blockRows) }, (_, i) => i);
    const results = new Uint8Array(blockRows);
    let any = false;
    for (let from = 0; from < rows; from += blockRows) {
      const here = Math.min(blockRows, rows - from);
      block.fill(columns, from, here);
      asked.forEach((p, k) => {
        block.test(p, all, 0, here, results);
        for (let i = 0; i < here; i++) {
          const to = (from + i) * width + k;
          if (results[i] === TRUE) truth[to] = 1;
          else if (results[i] === UNKNOWN) {
            unknown[to] = 1;
            any = true;
          }
        }
      });
    }
    const dims = [rows, width];
    if (withPlanes(node)) return [tensor('bool', dims, truth), tensor('bool', dims, unknown)];
    return [tensor('bool', dims, truth, any ? unknown : undefined)];
  },
  plain: (node, b, inputs) => {
    const columns = trimmed(predicatesOf(node), inputs as readonly Plane[]);
    const [out] = node.outputs as readonly [Value];
    const never = out.type.kind === 'tensor' && out.type.absent === 'never';
    const outputs = [out, never ? null : { ...out, name: `${out.name}.unknown` }];
    const [truth, unknown] = withPlanesBehind({ ...node, outputs }, b, columns);
    return [{ data: truth as Value, missing: unknown as Value | null, under: 'zero' }];
  },
  express: (node, b, opsets) => {
    const columns = planesOf(node, b);
    if (isRefusal(columns)) return columns;
    const truths = new Truths(b, predicatesOf(node), columns, opsets);
    const all = rowsOf(node).map((p) => truths.of(p));
    const truth = concat(
      b,
      all.map((t) => t.truth),
    );
    if (!withPlanes(node)) {
      return all.some((t) => t.unknown)
        ? refuse('express/missing', 'its result may be UNKNOWN, which ONNX cannot hold')
        : [truth];
    }
    const never = () => everywhere(b, (columns[0] as Plane).data, literal(b, 'bool', 0));
    const unknown = () =>
      concat(
        b,
        all.map((t) => t.unknown ?? never()),
      );
    return [truth, node.outputs[1] ? unknown() : null];
  },
  lower: (node, inputs, to) => {
    const rows = rowsOf(node);
    const truth = slotFor(node, 0, 'bool', rows.length);
    const unknown = slotFor(node, 0, 'bool', rows.length, '.unknown');
    to.statement({
      k: 'test',
      truth,
      unknown,
      predicates: predicatesOf(node),
      rows,
      columns: testedColumns(node, inputs),
    });
    return withPlanes(node) ? [reading(truth), reading(unknown)] : [reading(truth)];
  },
  rows: () => 'each',
};
