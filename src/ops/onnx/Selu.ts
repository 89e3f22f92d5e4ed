import type { Operator } from '../operator.ts';
import { activation, type Steps } from './activation.ts';

const selu =
  (alphaDefault: number, gammaDefault: number) =>
  ({ x, number, attribute, call }: Steps) => {
    const [alpha, gamma] = [attribute('alpha', alphaDefault), attribute('gamma', gammaDefault)];
    const below = call('Mul', gamma, call('Sub', call('Mul', alpha, call('Exp', x)), alpha));
    return ['Where', call('Less', x, number(0)), below, call('Mul', gamma, x)] as const;
  };

/** gamma * (alpha * e^x - alpha) below 0, else gamma * x. Version 1 had shorter defaults. ONNX Operators, Selu. */
export const Selu: readonly Operator[] = [
  activation('Selu', [6, 22], selu(1.6732631921768188, 1.0507010221481323)),
  activation('Selu', [1], selu(1.6732, 1.0507)),
];
