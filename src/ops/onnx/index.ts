/** Operators of the default domain, one line each. */
import type { Operator } from '../operator.ts';
import { Abs } from './Abs.ts';
import { Acos } from './Acos.ts';
import { Acosh } from './Acosh.ts';
import { Add } from './Add.ts';
import { AffineGrid } from './AffineGrid.ts';
import { And } from './And.ts';
import { ArgMax } from './ArgMax.ts';
import { ArgMin } from './ArgMin.ts';
import { Asin } from './Asin.ts';
import { Asinh } from './Asinh.ts';
import { Atan } from './Atan.ts';
import { Atanh } from './Atanh.ts';
import { Attention } from './Attention.ts';
import { AveragePool } from './AveragePool.ts';
import { BatchNormalization } from './BatchNormalization.ts';
import { Bernoulli } from './Bernoulli.ts';
import { BitCast } from './BitCast.ts';
import { BitShift } from './BitShift.ts';
import { BitwiseAnd } from './BitwiseAnd.ts';
import { BitwiseNot } from './BitwiseNot.ts';
import { BitwiseOr } from './BitwiseOr.ts';
import { BitwiseXor } from './BitwiseXor.ts';
import { BlackmanWindow } from './BlackmanWindow.ts';
import { Cast } from './Cast.ts';
import { CastLike } from './CastLike.ts';
import { CausalConvWithState } from './CausalConvWithState.ts';
import { Ceil } from './Ceil.ts';
import { Celu } from './Celu.ts';
import { CenterCropPad } from './CenterCropPad.ts';
import { Clip } from './Clip.ts';
import { Col2Im } from './Col2Im.ts';
import { Compress } from './Compress.ts';
import { Concat } from './Concat.ts';
import { ConcatFromSequence } from './ConcatFromSequence.ts';
import { Constant } from './Constant.ts';
import { ConstantOfShape } from './ConstantOfShape.ts';
import { Conv } from './Conv.ts';
import { ConvInteger } from './ConvInteger.ts';
import { ConvTranspose } from './ConvTranspose.ts';
import { Cos } from './Cos.ts';
import { Cosh } from './Cosh.ts';
import { CumProd } from './CumProd.ts';
import { CumSum } from './CumSum.ts';
import { DeformConv } from './DeformConv.ts';
import { DepthToSpace } from './DepthToSpace.ts';
import { DequantizeLinear } from './DequantizeLinear.ts';
import { Det } from './Det.ts';
import { DFT } from './DFT.ts';
import { Div } from './Div.ts';
import { Dropout } from './Dropout.ts';
import { DynamicQuantizeLinear } from './DynamicQuantizeLinear.ts';
import { Einsum } from './Einsum.ts';
import { Elu } from './Elu.ts';
import { Equal } from './Equal.ts';
import { Erf } from './Erf.ts';
import { Exp } from './Exp.ts';
import { Expand } from './Expand.ts';
import { EyeLike } from './EyeLike.ts';
import { Flatten } from './Flatten.ts';
import { Floor } from './Floor.ts';
import { Gather } from './Gather.ts';
import { GatherElements } from './GatherElements.ts';
import { GatherND } from './GatherND.ts';
import { Gelu } from './Gelu.ts';
import { Gemm } from './Gemm.ts';
import { GlobalAveragePool } from './GlobalAveragePool.ts';
import { GlobalLpPool } from './GlobalLpPool.ts';
import { GlobalMaxPool } from './GlobalMaxPool.ts';
import { GRU } from './GRU.ts';
import { Greater } from './Greater.ts';
import { GreaterOrEqual } from './GreaterOrEqual.ts';
import { GridSample } from './GridSample.ts';
import { GroupNormalization } from './GroupNormalization.ts';
import { HammingWindow } from './HammingWindow.ts';
import { HannWindow } from './HannWindow.ts';
import { Hardmax } from './Hardmax.ts';
import { HardSigmoid } from './HardSigmoid.ts';
import { HardSwish } from './HardSwish.ts';
import { Identity } from './Identity.ts';
import { If } from './If.ts';
import { ImageDecoder } from './ImageDecoder.ts';
import { InstanceNormalization } from './InstanceNormalization.ts';
import { IsInf } from './IsInf.ts';
import { IsNaN } from './IsNaN.ts';
import { LayerNormalization } from './LayerNormalization.ts';
import { LeakyRelu } from './LeakyRelu.ts';
import { Less } from './Less.ts';
import { LessOrEqual } from './LessOrEqual.ts';
import { LinearAttention } from './LinearAttention.ts';
import { Log } from './Log.ts';
import { LogSoftmax } from './LogSoftmax.ts';
import { Loop } from './Loop.ts';
import { LpNormalization } from './LpNormalization.ts';
import { LpPool } from './LpPool.ts';
import { LRN } from './LRN.ts';
import { LSTM } from './LSTM.ts';
import { MatMul } from './MatMul.ts';
import { MatMulInteger } from './MatMulInteger.ts';
import { Max } from './Max.ts';
import { MaxPool } from './MaxPool.ts';
import { MaxRoiPool } from './MaxRoiPool.ts';
import { MaxUnpool } from './MaxUnpool.ts';
import { Mean } from './Mean.ts';
import { MeanVarianceNormalization } from './MeanVarianceNormalization.ts';
import { MelWeightMatrix } from './MelWeightMatrix.ts';
import { Min } from './Min.ts';
import { Mish } from './Mish.ts';
import { Mod } from './Mod.ts';
import { Mul } from './Mul.ts';
import { Multinomial } from './Multinomial.ts';
import { Neg } from './Neg.ts';
import { NegativeLogLikelihoodLoss } from './NegativeLogLikelihoodLoss.ts';
import { NonMaxSuppression } from './NonMaxSuppression.ts';
import { NonZero } from './NonZero.ts';
import { Not } from './Not.ts';
import { OneHot } from './OneHot.ts';
import { Optional } from './Optional.ts';
import { OptionalGetElement } from './OptionalGetElement.ts';
import { OptionalHasElement } from './OptionalHasElement.ts';
import { Or } from './Or.ts';
import { Pad } from './Pad.ts';
import { Pow } from './Pow.ts';
import { PRelu } from './PRelu.ts';
import { QLinearConv } from './QLinearConv.ts';
import { QLinearMatMul } from './QLinearMatMul.ts';
import { QuantizeLinear } from './QuantizeLinear.ts';
import { RandomNormal } from './RandomNormal.ts';
import { RandomNormalLike } from './RandomNormalLike.ts';
import { RandomUniform } from './RandomUniform.ts';
import { RandomUniformLike } from './RandomUniformLike.ts';
import { Range } from './Range.ts';
import { Reciprocal } from './Reciprocal.ts';
import { ReduceL1 } from './ReduceL1.ts';
import { ReduceL2 } from './ReduceL2.ts';
import { ReduceLogSum } from './ReduceLogSum.ts';
import { ReduceLogSumExp } from './ReduceLogSumExp.ts';
import { ReduceMax } from './ReduceMax.ts';
import { ReduceMean } from './ReduceMean.ts';
import { ReduceMin } from './ReduceMin.ts';
import { ReduceProd } from './ReduceProd.ts';
import { ReduceSum } from './ReduceSum.ts';
import { ReduceSumSquare } from './ReduceSumSquare.ts';
import { RegexFullMatch } from './RegexFullMatch.ts';
import { Relu } from './Relu.ts';
import { Reshape } from './Reshape.ts';
import { Resize } from './Resize.ts';
import { ReverseSequence } from './ReverseSequence.ts';
import { RMSNormalization } from './RMSNormalization.ts';
import { RNN } from './RNN.ts';
import { RoiAlign } from './RoiAlign.ts';
import { RotaryEmbedding } from './RotaryEmbedding.ts';
import { Round } from './Round.ts';
import { Scan } from './Scan.ts';
import { Scatter } from './Scatter.ts';
import { ScatterElements } from './ScatterElements.ts';
import { ScatterND } from './ScatterND.ts';
import { Selu } from './Selu.ts';
import { SequenceAt } from './SequenceAt.ts';
import { SequenceConstruct } from './SequenceConstruct.ts';
import { SequenceEmpty } from './SequenceEmpty.ts';
import { SequenceErase } from './SequenceErase.ts';
import { SequenceInsert } from './SequenceInsert.ts';
import { SequenceLength } from './SequenceLength.ts';
import { SequenceMap } from './SequenceMap.ts';
import { Shape } from './Shape.ts';
import { Shrink } from './Shrink.ts';
import { Sigmoid } from './Sigmoid.ts';
import { Sign } from './Sign.ts';
import { Sin } from './Sin.ts';
import { Sinh } from './Sinh.ts';
import { Size } from './Size.ts';
import { Slice } from './Slice.ts';
import { Softmax } from './Softmax.ts';
import { SoftmaxCrossEntropyLoss } from './SoftmaxCrossEntropyLoss.ts';
import { Softplus } from './Softplus.ts';
import { Softsign } from './Softsign.ts';
import { SpaceToDepth } from './SpaceToDepth.ts';
import { Split } from './Split.ts';
import { SplitToSequence } from './SplitToSequence.ts';
import { Sqrt } from './Sqrt.ts';
import { Squeeze } from './Squeeze.ts';
import { STFT } from './STFT.ts';
import { StringConcat } from './StringConcat.ts';
import { StringNormalizer } from './StringNormalizer.ts';
import { StringSplit } from './StringSplit.ts';
import { Sub } from './Sub.ts';
import { Sum } from './Sum.ts';
import { SwiGLU } from './SwiGLU.ts';
import { Swish } from './Swish.ts';
import { Tan } from './Tan.ts';
import { Tanh } from './Tanh.ts';
import { TensorScatter } from './TensorScatter.ts';
import { TfIdfVectorizer } from './TfIdfVectorizer.ts';
import { ThresholdedRelu } from './ThresholdedRelu.ts';
import { Tile } from './Tile.ts';
import { TopK } from './TopK.ts';
import { Transpose } from './Transpose.ts';
import { Trilu } from './Trilu.ts';
import { Unique } from './Unique.ts';
import { Unsqueeze } from './Unsqueeze.ts';
import { Upsample } from './Upsample.ts';
import { Where } from './Where.ts';
import { Xor } from './Xor.ts';

