import { isUtf8 } from 'node:buffer';

import { type JsonPath, parseJsonPath } from '../codec/json-lines/json-path.js';
import { JsonScanner, ValueKind, WHOLE_JSON } from '../codec/json-lines/json-scanner.js';
import { type ExportedRecord, payloadIsNoText } from '../codec/records/exported-record.js';
import { formatIsoMicros } from '../codec/records/iso-time.js';
import { quote, show } from '../errors/show.js';

/**
 * The columns of an export: their sources, or an object of sources by the names of the columns. A
 * source is `time`, `writer`, `sequence`, `metadata` (a JSON object), `payload` (text),
 * `metadata.KEY`, `payload.PATH` such as `payload.user.id` or `payload."a.b"`, or where the record
 * was read: `archive` and `offset`.
 */
export type ColumnsInput = readonly string[] | Readonly<Record<string, string>>;

/** A column and where its values come from. */
export interface Column {
  readonly name: string;
  readonly source: ColumnSource;
}

type ColumnSource =
  | { readonly kind: PlainSource }
  | { readonly kind: 'metadata value'; readonly key: string }
  | { readonly kind: 'payload value'; readonly path: JsonPath };

const PLAIN_SOURCES = [
  'time',
  'writer',
  'sequence',
  'metadata',
  'payload',
  'archive',
  'offset',
] as const;
type PlainSource = (typeof PLAIN_SOURCES)[number];

const METADATA_VALUE = 'metadata.';
const PAYLOAD_VALUE = 'payload.';

/**
 * Parses the option `columns`.
 *
 * @throws TypeError for unknown sources, and for names that are taken: many tools do not distinguish
 *   upper and lower case in names of columns
 */
export function parseColumns(columns: unknown, taken: readonly string[] = []): Column[] {
  const parsed = entriesOf(columns).map(
    ([name, source]): Column => ({ name, source: parseSource(source) }),
  );
  const names = new Set(taken);
  for (const { name } of parsed) {
    const folded = name.toLowerCase();
    if (name === '' || !name.isWellFormed()) {
      throw new TypeError(`columns has the name ${quote(name)}, expected text`);
    }
    if (names.has(folded))
      throw new TypeError(`columns has ${quote(name)}, which is there already`);
    names.add(folded);
  }
  return parsed;
}

function entriesOf(columns: unknown): [name: string, source: unknown][] {
  if (Array.isArray(columns)) {
    const sources: readonly unknown[] = columns;
    return sources.map((source) => [String(source), source]);
  }
  if (typeof columns === 'object' && columns !== null && !(Symbol.iterator in columns)) {
    return Object.entries(columns);
  }
  throw new TypeError(`columns is ${show(columns)}, expected a list or an object of sources`);
}

function parseSource(source: unknown): ColumnSource {
  const plain = PLAIN_SOURCES.find((kind) => kind === source);
  if (plain !== undefined) return { kind: plain };
  if (typeof source === 'string' && source.startsWith(METADATA_VALUE)) {
    return { kind: 'metadata value', key: source.slice(METADATA_VALUE.length) };
  }
  if (typeof source === 'string' && source.startsWith(PAYLOAD_VALUE)) {
    const path = parseJsonPath(source.slice(PAYLOAD_VALUE.length - 1), `columns: ${source}`);
    return { kind: 'payload value', path };
  }
  throw new TypeError(
    `columns has ${quote(source)}, expected ${PLAIN_SOURCES.join(', ')}, metadata.KEY or payload.PATH`,
  );
}

/** The value of a column: undefined if it is missing or null. */
export type ColumnValue = string | undefined;

/** Takes the values of one column, one for each record. */
export interface TextSink {
  push(text: ColumnValue): void;
  /** Pushes the text whose bytes `source` has from `from` up to `to`. */
  pushBytes(source: Buffer, from: number, to: number): void;
}

type ValueReader = (record: ExportedRecord) => ColumnValue;

