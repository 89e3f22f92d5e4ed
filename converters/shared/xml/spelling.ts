/** What is written, as it reads: line ends, references and blanks. XML 1.0, 2.11, 3.3.3 and 4.6. The references have been checked. */

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', apos: "'", quot: '"' };

const referred = (name: string): string => {
  if (!name.startsWith('#')) return entities[name] as string;
  const code = name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return String.fromCodePoint(code);
};

export const spellText = (text: string): string =>
  text.replace(/\r\n?|&([^;]+);/g, (_, name?: string) => (name === undefined ? '\n' : referred(name)));

export const spellCdata = (text: string): string => text.replace(/\r\n?/g, '\n');

export const spellAttribute = (text: string): string =>
  text.replace(/\r\n|[\t\r\n]|&([^;]+);/g, (_, name?: string) => (name === undefined ? ' ' : referred(name)));
