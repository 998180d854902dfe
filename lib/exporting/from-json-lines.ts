import {
  EventLineReader,
  type JsonLineRecord,
  type MetadataPath,
} from '../codec/json-lines/event-line-reader.js';
import { type JsonPath, parseJsonPath } from '../codec/json-lines/json-path.js';
import { LosslessLineReader } from '../codec/json-lines/lossless-line-reader.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { parseMaxRecordBytes } from '../codec/records/record-encoder.js';
import { quote, show } from '../errors/show.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkFlag, parseChoice } from '../format/option-values.js';
import type { ByteCount } from '../format/quantity.js';
import { JsonLinesParser } from './json-lines-parser.js';
import { memberKeyOf } from './member-key.js';

/** Options of `fromJsonLines`. */
export interface FromJsonLinesOptions {
  /**
   * Values of each line that become the record's metadata: names of members of the line's object,
   * such as `['event', 'tenant']`, or paths by the names of the metadata, such as `{ event:
   * '.event_type', user: '.user.id', host: '."host.name"' }`. Strings are decoded; numbers, booleans,
   * objects and lists stay as they are in the line; null and missing values give no metadata. @default none
   */
  readonly metadata?: readonly string[] | Readonly<Record<string, string>> | undefined;
  /**
   * The path of the record's time, such as `.ts`: ISO 8601 with its zone, or a number of seconds,
   * milliseconds or microseconds since the epoch, by its magnitude. A record without such a time
   * gets the time at which it is written; `stats().untimed` counts them. @default no time
   */
  readonly time?: string | undefined;
  /**
   * Reads lines that `toJsonLines({ lossless: true })` wrote, as equal `ArchiveRecord`s. Not with
   * `metadata` and `time`. @default false
   */
  readonly lossless?: boolean | undefined;
  /** With `lossless`: as it was given to `toJsonLines`. @default false */
  readonly payloadOnTop?: string | boolean | undefined;
  /**
   * How to treat a line that is not JSON, not UTF-8, over `maxRecordBytes` or, with `lossless`, no
   * record: `'fail'` ends the stream with a `RecordError` after the records before the line,
   * `'skip'` skips it, emits `invalid` and counts it in `stats().skipped`. @default 'fail'
   */
  readonly invalid?: 'fail' | 'skip' | undefined;
  /** The longest line, without its line feed. @default '64 MiB' */
  readonly maxRecordBytes?: ByteCount | undefined;
  /**
   * Gives each record the number of its line as its `sequence`, for a writer with `sequences:
   * 'given'`. It is the number of the first line: 1 for the start of a file, more for a reader that
   * continues. Messages count lines from it, too. Not with `lossless`. @default no sequences
   */
  readonly firstLine?: number | undefined;
}

const JSON_LINES_OPTION_NAMES: OptionNames<FromJsonLinesOptions> = {
  metadata: true,
  time: true,
  lossless: checkFlag,
  payloadOnTop: true,
  invalid: true,
  maxRecordBytes: true,
  firstLine: true,
};

/**
 * Converts JSON lines to records: takes bytes in chunks of any size, and gives one record for each
 * line. The payload is the line as it is, without its line feed. Each line is checked whole, but no
 * values are built of it: a line of 3 KB takes a fifth of the time of `JSON.parse`.
 *
 * Blank lines are skipped. A carriage return before the line feed stays in the payload. The last line
 * may lack its line feed. If a line has several members of one name, the last one counts. The caller
 * must not change a chunk after writing it: payloads are views on it.
 *
 * @throws TypeError or RangeError for an invalid option, or options that exclude each other
 */
export function fromJsonLines(
  options: FromJsonLinesOptions & { readonly lossless: true },
): JsonLinesParser<ArchiveRecord>;
export function fromJsonLines(
  options?: FromJsonLinesOptions & { readonly lossless?: false | undefined },
): JsonLinesParser<JsonLineRecord>;
export function fromJsonLines(
  options?: FromJsonLinesOptions,
): JsonLinesParser<ArchiveRecord> | JsonLinesParser<JsonLineRecord>;
export function fromJsonLines(
  given?: FromJsonLinesOptions,
): JsonLinesParser<ArchiveRecord> | JsonLinesParser<JsonLineRecord> {
  const options = readOptions(given, JSON_LINES_OPTION_NAMES);
  const { firstLine, lossless, metadata, payloadOnTop, time } = options;
  const common = {
    maxRecordBytes: parseMaxRecordBytes(options.maxRecordBytes),
    invalid: parseChoice('invalid', options.invalid, ['fail', 'skip']),
  };
  const recordKey = memberKeyOf('payloadOnTop', payloadOnTop, 'record');
  if (lossless === true) {
    for (const [name, value] of Object.entries({ metadata, time, firstLine })) {
      if (value === undefined) continue;
      throw new TypeError(`${name} is ${show(value)}, but lossless decides about it`);
    }
    return new JsonLinesParser({ ...common, reader: new LosslessLineReader(recordKey) });
  }
  if (recordKey !== undefined) throw new TypeError('payloadOnTop goes with lossless: true');
  const timePath = time === undefined ? undefined : parseJsonPath(time, 'time');
  const isNumbered = firstLine !== undefined;
  const reader = new EventLineReader(metadataPathsOf(metadata), timePath, { isNumbered });
  return new JsonLinesParser({ ...common, reader, firstLine: parseFirstLine(firstLine) });
}

function parseFirstLine(firstLine: number | undefined): number | undefined {
  if (firstLine === undefined || (Number.isSafeInteger(firstLine) && firstLine >= 0)) {
    return firstLine;
  }
  throw new RangeError(`firstLine is ${show(firstLine)}, expected a whole number, 0 or more`);
}

function metadataPathsOf(metadata: FromJsonLinesOptions['metadata'] = []): MetadataPath[] {
  if (Array.isArray(metadata)) {
    const names: readonly unknown[] = metadata;
    return names.map((name) => ({ name: nameOf(name, names), path: [nameOf(name, names)] }));
  }
  if (typeof metadata !== 'object' || metadata === null || Symbol.iterator in metadata) {
    throw new TypeError(
      `metadata is ${show(metadata)}, expected names or an object of paths such as { event: '.type' }`,
    );
  }
  return Object.entries(metadata).map(([name, path]) => ({
    name: nameOf(name, [name]),
    path: pathOf(name, path),
  }));
}

function nameOf(name: unknown, all: readonly unknown[]): string {
  if (typeof name !== 'string' || !name.isWellFormed()) {
    throw new TypeError(`metadata has ${show(name)}, expected the name of a member`);
  }
  if (name.startsWith('.')) {
    throw new TypeError(
      `metadata has ${quote(name)}, expected a name: paths go as { name: '.path' }`,
    );
  }
  if (all.indexOf(name) === all.lastIndexOf(name)) return name;
  throw new TypeError(`metadata has ${quote(name)} twice`);
}

function pathOf(name: string, path: unknown): JsonPath {
  return parseJsonPath(path, `metadata.${name}`);
}
