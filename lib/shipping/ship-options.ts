import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../format/quantity.js';
import type { S3StoreOptions } from '../storage/s3-store.js';
import type { Store } from '../storage/store.js';

/** What becomes of the local file once the store has confirmed the archive. */
export type LocalFile = 'delete' | 'keep' | { readonly moveTo: string };

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
  const { localFile = 'delete', maxSpoolBytes } = options;
  const isPath = typeof localFile === 'object' && typeof localFile?.moveTo === 'string';
  if (localFile !== 'delete' && localFile !== 'keep' && !isPath) {
    const shown = JSON.stringify(localFile);
    throw new TypeError(`ship.localFile is ${shown}, expected 'delete', 'keep' or { moveTo }`);
  }
  return {
    localFile,
    endTimeoutMs: parseDurationMs(options.endTimeout ?? '60s', 'ship.endTimeout'),
    maxSpoolBytes:
      maxSpoolBytes === undefined
        ? Number.POSITIVE_INFINITY
        : parseByteCount(maxSpoolBytes, 'ship.maxSpoolBytes'),
  };
}
