/** SARIF 2.1.0: what code-scanning services show beside the code. Losses, diagnostics and differing columns are results. */
import { type Diagnostic, printable } from '../ir/diagnostic.ts';
import { grouped, type Report } from './report.ts';

type Level = 'error' | 'warning' | 'note';

const levels: Readonly<Record<Diagnostic['severity'], Level>> = {
  error: 'error',
  loss: 'warning',
  warning: 'warning',
  note: 'note',
};

interface Result {
  readonly ruleId: string;
  readonly level: Level;
  readonly message: { readonly text: string };
  readonly locations: readonly object[];
}

const uri = (file: string): string => encodeURIComponent(file.replace(/\p{Cs}/gu, '\ufffd'));

/** A line where the place begins with one; what else a place says is a logical location. */
const location = (file: string, at: string): object => {
  const line = /^(?:line )?(\d+)(?![\d.])/.exec(at)?.[1];
  return {
    physicalLocation: {
      artifactLocation: { uri: uri(file) },
      ...(line && Number(line) > 0 && { region: { startLine: Number(line) } }),
    },
    ...(at && { logicalLocations: [{ fullyQualifiedName: printable(at) }] }),
  };
};

const ofDiagnostic = (d: Diagnostic, source: string): Result => ({
  ruleId: d.rule,
  level: levels[d.severity],
  message: { text: printable(d.help ? `${d.message} (${d.help})` : d.message) },
  locations: [location(d.at?.file ?? source, d.at?.at ?? '')],
});

const ofVerification = ({ verification: v, artifact, source }: Report): Result[] => {
  if (!v) return [];
  const locations = [location(artifact?.name ?? source.name, '')];
  const result = (ruleId: string, text: string): Result => ({
    ruleId,
    level: 'error',
    message: { text: printable(text) },
    locations,
  });
  return [
    ...(v.why === undefined ? [] : [result(v.executed ? 'verify/refused' : 'verify/not-executed', v.why)]),
    ...v.unmatched.map((u) => result('verify/unmatched', `on one side only: ${u}`)),
    ...v.columns
      .filter((c) => c.different > 0)
      .map((c) =>
        result(
          'verify/different',
          `'${c.column}' differs on ${grouped(c.different)} of ${grouped(c.rows)} rows; allowed: ${c.allowed}`,
        ),
      ),
  ];
};

export const renderSarif = (report: Report): string => {
  const { source, examples } = report;
  const results: Result[] = [
    ...ofVerification(report),
    ...(examples && examples.failed > 0
      ? [
          {
            ruleId: 'verify/examples',
            level: 'error' as const,
            message: {
              text: printable(
                `${grouped(examples.failed)} of ${grouped(examples.values)} values that the model itself carries are not met; the first: ${examples.firstFailure}`,
              ),
            },
            locations: [location(source.name, '')],
          },
        ]
      : []),
    ...[...report.losses, ...report.diagnostics].map((d) => ofDiagnostic(d, source.name)),
  ];
  const [name = 'portolan', version = ''] = report.tool.split(' ');
  const rules = [...new Set(results.map((r) => r.ruleId))].sort().map((id) => ({ id }));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name, version, rules } },
        artifacts: [source, ...(report.artifact ? [report.artifact] : [])].map((f) => ({
          location: { uri: uri(f.name) },
          length: f.bytes,
          hashes: { 'sha-256': f.sha256 },
        })),
        results,
        properties: { verdict: report.verdict },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
};
