/** The operator sets that a model or a function imports. */
import { fail, type Place } from '../../src/ir/diagnostic.ts';
import { domainName, domainOf } from './identifiers.ts';
import type { ModelProto } from './schema.ts';

/** The newest opsets there are meanings for. */
const newestOpset: ReadonlyMap<string, number> = new Map([
  ['', 28],
  ['ai.onnx.ml', 5],
  ['ai.onnx.preview', 1],
  ['ai.onnx.preview.training', 1],
]);

/** Versions by domain. Throws a located error where a version is none, is not known yet, or contradicts another. */
export const opsetsOf = (imports: ModelProto['opset_import'], at: Place): ReadonlyMap<string, number> => {
  const opsets = new Map<string, number>();
  for (const { domain, version } of imports ?? []) {
    const key = domainOf(domain);
    const name = domainName(key);
    const opset = Number(version ?? 0);
    const newest = newestOpset.get(key) ?? Number.MAX_SAFE_INTEGER;
    if (opsets.has(key) && opsets.get(key) !== opset) {
      fail(
        'onnx/opset-import',
        `two versions of '${name}' are imported`,
        at,
        'keep the one that the nodes mean',
      );
    }
    if (!(opset >= 1)) {
      fail('onnx/opset-import', `there is no opset ${opset} of '${name}'`, at, 'versions begin with 1');
    }
    if (opset > newest) {
      fail(
        'onnx/opset-import',
        `opset ${opset} of '${name}' is newer than ${newest}, the newest known here`,
        at,
        'update portolan, or save the model at an older opset',
      );
    }
    opsets.set(key, opset);
  }
  return opsets;
};
