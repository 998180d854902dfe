import { inspect } from 'node:util';

import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../format/quantity.js';
import type { Store } from '../stores/contract/store.js';
import type { S3StoreOptions } from '../stores/s3/s3-store-options.js';
import { DEFAULT_KEY, KeyTemplate } from './key-template.js';
import type { WhenFull } from './spool-budget.js';

/** What becomes of the local file once the store has confirmed the archive. */
export type LocalFile = 'delete' | 'keep' | { readonly moveTo: string };

/** Where archives are shipped to, and what becomes of them here. */
export interface ShipOptions {
  /** `s3://bucket/prefix`, a directory's path or `file://` URL, or a store of your own. */
  readonly to: string | URL | Store;
  /** For an `s3://` URL: endpoint, region, credentials and the like. */
  readonly s3?: S3StoreOptions | undefined;
  /** Deletes, keeps or moves the local file, after the check that it is in the store. @default 'delete' */
  readonly localFile?: LocalFile | undefined;
  /**
   * How long `end` waits for the store before it fails with `ShippingPendingError`; everything is sealed
   * on disk then, and the next writer of the directory ships it. @default '60s'
   */
  readonly endTimeout?: Duration | undefined;
  /**
   * How many bytes of archives may wait in the directory, the open one among them; one record more, and the
   * index of the open archive, may come to it. At that the open archive is sealed, so that it can be shipped,
   * and `whenFull` says what becomes of further records. @default no limit
   */
  readonly maxSpoolBytes?: ByteCount | undefined;
  /**
   * `'block'` holds records back until there is room, so that no source overruns the disk. `'error'` refuses
   * them: `append` throws a `SpoolFullError`, `write` ends the stream with it, and what was accepted is safe.
   * `'drop-oldest'` deletes the oldest archives that are neither in the store nor on their way, with an event
   * `dropped` for each; `shipped` of their receipts rejects. @default 'block'
   */
  readonly whenFull?: WhenFull | undefined;
  /** How many archives are sent at a time; each takes the memory of its parts. @default 1 */
  readonly concurrency?: number | undefined;
  /**
   * What an archive's object is called, below `to` and without `.gz`: slashes, strftime directives for the
   * time of its first record (UTC), `[[NAME]]`, which must be there, and `[[HOST]]`, `[[CRC]]`, `[[COUNT]]`,
   * `[[FIRST_TIME]]`, `[[LAST_TIME]]`; such as `'logs/dt=%Y-%m-%d/hour=%H/[[NAME]]'`. @default '[[NAME]]'
   */
  readonly key?: string | undefined;
  /**
   * How old an unfinished upload under the series' keys must be to be aborted when no journal here knows of
   * it. It may be another host's, which shares the prefix: more than any upload takes. @default '7d'
   */
  readonly abortOrphansAfter?: Duration | undefined;
}

/** `ShipOptions`, checked, with its defaults. */
export interface ShipSettings {
  readonly localFile: LocalFile;
  readonly endTimeoutMs: number;
  readonly maxSpoolBytes: number;
  readonly whenFull: WhenFull;
  readonly concurrency: number;
  readonly key: KeyTemplate;
  readonly abortOrphansAfterMs: number;
}

/** @throws TypeError, RangeError or TemplateError for an option that makes no sense */
export function parseShipOptions(options: ShipOptions): ShipSettings {
  const { endTimeout = '60s', localFile = 'delete', maxSpoolBytes, to } = options;
  if (!isTarget(to)) {
    const expected = 's3://bucket/prefix, the path of a directory, a URL, or a store';
    throw new TypeError(`ship.to is ${show(to)}, expected ${expected}`);
  }
  if (!isLocalFile(localFile)) {
    const expected = "'delete', 'keep' or { moveTo: directory }";
    throw new TypeError(`ship.localFile is ${show(localFile)}, expected ${expected}`);
  }
  const {
    abortOrphansAfter = '7d',
    concurrency = 1,
    key = DEFAULT_KEY,
    whenFull = 'block',
  } = options;
  if (whenFull !== 'block' && whenFull !== 'error' && whenFull !== 'drop-oldest') {
    const expected = "'block', 'error' or 'drop-oldest'";
    throw new TypeError(`ship.whenFull is ${show(whenFull)}, expected ${expected}`);
  }
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new RangeError(
      `ship.concurrency is ${show(concurrency)}, expected a whole number from 1 on`,
    );
  }
  if (typeof key !== 'string') throw new TypeError(`ship.key is ${show(key)}, expected a template`);
  return {
    localFile,
    whenFull,
    concurrency,
    key: new KeyTemplate(key),
    abortOrphansAfterMs: parseDurationMs(abortOrphansAfter, 'ship.abortOrphansAfter'),
    endTimeoutMs: parseDurationMs(endTimeout, 'ship.endTimeout'),
    maxSpoolBytes: parseSpoolBytes(maxSpoolBytes),
  };
}

const STORE_METHODS: readonly (keyof Store)[] = ['put', 'head', 'get', 'list', 'delete', 'close'];

function isTarget(to: unknown): boolean {
  if (typeof to === 'string' || to instanceof URL) return true;
  if (typeof to !== 'object' || to === null) return false;
  return STORE_METHODS.every((method) => typeof Reflect.get(to, method) === 'function');
}

function isLocalFile(localFile: LocalFile): boolean {
  if (localFile === 'delete' || localFile === 'keep') return true;
  const { moveTo } = Object(localFile);
  return typeof moveTo === 'string' && moveTo !== '' && !moveTo.includes('\0');
}

function parseSpoolBytes(maxSpoolBytes: ByteCount | undefined): number {
  if (maxSpoolBytes === undefined) return Number.POSITIVE_INFINITY;
  const bytes = parseByteCount(maxSpoolBytes, 'ship.maxSpoolBytes');
  // There would never be room, and nothing would ever be written.
  if (bytes === 0) throw new RangeError(`ship.maxSpoolBytes is ${maxSpoolBytes}, expected more`);
  return bytes;
}

function show(value: unknown): string {
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
}
