import { isUrl } from '../errors/is-error.js';
import { quote, show } from '../errors/show.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { parseChoice } from '../format/option-values.js';
import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../format/quantity.js';
import type { Store } from '../stores/contract/store.js';
import { S3_STORE_OPTION_NAMES, type S3StoreOptions } from '../stores/s3/s3-store-options.js';
import {
  type Compression,
  type CompressionOption,
  createCompression,
} from '../streams/compression/compression.js';
import { DEFAULT_KEY, KeyTemplate } from './key-template.js';

/** What to do with the local file after the store has confirmed the archive. */
export type LocalFile = 'delete' | 'keep' | { readonly moveTo: string };

/** What to do with new records while the spool is full. */
export type WhenFull = 'block' | 'error' | 'drop-oldest';

/**
 * Where archives are shipped to, and how. The *spool* is the writer's directory: its archives that
 * the store has not confirmed yet, the open one included.
 */
export interface ShipOptions {
  /**
   * The store: `s3://bucket/prefix`, the path of a directory, its `file://` URL, or an object that
   * implements `Store`. The writer closes the stores that it opens, and never yours.
   */
  readonly to: string | URL | Store;
  /**
   * Endpoint, region, credentials and other settings of an `s3://` URL. A TypeError with any other
   * store.
   * @default as `S3StoreOptions` says
   */
  readonly s3?: S3StoreOptions | undefined;
  /**
   * What to do with the local file: `'delete'`, `'keep'`, or move it to the directory `moveTo`. The
   * file is never touched before the store has confirmed its bytes, and never if it has changed
   * since it was sealed. @default 'delete'
   */
  readonly localFile?: LocalFile | undefined;
  /**
   * How long `end` waits for the store, in ms or as text such as `'5m'`. After that it fails with
   * `ShippingPendingError`. Every archive is sealed on disk then, and the next writer of the
   * directory ships it. @default '60s'
   */
  readonly endTimeout?: Duration | undefined;
  /**
   * How many bytes of archives the spool may hold, as a number or as text such as `'2 GiB'`. One
   * record and the index of the open archive may exceed it. At the limit the writer seals the open
   * archive, so that it can be shipped, and `whenFull` decides about new records. @default no limit
   */
  readonly maxSpoolBytes?: ByteCount | undefined;
  /**
   * What to do with new records while the spool is full. `'block'` holds them back until there is
   * room: the source is slowed down, and no record is lost. `'error'` refuses them: `append` throws
   * a `SpoolFullError`, and `write` ends the stream with it; records that were accepted before are
   * safe. `'drop-oldest'` deletes the oldest archives that are neither being sent nor confirmed by
   * the store; each one emits `dropped`, and `shipped` of its receipts rejects. @default 'block'
   */
  readonly whenFull?: WhenFull | undefined;
  /** How many archives to send at the same time. Each needs memory for its parts. @default 1 */
  readonly concurrency?: number | undefined;
  /**
   * How archives are compressed: to `'gzip'`, which everything can read (`NAME.gz`); to `'zstd'`,
   * which is faster and smaller (`NAME.zst`, needs Node 22.15); or not at all, `'none'`.
   * @default 'gzip'
   */
  readonly compression?: CompressionOption | undefined;
  /**
   * The level of the compression: 0 (none) to 9 (best) for gzip, 1 to 22 for zstd.
   * @default 6 for gzip, 3 for zstd
   */
  readonly level?: number | undefined;
  /**
   * Template of an object's key below `to`; `.gz` or `.zst` is appended unless the template ends with it. It may have slashes, strftime
   * directives for the time of the archive's first record (UTC), and the tokens `[[NAME]]`
   * (required), `[[HOST]]`, `[[CRC]]`, `[[COUNT]]`, `[[FIRST_TIME]]` and `[[LAST_TIME]]`; for
   * example `'logs/dt=%Y-%m-%d/hour=%H/[[NAME]]'`. @default '[[NAME]]'
   */
  readonly key?: string | undefined;
  /**
   * The age, in ms or as text, from which the writer aborts an unfinished upload under the series'
   * keys that no local journal names. Such an upload may belong to another host that is still
   * sending, so choose longer than any upload takes. @default '7d'
   */
  readonly abortOrphansAfter?: Duration | undefined;
}

