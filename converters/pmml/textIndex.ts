/** TextIndex: how often a term stands in a text. PMML 4.4.1, Transformations, TextIndex. */
import { attr } from '../../src/ir/attributes.ts';
import type { Value } from '../../src/ir/model.ts';
import type { Element } from '../shared/xml.ts';
import { convert } from './convert.ts';
import { parts } from './document.ts';
import { inlineRows } from './inlineTable.ts';
import type { Scope, Variable } from './scope.ts';

const weights = ['termFrequency', 'binary', 'logarithmic', 'augmentedNormalizedTermFrequency'] as const;

export const textIndex = (element: Element, text: Variable, term: Variable, scope: Scope): Value => {
  const { doc, a } = scope.world;
  const caseSensitive = doc.flag(element, 'isCaseSensitive', false);
  const distance = doc.number(element, 'maxLevenshteinDistance') ?? 0;
  const separator = doc.text(element, 'wordSeparatorCharacterRE') ?? '\\s+';
  doc.spend(element, separator);
  const tokenize = doc.flag(element, 'tokenize', true);
  const int = (flag: boolean) => (flag ? 1 : 0);
  const table = {
    tableSeparator: [] as string[],
    tableCase: [] as number[],
    tableDistance: [] as number[],
    tableTokenize: [] as number[],
    tableRecursive: [] as number[],
    from: [] as string[],
    to: [] as string[],
    regex: [] as number[],
    table: [] as number[],
  };
  for (const n of parts(element).filter((p) => p.name === 'TextIndexNormalization')) {
    const [inField, outField, regexField] = [
      doc.text(n, 'inField') ?? 'string',
      doc.text(n, 'outField') ?? 'stem',
      doc.text(n, 'regexField') ?? 'regex',
    ];
    for (const row of inlineRows(doc, n)) {
      const from = row.get(inField) ?? doc.fail(n, 'pmml/missing-element', `a row has no column ${inField}`);
      const regex = /^(true|1)$/.test(row.get(regexField)?.trim() ?? '');
      if (regex) doc.spend(n, from);
      table.from.push(from);
      table.to.push(row.get(outField) ?? '');
      table.regex.push(int(regex));
      table.table.push(table.tableSeparator.length);
    }
    const own = doc.text(n, 'wordSeparatorCharacterRE') ?? separator;
    doc.spend(n, own);
    table.tableSeparator.push(own);
    table.tableCase.push(int(doc.flag(n, 'isCaseSensitive', caseSensitive)));
    table.tableDistance.push(doc.number(n, 'maxLevenshteinDistance') ?? distance);
    table.tableTokenize.push(int(doc.flag(n, 'tokenize', tokenize)));
    table.tableRecursive.push(int(doc.flag(n, 'recursive', false)));
  }
  const asText = (v: Variable) => convert(doc, a, element, v, 'string', scope.real).value;
  const value = a.own('TextIndex', [asText(text), asText(term)], {
    weights: attr.string(doc.choice(element, 'localTermWeights', weights, 'termFrequency')),
    hits: attr.string(doc.choice(element, 'countHits', ['allHits', 'bestHits'], 'allHits')),
    caseSensitive: attr.int(int(caseSensitive)),
    distance: attr.float(distance),
    separator: attr.string(separator),
    tokenize: attr.int(int(tokenize)),
    ...(table.tableSeparator.length > 0 && {
      tableSeparator: attr.strings(table.tableSeparator),
      tableCase: attr.ints(table.tableCase),
      tableDistance: attr.ints(table.tableDistance),
      tableTokenize: attr.ints(table.tableTokenize),
      tableRecursive: attr.ints(table.tableRecursive),
      from: attr.strings(table.from),
      to: attr.strings(table.to),
      regex: attr.ints(table.regex),
      table: attr.ints(table.table),
    }),
  });
  return a.cast(value, scope.real);
};
