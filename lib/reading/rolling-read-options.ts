import { types } from 'node:util';

import type { ArchiveDecoderOptions } from '../codec/frames/kind-decoder.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { parseIsoMicros } from '../codec/records/iso-time.js';
import { parseMaxRecordBytes } from '../codec/records/record-encoder.js';
import { MetadataMatch } from '../codec/version-2/metadata-match.js';
import type { WantedValues } from '../codec/version-2/value-match.js';
import { show } from '../errors/show.js';
import { type FileLayer, nodeFileLayer } from '../files/file-layer.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import {
  checkClock,
  checkFiles,
  checkFlag,
  checkPath,
  checkSignal,
  checkText,
  parseChoice,
} from '../format/option-values.js';
import type { SeriesOrder } from '../series/listing/order-archives.js';
import { KeyDates } from '../series/names/key-dates.js';
import { IndexCache } from '../series/opening/index-cache.js';
import { S3_STORE_OPTION_NAMES, type S3StoreOptions } from '../stores/s3/s3-store-options.js';
import { type Clock, systemClock } from '../streams/clock.js';
import { type CursorFacts, formatCursor, parseCursor } from './cursors/cursor-text.js';
import type { WantedRecords } from './series-selection.js';

/** A point in time: a Date, milliseconds since the epoch, or text that `Date.parse` understands. */
export type TimeInput = Date | number | string;

/**
 * Selects records. An object selects those that have, for each of its keys, exactly this value, one
 * of these values, or one that the RegExp matches. A function selects those for which it returns
 * true.
 */
export type RecordFilter =
  | Readonly<Record<string, WantedValues>>
  | ((record: ArchiveRecord) => boolean);

/** The order of records: archive by archive, or merged. */
export type ReadOrder = SeriesOrder | 'merged';

/** How to read a series. */
export interface RollingReadOptions
  extends Pick<ArchiveDecoderOptions, 'maxRecordBytes' | 'metadataKey'> {
  /**
   * Reads only records of this time or later. With `from` or `to`, the reader skips blocks of other
   * times and records without a time (version 1, JSON lines), reports no gaps, and reports damage
   * only in blocks that it reads. @default from the first
   */
  readonly from?: TimeInput | undefined;
  /** Reads only records before this time, not those at it. @default to the last */
  readonly to?: TimeInput | undefined;
  /**
   * Reads only records with these metadata, or only those for which a function returns true: `{
   * tenant: '7', event: ['login', 'logout'], path: /^\/api/ }`. All keys must match; of a list, one
   * value. A record without a key does not match, and an empty list matches nothing. The flags `g`
   * and `y` of a RegExp are ignored. Metadata are faster, because the reader creates no other
   * records, and skips blocks and archives in which a metadata index rules them out (see `index` of
   * a writer); in what it skips it reports no damage. If few records of a block are selected, they
   * are copies, so that the block can be freed. @default all
   */
  readonly where?: RecordFilter | undefined;
  /** The largest number of records to read. The stream ends after it. @default no limit */
  readonly limit?: number | undefined;
  /**
   * Reads only what comes after a position: `record.cursor` or `reader.cursor` of an earlier reader.
   * Archives may have been sealed, compressed, shipped, moved or deleted since. Writers that the
   * cursor does not know are read from their start. @default from the start
   */
  readonly after?: string | undefined;
  /**
   * Does not end after what exists, but emits what is written later, across rolls and shipping. A
   * block on disk is emitted within 50 ms of its write; how soon that is depends on the writer's
   * `flushInterval`. Stores are listed every second, and while nothing comes up to 10 s apart. Ends
   * with `signal`, `destroy`, `limit` or an error. Implies `allowEmpty`. @default false
   */
  readonly follow?: boolean | undefined;
  /**
   * How archives are ordered. `'name'`: local archives by the writers, ordinals and times in their
   * names, as long as the heads of archives agree, which are read a few ahead; objects of a store in
   * the natural order of their names, before archives that are only on local disk. Fails with
   * `ERR_ARCHIVE_ORDER` as soon as records turn out to be in another order than the names.
   * `'time'`: by the first record of each archive. Reads all heads before it emits a record, which
   * costs two requests per object.
   *
   * `'merged'`: as `'time'`, and record by record: next is the record with the earliest time among
   * the next records of all writers. A writer's own records keep their order, also if their times go
   * back; equal times go by writer id; records without a time come first. An archive is opened when
   * its first time is due, so that writers that followed each other need no more open files than
   * one; writers that wrote at the same time need one each, up to 64. Not with `follow`. @default 'name'
   */
  readonly order?: ReadOrder | undefined;
  /**
   * `'error'`: damage ends the stream with a `DamageError`. `'skip'`: the reader skips the frames
   * or lines that are damaged, emits the event `damage`, and continues. @default 'error'
   */
  readonly whenDamaged?: 'error' | 'skip' | undefined;
  /**
   * What to do about two records with one identity (writer and sequence) that differ in payload,
   * metadata or time. `'error'` ends the stream with a `ConflictError` after the archive in which it
   * was found. `'report'` emits the event `conflict`; the record that was read first was emitted.
   * Without the option the reader reports if `whenDamaged` is `'skip'` or `conflict` has a listener.
   * @default 'error', or 'report' as said
   */
  readonly whenConflict?: 'error' | 'report' | undefined;
  /** Whether patterns that match nothing give an empty stream, not an error. @default false */
  readonly allowEmpty?: boolean | undefined;
  /**
   * The `ship.key` with which the archives were shipped, such as
   * `'dt=%Y-%m-%d/hour=%H/[[NAME]]'`. With `to`, the reader then makes no request for an object
   * whose folders have a later date: it is that of the archive's earliest record.
   * @default dates in keys mean nothing
   */
  readonly keyTemplate?: string | undefined;
  /**
   * A directory in which the reader keeps the indexes of objects, for later readers: those that
   * select by time or metadata then make no request for an object that cannot match. Created if it
   * is missing; takes at most 256 MiB. An entry is used only for an object with the same size and
   * ETag. If the cache fails, that costs requests and is a warning (`SHOEBOX_INDEX_CACHE`).
   * @default none
   */
  readonly indexCache?: string | undefined;
  /** Service and credentials for patterns that begin with `s3://`. */
  readonly s3?: S3StoreOptions | undefined;
  /** Destroys the stream when the signal aborts. */
  readonly signal?: AbortSignal | undefined;
  /** The file system to read from. @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
  /** Clock for the delays before failed requests to a store are repeated. @default systemClock */
  readonly clock?: Clock | undefined;
}

