/** Our own operators, one line each. */
import type { Operator } from '../operator.ts';
import { Bin } from './Bin.ts';
import { Choose } from './Choose.ts';
import { Fill } from './Fill.ts';
import { Interpolate } from './Interpolate.ts';
import { IsMissing } from './IsMissing.ts';
import { Kleene } from './Kleene.ts';
import { Lookup } from './Lookup.ts';
import { Mask } from './Mask.ts';
import { Median } from './Median.ts';
import { Route } from './Route.ts';
import { Segment } from './Segment.ts';
import { Spread } from './Spread.ts';
import { Sum } from './Sum.ts';
import { Tally } from './Tally.ts';
import { Test } from './Test.ts';
import { Text } from './Text.ts';
import { TextIndex } from './TextIndex.ts';

export const own: readonly Operator[] = [
  Bin,
  Choose,
  Fill,
  Interpolate,
  IsMissing,
  Kleene,
  Lookup,
  Mask,
  Median,
  Route,
  Segment,
  Spread,
  Sum,
  Tally,
  Test,
  Text,
  TextIndex,
];
