/**
 * Is a decoded model sound? Everything that onnx's checker asks, and what it leaves to those who run the model: required
 * fields, imports, operators, attributes, names, tensors, external data, functions, loops, trees. Every model passes here
 * before it is built, and before a native runtime sees it. The time is linear in the file's structure.
 */
import { type Diagnostic, fail, type Place, PortolanError } from '../../src/ir/diagnostic.ts';
import type { Context } from './check/context.ts';
import { Findings } from './check/findings.ts';
import { checkFunctions } from './check/functions.ts';
import { checkGraph } from './check/graph.ts';
import { exactBudget, quickBudget } from './check/tensors.ts';
import { domainOf, functionKey } from './identifiers.ts';
import { opsetsOf } from './imports.ts';
import type { FunctionProto, ModelProto } from './schema.ts';
import type { External } from './tensors.ts';

const newestIr = 14;
const mostFunctions = 10_000;

interface Options {
  /** Count the elements of large blocks of varints too, which reads them. */
  readonly exact?: boolean;
}

declare const passed: unique symbol;

/** A model that the check found sound: nothing else goes to a native runtime. */
export type CheckedModel = ModelProto & { readonly [passed]: true };

/** Everything wrong with a model, and warnings; empty where it is all that the standard asks. */
export const findingsOf = (
  model: ModelProto,
  file: string,
  external: External,
  options: Options = {},
): readonly Diagnostic[] => Findings.of((findings) => check(model, file, external, options, findings));

/** Throws the errors found, the first of them ahead; tells warnings to `warn`. */
export function checkModel(
  model: ModelProto,
  file: string,
  external: External,
  options: Options = {},
  warn: (warning: Diagnostic) => void = () => {},
): asserts model is CheckedModel {
  const found = findingsOf(model, file, external, options);
  const [first, ...others] = found.filter((d) => d.severity === 'error');
  if (first) throw new PortolanError(first, others);
  found.forEach(warn);
}

const check = (
  model: ModelProto,
  file: string,
  external: External,
  { exact = false }: Options,
  findings: Findings,
): void => {
  const at: Place = { file, at: '' };
  findings.attempt(() => {
    const irVersion = irVersionOf(model, at);
    const opsets = importsOf(model, irVersion, at);
    checkMetadata(model, at, findings);
    if (!model.graph) return fail('onnx/required', 'the model has no graph', at, 'is this a whole model?');
    const functions = functionsOf(model, at);
    const context: Context = {
      file,
      irVersion,
      external,
      functions,
      opsets: new Map([...functionImports(model), ...opsets]),
      findings,
      exact,
      budget: { elements: exact ? exactBudget : quickBudget },
    };
    checkGraph(model.graph, null, opsets, '', context);
    checkFunctions(model.functions ?? [], model.graph, context);
  });
};

const irVersionOf = (model: ModelProto, at: Place): number => {
  if (model.ir_version === undefined) {
    fail('onnx/required', 'the model has no ir_version: is this ONNX?', at, 'save the model again');
  }
  const ir = Number(model.ir_version);
  if (!(ir >= 1)) fail('onnx/ir-version', `there is no IR version ${ir}`, at, 'save the model again');
  if (ir > newestIr) {
    fail(
      'onnx/ir-version',
      `IR version ${ir} is newer than ${newestIr}, the newest known here`,
      at,
      'update portolan',
    );
  }
  return ir;
};

/** Before IR version 3 a model imports nothing: opset 1 is meant. */
const importsOf = (model: ModelProto, irVersion: number, at: Place): ReadonlyMap<string, number> => {
  const imports = model.opset_import ?? [];
  if (irVersion >= 3 && imports.length === 0) {
    fail('onnx/opset-import', 'no operator set is imported', at, 'import the one that the nodes are of');
  }
  if (irVersion < 3 && imports.length > 0) {
    fail(
      'onnx/opset-import',
      'IR versions before 3 import no operator sets',
      at,
      'raise the IR version to 3',
    );
  }
  if (irVersion < 3) return new Map([['', 1]]);
  return opsetsOf(imports, at);
};

const checkMetadata = (model: ModelProto, at: Place, findings: Findings): void => {
  const keys = new Set<string>();
  for (const { key = '' } of model.metadata_props ?? []) {
    if (keys.has(key)) {
      findings.error('onnx/metadata-key', `the metadata key '${key}' stands twice`, at, 'keep one of them');
    }
    keys.add(key);
  }
};

const functionsOf = (model: ModelProto, at: Place): ReadonlyMap<string, FunctionProto> => {
  const list = model.functions ?? [];
  if (list.length > mostFunctions) {
    const message = `the model has ${list.length} functions; ${mostFunctions} is the limit`;
    fail('onnx/too-many-functions', message, at, 'inline some of them');
  }
  const table = new Map<string, FunctionProto>();
  for (const f of list) {
    const key = functionKey(domainOf(f.domain), f.name ?? '', f.overload);
    if (!table.has(key)) table.set(key, f);
  }
  return table;
};

/** Versions that functions import of domains that the model does not: the first to say so is held to be the model's. */
const functionImports = (model: ModelProto): ReadonlyMap<string, number> => {
  const opsets = new Map<string, number>();
  for (const f of model.functions ?? []) {
    for (const { domain, version } of f.opset_import ?? []) {
      const key = domainOf(domain);
      if (!opsets.has(key)) opsets.set(key, Number(version ?? 0));
    }
  }
  return opsets;
};
