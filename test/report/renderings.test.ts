/** Every rendering says what every other says, is whole in itself, and does nothing that a name in a model asks for. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import { bucket, histogramInWords, sections } from '../../src/report/facts.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderFor } from '../../src/report/render.ts';
import type { Report } from '../../src/report/report.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { Folder, fixture, portolan } from '../cli/portolan.ts';
import { fullReport, readReport, wideReport } from './reports.ts';

const schema = JSON.parse(readFileSync(fixture('../schemas/report-1.schema.json'), 'utf8'));
const valid = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

const unescapedHtml = (s: string): string =>
  s
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, '\n')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

/** Code in fences is as it is. */
const unescapedMarkdown = (s: string): string =>
  s
    .split(/^(`{3,}\w+\n[\s\S]*?\n`{3,})$/m)
    .map((part, i) => (i % 2 === 1 ? part : unescapedProse(part)))
    .join('');

const unescapedProse = (s: string): string =>
  s
    .replace(/\\([\\`*_[\]<>|#~!])/g, '$1')
    .replaceAll('&#64;', '@')
    .replaceAll('&#58;', ':')
    .replaceAll('&#46;', '.')
    .replaceAll('&amp;', '&');

const renderings: [string, (r: Report) => string, (s: string) => string][] = [
  ['terminal', renderTerminal, (s) => s],
  ['markdown', renderMarkdown, unescapedMarkdown],
  ['html', renderHtml, unescapedHtml],
];

/** Every string that a reader is to find. */
const strings = (report: Report): string[] =>
  sections(report).flatMap((s) => [
    ...s.text,
    ...s.facts.flat(),
    ...s.tables.flatMap((t) => [...t.head, ...t.rows.flat()]),
    ...s.plots.flatMap((p) => [p.column, histogramInWords(p)]),
    ...s.code.flatMap((c) => c.code.split('\n').map((l) => l.trim())),
  ]);

const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "'><svg onload=alert(1)>",
  '[x](javascript:alert(1))',
  '![x](http://evil.example/x.png)',
  'http://evil.example www.evil.example @everyone',
  'a | b || c',
  '\u001b[31mred\u001b]0;title\u0007\u009b2J',
  'one\n::error file=a::forged\r\n::set-output::x',
  '::warning::at once',
  '##[error]forged ##vso[task.setvariable]x ##teamcity[x]',
  '\u202egnp.exe\u200b\u2028',
  '```\n# heading\n```',
  '__proto__',
  '&lt;b&gt; &amp;',
  '-->]]><!--',
];

describe('facts', () => {
  const reports: [string, Report][] = [
    ['everything', fullReport()],
    ['nothing but read', readReport()],
    ['wide', wideReport(50)],
    ...hostile.map((h): [string, Report] => [JSON.stringify(h), fullReport(h)]),
  ];
  it.each(reports)('%s: each stands in each rendering', (_, report) => {
    for (const [name, render, unescaped] of renderings) {
      const text = unescaped(render(report));
      for (const s of strings(report)) expect([name, s, text.includes(s)]).toEqual([name, s, true]);
    }
  });

  it('come from the whole report: whatever is changed in it is seen', () => {
    const seen = (r: Report) => JSON.stringify(sections(r));
    const { verification: v, ...rest } = fullReport();
    if (!v?.worst) throw new Error('the full report has a worst row');
    const changed: Report[] = [
      { ...rest, verification: { ...v, seed: 2 } },
      { ...rest, verification: { ...v, rows: { ...v.rows, given: 30 } } },
      { ...rest, verification: { ...v, worst: { ...v.worst, index: 18 } } },
      { ...rest, verification: { ...v, worst: { ...v.worst, b: 'x' } } },
      { ...rest, verification: { ...v, divergence: null } },
      { ...rest, verification: { ...v, unmatched: [] } },
      { ...rest, verification: { ...v, why: 'x' } },
      { ...rest, verification: { ...v, columns: v.columns.slice(1) } },
      { ...rest, verification: null },
      { ...rest, verification: v, examples: null },
      { ...rest, verification: v, losses: [] },
      { ...rest, verification: v, diagnostics: [] },
      { ...rest, verification: v, unchecked: [] },
      { ...rest, verification: v, latency: [] },
      { ...rest, verification: v, snippets: [] },
      { ...rest, verification: v, provenance: {} },
    ];
    const all = new Set([seen({ ...rest, verification: v }), ...changed.map(seen)]);
    expect(all.size).toBe(changed.length + 1);
  });

  it('say distances in words', () => {
    expect([bucket(0), bucket(8), bucket('Infinity')]).toEqual(['equal', 'up to 8 ULP', 'beyond measure']);
    const [, , score] = fullReport().verification?.columns ?? [];
    if (!score) throw new Error('the full report has three columns');
    expect(histogramInWords(score)).toBe('equal: 12,342 · up to 1,048,576 ULP: 2 · beyond measure: 1');
  });
});

describe('JSON', () => {
  const holds = (report: unknown): void => {
    valid(report);
    expect(valid.errors ?? []).toEqual([]);
  };

  it.each([fullReport(), readReport(), wideReport(3), ...hostile.map(fullReport)])(
    'is as the schema says',
    (r) => {
      holds(JSON.parse(renderFor('r.json')(r)));
    },
  );

  it('the schema takes nothing else', () => {
    const full = JSON.parse(JSON.stringify(fullReport()));
    expect(valid({ ...full, more: 1 })).toBe(false);
    expect(valid({ ...full, verification: { ...full.verification, more: 1 } })).toBe(false);
    expect(valid({ ...full, verdict: { status: 'perfect', sentence: '' } })).toBe(false);
    for (const key of Object.keys(full)) {
      const { [key]: _, ...rest } = full;
      expect([key, valid(rest)]).toEqual([key, false]);
    }
  });

  it('of real models, written, compared and only read', async () => {
    const folder = new Folder();
    const forest = fixture('pmml/random-forest/model.pmml');
    const data = ['--data', fixture('pmml/random-forest/input.csv')];
    const runs = [
      ['convert', forest, folder.file('f.onnx'), ...data, '--json'],
      ['convert', forest, folder.file('f.mjs'), '--no-verify', '--json'],
      ['convert', fixture('onnx/mlp/model.onnx'), folder.file('m.onnx'), '--json'],
      ['convert', fixture('pmml/spec/model-verification/model.pmml'), folder.file('v.mjs'), '--json'],
      ['verify', forest, fixture('pmml/random-forest/expected.csv'), ...data, '--json'],
      ['verify', forest, fixture('pmml/spec/tree-none/model.pmml'), '--json'],
      [
        'verify',
        fixture('pmml/spec/interval-closedclosed/model.pmml'),
        fixture('pmml/spec/interval-openopen/model.pmml'),
        '--json',
      ],
      ['report', fixture('pmml/spec/text-index/model.pmml'), '--json'],
      ['report', fixture('onnx/xgboost-classifier/model.onnx'), '--json'],
    ];
    const statuses = new Set<string>();
    for (const args of runs) {
      const { out, err } = await portolan(...args);
      expect([args, out === '' ? err : '']).toEqual([args, '']);
      const report = JSON.parse(out);
      holds(report);
      statuses.add(report.verdict.status);
      // Nothing of this machine but the measurements, which say so.
      expect(out).not.toContain(folder.path);
      expect(out).not.toContain(fixture(''));
    }
    expect([...statuses].sort()).toEqual(['different', 'equivalent', 'not verified', 'read']);
    folder.remove();
  });
});

describe('HTML', () => {
  const whole = (html: string): void => {
    // Names are text: outside of text there is nothing that runs or fetches.
    const tags = [...html.matchAll(/<\/?([a-zA-Z][\w-]*)((?:[^>"]|"[^"]*")*)>/g)];
    for (const [, tag = '', attributes = ''] of tags) {
      expect(tag).not.toMatch(/^(script|link|img|iframe|object|embed|base|form|a|image|use)$/i);
      expect(attributes.replace(/"[^"]*"/g, '""')).not.toMatch(
        /\s(on\w+|href|src|srcset|action|xlink:href|style)\s*=/i,
      );
    }
    expect(html.replace(/<style>[\s\S]*?<\/style>/, '').match(/<style/)).toBeNull();
    const [, css = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
    expect(css).not.toMatch(/url\(|@import|expression/i);
    expect(html).not.toMatch(/<meta[^>]*refresh/i);
    expect(Buffer.byteLength(html)).toBeLessThan(500_000);
  };

  it.each([fullReport(), readReport(), wideReport(500), ...hostile.map(fullReport)])(
    'is one page, whole',
    (r) => {
      whole(renderHtml(r));
    },
  );

  it('refers to nothing elsewhere', () => {
    expect(renderHtml(readReport())).not.toMatch(/https?:|\/\/|javascript:/i);
  });

  it('of the largest fixture is under 500 kB', async () => {
    const folder = new Folder();
    const args = ['convert', fixture('pmml/random-forest/model.pmml'), folder.file('f.onnx')];
    await portolan(...args, '--report', folder.file('r.html'));
    whole(folder.read('r.html'));
    folder.remove();
  });
});

describe('hostile names', () => {
  it.each(hostile)('%j does nothing', (name) => {
    const report = fullReport(name);
    const text = renderTerminal(report);
    for (const line of text.split('\n')) expect(line).not.toMatch(/^\s*::|##\w*\[|\p{Cc}|\p{Cf}/u);

    const md = renderMarkdown(report);
    for (const line of md.split('\n')) expect(line).not.toMatch(/^\s*::|##\w*\[|\p{Cc}|\p{Cf}/u);
    let fence = '';
    const prose: string[] = [];
    for (const line of md.split('\n')) {
      const [mark] = /^`{3,}/.exec(line) ?? [''];
      if (fence === '' && mark) fence = mark;
      else if (fence && line === fence) fence = '';
      else if (!fence) prose.push(line);
    }
    expect(fence).toBe('');
    for (const line of prose) {
      expect(line.replace(/\\./g, '')).not.toMatch(/[<>`*_[\]!]|https?:\/\/|www\.|@/);
      if (line.startsWith('| ')) {
        const cells = line.replace(/\\./g, '').split('|').length;
        const at = prose.indexOf(line);
        const head = prose
          .slice(0, at + 1)
          .findLast((l, i) => /^\|( --- \|)+$/.test(prose[i + 1] ?? '') && l);
        expect(cells).toBe((head ?? line).replace(/\\./g, '').split('|').length);
      }
    }
    // As many headings as there are sections, and the title: no name makes another.
    expect(prose.filter((l) => /^#/.test(l)).length).toBe(sections(report).length + 1);
  });

  it('are one well-formed document in JUnit, and one value in SARIF', () => {
    for (const name of [...hostile, '\ud800 \uffff']) {
      let cases = 0;
      const parser = new SaxesParser();
      parser.on('error', (e) => {
        throw e;
      });
      parser.on('opentag', (t) => {
        if (t.name === 'testcase') cases++;
      });
      parser.write(renderFor('r.xml')(fullReport(name))).close();
      // Three columns, one output on one side only, the source's own examples.
      expect(cases).toBe(5);
      expect(JSON.parse(renderFor('r.sarif')(fullReport(name))).runs).toHaveLength(1);
    }
  });
});

describe('goldens', () => {
  const folder = join(import.meta.dirname, 'golden');
  const update = process.env.UPDATE === '1';
  const reports: Record<string, Report> = {
    full: fullReport(),
    read: readReport(),
    hostile: fullReport('<b>&[x](y)|\u001b\n::error::'),
  };
  const endings = ['txt', 'md', 'html', 'json', 'sarif', 'xml'];

  it.each(Object.keys(reports).flatMap((n) => endings.map((e) => `${n}.${e}`)))('%s', (file) => {
    const [name = '', ending] = file.split('.');
    const report = reports[name] as Report;
    const text = ending === 'txt' ? renderTerminal(report) : renderFor(file)(report);
    if (update) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    expect(text).toBe(readFileSync(join(folder, file), 'utf8'));
  });

  it('there are no others', () => {
    const expected = Object.keys(reports).flatMap((n) => endings.map((e) => `${n}.${e}`));
    expect(readdirSync(folder).sort()).toEqual(expected.sort());
  });
});
