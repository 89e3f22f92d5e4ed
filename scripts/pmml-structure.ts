/** Makes converters/pmml/structure.ts from the standard's schema: `node --import tsx scripts/pmml-structure.ts <pmml-4-4.xsd>`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Element, XmlCursor } from '../converters/shared/xml.ts';
import { openSource } from '../src/files/source.ts';

const target = new URL('../converters/pmml/structure.ts', import.meta.url);

/** A place in the content of an element: what may stand there, and how often. */
interface Slot {
  readonly names: readonly string[];
  readonly many: boolean;
  readonly needed: boolean;
}

const particles = new Set(['sequence', 'choice', 'element', 'group']);

const inside = (e: Element): readonly Element[] => e.children.filter((c) => particles.has(c.name));

/** The text of structure.ts. */
export const generate = (schema: string): string => {
  const source = openSource(schema);
  const cursor = new XmlCursor(source);
  const root = cursor.element(cursor.root());
  source.close();
  const named = (kind: string): Map<string, Element> =>
    new Map(root.children.filter((c) => c.name === kind).map((c) => [c.attributes.name as string, c]));
  const [elements, groups, types] = [named('element'), named('group'), named('complexType')];

  const slots = (e: Element, many: boolean, needed: boolean): Slot[] => {
    const { minOccurs = '1', maxOccurs = '1', ref, name } = e.attributes;
    const all = many || maxOccurs !== '1';
    const must = needed && minOccurs !== '0';
    if (e.name === 'element') {
      if (name !== undefined) elements.set(name, e);
      return [{ names: [(ref ?? name) as string], many: all, needed: must }];
    }
    const content = e.name === 'group' && ref !== undefined ? inside(groups.get(ref) as Element) : inside(e);
    if (e.name === 'choice') {
      const options = content.map((c) => slots(c, all, true));
      // Of options of one place each any may stand there; of longer ones each has its own places.
      if (all || options.every((o) => o.length === 1)) {
        const flat = options.flat();
        return [
          {
            names: [...new Set(flat.flatMap((s) => s.names))],
            many: flat.some((s) => s.many),
            needed: must && flat.every((s) => s.needed),
          },
        ];
      }
      return options.flat().map((s) => ({ ...s, needed: false }));
    }
    const flat = content.flatMap((c) => slots(c, all, must));
    return all && flat.length > 1
      ? [
          {
            names: [...new Set(flat.flatMap((s) => s.names))],
            many: true,
            needed: must && flat.some((s) => s.needed),
          },
        ]
      : flat;
  };

  const attributesOf = (e: Element): string[] =>
    e.children.flatMap((c) => {
      if (c.name !== 'attribute') return attributesOf(c);
      return [`${c.attributes.name}${c.attributes.use === 'required' ? '!' : ''}`];
    });

  const has = (e: Element, name: string): boolean => e.children.some((c) => c.name === name || has(c, name));
  const mixed = (e: Element): boolean => e.attributes.mixed === 'true' || e.children.some(mixed);

  const spelled = (e: Element): string => {
    const type = e.children.find((c) => c.name === 'complexType') ?? types.get(e.attributes.type ?? '');
    if (!type) return "{ attributes: '', content: [], text: true }";
    const content = has(type, 'any')
      ? null
      : inside(type)
          .flatMap((c) => slots(c, false, true))
          .filter((s) => s.names.join() !== 'Extension')
          .map((s) => {
            const names = s.names.filter((n) => n !== 'Extension').join('|');
            return `${names}${s.many ? (s.needed ? '+' : '*') : s.needed ? '!' : '?'}`;
          });
    const text = mixed(type) || has(type, 'simpleContent') || has(type, 'list');
    const fields = [
      `attributes: '${attributesOf(type).join(' ')}'`,
      `content: ${JSON.stringify(content)?.replaceAll('"', "'")}`,
    ];
    return `{ ${[...fields, ...(text ? ['text: true'] : [])].join(', ')} }`;
  };

  const lines = new Map<string, string>();
  // Elements that are declared inside others are found on the way.
  for (const [name, e] of elements) lines.set(name, `  ['${name}', ${spelled(e)}],`);
  // Every model and every expression has these: said once.
  return `// Generated from the schema of PMML 4.4.1 by scripts/pmml-structure.ts: do not edit.

export interface Structure {
  /** Names; \`!\`: required. */
  readonly attributes: string;
  /** What stands inside, place by place: \`a|b\` either, \`!\` once, \`?\` at most once, \`+\` and \`*\` any number; null: anything. */
  readonly content: readonly string[] | null;
  /** May text stand there? */
  readonly text?: true;
}

export const structure: ReadonlyMap<string, Structure> = new Map<string, Structure>([
${[...lines.values()].join('\n')}
]);
`;
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(target, generate(process.argv[2] as string));
