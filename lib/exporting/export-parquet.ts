import { toExportedRecord } from '../codec/records/exported-record.js';
import type { RecordInput } from '../codec/records/record-input.js';
import { show } from '../errors/show.js';
import { type FileLayer, nodeFileLayer } from '../files/file-layer.js';
import { makeDirectory } from '../files/make-directory.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkFiles, checkText, parseChoice } from '../format/option-values.js';
import {
  hiveFolder,
  PARTITION_COLUMNS,
  partitionOf,
  type TimePartition,
} from './hive-partition.js';
import { type ExportedFile, ParquetFiles, type WhenExists } from './parquet-files.js';
import { PARQUET_OPTION_NAMES, parseParquetOptions, type ToParquetOptions } from './to-parquet.js';

/** Options of `exportParquet`. */
export interface ExportParquetOptions extends ToParquetOptions {
  /** The directory of the export. It is created if it is missing. */
  readonly directory: string;
  /**
   * The folders, as Hive names them: `'day'` gives `dt=2026-11-30`, `'hour'` gives
   * `dt=2026-11-30/hour=05`, by the records' times in UTC. Records without a time go to
   * `__HIVE_DEFAULT_PARTITION__`.
   */
  readonly partition: TimePartition;
  /**
   * If a folder that gets records holds Parquet files already: `'refuse'` ends the export with
   * `ERR_EXPORT_EXISTS`, `'replace'` replaces all of them once the export is complete. Other folders
   * stay as they are. @default 'refuse'
   */
  readonly whenExists?: WhenExists | undefined;
  /**
   * How many files take rows at the same time. If the records jump between more folders, a folder
   * gets several files. @default 16
   */
  readonly maxOpenFiles?: number | undefined;
  /** The file system to write to. @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
}

const EXPORT_OPTION_NAMES: OptionNames<ExportParquetOptions> = {
  ...PARQUET_OPTION_NAMES,
  directory: checkText,
  partition: true,
  whenExists: true,
  maxOpenFiles: true,
  files: checkFiles,
};

/** The result of an export. */
export interface ParquetExport {
  /** The files, by their paths. */
  readonly files: readonly ExportedFile[];
  readonly rows: number;
  readonly bytes: number;
}

const DEFAULT_OPEN_FILES = 16;

/**
 * Writes records as Parquet files in folders by hour or day, which DuckDB, Athena, Spark and others
 * read as one table. The files have the columns of `toParquet`; the folders add `dt` and `hour`.
 *
 * No file appears under its final name before all of them are complete and synced. If the export
 * fails, it leaves no file; a process that is killed may leave files whose names begin with a dot and
 * end in `.part`, which readers ignore.
 *
 * @param records a reader, or any iterable of records
 * @throws TypeError or RangeError for an invalid option; what the iterable throws; Node's error of a
 *   call that failed
 */
export async function exportParquet(
  records: AsyncIterable<RecordInput> | Iterable<RecordInput>,
  given: ExportParquetOptions,
): Promise<ParquetExport> {
  const options = readOptions(given, EXPORT_OPTION_NAMES);
  const { directory, files = nodeFileLayer, maxOpenFiles = DEFAULT_OPEN_FILES } = options;
  if (directory === undefined) throw new TypeError('directory is missing');
  if (options.partition === undefined) {
    throw new TypeError("partition is missing, expected 'hour' or 'day'");
  }
  if (!Number.isSafeInteger(maxOpenFiles) || maxOpenFiles < 1) {
    throw new RangeError(
      `maxOpenFiles is ${show(maxOpenFiles)}, expected a whole number from 1 on`,
    );
  }
  const partition = parseChoice('partition', options.partition, ['hour', 'day']);
  const output = new ParquetFiles({
    ...{ directory, files, maxOpenFiles },
    whenExists: parseChoice('whenExists', options.whenExists, ['refuse', 'replace']),
    parquet: parseParquetOptions(options, PARTITION_COLUMNS[partition]),
  });
  await makeDirectory(files, directory);
  try {
    let last: number | undefined;
    let folder = hiveFolder(last, partition);
    for await (const input of records) {
      const record = toExportedRecord(input);
      const index = partitionOf(record.timeMicros, partition);
      if (index !== last) {
        last = index;
        folder = hiveFolder(index, partition);
      }
      const written = output.add(folder, record);
      // An await for each record would take as long as reading it.
      if (written !== undefined) await written;
    }
    const exported = await output.publish();
    return {
      files: exported,
      rows: exported.reduce((sum, { rows }) => sum + rows, 0),
      bytes: exported.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  } finally {
    await output.discard();
  }
}
