/** The model elements that are read: one file each. */
import type { ModelElement } from '../model.ts';
import { anomalyDetectionModel } from './AnomalyDetectionModel.ts';
import { associationModel } from './AssociationModel.ts';
import { clusteringModel } from './ClusteringModel.ts';
import { generalRegressionModel } from './GeneralRegressionModel.ts';
import { miningModel } from './MiningModel.ts';
import { naiveBayesModel } from './NaiveBayesModel.ts';
import { neuralNetwork } from './NeuralNetwork.ts';
import { regressionModel } from './RegressionModel.ts';
import { ruleSetModel } from './RuleSetModel.ts';
import { scorecard } from './Scorecard.ts';
import { supportVectorMachineModel } from './SupportVectorMachineModel.ts';
import { treeModel } from './TreeModel.ts';

export const models: readonly ModelElement[] = [
  anomalyDetectionModel,
  associationModel,
  clusteringModel,
  generalRegressionModel,
  miningModel,
  naiveBayesModel,
  neuralNetwork,
  regressionModel,
  ruleSetModel,
  scorecard,
  supportVectorMachineModel,
  treeModel,
];
