import type { BenchTable, Suite } from '../suite.js';

const rows = [
  { name: 'readShoebox', title: 'createArchiveReader, data events' },
  { name: 'exportParquetPlain', title: 'toParquet' },
  { name: 'exportParquetColumns', title: 'toParquet, 2 columns' },
  { name: 'exportCsv', title: 'toCsv, 4 columns' },
] as const;

const lines = [
  { name: 'jsonLinesSource', title: 'fromJsonLines, 2 metadata' },
  { name: 'jsonLinesParsed', title: 'line ends and JSON.parse alone' },
] as const;

const tableOf = (what: string, input: BenchTable['input'], of: BenchTable['rows']): BenchTable => ({
  title: `${what}, ${input}`,
  input,
  rows: of,
  targets: [],
});

export const exportSuite: Suite = {
  name: 'export',
  tables: [
    tableOf('Export', 'small', rows),
    tableOf('Export', 'corpus', rows),
    tableOf('JSON lines to records', 'corpus', lines),
    tableOf('JSON lines to records', 'small', lines),
  ],
};
