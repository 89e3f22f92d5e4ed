/** Operators of ai.onnx.preview.training, one line each. */
import type { Operator } from '../operator.ts';
import { Adagrad } from './Adagrad.ts';
import { Adam } from './Adam.ts';
import { Gradient } from './Gradient.ts';
import { Momentum } from './Momentum.ts';

export const training: readonly Operator[] = [Adagrad, Adam, Gradient, Momentum];
