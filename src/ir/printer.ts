/** The graph as text, one line a node: what `portolan inspect` shows. Names are made safe for a terminal by the caller. */
import { type Attribute, type Model, type Node, opName, type Region, type Value } from './model.ts';
import { formatType } from './shape.ts';

const limit = 8;

const list = (values: ArrayLike<unknown>): string => {
  const shown = Array.from({ length: Math.min(values.length, limit) }, (_, i) => String(values[i]));
  return `[${shown.join(', ')}${values.length > limit ? `, … ${values.length}` : ''}]`;
};

export const attributeInWords = (a: Attribute): string => {
  switch (a.kind) {
    case 'int':
    case 'float':
      return String(a.value);
    case 'string':
      return JSON.stringify(a.value);
    case 'ints':
    case 'floats':
      return list(a.values);
    case 'strings':
      return list(a.values.map((s) => JSON.stringify(s)));
    case 'data':
      return `${a.data.dtype}[${a.data.dims.join(', ')}]${a.data.count <= limit ? ` ${list(a.data.read(0, a.data.count))}` : ''}`;
    case 'type':
      return formatType(a.type);
    case 'predicates':
      return `${a.predicates.kind.length} predicates`;
    case 'trees':
      return `${a.trees.roots.length} trees, ${a.trees.test.length} tests, ${a.trees.outcomes} outcomes`;
    case 'region':
      return `{${a.region.nodes.length} nodes}`;
    case 'ref':
      return `@${a.ref}`;
    case 'opaque':
      return '…';
  }
};

const nameOf = (v: Value | null): string => (v === null ? '_' : v.name);

const formatNode = (n: Node, indent: string): string[] => {
  const inputs =
    n.inputs.length > 2 * limit
      ? `${n.inputs.slice(0, limit).map(nameOf).join(', ')}, … ${n.inputs.length} in all`
      : n.inputs.map(nameOf).join(', ');
  const attributes = [...n.attributes].map(([k, a]) => `${k}=${attributeInWords(a)}`).join(' ');
  const outputs = n.outputs.map((v) => (v ? `${v.name}: ${formatType(v.type)}` : '_')).join(', ');
  const lines = [
    `${indent}${outputs} = ${opName(n.op)}@${n.op.since}(${inputs})${attributes ? ` {${attributes}}` : ''}`,
  ];
  for (const [k, a] of n.attributes) {
    if (a.kind === 'region') {
      lines.push(`${indent}  ${k}:`, ...formatRegion(a.region, `${indent}    `));
    }
  }
  return lines;
};

const formatRegion = (r: Region, indent: string): string[] => [
  ...r.params.map((v) => `${indent}input  ${v.name}: ${formatType(v.type)}`),
  ...(r.captures.length ? [`${indent}reads  ${r.captures.map((v) => v.name).join(', ')}`] : []),
  ...r.parameters.map(
    (p) =>
      `${indent}${p.role === 'constant' ? 'const ' : p.role} ${p.value.name}: ${formatType(p.value.type)}${p.data.count <= limit ? ` = ${list(p.data.read(0, p.data.count))}` : ''}`,
  ),
  ...r.nodes.flatMap((n) => formatNode(n, indent)),
  `${indent}return ${r.results.map((v) => v.name).join(', ')}`,
];

/** The whole model: fields, then the graph. */
export const print = (model: Model): string =>
  [
    `model ${model.name || '(unnamed)'} — ${model.format} ${model.version}, profile ${model.profile}`,
    ...model.fields.map(
      (f) =>
        `${f.role.padEnd(6)} ${f.name} ← ${f.value.name}${f.column === undefined ? '' : `[${f.column}]`} ${f.optype}${f.categories ? ` ${list(f.categories.map((c) => JSON.stringify(c)))}` : ''}`,
    ),
    ...formatRegion(model.graph, '  '),
  ].join('\n');
