import { histogramInWords, sections, type Table, titleOf } from './facts.ts';
import type { Report } from './report.ts';

/** Names come from hostile files: no markup, no links, nobody called. */
const quoted = (s: string): string =>
  s
    .replace(/[\\`*_[\]<>|#~!]/g, (c) => `\\${c}`)
    .replace(/&/g, '&amp;')
    .replace(/@/g, '&#64;')
    .replace(/:(?=\/\/)/g, '&#58;')
    .replace(/\bwww\./gi, (w) => `${w.slice(0, 3)}&#46;`);

const table = (t: Table): string[] => [
  `| ${t.head.map(quoted).join(' | ')} |`,
  `|${t.head.map(() => ' --- |').join('')}`,
  ...t.rows.map((r) => `| ${r.map(quoted).join(' | ')} |`),
  '',
];

/** A fence longer than any run of backticks inside. */
const fence = (code: string): string =>
  '`'.repeat(Math.max(3, ...[...code.matchAll(/`+/g)].map((m) => m[0].length + 1)));

export const renderMarkdown = (report: Report): string => {
  const lines = [`# ${quoted(titleOf(report))}`, ''];
  for (const s of sections(report)) {
    lines.push(`## ${s.title}`, '');
    for (const t of s.text) lines.push(quoted(t), '');
    for (const [label, value] of s.facts) lines.push(`- ${quoted(label)}: ${quoted(value)}`);
    if (s.facts.length) lines.push('');
    for (const t of s.tables) lines.push(...table(t));
    for (const p of s.plots) lines.push(`- ${quoted(p.column)}: ${quoted(histogramInWords(p))}`);
    if (s.plots.length) lines.push('');
    for (const { language, code } of s.code) {
      const f = fence(code);
      lines.push(`${f}${language}`, code, f, '');
    }
  }
  return `${lines.join('\n').trimEnd()}\n`;
};
