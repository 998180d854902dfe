import type { Row, TableResult, Verdict } from '../results.js';

/** A table of text: a header, and rows with as many cells. */
export interface TextTable {
  readonly header: readonly string[];
  readonly rows: ReadonlyArray<readonly string[]>;
}

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** The results of a table's cases. */
export function measuredTable({ rows, value }: TableResult): TextTable {
  const values = value === null ? [] : [value.title];
  return {
    header: [...HEADER, ...values],
    rows: rows.map((row) => [
      row.title,
      ...(row.records === 0 ? NO_SPEED : speedOf(row)),
      ...(value === null ? [] : [((row.value ?? Number.NaN) / value.perUnit).toFixed(1)]),
    ]),
  };
}

const HEADER = [
  'case',
  'records/s, best',
  'MB/s, best',
  'MB/s, median',
  'CPU µs/record',
  'loop µs/record',
];

/** The row of a case that gives a value and does no work. */
const NO_SPEED = HEADER.slice(1).fill('');

function speedOf(row: Row): string[] {
  return [
    count.format((1000 * row.records) / row.bestMs),
    count.format(megabytesPerSecond(row, row.bestMs)),
    count.format(megabytesPerSecond(row, row.medianMs)),
    ((1000 * row.medianCpuMs) / row.records).toFixed(2),
    Number.isNaN(row.medianLoopMs) ? '' : ((1000 * row.medianLoopMs) / row.records).toFixed(2),
  ];
}

/** The targets, and whether they were reached. */
export function targetTable(verdicts: readonly Verdict[]): TextTable {
  return {
    header: ['what', 'target', 'by best rounds', 'by medians', ''],
    rows: verdicts.map(({ byBest, byMedian, isMet, least, most, what }) => [
      what,
      least === undefined ? `<= ${most}` : `>= ${least}`,
      byBest.toFixed(2),
      byMedian.toFixed(2),
      isMet ? 'met' : 'missed',
    ]),
  };
}

/** Formats a table for a terminal. */
export function toTerminal({ header, rows }: TextTable): string {
  const widths = header.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ');
  return [header, ...rows].map((cells) => line(cells).trimEnd()).join('\n');
}

export function toMarkdown({ header, rows }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, i) => (i === 0 ? '---' : '---:'));
  return [header, rule, ...rows].map(line).join('\n');
}

/** Megabytes of payload and metadata per second. */
export function megabytesPerSecond({ bytes }: Row, ms: number): number {
  return bytes / 1000 / ms;
}
