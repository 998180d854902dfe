import { type ArchiveSummary, findShippedObject, listArchives } from '../index.js';
import { defineCommand } from './command-definition.js';
import { flag } from './options/option.js';
import { JSON_OPTION, S3_OPTIONS, s3OptionsOf } from './options/shared-options.js';
import { checkUsage } from './options/usage-error.js';
import { escapeName } from './output/escape-name.js';
import { countOf, formatBytes, formatCount, formatTime } from './output/quantities.js';
import { type Column, formatTable } from './output/table.js';

/** So many archives make one table, so that a long listing begins at once. */
const ROWS_PER_TABLE = 1000;

const COLUMNS: readonly Column[] = [
  { heading: 'STATE' },
  { heading: 'RECORDS', isNumber: true },
  { heading: 'SIZE', isNumber: true },
  { heading: 'FIRST TIME' },
  { heading: 'LAST TIME' },
  { heading: 'NAME' },
];

const LONG_COLUMNS: readonly Column[] = [
  { heading: 'FORMAT' },
  { heading: 'COMPRESSION' },
  { heading: 'UNCOMPRESSED', isNumber: true },
  { heading: 'WRITER' },
  { heading: 'SEQUENCE', isNumber: true },
  { heading: 'SHIPPED TO' },
];

/** Lists archives and objects. */
export const ls = defineCommand({
  name: 'ls',
  args: '<pattern...>',
  summary: 'list archives and objects',
  options: {
    long: flag(
      '-l, --long',
      'show format, compression, writer, sequence and where it was shipped to',
    ),
    ...JSON_OPTION,
    ...S3_OPTIONS,
  },
  examples: ['shoebox ls archive', "shoebox ls 's3://bucket/events/**' --long"],
  async run({ args, options, signal, terminal }) {
    const totals = { archives: 0, uncounted: 0, records: 0, bytes: 0 };
    let rows: string[][] = [];
    const columns = options.long ? [...LONG_COLUMNS, ...COLUMNS] : COLUMNS;
    const printRows = async () => {
      if (rows.length > 0) await terminal.printLine(formatTable(columns, rows));
      rows = [];
    };
    const archives = checkUsage(() =>
      listArchives(args, {
        s3: s3OptionsOf(options),
        signal,
        onSkipped: ({ path, reason }) =>
          terminal.warn(`${escapeName(path)} cannot be read, because its key ${reason}`),
      }),
    );
    for await (const archive of archives) {
      totals.archives++;
      if (archive.records === undefined) totals.uncounted++;
      else totals.records += archive.records;
      totals.bytes += archive.bytes;
      const isAsked = (options.long || options.json) && !archive.isStored;
      const shipped = isAsked ? await findShippedObject(archive.path) : undefined;
      if (options.json) {
        const { path: name, ...facts } = archive;
        await terminal.printJson({ type: 'archive', name, ...facts, shipped });
        continue;
      }
      const where = shipped === undefined ? '-' : escapeName(`${shipped.store}/${shipped.key}`);
      rows.push([...(options.long ? [...longCells(archive), where] : []), ...cells(archive)]);
      if (rows.length === ROWS_PER_TABLE) await printRows();
    }
    await printRows();
    if (options.json) await terminal.printJson({ type: 'summary', ...totals });
    else {
      const { archives, bytes, records, uncounted } = totals;
      const others =
        uncounted === 0 ? '' : ` and those of ${countOf(uncounted, 'archive')} without an index`;
      const counts = `${countOf(archives, 'archive')}, ${countOf(records, 'record')}${others}`;
      terminal.note(`${counts}, ${formatBytes(bytes)}`);
    }
    return 0;
  },
});

function cells({ bytes, firstTime, lastTime, path, records, state }: ArchiveSummary): string[] {
  const count = records === undefined ? '-' : formatCount(records);
  const times = [formatTime(firstTime), formatTime(lastTime)];
  return [state, count, formatBytes(bytes), ...times, escapeName(path)];
}

function longCells(archive: ArchiveSummary): string[] {
  const { compression, format, rawBytes, sequence, writer } = archive;
  const raw = rawBytes === undefined ? '-' : formatBytes(rawBytes);
  return [format, compression, raw, writer ?? '-', sequence === undefined ? '-' : `${sequence}`];
}