/** All options of shipping. */
export const SHIP_OPTION_NAMES: OptionNames<ShipOptions> = {
  to: true,
  s3: S3_STORE_OPTION_NAMES,
  localFile: true,
  endTimeout: true,
  maxSpoolBytes: true,
  whenFull: true,
  concurrency: true,
  compression: true,
  level: true,
  key: true,
  abortOrphansAfter: true,
};

/** `ShipOptions` after validation, with defaults filled in. */
export interface ShipSettings {
  readonly localFile: LocalFile;
  readonly endTimeoutMs: number;
  /** Infinity without a limit. */
  readonly maxSpoolBytes: number;
  readonly whenFull: WhenFull;
  readonly concurrency: number;
  readonly key: KeyTemplate;
  readonly compression: Compression;
  readonly abortOrphansAfterMs: number;
}

/**
 * @param path precedes the names of the options in messages
 * @throws TypeError, RangeError or TemplateError for an invalid option
 */
export function parseShipOptions(options: ShipOptions, path = 'ship.'): ShipSettings {
  const { endTimeout = '60s', localFile = 'delete', maxSpoolBytes, to } = options;
  if (!isTarget(to)) {
    const expected = 's3://bucket/prefix, the path of a directory, a URL, or a store';
    throw new TypeError(`${path}to is ${show(to)}, expected ${expected}`);
  }
  if (!isLocalFile(localFile, path)) {
    const expected = "'delete', 'keep' or { moveTo: directory }";
    throw new TypeError(`${path}localFile is ${show(localFile)}, expected ${expected}`);
  }
  const { abortOrphansAfter = '7d', concurrency = 1, key = DEFAULT_KEY } = options;
  const whenFull = parseChoice('ship.whenFull', options.whenFull, [
    'block',
    'error',
    'drop-oldest',
  ]);
  if (whenFull !== 'block' && maxSpoolBytes === undefined) {
    throw new TypeError(
      `ship.whenFull is ${quote(whenFull)} without ship.maxSpoolBytes, so the spool is never full`,
    );
  }
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new RangeError(
      `ship.concurrency is ${show(concurrency)}, expected a whole number, 1 or more`,
    );
  }
  if (typeof key !== 'string')
    throw new TypeError(`${path}key is ${show(key)}, expected a template`);
  const compression = createCompression(options, path);
  return {
    localFile,
    whenFull,
    concurrency,
    key: new KeyTemplate(key, compression.suffix),
    compression,
    abortOrphansAfterMs: parseDurationMs(abortOrphansAfter, 'ship.abortOrphansAfter'),
    endTimeoutMs: parseDurationMs(endTimeout, 'ship.endTimeout'),
    maxSpoolBytes: parseSpoolBytes(maxSpoolBytes),
  };
}

const STORE_METHODS: readonly (keyof Store)[] = ['put', 'head', 'get', 'list', 'delete', 'close'];

function isTarget(to: unknown): boolean {
  if (typeof to === 'string' || isUrl(to)) return true;
  if (typeof to !== 'object' || to === null) return false;
  return STORE_METHODS.every((method) => typeof Reflect.get(to, method) === 'function');
}

const MOVE_OPTION_NAMES: OptionNames<Exclude<LocalFile, string>> = { moveTo: true };

function isLocalFile(localFile: LocalFile, path: string): boolean {
  if (localFile === 'delete' || localFile === 'keep') return true;
  if (typeof localFile !== 'object' || localFile === null) return false;
  const { moveTo } = readOptions(localFile, MOVE_OPTION_NAMES, `${path}localFile`);
  return typeof moveTo === 'string' && moveTo !== '' && !moveTo.includes('\0');
}

function parseSpoolBytes(maxSpoolBytes: ByteCount | undefined): number {
  if (maxSpoolBytes === undefined) return Number.POSITIVE_INFINITY;
  const bytes = parseByteCount(maxSpoolBytes, 'ship.maxSpoolBytes');
  // With 0 there would never be room for a record.
  if (bytes === 0) {
    throw new RangeError(`ship.maxSpoolBytes is ${quote(maxSpoolBytes)}, expected more than 0`);
  }
  return bytes;
}
