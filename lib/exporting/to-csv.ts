import type { Transform } from 'node:stream';

import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkFlag } from '../format/option-values.js';
import { ColumnReader, type ColumnsInput, type ColumnValue, parseColumns } from './columns.js';
import { type RecordConverter, RecordTransform } from './record-transform.js';

/** Options of `toCsv`. */
export interface ToCsvOptions {
  /**
   * The columns: a list of sources, which are also their names, or an object of sources by names,
   * such as `{ at: 'time', user: 'payload.user.id' }`. Sources: `time` (ISO 8601 with µs), `writer`,
   * `sequence`, `metadata` (a JSON object), `payload` (must be UTF-8), `metadata.KEY`,
   * `payload.PATH` such as `payload.user.id` or `payload."a.b"`.
   */
  readonly columns: ColumnsInput;
  /** Whether the first line has the names of the columns. @default true */
  readonly header?: boolean | undefined;
}

const CSV_OPTION_NAMES: OptionNames<ToCsvOptions> = { columns: true, header: checkFlag };

/**
 * Converts records to CSV (RFC 4180, with CRLF): takes records and gives bytes. Strings come as they
 * are, numbers with the digits of the source, objects and lists as JSON. A missing value and null are
 * empty, an empty string is `""`. Values inside a payload that is not JSON are missing.
 *
 * @throws TypeError for an invalid option
 */
export function toCsv(given: ToCsvOptions): Transform {
  const { columns: input, header = true } = readOptions(given, CSV_OPTION_NAMES);
  const columns = parseColumns(input);
  if (columns.length === 0) throw new TypeError('columns is empty, expected at least one source');
  const names = columns.map(({ name }) => name);
  return new RecordTransform(async () => {
    // Loaded on first use: most programs export no CSV.
    const { stringify } = await import('csv-stringify/sync');
    const toText = (rows: ColumnValue[][]) => stringify(rows, optionsFor(columns.length));
    return new CsvConverter(new ColumnReader(columns), toText, header ? names : undefined);
  });
}

/** The empty text is quoted, so that tools can distinguish it from a missing value. */
const EMPTY = /^$/;

function optionsFor(columns: number) {
  // A line with nothing on it would not count as a row.
  const quotesNothing = columns === 1 ? { quoted_empty: true } : {};
  return {
    record_delimiter: '\r\n',
    quoted_match: EMPTY,
    quote_record_delimiter: true,
    ...quotesNothing,
  };
}

class CsvConverter implements RecordConverter {
  readonly #columns: ColumnReader;
  readonly #toText: (rows: ColumnValue[][]) => string;
  #rows: ColumnValue[][];

  constructor(
    columns: ColumnReader,
    toText: (rows: ColumnValue[][]) => string,
    header: string[] | undefined,
  ) {
    this.#columns = columns;
    this.#toText = toText;
    this.#rows = header === undefined ? [] : [header];
  }

  add(record: Parameters<RecordConverter['add']>[0]): void {
    this.#rows.push(this.#columns.read(record));
  }

  get hasBytes(): boolean {
    return this.#rows.length > 0;
  }

  take(): Uint8Array | undefined {
    if (this.#rows.length === 0) return undefined;
    const text = this.#toText(this.#rows);
    this.#rows = [];
    return Buffer.from(text);
  }

  end(): Uint8Array | undefined {
    return this.take();
  }
}
