import { read } from '../api/read.ts';
import { printable } from '../ir/diagnostic.ts';
import { opName } from '../ir/model.ts';
import { print } from '../ir/printer.ts';
import { bytes } from '../report/facts.ts';
import { fieldFacts, grouped, operatorCounts, sizeOf } from '../report/report.ts';
import { explain, say, step } from './terminal.ts';

/** `portolan inspect`: fields, size, operators, the graph. Weights are not read, files not hashed. */
export const inspect = async (file: string, options: { json?: boolean }): Promise<number> => {
  const model = await read(file);
  const size = sizeOf(model);
  const operators = operatorCounts(model, (n) => `${opName(n.op)} ${n.op.since}`);
  if (options.json) {
    say(
      JSON.stringify(
        {
          file: model.source.name,
          bytes: model.source.bytes,
          format: model.format,
          version: model.version,
          name: model.name,
          size,
          inputs: model.fields.filter((f) => f.role === 'input').map(fieldFacts),
          outputs: model.fields.filter((f) => f.role === 'output').map(fieldFacts),
          operators: Object.fromEntries(operators),
          opsets: Object.fromEntries(model.opsets),
          metadata: Object.fromEntries(model.metadata),
          diagnostics: model.diagnostics,
        },
        null,
        2,
      ),
    );
    return 0;
  }
  const summary = model.metadata.get('summary');
  step(
    'read',
    printable(`${model.source.name}   ${model.format} ${model.version}${summary ? ` · ${summary}` : ''}`),
  );
  step(
    'size',
    `${bytes(model.source.bytes)} · ${grouped(size.nodes)} nodes · ${grouped(size.parameters)} parameters${size.trees ? ` · ${grouped(size.trees)} trees, ${grouped(size.tests)} tests` : ''}`,
  );
  for (const f of model.fields) {
    const { name, type, optype, missing, values } = fieldFacts(f);
    step(
      f.role,
      printable(
        `${name}   ${type} ${optype}${missing === 'never' ? '' : ' · may be missing'}${values ? ` · ${values}` : ''}`,
      ),
    );
  }
  step('uses', printable(operators.map(([name, n]) => `${name} ×${n}`).join(', ')));
  say('');
  // The printer breaks lines itself; names must not.
  say(print(model).split('\n').map(printable).join('\n'));
  explain(model.diagnostics);
  return 0;
};
