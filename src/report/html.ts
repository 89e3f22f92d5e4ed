/** One self-contained page: no scripts, nothing fetched, readable on a phone, dark and light. */
import type { ColumnAgreement } from '../verify/result.ts';
import { histogramInWords, sections, type Table } from './facts.ts';
import { grouped, type Report, type Status } from './report.ts';

const quoted = (s: string): string =>
  s
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');

const style = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5b6675;--paper:#fbfaf7;--card:#fff;--line:#dfdcd3;--good:#1d7a46;--bad:#b3261e;--wait:#8a5a00;--bar:#3b6ea8}
@media (prefers-color-scheme:dark){:root{--ink:#e6e4dd;--soft:#9aa5b4;--paper:#14181e;--card:#1b2129;--line:#323b47;--good:#5fc98b;--bad:#ff8a80;--wait:#f0b95a;--bar:#7fb0e6}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:62rem;margin:0 auto;padding:1.25rem 1rem 4rem}
h1{font-size:1.35rem;line-height:1.25;margin:.5rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
p{margin:.4rem 0;overflow-wrap:anywhere}
.verdict{background:var(--card);border:1px solid var(--line);border-left:.4rem solid var(--wait);border-radius:.4rem;padding:.8rem 1rem}
.verdict strong{display:block;text-transform:uppercase;letter-spacing:.05em;font-size:.85rem;color:var(--wait)}
.verdict.good{border-left-color:var(--good)}.verdict.good strong{color:var(--good)}
.verdict.bad{border-left-color:var(--bad)}.verdict.bad strong{color:var(--bad)}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.25rem 1rem;margin:.5rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto;margin:.6rem 0;border:1px solid var(--line);border-radius:.4rem;background:var(--card)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
th{color:var(--soft);font-weight:600;white-space:nowrap}
td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere;min-width:4rem}
td:last-child{min-width:8rem}
pre{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.7rem;overflow-x:auto;font:.85rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
figure{margin:.8rem 0}figcaption{font-size:.9rem;color:var(--soft)}
svg{width:100%;height:auto;max-width:40rem;display:block}
svg text{fill:var(--soft);font:11px system-ui,sans-serif}svg .bar{fill:var(--bar)}svg .bar.over{fill:var(--bad)}svg line{stroke:var(--line)}
@media (max-width:34rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
`;

const classes: Record<Status, string> = {
  equivalent: 'good',
  different: 'bad',
  'not executed': 'wait',
  'not verified': 'wait',
  read: 'wait',
};

const table = (t: Table): string =>
  `<div class="scroll"><table><thead><tr>${t.head.map((h) => `<th>${quoted(h)}</th>`).join('')}</tr></thead><tbody>${t.rows
    .map((r) => `<tr>${r.map((c) => `<td>${quoted(c)}</td>`).join('')}</tr>`)
    .join('')}</tbody></table></div>`;

/** Rows by distance in ULP, heights on a log scale: one odd row among a million must be seen. */
const plot = (c: ColumnAgreement): string => {
  const shown = c.histogram.length ? c.histogram : [{ upTo: 0, rows: c.rows }];
  const width = 480;
  const height = 130;
  const floor = height - 22;
  const top = Math.log10(Math.max(...shown.map((b) => b.rows), 1) + 1);
  const step = width / shown.length;
  const bars = shown.map((b, i) => {
    const h = b.rows === 0 ? 0 : Math.max(3, (Math.log10(b.rows + 1) / top) * (floor - 18));
    const x = i * step;
    const middle = (x + step / 2).toFixed(1);
    return (
      `<rect class="bar" x="${(x + step * 0.15).toFixed(1)}" y="${(floor - h).toFixed(1)}" width="${(step * 0.7).toFixed(1)}" height="${h.toFixed(1)}"/>` +
      `<text x="${middle}" y="${height - 8}" text-anchor="middle">${quoted(b.upTo === 0 ? '0' : `≤${b.upTo}`)}</text>` +
      (b.rows
        ? `<text x="${middle}" y="${(floor - h - 4).toFixed(1)}" text-anchor="middle">${quoted(grouped(b.rows))}</text>`
        : '')
    );
  });
  return `<figure><figcaption>${quoted(c.column)}: rows by distance in ULP — ${quoted(histogramInWords(c))}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${quoted(`${c.column}: ${histogramInWords(c)}`)}"><line x1="0" y1="${floor}" x2="${width}" y2="${floor}"/>${bars.join('')}</svg></figure>`;
};

export const renderHtml = (report: Report): string => {
  const title = `Deployability of ${report.source.name}`;
  const body = sections(report).map((s, i) => {
    const facts = s.facts.length
      ? `<dl>${s.facts.map(([k, v]) => `<dt>${quoted(k)}</dt><dd>${quoted(v)}</dd>`).join('')}</dl>`
      : '';
    const rest = [
      ...s.tables.filter((t) => t.rows.length).map(table),
      ...s.plots.map(plot),
      ...s.code.map((c) => `<pre aria-label="${quoted(c.language)}"><code>${quoted(c.code)}</code></pre>`),
    ].join('\n');
    if (i === 0) {
      const status = report.verdict.status;
      return `<div class="verdict ${classes[status]}"><strong>${quoted(status)}</strong>${s.text.map((t) => quoted(t)).join(' ')}</div>`;
    }
    return `<section><h2>${quoted(s.title)}</h2>${s.text.map((t) => `<p>${quoted(t)}</p>`).join('')}${facts}${rest}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${quoted(title)}</title><style>${style}</style></head>
<body><main><h1>${quoted(title)}</h1>
${body.join('\n')}
</main></body></html>
`;
};
