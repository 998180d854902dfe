import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { Results } from '../results.js';
import { drawChart } from './chart.js';
import { measuredTable, targetTable, toMarkdown } from './text-table.js';

const DOCS = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const CHART = fileURLToPath(new URL('../../docs/benchmarks.svg', import.meta.url));

/** The bench replaces the text between these two lines and leaves the rest of the file. */
const BEGIN = '<!-- measured -->';
const END = '<!-- /measured -->';

const CHARTED = ['write', 'read'];

/** Writes the figures into docs/benchmarks.md, and draws docs/benchmarks.svg. */
export async function writeDocs(results: Results): Promise<void> {
  const text = await readFile(DOCS, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin === -1 || end < begin)
    throw new Error(`${DOCS} has no lines that mark the place of the figures`);
  const measured = `${BEGIN}\n\n${toSections(results)}\n\n`;
  await writeFile(DOCS, text.slice(0, begin) + measured + text.slice(end));
  const charted = results.tables.filter(({ suite }) => CHARTED.includes(suite));
  await writeFile(CHART, drawChart(charted));
}

function toSections({ corpus, machine, tables }: Results): string {
  const verdicts = tables.flatMap((table) => table.verdicts);
  return [
    `Measured on ${machine}; corpus: ${corpus}.`,
    '## Targets',
    toMarkdown(targetTable(verdicts)),
    '## Figures',
    ...tables.flatMap((table) => [`### ${table.title}`, toMarkdown(measuredTable(table))]),
  ].join('\n\n');
}
