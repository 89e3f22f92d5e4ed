/**
 * Fills that change nothing: where x is missing, everything computed from the filled x is masked again. Such is
 * `Mask(Add(Fill(x, 0), y), IsMissing(x))`, the form in which formats compute with values that may be missing.
 */
import { type Node, OWN, type Region, type Value } from '../ir/model.ts';
import { isFloat } from '../tensor/dtype.ts';

/** ONNX operators that compute element by element on floats, whatever the elements are: NaN and infinities too. */
const elementwise: ReadonlySet<string> = new Set([
  'Abs',
  'Acos',
  'Add',
  'Asin',
  'Atan',
  'Ceil',
  'Cos',
  'Cosh',
  'Div',
  'Equal',
  'Exp',
  'Floor',
  'Greater',
  'GreaterOrEqual',
  'Identity',
  'IsInf',
  'IsNaN',
  'Less',
  'LessOrEqual',
  'Log',
  'Max',
  'Min',
  'Mul',
  'Neg',
  'Not',
  'Pow',
  'Reciprocal',
  'Round',
  'Sign',
  'Sin',
  'Sinh',
  'Sqrt',
  'Sub',
  'Tan',
  'Tanh',
  'Where',
]);

const plainFloat = (v: Value): boolean =>
  v.type.kind === 'tensor' && (isFloat(v.type.dtype) || v.type.dtype === 'bool');

const isOwn = (node: Node, name: string): boolean => node.op.domain === OWN && node.op.name === name;

const sameShape = (a: Value, b: Value): boolean => {
  const [p, q] = [a, b].map((v) => (v.type.kind === 'tensor' ? v.type.dims : null));
  return !!p && !!q && p.length === q.length && p.every((d, i) => d !== null && d === q[i]);
};

/** The nodes `Fill` of a region whose filling nobody can tell. */
export const idleFills = (region: Region): ReadonlySet<Node> => {
  const makers = new Map<Value, Node>();
  const readers = new Map<Value, Node[]>();
  const results = new Set(region.results);
  for (const node of region.nodes) {
    for (const o of node.outputs) if (o) makers.set(o, node);
    const captured = [...node.attributes.values()].flatMap((a) =>
      a.kind === 'region' ? a.region.captures : [],
    );
    for (const v of new Set([...node.inputs, ...captured])) {
      if (v) readers.set(v, [...(readers.get(v) ?? []), node]);
    }
  }

  /** Is `when` true wherever x is missing? */
  const coversMissing = (when: Value | null | undefined, x: Value): boolean => {
    const node = when && makers.get(when);
    if (!node) return false;
    if (isOwn(node, 'IsMissing')) return node.inputs[0] === x;
    return node.op.domain === '' && node.op.name === 'Or' && node.inputs.some((v) => coversMissing(v, x));
  };

  const idle = (fill: Node): boolean => {
    const [x] = fill.inputs as readonly [Value];
    const [filled] = fill.outputs as readonly [Value];
    if (!sameShape(x, filled)) return false;
    const seen = new Set<Value>();
    const ahead = [filled];
    for (let v = ahead.pop(); v; v = ahead.pop()) {
      if (seen.has(v)) continue;
      seen.add(v);
      if (results.has(v) || !plainFloat(v)) return false;
      for (const node of readers.get(v) ?? []) {
        if (isOwn(node, 'Mask') && node.inputs[1] !== v && coversMissing(node.inputs[1], x)) continue;
        if (node.op.domain !== '' || !elementwise.has(node.op.name)) return false;
        for (const o of node.outputs) if (o) ahead.push(o);
      }
    }
    return true;
  };
  return new Set(region.nodes.filter((n) => isOwn(n, 'Fill') && idle(n)));
};
