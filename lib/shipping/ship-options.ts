import { inspect } from 'node:util';

import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../format/quantity.js';
import type { S3StoreOptions } from '../storage/s3-store-options.js';
import type { Store } from '../storage/store.js';

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
   * Once archives of so many bytes wait to be shipped, no further one is opened: the writer applies
   * backpressure until there is room. @default no limit
   */
  readonly maxSpoolBytes?: ByteCount | undefined;
}

/** `ShipOptions`, checked, with its defaults. */
export interface ShipSettings {
  readonly localFile: LocalFile;
  readonly endTimeoutMs: number;
  readonly maxSpoolBytes: number;
}

/** @throws TypeError or RangeError for an option that makes no sense */
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
  return {
    localFile,
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
