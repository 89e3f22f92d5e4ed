import { formats } from '../formats.ts';
import { say } from './terminal.ts';

/** `portolan formats`: the table of formats. */
export const listFormats = (options: { json?: boolean }): number => {
  const list = formats.map(({ name, title, endings, reads, writes, runs }) => ({
    name,
    title,
    endings,
    reads,
    writes,
    runs,
  }));
  if (options.json) {
    say(JSON.stringify(list, null, 2));
    return 0;
  }
  const rows = [
    ['format', 'reads', 'writes', 'runs', 'endings', ''],
    ...list.map((f) => [
      f.name,
      f.reads ? 'yes' : '–',
      f.writes ? 'yes' : '–',
      f.runs ?? '–',
      f.endings.join(' '),
      f.title,
    ]),
  ];
  const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map((r) => (r[i] as string).length)));
  for (const r of rows)
    say(
      r
        .map((c, i) => c.padEnd(widths[i] as number))
        .join('  ')
        .trimEnd(),
    );
  return 0;
};
