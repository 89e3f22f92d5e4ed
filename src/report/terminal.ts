import { histogramInWords, sections, type Table, titleOf } from './facts.ts';
import type { Report } from './report.ts';

/** Columns padded to their widest cell; the last one runs free. */
const table = (t: Table): string[] => {
  const rows = [t.head, ...t.rows];
  const widths = t.head.map((_, i) => Math.max(...rows.map((r) => (r[i] ?? '').length)));
  return rows.map((r) =>
    `  ${r.map((c, i) => (i === r.length - 1 ? c : c.padEnd(widths[i] as number))).join('  ')}`.trimEnd(),
  );
};

/** The whole report as text for a terminal. */
export const renderTerminal = (report: Report): string => {
  const lines: string[] = [titleOf(report)];
  for (const s of sections(report)) {
    lines.push('', s.title.toUpperCase());
    for (const t of s.text) lines.push(`  ${t}`);
    const width = Math.max(0, ...s.facts.map(([label]) => label.length));
    for (const [label, value] of s.facts) lines.push(`  ${label.padEnd(width)}  ${value}`);
    for (const t of s.tables) lines.push(...table(t));
    for (const p of s.plots) lines.push(`  ${p.column}: ${histogramInWords(p)}`);
    for (const { language, code } of s.code) {
      lines.push(`  [${language}]`, ...code.split('\n').map((l) => `    ${l}`));
    }
  }
  return `${lines.join('\n')}\n`;
};
