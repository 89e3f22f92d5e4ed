import type { Snippet } from '../../src/ir/converter.ts';
import type { Model } from '../../src/ir/model.ts';

const literal = (x: string): string =>
  JSON.stringify(x).replace(/[\u2028\u2029<]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Programs that score one row with the module: in Node, and from Python through Node. */
export const snippets = (model: Model, file: string): readonly Snippet[] => {
  const fields = model.fields.filter((f) => f.role === 'input');
  const row = fields.map((f) => {
    const text = f.value.type.kind === 'tensor' && f.value.type.dtype === 'string';
    const [first] = f.categories ?? [];
    return `  [${literal(f.name)}]: ${text ? literal(typeof first === 'string' ? first : 'text') : typeof first === 'number' ? first : 0},`;
  });
  const module = literal(`./${file}`);
  return [
    {
      language: 'javascript',
      code: `import { predict } from ${module};

console.log(predict({
${row.join('\n')}
}));`,
    },
    {
      language: 'python',
      code: `import json, subprocess

row = {${fields.map((f) => `${literal(f.name)}: None`).join(', ')}}
program = ${literal(`import { predict } from ${module}; console.log(JSON.stringify(predict(JSON.parse(process.argv[1]))))`)}
print(json.loads(subprocess.check_output(["node", "--input-type=module", "-e", program, json.dumps(row)])))`,
    },
  ];
};
