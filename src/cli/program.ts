/** The command line: options in, exit code out. Each command is a file; what they share is in the library. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { formats } from '../formats.ts';
import { type Diagnostic, PortolanError, printable } from '../ir/diagnostic.ts';
import { toolVersion } from '../version.ts';
import { convert, type Opsets } from './convert.ts';
import { inspect } from './inspect.ts';
import { listFormats } from './listFormats.ts';
import { reportOn } from './report.ts';
import { score } from './score.ts';
import { explain } from './terminal.ts';
import { verify } from './verify.ts';

const collect = (value: string, list: string[] = []): string[] => [...list, value];

const number = (value: string): number => {
  const n = Number(value);
  if (value.trim() === '' || !Number.isFinite(n) || n < 0) {
    throw new InvalidArgumentError('It must be a number of at least 0.');
  }
  return n;
};

const whole = (value: string): number => {
  const n = number(value);
  if (!Number.isInteger(n)) throw new InvalidArgumentError('It must be a whole number.');
  return n;
};

/** `17`, `17,ai.onnx.ml=3`, `ai.onnx.ml=3`. */
const opsets = (value: string): Opsets => {
  const domains = new Map<string, number>();
  let opset: number | undefined;
  for (const part of value.split(',')) {
    const [, domain = '', version = ''] = /^(?:([\w.]+)=)?(.*)$/.exec(part.trim()) ?? [];
    if (domain === '' || domain === 'ai.onnx') opset = whole(version);
    else domains.set(domain, whole(version));
  }
  return { ...(opset !== undefined && { opset }), domains };
};

const commands = ['inspect', 'convert', 'score', 'verify', 'report', 'formats'] as const;

const rows = (c: Command): Command =>
  c
    .option('--delimiter <char>', 'column delimiter of CSV files (default: a comma; a tab in .tsv)')
    .option('--decimal <char>', 'decimal mark of CSV files (default: a point)');

const writable = formats.filter((f) => f.writes).map((f) => f.name);

