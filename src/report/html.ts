/** One self-contained page: no scripts, nothing fetched, readable on a phone, on paper, in the dark. */
import type { ColumnAgreement } from '../verify/result.ts';
import { bucket, histogramInWords, type Section, sections, type Table, titleOf } from './facts.ts';
import { grouped, type Report, type Status } from './report.ts';

const quoted = (s: string): string =>
  s
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');

const style = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5b6675;--paper:#f7f5f0;--card:#fff;--line:#e2ded4;--good:#1d7a46;--bad:#b3261e;--wait:#8a5a00;--bar:#3b6ea8}
@media (prefers-color-scheme:dark){:root{--ink:#e6e4dd;--soft:#a0abba;--paper:#12161c;--card:#1a2028;--line:#2f3843;--good:#5fc98b;--bad:#ff8a80;--wait:#f0b95a;--bar:#7fb0e6}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2.2rem 0 .6rem}
p,li{margin:.3rem 0;overflow-wrap:anywhere}ul{margin:.3rem 0;padding-left:1.2rem}
.verdict{background:var(--card);border:1px solid var(--line);border-left:.4rem solid var(--tone);border-radius:.5rem;padding:.9rem 1.1rem;font-size:1.05rem}
.verdict strong{display:block;font-size:1.3rem;line-height:1.3;color:var(--tone)}.verdict strong::first-letter{text-transform:uppercase}
.verdict small{display:block;font-size:.8rem;color:var(--soft)}.verdict p{margin:.3rem 0 0}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}.wait{--tone:var(--wait)}
dl{display:grid;grid-template-columns:minmax(9rem,max-content) 1fr;gap:.3rem 1.2rem;margin:.5rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.box{overflow-x:auto;margin:.8rem 0;border:1px solid var(--line);border-radius:.5rem;background:var(--card)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.4rem .7rem;border-bottom:1px solid var(--line);vertical-align:top;font-variant-numeric:tabular-nums}
tbody tr:last-child td{border-bottom:0}
th{color:var(--soft);font-weight:600;white-space:nowrap}
td{overflow-wrap:break-word;max-width:24rem}.n{text-align:right;white-space:nowrap}
th:first-child,td:first-child{position:sticky;left:0;background:var(--card);max-width:15rem}
.wide td:last-child{min-width:14rem}
pre{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.8rem;overflow-x:auto;font:.85rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre.sh{white-space:pre-wrap;overflow-wrap:anywhere}
summary{cursor:pointer;color:var(--soft);margin:.6rem 0}
figure{margin:1rem 0}figcaption{font-weight:600;overflow-wrap:anywhere}
.bars{display:grid;grid-template-columns:max-content 1fr max-content;gap:.15rem .7rem;align-items:center;font-size:.85rem;color:var(--soft);max-width:40rem;margin:.3rem 0}
.bars svg{width:100%;height:.7rem;display:block}.bars rect{fill:var(--bar)}.bars .beyond rect{fill:var(--bad)}
.bars span:nth-child(3n){text-align:right;font-variant-numeric:tabular-nums}
.heard{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (max-width:36rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}th:first-child,td:first-child{min-width:6.5rem;max-width:9.5rem;overflow-wrap:anywhere}}
@media print{body{background:none}.box{overflow:visible}}
`;

const classes: Readonly<Record<Status, string>> = {
  equivalent: 'good',
  different: 'bad',
  'not executed': 'wait',
  'not verified': 'wait',
  read: 'wait',
};

/** A list is read from its top: what comes after the first `shown` is folded away. */
const folded = <T>(list: readonly T[], shown: number, render: (part: readonly T[]) => string): string => {
  if (list.length <= shown * 1.5) return list.length > 0 ? render(list) : '';
  const rest = list.slice(shown);
  return `${render(list.slice(0, shown))}<details><summary>${grouped(rest.length)} more</summary>${render(rest)}</details>`;
};

const isFigure = (cell: string): boolean => /^(–|[\d.,]+(e[+-]\d+)?|Infinity|NaN|-?\d[\d.e+-]*)$/.test(cell);

const table = (t: Table): string => {
  const figures = t.head.map((_, i) => i > 0 && t.rows.every((r) => isFigure(r[i] ?? '')));
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((c, i) => `<${tag}${figures[i] ? ' class="n"' : ''}>${quoted(c)}</${tag}>`).join('');
  const wide = t.head.length > 4 ? ' wide' : '';
  return folded(
    t.rows,
    20,
    (rows) =>
      `<div class="box${wide}" tabindex="0"><table><thead><tr>${cells('th', t.head)}</tr></thead><tbody>${rows
        .map((r) => `<tr>${cells('td', r)}</tr>`)
        .join('\n')}</tbody></table></div>`,
  );
};

/** Rows by distance, lengths on a log scale: one odd row among a million must be seen. */
const plot = (c: ColumnAgreement): string => {
  const shown = c.histogram.filter((b) => b.rows > 0);
  const words = quoted(histogramInWords(c));
  if (shown.length < 2) return `<p><b>${quoted(c.column)}</b> · <span>${words}</span></p>`;
  const most = Math.log10(Math.max(...shown.map((b) => b.rows)) + 1);
  const bars = shown.map(({ upTo, rows }) => {
    const part = ((100 * Math.log10(rows + 1)) / most).toFixed(1);
    const beyond = upTo === 'Infinity' ? ' class="beyond"' : '';
    return `<span>${quoted(bucket(upTo))}</span><span${beyond}><svg><rect width="${part}%" height="100%" rx="3"/></svg></span><span>${grouped(rows)}</span>`;
  });
  return `<figure><figcaption>${quoted(c.column)}</figcaption><p class="heard">${words}</p><div class="bars" aria-hidden="true">${bars.join('')}</div></figure>`;
};

const plots = (list: readonly ColumnAgreement[]): string =>
  folded(list, 6, (part) => part.map(plot).join('\n'));

const paragraphs = (text: readonly string[]): string =>
  text.length > 1
    ? folded(text, 20, (part) => `<ul>${part.map((t) => `<li>${quoted(t)}</li>`).join('')}</ul>`)
    : text.map((t) => `<p>${quoted(t)}</p>`).join('');

const definitions = (facts: Section['facts']): string =>
  facts.length > 0
    ? `<dl>${facts.map(([k, v]) => `<dt>${quoted(k)}</dt><dd>${quoted(v)}</dd>`).join('')}</dl>`
    : '';

const body = (s: Section): string =>
  [
    `<section><h2>${quoted(s.title)}</h2>`,
    paragraphs(s.text),
    definitions(s.facts),
    ...s.tables.map(table),
    plots(s.plots),
    ...s.code.map(
      (c) => `<pre class="${quoted(c.language)}" tabindex="0"><code>${quoted(c.code)}</code></pre>`,
    ),
    '</section>',
  ]
    .filter(Boolean)
    .join('\n');

/** The verdict stands first, and stands out. */
const verdict = (s: Section, status: Status): string =>
  `<div class="verdict ${classes[status]}">${s.facts.map(([k, v]) => `<small>${quoted(k)}</small><strong>${quoted(v)}</strong>`).join('')}${s.text.map((t) => `<p>${quoted(t)}</p>`).join('')}</div>`;

export const renderHtml = (report: Report): string => {
  const [first, ...rest] = sections(report);
  const title = quoted(titleOf(report));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${style}</style></head>
<body><main><h1>${title}</h1>
${first ? verdict(first, report.verdict.status) : ''}
${rest.map(body).join('\n')}
</main></body></html>
`;
};