/** Reads the values of some columns out of records. */
export class ColumnReader {
  /** Where each column comes from: for one inside the payload, the number of its path. */
  readonly #readers: readonly (ValueReader | number)[];
  /** Undefined if no column lies inside the payload. */
  readonly #scanner: JsonScanner | undefined;
  readonly #payloads: 'UTF-8' | 'any bytes';

  /** @param payloads `'UTF-8'` if the caller refuses payloads that are anything else */
  constructor(columns: readonly Column[], payloads: 'UTF-8' | 'any bytes' = 'any bytes') {
    const paths = columns.flatMap(({ source }) =>
      source.kind === 'payload value' ? [source.path] : [],
    );
    this.#scanner = paths.length === 0 ? undefined : new JsonScanner(paths);
    this.#payloads = payloads;
    let next = 0;
    this.#readers = columns.map(({ source }) =>
      source.kind === 'payload value' ? next++ : readerOf(source),
    );
  }

  /**
   * The values of a record, in the order of the columns: strings as they are, numbers with the
   * digits of the source, objects as JSON. Values inside a payload that is not JSON are missing.
   *
   * @throws RecordError for the column `payload`, if it is not UTF-8
   */
  read(record: ExportedRecord): ColumnValue[] {
    const scanner = this.#scan(record);
    return this.#readers.map((reader) =>
      typeof reader === 'number' ? scanner?.textOf(reader) : reader(record),
    );
  }

  /**
   * Appends the values of a record to the sinks of the columns. Values inside the payload are copied
   * as bytes: making a string of each would take twice as long.
   */
  append(record: ExportedRecord, sinks: readonly TextSink[]): void {
    const scanner = this.#scan(record);
    for (let i = 0; i < sinks.length; i++) {
      const reader = this.#readers[i];
      const sink = sinks[i];
      if (sink === undefined || reader === undefined) continue;
      if (typeof reader !== 'number') sink.push(reader(record));
      else if (scanner === undefined) sink.push(undefined);
      else appendPayloadValue(scanner, reader, record.payload, sink);
    }
  }

  /** The scanner, after it has found the values of a payload that is JSON; else undefined. */
  #scan({ payload }: ExportedRecord): JsonScanner | undefined {
    const scanner = this.#scanner;
    if (scanner === undefined) return undefined;
    scanner.load(payload);
    const isJson = scanner.scan(0, payload.length) === WHOLE_JSON;
    return isJson && (this.#payloads === 'UTF-8' || isUtf8(payload)) ? scanner : undefined;
  }
}

function appendPayloadValue(
  scanner: JsonScanner,
  path: number,
  payload: Buffer,
  sink: TextSink,
): void {
  switch (scanner.kindOf(path)) {
    case ValueKind.plainString:
      sink.pushBytes(payload, scanner.startOf(path) + 1, scanner.endOf(path) - 1);
      break;
    case ValueKind.word:
    case ValueKind.container:
      sink.pushBytes(payload, scanner.startOf(path), scanner.endOf(path));
      break;
    default:
      sink.push(scanner.textOf(path));
  }
}

function readerOf(source: Exclude<ColumnSource, { readonly kind: 'payload value' }>): ValueReader {
  switch (source.kind) {
    case 'time':
      return ({ timeMicros }) =>
        timeMicros === undefined ? undefined : formatIsoMicros(timeMicros);
    case 'writer':
      return ({ writer }) => writer;
    case 'sequence':
      return ({ sequence }) => sequence?.toString();
    case 'archive':
      return ({ archive }) => archive;
    case 'offset':
      return ({ offset }) => offset?.toString();
    case 'metadata':
      return ({ metadata }) => JSON.stringify(metadata);
    case 'payload':
      return (record) => {
        if (!isUtf8(record.payload)) throw payloadIsNoText(record);
        return record.payload.toString('utf8');
      };
    case 'metadata value': {
      const { key } = source;
      // A copy of a record may have a prototype.
      return ({ metadata }) => (Object.hasOwn(metadata, key) ? metadata[key] : undefined);
    }
  }
}