export const program = (done: (code: number) => void): Command => {
  const main = new Command('portolan')
    .description('Makes trained machine-learning models portable, and proves that they still say the same.')
    .version(toolVersion)
    .exitOverride()
    // Usage errors are told in `run`, as every other error is.
    .configureOutput({ outputError: () => {} });

  const add = (name: (typeof commands)[number], description: string, example: string): Command =>
    main
      .command(name)
      .description(description)
      .addHelpText('after', `\nExample:\n  $ ${example}`)
      .exitOverride();

  add('inspect', 'shows what a model is: fields, graph, size', 'portolan inspect audit.pmml')
    .argument('<model>')
    .option('--json', 'prints the facts as JSON')
    .action(async (model, options) => done(await inspect(model, options)));

  rows(
    add(
      'convert',
      'writes a model in another format and proves that it still says the same',
      'portolan convert audit.pmml audit.onnx --data audit.csv --report audit.html',
    ),
  )
    .argument('<model>')
    .argument('<artifact>')
    .addOption(new Option('--to <format>', 'target format; default: by the ending').choices(writable))
    .option('--opset <n>', 'ONNX opset to write; also ai.onnx.ml: 17,ai.onnx.ml=3', opsets)
    .addOption(
      new Option('--precision <p>', 'arithmetic of the artifact')
        .choices(['float32', 'float64', 'auto'])
        .default('auto'),
    )
    .option('--data <rows>', 'rows of yours to compare on: CSV or JSON Lines')
    .option(
      '--report <file>',
      'writes the report; the ending picks the form; may be given several times',
      collect,
    )
    .option(
      '--simplify',
      'computes what is constant, makes one of what is equal, leaves out what nothing reads',
    )
    .option('--batch', 'makes a fixed number of rows any number, where no row depends on another')
    .option('--no-verify', 'writes without proof')
    .option('--keep', 'writes the artifact even if the proof fails, and says so in the report')
    .option('--json', 'prints the report as JSON')
    .action(async (model, artifact, options) => done(await convert(model, artifact, options)));

  rows(
    add(
      'score',
      'runs a model over rows: one row out for each row in, or for each group of rows',
      'portolan score audit.pmml --data audit.csv --out scored.csv',
    ),
  )
    .argument('<model>')
    .option(
      '--data <rows>',
      "rows: CSV or JSON Lines; '-' reads standard input; or a test data set's folder. Models over transactions take one item a row, grouped by the transaction's column, or a list of items a row (JSON Lines)",
    )
    .option('--horizon <n>', 'for a time series, instead of --data: the steps 1 to n ahead', whole)
    .option(
      '--out <file>',
      'where to write (CSV; JSON Lines if it ends in .jsonl; a folder for a test data set); default: standard output',
    )
    .addOption(
      new Option('--engine <name>', 'what computes')
        .choices(['reference', 'onnxruntime', 'compiled'])
        .default('reference'),
    )
    .action(async (model, options) => done(await score(model, options)));

  rows(
    add(
      'verify',
      'compares two models, a model with a file of predictions, or models with recorded test data',
      'portolan verify audit.pmml predictions.csv --data audit.csv',
    ),
  )
    .argument('[a]', 'a model; may be left out where each case of --data has its own')
    .argument('[b]', 'a model, an artifact, or predictions in CSV or JSON Lines')
    .option(
      '--data <rows>',
      'rows to compare on: CSV or JSON Lines; or a folder with test_data_set_0, or of such folders',
    )
    .option('--rtol <x>', 'relative tolerance for numbers', number)
    .option('--atol <x>', 'absolute tolerance for numbers', number)
    .option('--ulp <n>', 'tolerance for numbers in units in the last place', whole)
    .option('--map <a=b>', 'names a column of b otherwise; may be given several times', collect)
    .option('--save <folder>', 'writes the rows of --data and what a gives for them as a test data set')
    .option('--report <file>', 'writes the report; may be given several times', collect)
    .option('--json', 'prints the report as JSON')
    .action(async (a, b, options) => done(await verify(a, b, options)));

  add('report', 'says where a model can go', 'portolan report audit.pmml --report audit.html')
    .argument('<model>')
    .option('--report <file>', 'writes the report; may be given several times', collect)
    .option('--json', 'prints the report as JSON')
    .action(async (model, options) => done(await reportOn(model, options)));

  add('formats', 'lists what is read, written and run', 'portolan formats --json')
    .option('--json', 'prints the list as JSON')
    .action((options) => done(listFormats(options)));

  return main;
};

/** `error: unknown option '--x'` as a diagnostic: `usage/unknown-option`, with where to look. */
const usageError = ({ code, message }: CommanderError, argv: readonly string[]): Diagnostic => {
  const command = commands.find((c) => c === argv[0]);
  const what = code.replace(/^commander\./, '').replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
  return {
    rule: `usage/${what}`,
    severity: 'error',
    message: message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '),
    help: `portolan ${command ? `${command} ` : ''}--help shows what there is, with an example`,
  };
};

/** An error says what to do about it; where the place that found it has nothing better to say, this. */
const advice: Readonly<Record<string, string>> = {
  format: 'portolan formats lists what can be read and written',
  rows: 'correct the rows at that place, or how they are read with --delimiter and --decimal',
};

const advised = (d: Diagnostic): Diagnostic => ({
  help:
    advice[d.rule.split('/')[0] as string] ??
    'save the model again with the tool that made it; if it is valid, report this line',
  ...d,
});

/** Runs a command line; resolves to the exit code: 0 done and clean, 1 findings, 2 input or usage wrong. */
export const run = async (argv: readonly string[]): Promise<number> => {
  let code = 0;
  try {
    await program((c) => {
      code = c;
    }).parseAsync(argv as string[], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      // No command at all: the help has been shown, on stderr.
      if (error.code !== 'commander.help') explain([usageError(error, argv)]);
      return 2;
    }
    if (error instanceof PortolanError) {
      explain([error.diagnostic, ...error.others].map(advised));
      return 2;
    }
    // Not the user's fault: say so in a line, and keep the trace for those who ask for it.
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `error[portolan/internal] ${printable(text)}\n  this is a fault of portolan; run with PORTOLAN_TRACE=1 and report it\n`,
    );
    if (process.env.PORTOLAN_TRACE && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return 2;
  }
};
