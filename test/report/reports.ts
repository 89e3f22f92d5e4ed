/** Reports for the tests: one with everything in it, all of it fixed, and one whose every name is hostile. */
import type { FieldFacts, Report } from '../../src/report/report.ts';
import type { ColumnAgreement } from '../../src/verify/result.ts';

const column = (name: string, more: Partial<ColumnAgreement> = {}): ColumnAgreement => ({
  column: name,
  kind: 'number',
  dtype: 'float64',
  rows: 12345,
  equal: 12000,
  different: 0,
  missingOnOneSide: 0,
  maxAbs: 2.220446049250313e-16,
  maxRel: 4.1e-16,
  maxUlp: 2,
  allowed: '4 ULP: exp and log may differ in the last place',
  histogram: [
    { upTo: 0, rows: 12000 },
    { upTo: 1, rows: 340 },
    { upTo: 2, rows: 5 },
  ],
  ...more,
});

const field = (name: string, more: Partial<FieldFacts> = {}): FieldFacts => ({
  name,
  type: 'float64 (double)',
  optype: 'continuous',
  missing: 'NaN',
  values: '',
  ...more,
});

/** Every section, every kind of fact. `name` is put wherever a file's author may put a name. */
export const fullReport = (name = 'income'): Report => ({
  schema: 'portolan-report/1',
  tool: 'portolan 0.1.0',
  verdict: {
    status: 'different',
    sentence: `audit.onnx does NOT compute what ${name} computes: 3 values differ on 12,345 rows tried, run in onnxruntime 1.30.0.`,
  },
  source: {
    name: `${name}.pmml`,
    format: 'pmml',
    summary: `pmml 4.4 · MiningModel · 25 trees · ${name}`,
    bytes: 575_321,
    sha256: 'a'.repeat(64),
  },
  artifact: {
    name: 'audit.onnx',
    format: 'onnx',
    summary: 'ONNX opset 21, ai.onnx.ml 5 · float64',
    bytes: 280_001,
    sha256: 'b'.repeat(64),
  },
  verification: {
    a: { name: `${name}.pmml`, runtime: 'reference', sha256: 'a'.repeat(64) },
    b: { name: 'audit.onnx', runtime: 'onnxruntime 1.30.0', sha256: 'b'.repeat(64) },
    executed: true,
    equivalent: false,
    rows: { boundary: 2316, sampled: 10_000, given: 29 },
    seed: 1,
    columns: [
      column(`label ${name}`, { kind: 'label', dtype: 'string', equal: 12345, allowed: 'exactly equal' }),
      column(`probability(${name})`),
      column('score', {
        different: 3,
        missingOnOneSide: 1,
        maxAbs: 'Infinity',
        maxRel: 'NaN',
        maxUlp: 'Infinity',
        histogram: [
          { upTo: 0, rows: 12_342 },
          { upTo: 4, rows: 0 },
          { upTo: 1048576, rows: 2 },
          { upTo: 'Infinity', rows: 1 },
        ],
      }),
    ],
    unmatched: [`output '${name}' only on the second side`],
    structure: {
      count: 1002,
      differences: [
        { kind: 'weight', name, a: 'float32[3,4]', b: '2 of 12 elements differ, at most 0.5 apart' },
        { kind: 'node', name: 'hidden', a: `Gemm 13 (x, ${name})`, b: null },
      ],
    },
    worst: {
      column: 'score',
      source: 'boundary',
      index: 17,
      inputs: { [name]: 36029.71, housing: 'rent', age: null },
      a: 0.5,
      b: null,
      reproduce: `printf '%s\\n' '{"${name.replaceAll('\n', '\\n').replaceAll('\u001b', '')}":36029.71}' | portolan score audit.pmml --data -`,
    },
    divergence: { node: name, operator: 'portolan.Route', value: `${name}_sum`, a: 'repaid', b: null },
    coverage: {
      leaves: { reached: 1860, total: 1861 },
      predicates: { bothWays: 1834, total: 1835 },
      thresholds: { tried: 1321, total: 1322, unreachable: 1 },
      categories: { tried: 8, total: 9 },
    },
    unchecked: ['more than one thread'],
  },
  examples: { rows: 4, values: 8, failed: 1, firstFailure: `row 2, '${name}': 0.5 instead of 0.25` },
  support: {
    targets: [
      { target: 'onnx', supported: true, obstacles: [] },
      {
        target: 'javascript',
        supported: false,
        obstacles: [{ operator: 'portolan.TextIndex', why: `cannot be said without ${name}` }],
      },
    ],
    operators: [
      { operator: 'Gather', nodes: 1234, targets: { onnx: 'yes', javascript: 'yes' } },
      { operator: 'Add', nodes: 2, targets: { onnx: 'yes', javascript: 'yes' } },
      {
        operator: 'portolan.TextIndex',
        nodes: 1,
        targets: { onnx: 'yes', javascript: `cannot be said without ${name}` },
      },
    ],
  },
  losses: [
    {
      rule: 'narrow/float32',
      severity: 'loss',
      message: `the sums of ${name} are float32`,
      at: { file: `${name}.pmml`, at: '29: <MiningModel>' },
      help: 'ask for --precision float64',
    },
  ],
  diagnostics: [
    { rule: 'pmml/output-name', severity: 'warning', message: `'${name}' is named twice` },
    {
      rule: 'pmml/extension',
      severity: 'note',
      message: 'an extension is ignored',
      at: { file: 'm', at: '' },
    },
  ],
  contract: {
    inputs: [
      field(name),
      field('housing', { type: 'string', optype: 'categorical', missing: '""', values: `free, ${name}` }),
    ],
    outputs: [field('score', { missing: 'never' })],
  },
  size: {
    nodes: 34,
    parameters: 9311,
    parameterBytes: 74_500,
    trees: 25,
    tests: 1835,
    outcomes: 1861,
    peakMemoryBytes: 236_000_000,
  },
  latency: [
    {
      machine: 'a machine of 2 cores',
      runtime: 'onnxruntime 1.30.0',
      oneRowMicroseconds: 59.2,
      batchRows: 2000,
      batchMicrosecondsPerRow: 17.25,
    },
  ],
  snippets: [
    { language: 'python', code: `row = {\n    ${JSON.stringify(name)}: 0,\n}` },
    { language: 'javascript', code: `const row = [${JSON.stringify(name)}]; // \`\`\`\n` },
  ],
  provenance: { format: 'pmml 4.4', application: name, [`note ${name}`]: 'kept' },
  unchecked: ['more than one thread', `the field '${name}'`],
});

/** A report on a model of which nothing was asked. */
export const readReport = (): Report => ({
  ...fullReport(),
  verdict: { status: 'read', sentence: 'm.pmml (pmml 4.4) was read and checked; nothing was written.' },
  artifact: null,
  verification: null,
  examples: null,
  losses: [],
  diagnostics: [],
  latency: [],
  snippets: [],
  unchecked: ['Whether any artifact computes what the model computes: nothing was run.'],
});

export const wideReport = (fields: number): Report => {
  const report = fullReport();
  const outputs = Array.from({ length: 60 }, (_, i) => `probability(class ${i})`);
  return {
    ...report,
    verification: report.verification && {
      ...report.verification,
      columns: outputs.map((name) => ({
        ...(report.verification?.columns[1] as ColumnAgreement),
        column: name,
      })),
      worst: report.verification.worst && {
        ...report.verification.worst,
        inputs: Object.fromEntries(Array.from({ length: fields }, (_, i) => [`field number ${i}`, i / 7])),
      },
    },
    contract: {
      inputs: Array.from({ length: fields }, (_, i) =>
        field(`field number ${i}`, { values: '[0, 1] ∪ (2, 3]' }),
      ),
      outputs: outputs.map((name) => field(name)),
    },
  };
};
