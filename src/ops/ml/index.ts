/** Operators of ai.onnx.ml, one line each. */
import type { Operator } from '../operator.ts';
import { ArrayFeatureExtractor } from './ArrayFeatureExtractor.ts';
import { Binarizer } from './Binarizer.ts';
import { CastMap } from './CastMap.ts';
import { CategoryMapper } from './CategoryMapper.ts';
import { DictVectorizer } from './DictVectorizer.ts';
import { FeatureVectorizer } from './FeatureVectorizer.ts';
import { Imputer } from './Imputer.ts';
import { LabelEncoder } from './LabelEncoder.ts';
import { LinearClassifier } from './LinearClassifier.ts';
import { LinearRegressor } from './LinearRegressor.ts';
import { Normalizer } from './Normalizer.ts';
import { OneHotEncoder } from './OneHotEncoder.ts';
import { Scaler } from './Scaler.ts';
import { SVMClassifier } from './SVMClassifier.ts';
import { SVMRegressor } from './SVMRegressor.ts';
import { TreeEnsemble } from './TreeEnsemble.ts';
import { TreeEnsembleClassifier } from './TreeEnsembleClassifier.ts';
import { TreeEnsembleRegressor } from './TreeEnsembleRegressor.ts';
import { ZipMap } from './ZipMap.ts';

export const ml: readonly Operator[] = [
  ArrayFeatureExtractor,
  Binarizer,
  CastMap,
  CategoryMapper,
  DictVectorizer,
  FeatureVectorizer,
  Imputer,
  ...LabelEncoder,
  LinearClassifier,
  LinearRegressor,
  Normalizer,
  OneHotEncoder,
  Scaler,
  SVMClassifier,
  SVMRegressor,
  TreeEnsemble,
  TreeEnsembleClassifier,
  TreeEnsembleRegressor,
  ZipMap,
];
