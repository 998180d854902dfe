import { inspect } from 'node:util';

import type { ArchiveDecoderOptions } from '../codec/frames/kind-decoder.js';
import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { parseMaxRecordBytes } from '../codec/records/record-encoder.js';
import { MetadataMatch } from '../codec/version-2/metadata-match.js';
import type { FileLayer } from '../files/file-layer.js';
import type { SeriesOrder } from '../series/listing/order-archives.js';
import type { S3StoreOptions } from '../stores/s3/s3-store-options.js';
import type { Clock } from '../streams/clock.js';
import type { WantedRecords } from './series-selection.js';

/** A point in time: a Date, milliseconds since the epoch, or text as `Date.parse` reads it. */
export type TimeInput = Date | number | string;

/** Which records are wanted: those with these metadata, or those that a function says yes to. */
export type RecordFilter = Readonly<Record<string, string>> | ((record: ArchiveRecord) => boolean);

/** How a series is read. */
export interface RollingReadOptions
  extends Pick<ArchiveDecoderOptions, 'maxRecordBytes' | 'metadataKey'> {
  /**
   * Only records of this time or later. With this or `to`, records without a time are left out (version 1,
   * JSON lines), no gap is told, and damage is told only where it is come upon: blocks of other times are
   * passed over. @default from the first
   */
  readonly from?: TimeInput | undefined;
  /** Only records of before this time, itself excluded. @default to the last */
  readonly to?: TimeInput | undefined;
  /**
   * Only records with these metadata, byte for byte, which is fast: no others are made; or only those that
   * a function says yes to. Where few of a block are wanted, they are copies, so that their block does not
   * stay in memory with them. @default all
   */
  readonly where?: RecordFilter | undefined;
  /** The most records that are given. Reading ends with the last of them. @default no limit */
  readonly limit?: number | undefined;
  /**
   * What the objects of a store are put in order by: their names, which costs nothing, and is refused with
   * `ERR_ARCHIVE_ORDER` as soon as it turns out not to be the order of a writer; or, as local archives
   * always are, by what their first records say, which costs two requests an object. By name, objects come
   * before what is on local disk only. @default 'name'
   */
  readonly order?: SeriesOrder | undefined;
  /**
   * Whether damage ends the stream with a `DamageError`, or is left out, with nothing else lost than what
   * it touched, and told by the event `damage`. @default 'error'
   */
  readonly whenDamaged?: 'error' | 'skip' | undefined;
  /** Whether a pattern that matches nothing gives no records, not an error. @default false */
  readonly allowEmpty?: boolean | undefined;
  /** For patterns that begin with `s3://`: where the service is, and who asks it. */
  readonly s3?: S3StoreOptions | undefined;
  /** Destroys the stream when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
  /** By which a store that failed is waited for. @default systemClock */
  readonly clock?: Clock | undefined;
}

/** @throws TypeError or RangeError for an option that makes no sense, which shows it */
export function checkReadOptions(options: RollingReadOptions): void {
  parseMaxRecordBytes(options.maxRecordBytes);
  checkChoice('whenDamaged', options.whenDamaged, ['error', 'skip']);
  checkChoice('order', options.order, ['name', 'time']);
}

/** @throws TypeError or RangeError */
export function parseLimit(limit: number = Number.POSITIVE_INFINITY): number {
  if (limit === Number.POSITIVE_INFINITY || (Number.isSafeInteger(limit) && limit >= 0))
    return limit;
  throw new RangeError(`limit is ${inspect(limit)}, expected a whole number of records, 0 or more`);
}

/** @throws TypeError or RangeError */
export function parseWanted({ from, to, where }: RollingReadOptions): WantedRecords {
  const earliestMicros = from === undefined ? Number.NEGATIVE_INFINITY : microsOf(from, 'from');
  // Times are whole: the last one before `to`.
  const latestMicros = to === undefined ? Number.POSITIVE_INFINITY : microsOf(to, 'to') - 1;
  if (latestMicros < earliestMicros - 1) {
    throw new RangeError(`to is ${inspect(to)}, expected a time from ${inspect(from)} on`);
  }
  const times = { earliestMicros, latestMicros };
  if (typeof where === 'function') return { ...times, where, metadata: undefined };
  return { ...times, where: undefined, metadata: where === undefined ? where : matchOf(where) };
}

function matchOf(where: Readonly<Record<string, string>>): MetadataMatch {
  const isObject = typeof where === 'object' && where !== null;
  if (!isObject || !Object.values(where).every((value) => typeof value === 'string')) {
    throw new TypeError(`where is ${inspect(where)}, expected an object of strings or a function`);
  }
  return new MetadataMatch(where);
}

function microsOf(time: TimeInput, name: string): number {
  const ms = typeof time === 'string' ? Date.parse(time) : Number(time);
  const micros = Math.ceil(ms * 1000);
  if (Number.isSafeInteger(micros)) return micros;
  throw new RangeError(
    `${name} is ${inspect(time)}, expected a Date, ms or a text such as an ISO one`,
  );
}

function checkChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  const expected = choices.map((choice) => `'${choice}'`).join(' or ');
  throw new TypeError(`${name} is ${JSON.stringify(value)}, expected ${expected}`);
}
