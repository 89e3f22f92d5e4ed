import { fail } from '../ir/diagnostic.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import type { Report } from './report.ts';
import { renderSarif } from './sarif.ts';

const renderings: Readonly<Record<string, (r: Report) => string>> = {
  '.json': (r) => `${JSON.stringify(r, null, 2)}\n`,
  '.html': renderHtml,
  '.md': renderMarkdown,
  '.sarif': renderSarif,
  '.xml': renderJunit,
};

/** The rendering that a file's ending asks for. */
export const renderFor = (file: string): ((r: Report) => string) => {
  const ending = /\.[^./\\]*$/.exec(file)?.[0].toLowerCase() ?? '';
  const render = Object.hasOwn(renderings, ending) ? renderings[ending] : undefined;
  return (
    render ??
    fail(
      'report/ending',
      `no report is written as '${ending || 'a file without ending'}'`,
      { file, at: '' },
      `use one of ${Object.keys(renderings).join(', ')}`,
    )
  );
};