const READ_OPTION_NAMES: OptionNames<RollingReadOptions> = {
  maxRecordBytes: true,
  metadataKey: checkText,
  from: true,
  to: true,
  where: true,
  limit: true,
  after: true,
  follow: checkFlag,
  order: true,
  whenDamaged: true,
  whenConflict: true,
  allowEmpty: checkFlag,
  keyTemplate: checkText,
  indexCache: checkPath,
  s3: S3_STORE_OPTION_NAMES,
  signal: checkSignal,
  files: checkFiles,
  clock: checkClock,
};

/** The options of a reader, checked and with their defaults. */
export interface ReadSettings {
  readonly maxRecordBytes: number;
  readonly metadataKey: string | undefined;
  readonly wanted: WantedRecords;
  /** Infinite without a limit. */
  readonly limit: number;
  /** The position after which to read, with its text. */
  readonly after: ReadPosition;
  readonly follow: boolean;
  readonly order: ReadOrder;
  readonly whenDamaged: 'error' | 'skip';
  /** Undefined if the user leaves it to `whenDamaged` and listeners. */
  readonly whenConflict: 'error' | 'report' | undefined;
  readonly allowEmpty: boolean;
  readonly keyDates: KeyDates | undefined;
  readonly indexCache: IndexCache | undefined;
  readonly s3: S3StoreOptions | undefined;
  readonly signal: AbortSignal | undefined;
  readonly files: FileLayer;
  readonly clock: Clock;
}

/** A position in a series, as a cursor's text and what that says. */
export interface ReadPosition extends CursorFacts {
  readonly text: string;
}

