/** The library's face: read a model, write it elsewhere, run it, prove that both say the same, and report. */
export { type Engine, openEngine } from './api/open.ts';
export { type ReadModel, read } from './api/read.ts';
export { makeReport, type ReportParts, supportOf } from './api/report.ts';
export { type Scored, type ScoreOptions, score, tableFrom } from './api/score.ts';
export { type VerifyRequest, verify } from './api/verify.ts';
export { save, type WriteRequest, write } from './api/write.ts';
export { evaluator } from './evaluate/evaluate.ts';
export { type Format, formats } from './formats.ts';
export * from './ir/index.ts';
export { renderHtml } from './report/html.ts';
export { renderMarkdown } from './report/markdown.ts';
export type { Report } from './report/report.ts';
export { renderTerminal } from './report/terminal.ts';
export { type Table, tableOf } from './rows/table.ts';
export { constant, type Data, dataOf, load } from './tensor/data.ts';
export type { Column, DType } from './tensor/dtype.ts';
export { type Tensor, tensor, tensorOf } from './tensor/tensor.ts';
export type { Verification } from './verify/result.ts';
