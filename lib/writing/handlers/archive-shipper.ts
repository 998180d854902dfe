import type { SeriesPattern } from '../../series/listing/series-patterns.js';
import type { FoundArchive } from '../../series/opening/found-archive.js';
import type { Evidence } from '../../stores/contract/store.js';
import type { ArchiveFailure } from './archive-failure.js';
import type { SealedArchive } from './archive-handler.js';

/** The facts about any sealed archive, including one that an earlier writer left. */
export type ShippableArchive = Pick<
  SealedArchive,
  'path' | 'name' | 'bytes' | 'records' | 'sha256' | 'firstTime' | 'lastTime' | 'openedAt'
>;

/**
 * What confirmed that an archive is in the store: something that the store has computed itself (see
 * `Evidence`), or `'read-back'`, its bytes, which were fetched again and compared.
 */
export type ShippingEvidence = Evidence | 'read-back';

/** An archive that is in the store now. */
export interface ShippedArchive extends ShippableArchive {
  /** The store's name, such as `s3://bucket/prefix`. */
  readonly store: string;
  readonly key: string;
  /** The size of the object, which is compressed. */
  readonly storedBytes: number;
  readonly evidence: ShippingEvidence;
  /**
   * The key that the archive should have had, if another archive has it; null if `key` is the key
   * it should have.
   */
  readonly takenKey: string | null;
  /**
   * The SHA-256 of the object's bytes as they were sent, in hex; undefined if the store had the
   * object already.
   */
  readonly storedSha256?: string | undefined;
}

/** An archive that was deleted unshipped: the spool was full, and the user chose this loss. */
export interface DroppedArchive extends Pick<SealedArchive, 'path' | 'name' | 'bytes'> {
  /** SHA-256 in hex; undefined for an archive of an earlier writer that was not read yet. */
  readonly sha256: string | undefined;
}

/** Receives the outcome of each shipment. */
export interface ShippingListener {
  onShipped(archive: ShippedArchive): void;
  onDropped(archive: DroppedArchive): void;
  onFailed(failure: ArchiveFailure): void;
}

/**
 * Attempts to ship an archive. `succeeded`: the archive is in the store. `failed`: another attempt
 * follows. `aborted`: the writer has ended, and the next one makes another attempt.
 */
export interface UploadCounts {
  readonly succeeded: number;
  readonly failed: number;
  readonly aborted: number;
}

/** How far shipping has come. */
export interface ShippingState {
  /** How many archives are in the store. */
  readonly shipped: number;
  /** Paths of the archives that are not in the store, oldest first. */
  readonly left: readonly string[];
  /** How many shipped archives each kind of evidence confirmed. */
  readonly evidence: Readonly<Record<ShippingEvidence, number>>;
  /** How many archives were dropped. */
  readonly dropped: number;
  /** Bytes of the local files in `left`. */
  readonly leftBytes: number;
  /** How long the oldest archive in `left` has been sealed, in ms; null if none is left. */
  readonly oldestLeftMs: number | null;
  /** Bytes of the objects that this shipper has put into the store. */
  readonly storedBytes: number;
  /** Attempts to ship an archive, by their outcome. */
  readonly uploads: UploadCounts;
  /** How many of the attempts have followed a failed one. */
  readonly retries: number;
  /** The failure of the oldest archive in `left` that has failed. */
  readonly error?: Error;
}

/** The state of a shipper that has nothing to do yet. */
export const NOTHING_SHIPPED: ShippingState = {
  shipped: 0,
  left: [],
  evidence: { 'part-digests': 0, checksum: 0, etag: 0, 'read-back': 0 },
  dropped: 0,
  leftBytes: 0,
  oldestLeftMs: null,
  storedBytes: 0,
  uploads: { succeeded: 0, failed: 0, aborted: 0 },
  retries: 0,
};

/** Ships sealed archives. Reports its failures to the listener and tries again. */
export interface ArchiveShipper {
  /** The patterns of the series in the store, and of local files that were moved after shipping. */
  readonly patterns?: readonly SeriesPattern[];

  /**
   * Starts with the archives that an earlier writer left. Settles when all of them are listed; the
   * writer must create no archive before.
   */
  start(listener: ShippingListener): Promise<void>;

  /**
   * The path of an archive in the store that holds records of a writer; undefined if there is none.
   * Asked before the first archive is created, if the user has given the writer's id.
   *
   * @param writer 16 hex digits
   * @throws StoreError if the store cannot say; the signal's reason
   */
  findArchiveOf?(writer: string, signal: AbortSignal): Promise<string | undefined>;

  /**
   * The archives in the store that may hold records of a writer, by their names. Asked once, if the
   * writer is given its sequences.
   *
   * @throws StoreError if the store cannot say; the signal's reason
   */
  listArchivesOf?(writer: string, signal: AbortSignal): Promise<readonly FoundArchive[]>;

  add(archive: ShippableArchive): void;

  /** Ships an archive of an earlier writer that was sealed since the start. */
  adopt(archive: Pick<ShippableArchive, 'path' | 'name' | 'bytes'>): void;

  /**
   * Null if the spool has room for another record. Otherwise a promise that settles when that may
   * have changed; the caller must then ask again.
   *
   * @param openBytes size of all archives that were not given to `add` yet
   */
  room(openBytes: number): Promise<void> | null;

  /** @throws SpoolFullError if there is no room and the user chose errors over waiting */
  checkRoom(openBytes: number): void;

  /**
   * Settles when all archives are shipped, when another attempt cannot help those that are left, or
   * when `signal` aborts. Never rejects.
   */
  drain(signal: AbortSignal): Promise<ShippingState>;

  state(): ShippingState;

  /**
   * Aborts all uploads. Settles when the store keeps no part of them, or soon after `overdue`
   * aborts: then the next start removes what an upload has left.
   */
  stop(overdue: AbortSignal): Promise<void>;
}