const all: readonly (Operator | readonly Operator[])[] = [
  Abs,
  Acos,
  Acosh,
  Add,
  AffineGrid,
  And,
  ArgMax,
  ArgMin,
  Asin,
  Asinh,
  Atan,
  Atanh,
  Attention,
  AveragePool,
  BatchNormalization,
  Bernoulli,
  BitCast,
  BitShift,
  BitwiseAnd,
  BitwiseNot,
  BitwiseOr,
  BitwiseXor,
  BlackmanWindow,
  Cast,
  CastLike,
  CausalConvWithState,
  Ceil,
  Celu,
  CenterCropPad,
  Clip,
  Col2Im,
  Compress,
  Concat,
  ConcatFromSequence,
  Constant,
  ConstantOfShape,
  Conv,
  ConvInteger,
  ConvTranspose,
  Cos,
  Cosh,
  CumProd,
  CumSum,
  DFT,
  DeformConv,
  DepthToSpace,
  DequantizeLinear,
  Det,
  Div,
  Dropout,
  DynamicQuantizeLinear,
  Einsum,
  Elu,
  Equal,
  Erf,
  Exp,
  Expand,
  EyeLike,
  Flatten,
  Floor,
  GRU,
  Gather,
  GatherElements,
  GatherND,
  Gelu,
  Gemm,
  GlobalAveragePool,
  GlobalLpPool,
  GlobalMaxPool,
  Greater,
  GreaterOrEqual,
  GridSample,
  GroupNormalization,
  HammingWindow,
  HannWindow,
  HardSigmoid,
  HardSwish,
  Hardmax,
  Identity,
  If,
  ImageDecoder,
  InstanceNormalization,
  IsInf,
  IsNaN,
  LRN,
  LSTM,
  LayerNormalization,
  LeakyRelu,
  Less,
  LessOrEqual,
  LinearAttention,
  Log,
  LogSoftmax,
  Loop,
  LpNormalization,
  LpPool,
  MatMul,
  MatMulInteger,
  Max,
  MaxPool,
  MaxRoiPool,
  MaxUnpool,
  Mean,
  MeanVarianceNormalization,
  MelWeightMatrix,
  Min,
  Mish,
  Mod,
  Mul,
  Multinomial,
  Neg,
  NegativeLogLikelihoodLoss,
  NonMaxSuppression,
  NonZero,
  Not,
  OneHot,
  Optional,
  OptionalGetElement,
  OptionalHasElement,
  Or,
  PRelu,
  Pad,
  Pow,
  QLinearConv,
  QLinearMatMul,
  QuantizeLinear,
  RMSNormalization,
  RNN,
  RandomNormal,
  RandomNormalLike,
  RandomUniform,
  RandomUniformLike,
  Range,
  Reciprocal,
  ReduceL1,
  ReduceL2,
  ReduceLogSum,
  ReduceLogSumExp,
  ReduceMax,
  ReduceMean,
  ReduceMin,
  ReduceProd,
  ReduceSum,
  ReduceSumSquare,
  RegexFullMatch,
  Relu,
  Reshape,
  Resize,
  ReverseSequence,
  RoiAlign,
  RotaryEmbedding,
  Round,
  STFT,
  Scan,
  Scatter,
  ScatterElements,
  ScatterND,
  Selu,
  SequenceAt,
  SequenceConstruct,
  SequenceEmpty,
  SequenceErase,
  SequenceInsert,
  SequenceLength,
  SequenceMap,
  Shape,
  Shrink,
  Sigmoid,
  Sign,
  Sin,
  Sinh,
  Size,
  Slice,
  Softmax,
  SoftmaxCrossEntropyLoss,
  Softplus,
  Softsign,
  SpaceToDepth,
  Split,
  SplitToSequence,
  Sqrt,
  Squeeze,
  StringConcat,
  StringNormalizer,
  StringSplit,
  Sub,
  Sum,
  SwiGLU,
  Swish,
  Tan,
  Tanh,
  TensorScatter,
  TfIdfVectorizer,
  ThresholdedRelu,
  Tile,
  TopK,
  Transpose,
  Trilu,
  Unique,
  Unsqueeze,
  Upsample,
  Where,
  Xor,
];

/** Every version of every one. */
export const onnx: readonly Operator[] = all.flat();
