import { attr, floatOf, floatsOf, stringOf } from '../../ir/attributes.ts';
import { type Dim, type Node, tensorType, type Value } from '../../ir/model.ts';
import { constant } from '../../tensor/data.ts';
import { type Operator, refused, tensorInput } from '../operator.ts';
import { knownInts } from './axes.ts';
import { earlier } from './earlier.ts';
import { finish } from './expansion.ts';

/** An extent scaled, in the double precision that Resize has it in. */
const scaled = (dims: readonly Dim[] | null, scales: ArrayLike<number> | undefined): readonly Dim[] | null =>
  dims?.map((d, i) => {
    const scale = scales?.[i];
    if (scale === 1) return d;
    return typeof d === 'number' && scale !== undefined ? Math.floor(d * scale) : null;
  }) ?? null;

const check = (node: Node, dims: readonly Dim[] | null, scales: ArrayLike<number> | undefined): void => {
  if (!scales) return;
  if (dims !== null && scales.length !== dims.length)
    refused(node, `${scales.length} scales for ${dims.length} axes`);
  if (!Array.from(scales).every((s) => s >= 1 && s < Infinity))
    refused(node, `the scales [${Array.from(scales)}] must be 1 or greater`);
};

const form = (
  since: readonly number[],
  modes: Readonly<Record<string, string>>,
  scalesOf: (node: Node) => ArrayLike<number> | undefined,
): Operator => ({
  domain: '',
  name: 'Upsample',
  since,
  infer: (node, known) => {
    const { dtype, dims } = tensorInput(node, 0);
    if (!scalesOf(node)) tensorInput(node, 1, ['float32']);
    const scales = scalesOf(node) ?? knownInts(node, 1, known);
    check(node, dims, scales);
    modeOf(node, modes);
    return [tensorType(dtype, scaled(dims, scales))];
  },
  express: (node, b, opsets) => {
    const opset = opsets.get('') ?? 0;
    const own = scalesOf(node);
    // Nothing shrinks here: the Resize of version 10 is the same.
    if (opset !== 10) return undefined;
    const scales = own ? b.constant(constant('float32', own)) : (node.inputs[1] as Value);
    return earlier(
      node,
      b,
      opsets,
      [node.inputs[0] as Value, scales],
      { mode: attr.string(modeOf(node, modes)) },
      'Resize',
    );
  },
  expand: (node, b) => {
    const own = scalesOf(node);
    const scales: Value = own ? b.constant(constant('float32', own)) : (node.inputs[1] as Value);
    return finish(node, b, 'Resize', [node.inputs[0] ?? null, null, scales], {
      mode: attr.string(modeOf(node, modes)),
      coordinate_transformation_mode: attr.string('asymmetric'),
      nearest_mode: attr.string('floor'),
    });
  },
});

/** The mode by Resize's name. */
const modeOf = (node: Node, modes: Readonly<Record<string, string>>): string => {
  const mode = stringOf(node, 'mode', 'nearest');
  return Object.hasOwn(modes, mode) ? (modes[mode] as string) : refused(node, `there is no mode '${mode}'`);
};

const modes = { nearest: 'nearest', linear: 'linear' };

/**
 * Every axis longer by its scale: elements repeated, or means of neighbours. Resize with the coordinates i / scale, moved
 * down to the nearest element. ONNX Operators, Upsample. 1: the scales of height and width; 7: an attribute; 9: an input;
 * 10 deprecates it.
 */
export const Upsample: readonly Operator[] = [
  form([9, 10], modes, () => undefined),
  form([7], modes, (node) => floatsOf(node, 'scales') ?? refused(node, 'scales is missing')),
  form([1], { nearest: 'nearest', bilinear: 'linear' }, (node) => [
    1,
    1,
    floatOf(node, 'height_scale'),
    floatOf(node, 'width_scale'),
  ]),
];
