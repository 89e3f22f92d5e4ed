/**
 * The report as sections of facts, in the order a tired reader wants them. Every rendering is made from this list
 * alone, so that none can say more or less than another.
 */
import { type Diagnostic, printable } from '../ir/diagnostic.ts';
import type { ColumnAgreement, Figure } from '../verify/result.ts';
import { grouped, type Report } from './report.ts';

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Section {
  readonly title: string;
  readonly text: readonly string[];
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly tables: readonly Table[];
  readonly code: readonly { readonly language: string; readonly code: string }[];
  /** Columns whose error histogram stands here as a plot (HTML) or in words. */
  readonly plots: readonly ColumnAgreement[];
}

export const titleOf = (r: Report): string => printable(`Deployability of ${r.source.name}`);

type Parts = { title: string } & Partial<Omit<Section, 'title'>>;

/** Names come from hostile files: what every rendering is made of is printable already. */
const section = ({ title, text = [], facts = [], tables = [], code = [], plots = [] }: Parts): Section => ({
  title,
  text: text.map(printable),
  facts: facts.map(([label, value]) => [printable(label), printable(value)]),
  tables: tables
    .filter((t) => t.rows.length > 0)
    .map((t) => ({ head: t.head.map(printable), rows: t.rows.map((r) => r.map(printable)) })),
  code: code.map((c) => ({ ...c, code: c.code.split('\n').map(printable).join('\n') })),
  plots: plots.map((p) => ({ ...p, column: printable(p.column) })),
});

/** 1234567 → 1.2 MB */
export const bytes = (n: number): string => {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  const at = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(n, 1)) / 3));
  return at === 0 ? `${n} bytes` : `${(n / 1000 ** at).toPrecision(3)} ${units[at]}`;
};

const short = (x: number | string): string =>
  typeof x === 'string' ? x : x === 0 ? '0' : x.toPrecision(2).replace(/\.0(?=e|$)/, '');

/** One line, the help included: `warning[pmml/x] model.pmml:3: … (help)`. */
const inWords = (d: Diagnostic): string => {
  const place = d.at ? `${[d.at.file, d.at.at].filter(Boolean).join(':')}: ` : '';
  return `${d.severity}[${d.rule}] ${place}${d.message}${d.help ? ` (${d.help})` : ''}`;
};

const cell = (x: string | number | null): string => (x === null ? '(missing)' : String(x));

/** `equal: 73,103 · up to 2 ULP: 12` */
export const histogramInWords = (c: ColumnAgreement): string =>
  c.histogram
    .filter((b) => b.rows > 0)
    .map((b) => `${bucket(b.upTo)}: ${grouped(b.rows)}`)
    .join(' · ');

/** A distance in words: `equal`, `up to 8 ULP`, `beyond measure` (missing, NaN or infinite on one side). */
export const bucket = (upTo: Figure): string =>
  upTo === 0
    ? 'equal'
    : upTo === 'Infinity'
      ? 'beyond measure'
      : `up to ${typeof upTo === 'number' ? grouped(upTo) : upTo} ULP`;

/** A row for each operator that some target refuses; those that go everywhere share one. */
const operatorTable = ({ targets, operators }: Report['support']): Table => {
  const refused = operators.filter((o) => targets.some((t) => o.targets[t.target] !== 'yes'));
  const taken = operators.filter((o) => !refused.includes(o));
  const nodes = taken.reduce((n, o) => n + o.nodes, 0);
  return {
    head: ['operators', 'nodes', ...targets.map((t) => t.target)],
    rows: [
      ...refused.map((o) => [
        o.operator,
        grouped(o.nodes),
        ...targets.map((t) => o.targets[t.target] ?? '–'),
      ]),
      ...(taken.length > 0
        ? [
            [
              taken.map((o) => `${o.operator} ×${grouped(o.nodes)}`).join(', '),
              grouped(nodes),
              ...targets.map(() => 'yes'),
            ],
          ]
        : []),
    ],
  };
};

