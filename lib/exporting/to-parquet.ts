import type { Transform } from 'node:stream';

import { type OptionNames, readOptions } from '../format/option-names.js';
import { parseChoice } from '../format/option-values.js';
import { type ColumnsInput, parseColumns } from './columns.js';
import { FIXED_COLUMNS, type ParquetPayload } from './parquet/parquet-schema.js';
import { ParquetConverter, type ParquetSettings } from './parquet-converter.js';
import { RecordTransform } from './record-transform.js';

/** Options of `toParquet`. */
export interface ToParquetOptions {
  /**
   * Columns of text after the fixed ones: a list of sources, which are also their names, or an
   * object of sources by names, such as `{ user_id: 'payload.user.id' }`. Sources: `metadata.KEY`,
   * `payload.PATH` such as `payload.user.id` or `payload."a.b"`. Values that are missing or null are
   * null, numbers have the digits of the source, objects and lists are JSON. @default none
   */
  readonly columns?: ColumnsInput | undefined;
  /**
   * The type of the column `payload`. `'text'`: a string; a payload that is not UTF-8 ends the
   * stream with a `RecordError` that names writer and sequence. `'binary'`: bytes. @default 'text'
   */
  readonly payload?: ParquetPayload | undefined;
}

/** The names of the options, with their checks. */
export const PARQUET_OPTION_NAMES: OptionNames<ToParquetOptions> = { columns: true, payload: true };

/**
 * Converts records to Parquet: takes records and gives the bytes of one file. Its columns: `time`
 * TIMESTAMP (µs, UTC), `writer`, `sequence` INT64, `metadata` MAP of strings, `payload`, then those of
 * the option `columns`. Row groups have 10,000 rows, or fewer if they reach 16 MiB. Pages are
 * compressed with Zstandard where Node has it (from 22.15 on), else with Snappy. A file that lacks its
 * end is not readable: wait for `pipeline` before you give it its name, or use `exportParquet`.
 *
 * @throws TypeError for an invalid option
 */
export function toParquet(given?: ToParquetOptions): Transform {
  const settings = parseParquetOptions(readOptions(given, PARQUET_OPTION_NAMES));
  return new RecordTransform(() => ParquetConverter.load(settings));
}

/**
 * @param taken more names of columns that the files have
 * @throws TypeError for an invalid option
 */
export function parseParquetOptions(
  { columns, payload }: ToParquetOptions,
  taken: readonly string[] = [],
): ParquetSettings {
  return {
    columns: columns === undefined ? [] : parseColumns(columns, [...FIXED_COLUMNS, ...taken]),
    payload: parseChoice('payload', payload, ['text', 'binary']),
  };
}
