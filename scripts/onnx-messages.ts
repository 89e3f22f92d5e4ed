/** Makes converters/onnx/messages.ts from schemas/onnx.proto: `npm run generate`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const proto = new URL('../schemas/onnx.proto', import.meta.url);
const target = new URL('../converters/onnx/messages.ts', import.meta.url);

/** How often a field stands, and how the codec holds it; elements of tensors stay in the file. */
const shape = (message: string, field: protobuf.Field): string => {
  if (message === 'TensorProto' && field.type === 'bytes') return field.repeated ? 'runs' : 'range';
  if (field.options?.packed === true) return 'runs';
  return field.repeated ? 'many' : 'one';
};

const messagesIn = (space: protobuf.NamespaceBase): protobuf.Type[] =>
  space.nestedArray.flatMap((x) => (x instanceof protobuf.Type ? [x, ...messagesIn(x)] : []));

const enumsIn = (space: protobuf.NamespaceBase): protobuf.Enum[] =>
  space.nestedArray.flatMap((x) =>
    x instanceof protobuf.Enum ? [x] : x instanceof protobuf.Type ? enumsIn(x) : [],
  );

const shortName = (x: protobuf.ReflectionObject): string => x.fullName.replace(/^\.onnx\./, '');

/** The text of messages.ts. */
export const generate = (): string => {
  const { root } = protobuf.parse(readFileSync(proto, 'utf8'), { keepCase: true });
  root.resolveAll();
  const space = root.lookup('onnx') as protobuf.Namespace;
  const lines = [
    '// Generated from schemas/onnx.proto by scripts/onnx-messages.ts (npm run generate): do not edit.',
    '',
    '/** Field name: number, type, how it is held, oneof; see schema.ts. Fields ascend by number. */',
    'export const messages = {',
  ];
  for (const message of messagesIn(space)) {
    lines.push(`  '${shortName(message)}': {`);
    for (const field of [...message.fieldsArray].sort((a, b) => a.id - b.id)) {
      const { resolvedType } = field;
      const type =
        resolvedType instanceof protobuf.Enum ? 'enum' : resolvedType ? shortName(resolvedType) : field.type;
      const oneof = field.partOf ? `, '${field.partOf.name}'` : '';
      lines.push(`    ${field.name}: [${field.id}, '${type}', '${shape(message.name, field)}'${oneof}],`);
    }
    lines.push('  },');
  }
  lines.push('} as const;', '');
  for (const e of enumsIn(space)) {
    if (e.name !== 'AttributeType' && e.name !== 'DataType') continue;
    const values = Object.entries(e.values).sort((a, b) => a[1] - b[1]);
    lines.push(`export const ${e.name} = {`, ...values.map(([k, v]) => `  ${k}: ${v},`), '} as const;', '');
  }
  return lines.join('\n');
};

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, generate());
