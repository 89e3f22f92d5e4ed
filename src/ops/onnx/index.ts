/** Operators of the default domain, one line each. */
import type { Operator } from '../operator.ts';
import { Abs } from './Abs.ts';
import { Acos } from './Acos.ts';
import { Acosh } from './Acosh.ts';
import { Add } from './Add.ts';
import { And } from './And.ts';
import { ArgMax } from './ArgMax.ts';
import { ArgMin } from './ArgMin.ts';
import { Asin } from './Asin.ts';
import { Asinh } from './Asinh.ts';
import { Atan } from './Atan.ts';
import { Atanh } from './Atanh.ts';
import { Cast } from './Cast.ts';
import { Ceil } from './Ceil.ts';
import { Clip } from './Clip.ts';
import { Concat } from './Concat.ts';
import { Constant } from './Constant.ts';
import { ConstantOfShape } from './ConstantOfShape.ts';
import { Cos } from './Cos.ts';
import { Cosh } from './Cosh.ts';
import { Div } from './Div.ts';
import { Equal } from './Equal.ts';
import { Exp } from './Exp.ts';
import { Expand } from './Expand.ts';
import { Flatten } from './Flatten.ts';
import { Floor } from './Floor.ts';
import { Gather } from './Gather.ts';
import { GatherElements } from './GatherElements.ts';
import { Gemm } from './Gemm.ts';
import { Greater } from './Greater.ts';
import { GreaterOrEqual } from './GreaterOrEqual.ts';
import { Identity } from './Identity.ts';
import { IsInf } from './IsInf.ts';
import { IsNaN } from './IsNaN.ts';
import { Less } from './Less.ts';
import { LessOrEqual } from './LessOrEqual.ts';
import { Log } from './Log.ts';
import { LogSoftmax } from './LogSoftmax.ts';
import { MatMul } from './MatMul.ts';
import { Max } from './Max.ts';
import { Min } from './Min.ts';
import { Mod } from './Mod.ts';
import { Mul } from './Mul.ts';
import { Neg } from './Neg.ts';
import { Not } from './Not.ts';
import { Or } from './Or.ts';
import { Pow } from './Pow.ts';
import { Reciprocal } from './Reciprocal.ts';
import { ReduceMax } from './ReduceMax.ts';
import { ReduceMean } from './ReduceMean.ts';
import { ReduceMin } from './ReduceMin.ts';
import { ReduceSum } from './ReduceSum.ts';
import { Relu } from './Relu.ts';
import { Reshape } from './Reshape.ts';
import { Round } from './Round.ts';
import { Shape } from './Shape.ts';
import { Sigmoid } from './Sigmoid.ts';
import { Sign } from './Sign.ts';
import { Sin } from './Sin.ts';
import { Sinh } from './Sinh.ts';
import { Slice } from './Slice.ts';
import { Softmax } from './Softmax.ts';
import { Split } from './Split.ts';
import { Sqrt } from './Sqrt.ts';
import { Squeeze } from './Squeeze.ts';
import { Sub } from './Sub.ts';
import { Tan } from './Tan.ts';
import { Tanh } from './Tanh.ts';
import { Transpose } from './Transpose.ts';
import { Unsqueeze } from './Unsqueeze.ts';
import { Where } from './Where.ts';
import { Xor } from './Xor.ts';

const all: readonly (Operator | readonly Operator[])[] = [
  Abs,
  Acos,
  Acosh,
  Add,
  And,
  ArgMax,
  ArgMin,
  Asin,
  Asinh,
  Atan,
  Atanh,
  Cast,
  Ceil,
  Clip,
  Concat,
  Constant,
  ConstantOfShape,
  Cos,
  Cosh,
  Div,
  Equal,
  Exp,
  Expand,
  Flatten,
  Floor,
  Gather,
  GatherElements,
  Gemm,
  Greater,
  GreaterOrEqual,
  Identity,
  IsInf,
  IsNaN,
  Less,
  LessOrEqual,
  Log,
  LogSoftmax,
  MatMul,
  Max,
  Min,
  Mod,
  Mul,
  Neg,
  Not,
  Or,
  Pow,
  Reciprocal,
  ReduceMax,
  ReduceMean,
  ReduceMin,
  ReduceSum,
  Relu,
  Reshape,
  Round,
  Shape,
  Sigmoid,
  Sign,
  Sin,
  Sinh,
  Slice,
  Softmax,
  Split,
  Sqrt,
  Squeeze,
  Sub,
  Tan,
  Tanh,
  Transpose,
  Unsqueeze,
  Where,
  Xor,
];

/** Every version of every one. */
export const onnx: readonly Operator[] = all.flat();
