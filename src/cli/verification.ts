import { printable } from '../ir/diagnostic.ts';
import { grouped } from '../report/report.ts';
import type { ColumnAgreement, Verification } from '../verify/result.ts';
import type { Structure } from '../verify/structure.ts';
import { step } from './terminal.ts';

const figure = (x: number | string): string => (typeof x === 'number' ? x.toPrecision(2) : x);

const columnLine = (c: ColumnAgreement, width: number): string => {
  const name = c.column.padEnd(width);
  if (c.different > 0) {
    const missing = c.missingOnOneSide > 0 ? `, ${grouped(c.missingOnOneSide)} missing on one side` : '';
    const size = c.kind === 'number' ? ` · at most ${figure(c.maxAbs)} apart (${figure(c.maxUlp)} ULP)` : '';
    return `${name}   ${grouped(c.different)} of ${grouped(c.rows)} differ${missing}${size}`;
  }
  if (c.equal === c.rows) return `${name}   ${grouped(c.rows)} of ${grouped(c.rows)} equal`;
  return `${name}   at most ${figure(c.maxUlp)} ULP apart (${figure(c.maxAbs)}); allowed: ${c.allowed}`;
};

const coverageInWords = ({ coverage }: Verification): string => {
  if (!coverage) return '';
  const { leaves, thresholds } = coverage;
  const parts: string[] = [];
  if (leaves.total > 0) {
    parts.push(
      leaves.reached === leaves.total
        ? 'every leaf reached'
        : `${grouped(leaves.reached)} of ${grouped(leaves.total)} leaves reached`,
    );
  }
  const reachable = thresholds.total - thresholds.unreachable;
  if (thresholds.total > 0) {
    parts.push(
      thresholds.tried >= reachable
        ? 'every reachable threshold tried on both sides'
        : `${grouped(thresholds.tried)} of ${grouped(reachable)} reachable thresholds tried on both sides`,
    );
  }
  return parts.join(', ');
};

/** The first differences of each kind; the reports have them all. */
const shown = 5;

/** How two graphs differ, beside what they compute. */
export const explainStructure = ({ structure, a, b }: Verification): void => {
  if (!structure) return;
  const { count, differences } = structure;
  if (count === 0) {
    step('graphs', 'the same');
    return;
  }
  const lines: string[] = [];
  for (const [kind, list] of groups(differences)) {
    for (const d of list.slice(0, shown))
      lines.push(`${kind.padEnd(8)} ${d.name}: ${d.a ?? '–'} → ${d.b ?? '–'}`);
    if (list.length > shown) lines.push(`${kind.padEnd(8)} … and ${grouped(list.length - shown)} more`);
  }
  step(
    'graphs',
    [`${grouped(count)} differences, ${a.name} → ${b.name}`, ...lines.map((l) => `  ${l}`)]
      .map(printable)
      .join('\n'),
  );
};

const groups = (list: Structure['differences']): Map<string, Structure['differences'][number][]> => {
  const found = new Map<string, Structure['differences'][number][]>();
  for (const d of list) found.set(d.kind, [...(found.get(d.kind) ?? []), d]);
  return found;
};

/** The verification as a person reads it at the end of `convert` and `verify`. */
export const explainVerification = (v: Verification): void => {
  if (!v.executed) {
    step('verify', printable(`not executed: ${v.why ?? ''}`));
    return;
  }
  const { boundary, sampled, given } = v.rows;
  const tried = [
    ...(boundary > 0 ? [`${grouped(boundary)} boundary rows`] : []),
    ...(sampled > 0 ? [`${grouped(sampled)} sampled`] : []),
    ...(given > 0 ? [`${grouped(given)} of yours`] : []),
  ];
  const width = Math.max(0, ...v.columns.map((c) => c.column.length));
  step(
    'verify',
    [
      `${v.b.runtime}   ${tried.join(' · ') || 'no rows'}`,
      ...v.columns.map((c) => `  ${columnLine(c, width)}`),
    ]
      .map(printable)
      .join('\n'),
  );
  const notes = [
    coverageInWords(v),
    ...(v.unchecked.length > 0 ? [`not checked: ${v.unchecked.join('; ')}`] : []),
  ];
  if (v.equivalent) {
    step('equivalent', printable(`   ${notes.filter(Boolean).join(' · ')}`).trimStart());
    return;
  }
  const lines: string[] = [
    ...(v.why === undefined ? [] : [v.why]),
    ...v.unmatched.map((u) => `on one side only: ${u}`),
  ];
  if (v.worst) {
    const { column, source, index, a, b, reproduce } = v.worst;
    lines.push(
      `worst: ${column}, ${source} row ${index}: ${a ?? '(missing)'} against ${b ?? '(missing)'}`,
      reproduce,
    );
  }
  if (v.divergence) {
    lines.push(`they part at ${v.divergence.operator} '${v.divergence.node}', value ${v.divergence.value}`);
  }
  step('DIFFERENT', lines.map(printable).join('\n'));
};
