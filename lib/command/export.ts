import type { Transform } from 'node:stream';

import {
  type ArchiveReader,
  createArchiveReader,
  Encoder,
  exportParquet,
  toCsv,
  toJsonLines,
  toParquet,
} from '../index.js';
import { defineCommand } from './command-definition.js';
import { asText, listOption, oneOf, option, type ValuesOf } from './options/option.js';
import { readSelection } from './options/read-selection.js';
import {
  JSON_OPTION,
  LIMIT_OPTION,
  ORDER_OPTION,
  OVERWRITE_OPTIONS,
  S3_OPTIONS,
  SELECTION_OPTIONS,
} from './options/shared-options.js';
import { checkUsage, checkUsageOf, UsageError } from './options/usage-error.js';
import { escapeName } from './output/escape-name.js';
import { checkFolder, prepareOutput, writeOutput } from './output/output-file.js';
import { countOf, formatBytes } from './output/quantities.js';
import { CSV_COLUMNS } from './output/record-formats.js';
import type { Terminal } from './output/terminal.js';

const FORMATS = ['parquet', 'csv', 'jsonl', 'v1', 'v2'] as const;

const OPTIONS = {
  format: option('--format <format>', FORMATS.join(', '), oneOf(...FORMATS)),
  output: option('-o, --output <path>', 'the file, or the directory with --partition', asText),
  columns: listOption(
    '--columns <sources>',
    'columns such as time,metadata.event,payload.user.id (csv, parquet)',
    (text) => text.split(',').map(asText),
  ),
  partition: option(
    '--partition <by>',
    'Parquet files in folders by hour or day, as Hive names them',
    oneOf('hour', 'day'),
  ),
  ...OVERWRITE_OPTIONS,
  ...JSON_OPTION,
  ...SELECTION_OPTIONS,
  ...ORDER_OPTION,
  ...LIMIT_OPTION,
  ...S3_OPTIONS,
} as const;

type Values = ValuesOf<typeof OPTIONS>;

/** Converts records to a format of other tools, or to another version. */
export const exportRecords = defineCommand({
  name: 'export',
  args: '<pattern...>',
  summary: 'convert records to Parquet, CSV, JSON lines or another version',
  options: OPTIONS,
  examples: [
    'shoebox export archive --format parquet -o events.parquet --columns metadata.event',
    'shoebox export s3://bucket/events --format parquet --partition day -o table',
  ],
  async run({ args, options, signal, terminal }) {
    const { dryRun, force, format, json, output, partition } = options;
    if (format === undefined) throw new UsageError(`export needs --format ${FORMATS.join('|')}`);
    if (output === undefined) throw new UsageError('export needs -o PATH');
    if (partition !== undefined && format !== 'parquet') {
      throw new UsageError('--partition goes with --format parquet');
    }
    if (partition !== undefined) await checkFolder(output);
    if (partition !== undefined && dryRun) {
      const verb = force ? 'write or replace' : 'write';
      await terminal.printLine(`would ${verb} files below ${escapeName(output)}`);
      return 0;
    }
    if (partition === undefined && !(await prepareOutput(output, options, terminal))) return 0;
    const reader = checkUsage(() =>
      createArchiveReader(args, {
        ...readSelection(options),
        ...(options.limit !== undefined && { limit: options.limit }),
        signal,
      }),
    );
    if (partition !== undefined) {
      return await exportFolders(reader, partition, output, options, terminal);
    }
    const converter = createConverter(format, options.columns.flat());
    let records = 0;
    reader.once('error', (error) => converter.destroy(error));
    // Thrown where the output is written, which begins later.
    converter.on('error', () => undefined);
    reader.pipe(converter);
    // After `pipe`, which waits for the converter; a listener alone would not.
    reader.on('data', () => {
      records++;
      if (records % 1000 === 0) terminal.showStatus(`${countOf(records, 'record')} exported`);
    });
    const bytes = await writeOutput(output, converter, force);
    terminal.clearStatus();
    if (json) await terminal.printJson({ type: 'summary', output, records, bytes });
    terminal.note(`${escapeName(output)}: ${countOf(records, 'record')}, ${formatBytes(bytes)}`);
    return 0;
  },
});

async function exportFolders(
  reader: ArchiveReader,
  partition: 'hour' | 'day',
  directory: string,
  { columns, force, json }: Values,
  terminal: Terminal,
): Promise<number> {
  const { bytes, files, rows } = await checkUsageOf(
    exportParquet(reader, {
      ...{ directory, partition, whenExists: force ? 'replace' : 'refuse' },
      ...(columns.length > 0 && { columns: columns.flat() }),
    }),
  );
  if (json) {
    for (const file of files) await terminal.printJson({ type: 'file', ...file });
    await terminal.printJson({ type: 'summary', output: directory, records: rows, bytes });
  }
  const counts = `${countOf(files.length, 'file')}, ${countOf(rows, 'record')}`;
  terminal.note(`${escapeName(directory)}: ${counts}, ${formatBytes(bytes)}`);
  return 0;
}

function createConverter(format: (typeof FORMATS)[number], columns: readonly string[]): Transform {
  if (columns.length > 0 && format !== 'parquet' && format !== 'csv') {
    throw new UsageError('--columns goes with --format csv or parquet');
  }
  return checkUsage(() => {
    switch (format) {
      case 'parquet':
        return toParquet(columns.length > 0 ? { columns } : {});
      case 'csv':
        return toCsv({ columns: columns.length > 0 ? columns : CSV_COLUMNS });
      case 'jsonl':
        return toJsonLines({ lossless: true });
      default:
        return new Encoder({ format });
    }
  });
}
