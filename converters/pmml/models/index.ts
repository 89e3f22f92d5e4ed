/** The model elements that are read: one file each. */
import type { ModelElement } from '../model.ts';
import { anomalyDetectionModel } from './AnomalyDetectionModel.ts';
import { associationModel } from './AssociationModel.ts';
import { baselineModel } from './BaselineModel.ts';
import { bayesianNetworkModel } from './BayesianNetworkModel.ts';
import { clusteringModel } from './ClusteringModel.ts';
import { gaussianProcessModel } from './GaussianProcessModel.ts';
import { generalRegressionModel } from './GeneralRegressionModel.ts';
import { miningModel } from './MiningModel.ts';
import { naiveBayesModel } from './NaiveBayesModel.ts';
import { nearestNeighborModel } from './NearestNeighborModel.ts';
import { neuralNetwork } from './NeuralNetwork.ts';
import { regressionModel } from './RegressionModel.ts';
import { ruleSetModel } from './RuleSetModel.ts';
import { scorecard } from './Scorecard.ts';
import { sequenceModel } from './SequenceModel.ts';
import { supportVectorMachineModel } from './SupportVectorMachineModel.ts';
import { textModel } from './TextModel.ts';
import { timeSeriesModel } from './TimeSeriesModel.ts';
import { treeModel } from './TreeModel.ts';

export const models: readonly ModelElement[] = [
  anomalyDetectionModel,
  associationModel,
  baselineModel,
  bayesianNetworkModel,
  clusteringModel,
  gaussianProcessModel,
  generalRegressionModel,
  miningModel,
  naiveBayesModel,
  nearestNeighborModel,
  neuralNetwork,
  regressionModel,
  ruleSetModel,
  scorecard,
  supportVectorMachineModel,
  textModel,
  sequenceModel,
  timeSeriesModel,
  treeModel,
];
