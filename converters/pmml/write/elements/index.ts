/** The elements that a part of a graph can become, in the order in which they are tried. */
import { NearestNeighborModel } from './NearestNeighborModel.ts';
import { NeuralNetwork } from './NeuralNetwork.ts';
import type { Recognise } from './part.ts';
import { RegressionModel } from './RegressionModel.ts';
import { SupportVectorMachineModel } from './SupportVectorMachineModel.ts';

export const recognisers: readonly Recognise[] = [
  NearestNeighborModel,
  NeuralNetwork,
  RegressionModel,
  SupportVectorMachineModel,
];
