/** Attributes as such: whatever the operator, a name, a type, and one value of that type. */
import { fail, type Place } from '../../../src/ir/diagnostic.ts';
import { fieldOf, kindOf } from '../attributes.ts';
import type { AttributeProto, GraphProto } from '../schema.ts';
import { typeOf } from '../types.ts';
import type { Context, Scope } from './context.ts';
import { checkSparse, checkTensor } from './tensors.ts';

/** Attributes whose value cannot be a default that a writer leaves out. */
const held: ReadonlySet<string> = new Set(['TENSOR', 'SPARSE_TENSOR', 'GRAPH', 'TYPE_PROTO']);

/** `body` checks a graph that an attribute holds. */
export const checkAttributes = (
  attributes: readonly AttributeProto[],
  scope: Scope,
  at: Place,
  context: Context,
  body: (graph: GraphProto, attribute: string) => void,
): void => {
  const seen = new Set<string>();
  for (const a of attributes) {
    const { name } = a;
    context.findings.attempt(() => {
      if (!name) return fail('onnx/required', 'an attribute has no name', at, 'name it');
      if (seen.has(name)) {
        fail('onnx/duplicate-attribute', `the attribute '${name}' stands twice`, at, 'keep one of them');
      }
      seen.add(name);
      checkAttribute(a, name, scope, at, context, body);
    });
  }
};

const checkAttribute = (
  a: AttributeProto,
  name: string,
  scope: Scope,
  at: Place,
  context: Context,
  body: (graph: GraphProto, attribute: string) => void,
): void => {
  if (context.irVersion >= 2 && !a.type) {
    fail('onnx/attribute-type', `the attribute '${name}' has no type`, at, 'IR versions from 2 on say it');
  }
  if (a.ref_attr_name) {
    checkReference(a, name, scope, at);
    return;
  }
  const kind = kindOf(a, at);
  if (held.has(kind) && a[fieldOf[kind]] === undefined) {
    fail(
      'onnx/attribute-value',
      `the attribute '${name}' is a ${kind} and holds none`,
      at,
      'give its value, or leave the attribute out',
    );
  }
  for (const t of [a.t, ...(a.tensors ?? [])]) if (t) checkTensor(t, at, context);
  for (const s of [a.sparse_tensor, ...(a.sparse_tensors ?? [])]) if (s) checkSparse(s, at, context);
  for (const t of [a.tp, ...(a.type_protos ?? [])]) if (t) typeOf(t, at);
  for (const g of [a.g, ...(a.graphs ?? [])]) if (g) body(g, name);
};

/** A value that the call of a function gives. */
const checkReference = (a: AttributeProto, name: string, scope: Scope, at: Place): void => {
  if (!scope.inFunction) {
    fail(
      'onnx/attribute-reference',
      `'${name}' refers to an attribute outside of a function`,
      at,
      'only the body of a function has attributes to refer to',
    );
  }
  if (Object.values(fieldOf).some((field) => a[field] !== undefined)) {
    fail(
      'onnx/attribute-reference',
      `'${name}' refers to an attribute and has a value too`,
      at,
      'keep one of them',
    );
  }
};