/** @throws TypeError or RangeError for an invalid option, which the message shows */
export function parseReadOptions(given: RollingReadOptions | undefined): ReadSettings {
  const options = readOptions(given, READ_OPTION_NAMES);
  const { clock = systemClock, files = nodeFileLayer, s3, signal } = options;
  return {
    ...{ clock, files, s3, signal },
    follow: options.follow ?? false,
    allowEmpty: parseAllowEmpty(options),
    keyDates: options.keyTemplate === undefined ? undefined : new KeyDates(options.keyTemplate),
    indexCache:
      options.indexCache === undefined ? undefined : new IndexCache(options.indexCache, files),
    metadataKey: options.metadataKey,
    maxRecordBytes: parseMaxRecordBytes(options.maxRecordBytes),
    order: parseOrder(options),
    whenDamaged: parseChoice('whenDamaged', options.whenDamaged, ['error', 'skip']),
    whenConflict: parseWhenConflict(options.whenConflict),
    wanted: parseWanted(options),
    limit: parseLimit(options.limit),
    after: parseAfter(options.after),
  };
}

function parseOrder({ follow, order }: RollingReadOptions): ReadOrder {
  if (follow === true && order === 'merged') {
    throw new TypeError(
      "order is 'merged', and follow is true: later records may have earlier times",
    );
  }
  return parseChoice('order', order, ['name', 'time', 'merged']);
}

function parseAllowEmpty({ allowEmpty, follow = false }: RollingReadOptions): boolean {
  if (follow && allowEmpty === false) {
    throw new TypeError('allowEmpty is false, and follow is true: it waits for archives');
  }
  return allowEmpty ?? follow;
}

function parseWhenConflict(value: RollingReadOptions['whenConflict']) {
  if (value === undefined) return undefined;
  return parseChoice('whenConflict', value, ['error', 'report']);
}

function parseAfter(text: string = START): ReadPosition {
  return { ...parseCursor(text), text };
}

/** The cursor before the first record. */
const START = formatCursor({ writers: [], archives: [] });

function parseLimit(limit: number = Number.POSITIVE_INFINITY): number {
  if (limit === Number.POSITIVE_INFINITY || (Number.isSafeInteger(limit) && limit >= 0))
    return limit;
  throw new RangeError(`limit is ${show(limit)}, expected a whole number of records, 0 or more`);
}

function parseWanted({ from, to, where }: RollingReadOptions): WantedRecords {
  const earliestMicros = from === undefined ? Number.NEGATIVE_INFINITY : microsOf(from, 'from');
  // Record times are whole µs, so the last one before `to` is 1 µs earlier.
  const latestMicros = to === undefined ? Number.POSITIVE_INFINITY : microsOf(to, 'to') - 1;
  if (latestMicros < earliestMicros - 1) {
    throw new RangeError(`to is ${show(to)}, expected a time from ${show(from)} on`);
  }
  const times = { earliestMicros, latestMicros };
  if (typeof where === 'function') return { ...times, where, metadata: undefined };
  return { ...times, where: undefined, metadata: where === undefined ? where : matchOf(where) };
}

const WHERE_FORMS = 'expected an object of strings, lists of strings or RegExps, or a function';

function matchOf(where: Readonly<Record<string, WantedValues>>): MetadataMatch {
  // The contents of a Map, a list or a Date are not properties: they would select every record.
  const isObject = typeof where === 'object' && where !== null && !(Symbol.iterator in where);
  if (!isObject || types.isDate(where) || types.isPromise(where) || types.isRegExp(where)) {
    throw new TypeError(`where is ${show(where)}, ${WHERE_FORMS}`);
  }
  for (const values of Object.values(where)) {
    const list: readonly unknown[] = Array.isArray(values) ? values : [values];
    if (list.every((value) => typeof value === 'string') || types.isRegExp(values)) continue;
    throw new TypeError(`where is ${show(where)}, ${WHERE_FORMS}`);
  }
  return new MetadataMatch(where);
}

function microsOf(time: TimeInput, name: string): number {
  const exactMicros = typeof time === 'string' ? parseIsoMicros(time) : Number.NaN;
  if (Number.isSafeInteger(exactMicros)) return exactMicros;
  // `Number` would take null and false for 1970.
  const isTime = typeof time === 'number' || types.isDate(time);
  const ms = typeof time === 'string' ? Date.parse(time) : isTime ? Number(time) : Number.NaN;
  const micros = Math.ceil(ms * 1000);
  if (Number.isSafeInteger(micros)) return micros;
  throw new RangeError(
    `${name} is ${show(time)}, expected a Date, ms or a text such as an ISO one`,
  );
}
