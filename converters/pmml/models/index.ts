/** The model elements that are read: one file each. */
import type { ModelElement } from '../model.ts';
import { miningModel } from './MiningModel.ts';
import { naiveBayesModel } from './NaiveBayesModel.ts';
import { neuralNetwork } from './NeuralNetwork.ts';
import { regressionModel } from './RegressionModel.ts';
import { treeModel } from './TreeModel.ts';

export const models: readonly ModelElement[] = [
  miningModel,
  naiveBayesModel,
  neuralNetwork,
  regressionModel,
  treeModel,
];
