/** Operators of the default domain, one line each. */
import type { Operator } from '../operator.ts';
import { Abs } from './Abs.ts';
import { Acos } from './Acos.ts';
import { Acosh } from './Acosh.ts';
import { Add } from './Add.ts';
import { And } from './And.ts';
import { Asin } from './Asin.ts';
import { Asinh } from './Asinh.ts';
import { Atan } from './Atan.ts';
import { Atanh } from './Atanh.ts';
import { Cast } from './Cast.ts';
import { Ceil } from './Ceil.ts';
import { Clip } from './Clip.ts';
import { Cos } from './Cos.ts';
import { Cosh } from './Cosh.ts';
import { Div } from './Div.ts';
import { Equal } from './Equal.ts';
import { Exp } from './Exp.ts';
import { Floor } from './Floor.ts';
import { Greater } from './Greater.ts';
import { GreaterOrEqual } from './GreaterOrEqual.ts';
import { Identity } from './Identity.ts';
import { IsInf } from './IsInf.ts';
import { IsNaN } from './IsNaN.ts';
import { Less } from './Less.ts';
import { LessOrEqual } from './LessOrEqual.ts';
import { Log } from './Log.ts';
import { Max } from './Max.ts';
import { Min } from './Min.ts';
import { Mod } from './Mod.ts';
import { Mul } from './Mul.ts';
import { Neg } from './Neg.ts';
import { Not } from './Not.ts';
import { Or } from './Or.ts';
import { Pow } from './Pow.ts';
import { Reciprocal } from './Reciprocal.ts';
import { Round } from './Round.ts';
import { Sign } from './Sign.ts';
import { Sin } from './Sin.ts';
import { Sinh } from './Sinh.ts';
import { Sqrt } from './Sqrt.ts';
import { Sub } from './Sub.ts';
import { Tan } from './Tan.ts';
import { Tanh } from './Tanh.ts';
import { Where } from './Where.ts';
import { Xor } from './Xor.ts';

const all: readonly (Operator | readonly Operator[])[] = [
  Abs,
  Acos,
  Acosh,
  Add,
  And,
  Asin,
  Asinh,
  Atan,
  Atanh,
  Cast,
  Ceil,
  Clip,
  Cos,
  Cosh,
  Div,
  Equal,
  Exp,
  Floor,
  Greater,
  GreaterOrEqual,
  Identity,
  IsInf,
  IsNaN,
  Less,
  LessOrEqual,
  Log,
  Max,
  Min,
  Mod,
  Mul,
  Neg,
  Not,
  Or,
  Pow,
  Reciprocal,
  Round,
  Sign,
  Sin,
  Sinh,
  Sqrt,
  Sub,
  Tan,
  Tanh,
  Where,
  Xor,
];

/** Every version of every one. */
export const onnx: readonly Operator[] = all.flat();
