/** One dependency-free ES module, and its declarations: runs unchanged in Node and in a browser page. */
import type { Artifact, ArtifactFile, WriteOptions, Writer } from '../../src/ir/converter.ts';
import { fail, PortolanError } from '../../src/ir/diagnostic.ts';
import { digestModel } from '../../src/ir/digest.ts';
import type { Model, Value } from '../../src/ir/model.ts';
import { children, type Program, type Row, rowsOf } from '../../src/kernel/row.ts';
import { dtypesOf, lower, type Obstacle } from '../../src/passes/lower.ts';
import { planeName } from '../../src/passes/plain.ts';
import { rowwise } from '../../src/passes/rowwise.ts';
import { declarationSource } from './declaration.ts';
import { interfaceOf } from './interface.ts';
import { moduleSource, type Planes } from './module.ts';
import { hasDtype } from './spell.ts';

interface Lowered {
  readonly program: Program;
  readonly planes: Planes;
}

const lowered = (model: Model): Lowered | readonly Obstacle[] => {
  let flat: Model;
  try {
    flat = rowwise(model);
  } catch (error) {
    if (!(error instanceof PortolanError)) throw error;
    const { rule, message } = error.diagnostic;
    return [{ operator: 'graph', rule, why: message }];
  }
  const program = lower(flat);
  if (!('statements' in program)) return program;
  const obstacles = lacking(program);
  return obstacles.length > 0 ? obstacles : { program, planes: planesOf(model, flat) };
};

const planesOf = (model: Model, flat: Model): Planes => {
  const beside = (values: readonly Value[], made: readonly Value[]): ReadonlyMap<string, string> => {
    const names = new Set(made.map((v) => v.name));
    const planes = values.map(({ name }) => [name, planeName(name)] as const);
    return new Map(planes.filter(([, plane]) => names.has(plane)));
  };
  return {
    inputs: beside(model.graph.params, flat.graph.params),
    outputs: beside(model.graph.results, flat.graph.results),
  };
};

/** What the program asks for and JavaScript has not. */
const lacking = (program: Program): Obstacle[] => {
  const found: Obstacle[] = [];
  for (const dtype of dtypesOf(program)) {
    if (hasDtype(dtype)) continue;
    found.push({ operator: dtype, rule: 'javascript/dtype', why: `JavaScript has no ${dtype}` });
  }
  const intrinsics = new Set<string>();
  const visit = (row: Row): void => {
    if (row.k === 'intrinsic') intrinsics.add(row.name);
    for (const c of children(row)) visit(c);
  };
  for (const s of program.statements) for (const row of rowsOf(s)) visit(row);
  for (const name of intrinsics) {
    found.push({ operator: name, rule: 'javascript/intrinsic', why: `JavaScript has no '${name}' yet` });
  }
  return found;
};

const bytes = (suffix: string, text: () => string): ArtifactFile => ({
  suffix,
  *chunks() {
    yield new TextEncoder().encode(text());
  },
});

export const writer: Writer = {
  format: 'javascript',
  title: 'JavaScript, one ES module',
  endings: ['.mjs', '.js'],
  obstacles: (model) => {
    const result = lowered(model);
    return 'program' in result ? [] : result;
  },
  write: (model, options: WriteOptions): Artifact => {
    if (options.precision === 'float32') {
      fail(
        'javascript/precision',
        'a module computes in the precision of its model',
        undefined,
        'leave out --precision',
      );
    }
    const result = lowered(model);
    if (!('program' in result)) {
      const [first] = result;
      return fail(
        first?.rule ?? 'javascript/not-supported',
        `JavaScript cannot express this model: ${result.map((o) => `${o.operator}: ${o.why}`).join('; ')}`,
        undefined,
        'portolan report lists where this model can go, and what is in the way of each target',
      );
    }
    const face = interfaceOf(model);
    const about = {
      name: model.name,
      format: model.format,
      version: model.version,
      sha256: digestModel(model),
    };
    const source = moduleSource(result.program, face, result.planes, about);
    return {
      format: 'javascript',
      summary: `ES module · ${counted(face.inputs.length, 'input')}, ${counted(face.outputs.length, 'output')}`,
      files: [bytes('', () => source), bytes('.d.ts', () => declarationSource(face))],
      diagnostics: [],
    };
  },
};

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