export const sections = (r: Report): Section[] => {
  const out: Section[] = [];
  out.push(
    section({
      title: 'Verdict',
      text: [r.verdict.sentence],
      facts: [['status', r.verdict.status]],
    }),
  );

  const v = r.verification;
  if (v?.executed) {
    // What differs is read first.
    const columns = [...v.columns].sort((a, b) => Number(b.different > 0) - Number(a.different > 0));
    const facts: [string, string][] = [
      ['compared', `${v.a.name} (${v.a.runtime}) with ${v.b.name} (${v.b.runtime})`],
      [
        'rows',
        `${grouped(v.rows.boundary)} boundary · ${grouped(v.rows.sampled)} sampled (seed ${v.seed}) · ${grouped(v.rows.given)} given`,
      ],
    ];
    if (v.coverage) {
      const { leaves, predicates, thresholds, categories } = v.coverage;
      const share = (what: string, done: number, total: number, beside = ''): void => {
        // Of what a model does not have nothing is said.
        if (total > 0) facts.push([what, `${grouped(done)} of ${grouped(total)}${beside}`]);
      };
      share('leaves reached', leaves.reached, leaves.total);
      share('predicates seen both ways', predicates.bothWays, predicates.total);
      const unreachable = ` (${grouped(thresholds.unreachable)} unreachable)`;
      share('thresholds tried at, above and below', thresholds.tried, thresholds.total, unreachable);
      share('categories tried', categories.tried, categories.total);
    }
    if (v.why !== undefined) facts.push(['failed', v.why]);
    if (v.unmatched.length) facts.push(['on one side only', v.unmatched.join('; ')]);
    out.push(
      section({
        title: 'What was compared',
        facts,
        tables: [
          {
            head: ['output', 'rows', 'equal', 'different', 'max abs', 'max rel', 'max ULP', 'allowed'],
            rows: columns.map((c) => [
              c.column,
              grouped(c.rows),
              grouped(c.equal),
              grouped(c.different),
              c.kind === 'label' ? '–' : short(c.maxAbs),
              c.kind === 'label' ? '–' : short(c.maxRel),
              c.kind === 'label' ? '–' : short(c.maxUlp),
              c.allowed,
            ]),
          },
        ],
        plots: columns.filter((c) => c.kind === 'number'),
      }),
    );
    if (v.worst) {
      const w = v.worst;
      out.push(
        section({
          title: 'The worst row',
          facts: [
            ['output', w.column],
            [v.a.name, cell(w.a)],
            [v.b.name, cell(w.b)],
            ['row', `${w.source} ${w.index}`],
          ],
          tables: [
            {
              head: ['input', 'value'],
              rows: Object.entries(w.inputs).map(([k, x]) => [k, cell(x)]),
            },
          ],
          code: [{ language: 'sh', code: w.reproduce }],
        }),
      );
    }
    if (v.divergence) {
      const d = v.divergence;
      out.push(
        section({
          title: 'Where they part',
          text: [
            `The first node that differs beyond what its operator may: ${d.operator} '${d.node}', value ${d.value}: ${cell(d.a)} against ${cell(d.b)}.`,
          ],
        }),
      );
    }
  }

  if (v?.structure) {
    const { count, differences } = v.structure;
    const shown = differences.length < count ? `; ${grouped(differences.length)} of them stand here` : '';
    out.push(
      section({
        title: 'How the graphs differ',
        text: [count === 0 ? 'They are the same graph.' : `${grouped(count)} differences${shown}.`],
        tables: [
          {
            head: ['what', 'name', v.a.name, v.b.name],
            rows: differences.map((d) => [d.kind, d.name, d.a ?? '–', d.b ?? '–']),
          },
        ],
      }),
    );
  }

  if (r.examples) {
    const e = r.examples;
    out.push(
      section({
        title: 'The source’s own check',
        facts: [
          ['rows carried by the source', grouped(e.rows)],
          ['values compared', grouped(e.values)],
          ['failed', grouped(e.failed)],
          ...(e.firstFailure ? [['first failure', e.firstFailure] as const] : []),
        ],
      }),
    );
  }

  out.push(
    section({
      title: 'Not checked',
      text: r.unchecked.length ? r.unchecked : ['Nothing was left out that this tool knows to check.'],
    }),
    section({
      title: 'Losses',
      text: r.losses.length ? r.losses.map(inWords) : ['None.'],
    }),
  );
  if (r.diagnostics.length) out.push(section({ title: 'Notes', text: r.diagnostics.map(inWords) }));
  out.push(
    section({
      title: 'Where it can go',
      tables: [
        {
          head: ['target', 'can be written', 'why not'],
          rows: r.support.targets.map((t) => [
            t.target,
            t.supported ? 'yes' : 'no',
            t.obstacles.map((o) => `${o.operator}: ${o.why}`).join('; ') || '–',
          ]),
        },
        operatorTable(r.support),
      ],
    }),
  );

  const fieldTable = (fields: Report['contract']['inputs'], name: string): Table => ({
    head: [name, 'type', 'kind', 'missing is', 'values'],
    rows: fields.map((f) => [f.name, f.type, f.optype, f.missing, f.values || 'any']),
  });
  out.push(
    section({
      title: 'Contract',
      tables: [fieldTable(r.contract.inputs, 'input'), fieldTable(r.contract.outputs, 'output')],
    }),
  );

  if (r.snippets.length) out.push(section({ title: 'Use it', code: r.snippets }));

  const { size } = r;
  out.push(
    section({
      title: 'Size and speed',
      facts: [
        ['nodes', grouped(size.nodes)],
        ['parameters', `${grouped(size.parameters)} (${bytes(size.parameterBytes)})`],
        ...(size.trees
          ? [
              [
                'trees',
                `${grouped(size.trees)} with ${grouped(size.tests)} tests and ${grouped(size.outcomes)} leaves`,
              ] as const,
            ]
          : []),
        ...(size.peakMemoryBytes === null
          ? []
          : [['memory of this run at its peak', bytes(size.peakMemoryBytes)] as const]),
        ...r.latency.flatMap((l) => [
          [
            `measured in ${l.runtime}`,
            `one row ${l.oneRowMicroseconds.toPrecision(3)} µs · ${grouped(l.batchRows)} rows ${l.batchMicrosecondsPerRow.toPrecision(3)} µs each · on ${l.machine}`,
          ] as const,
        ]),
      ],
    }),
  );
  const files: [string, string][] = [];
  for (const [label, f] of [
    ['read', r.source],
    ['written', r.artifact],
  ] as const) {
    if (!f) continue;
    files.push([label, `${f.name} · ${f.summary} · ${bytes(f.bytes)}`], [`SHA-256 of ${f.name}`, f.sha256]);
  }
  out.push(section({ title: 'Files', facts: files }));
  out.push(
    section({
      title: 'Provenance',
      facts: [...Object.entries(r.provenance), ['report', r.schema], ['made by', r.tool]],
    }),
  );
  return out;
};
