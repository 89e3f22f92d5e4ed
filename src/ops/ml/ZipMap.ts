import { tensorType } from '../../ir/model.ts';
import { type Mapping, sequence } from '../../tensor/datum.ts';
import { scalar, tensorOf } from '../../tensor/tensor.ts';
import { asTensor } from '../onnx/bodies.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { ML } from './build.ts';
import { labelsOf } from './classLabels.ts';

/**
 * A map from class label to score for every row of `[N, labels]`; a vector is one row. Readers take it off: its labels name the
 * columns of its input. ai.onnx.ml, ZipMap.
 */
export const ZipMap: Operator = {
  domain: ML,
  name: 'ZipMap',
  since: [1],
  infer: (node) => {
    const labels = labelsOf(node, 'classlabels_int64s');
    const width = tensorInput(node, 0, ['float32']).dims?.at(-1);
    if (typeof width === 'number' && width !== labels.values.length) {
      refused(node, `it has ${labels.values.length} labels for ${width} columns`);
    }
    return [{ kind: 'sequence', of: { kind: 'map', key: labels.dtype, of: tensorType('float32', []) } }];
  },
  apply: ([scores], node) => {
    const { dims, data } = asTensor(node, 'input 0', scores);
    const { dtype, values } = labelsOf(node, 'classlabels_int64s');
    const width = values.length;
    if (dims.length < 1 || dims.length > 2 || dims.at(-1) !== width) {
      refused(node, `its input is [${dims}], and it has ${width} labels`);
    }
    if (new Set(values.map(String)).size < width) refused(node, 'a label stands twice');
    const keys = tensorOf(dtype, [width], values);
    const row = (r: number): Mapping => ({
      kind: 'map',
      keys,
      values: values.map((_, c) => scalar('float32', data[r * width + c] as number)),
    });
    return [sequence(Array.from({ length: dims.length === 1 ? 1 : (dims[0] as number) }, (_, r) => row(r)))];
  },
};
