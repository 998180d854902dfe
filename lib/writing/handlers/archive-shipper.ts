import type { Evidence } from '../../stores/contract/store.js';
import type { ArchiveFailure } from './archive-failure.js';
import type { SealedArchive } from './archive-handler.js';

/** What is known of any sealed archive, also of one that an earlier writer left behind. */
export type ShippableArchive = Pick<
  SealedArchive,
  'path' | 'name' | 'bytes' | 'records' | 'sha256' | 'firstTime' | 'lastTime' | 'openedAt'
>;

/**
 * What showed that an archive is in the store: what the store itself had computed of it (see
 * `Evidence`), or `'read-back'`, its bytes, which were fetched again and compared.
 */
export type ShippingEvidence = Evidence | 'read-back';

/** An archive that is in the store now. */
export interface ShippedArchive extends ShippableArchive {
  /** What the store is called, such as `s3://bucket/prefix`. */
  readonly store: string;
  readonly key: string;
  /** Of the object, which is compressed. */
  readonly storedBytes: number;
  readonly evidence: ShippingEvidence;
  /** The key that another archive had, for which this one is under `key`; null where none had. */
  readonly takenKey: string | null;
}

/**
 * An archive that is gone for good: the disk's budget was used up, and the user chose this loss.
 */
export interface DroppedArchive extends Pick<SealedArchive, 'path' | 'name' | 'bytes'> {
  /** In hex; undefined for one of an earlier writer that nobody had read yet. */
  readonly sha256: string | undefined;
}

/** Who is told what became of archives that are shipped. */
export interface ShippingListener {
  onShipped(archive: ShippedArchive): void;
  onDropped(archive: DroppedArchive): void;
  onFailed(failure: ArchiveFailure): void;
}

/** How far shipping has come. */
export interface ShippingState {
  /** Archives that are in the store. */
  readonly shipped: number;
  /** Paths of the archives that are not, oldest first. */
  readonly left: readonly string[];
  /** How many of those that are in the store were shown to be by each kind of evidence. */
  readonly evidence: Readonly<Record<ShippingEvidence, number>>;
  /** Archives that were dropped. */
  readonly dropped: number;
  /** Why the oldest of these has failed, where it has. */
  readonly error?: unknown;
}

/** What takes over sealed archives. Its failures are its own: it tells them, and tries again. */
export interface ArchiveShipper {
  /**
   * Begins, with what an earlier writer left in the directory. Settles when that is known: until
   * then no archive may be created.
   */
  start(listener: ShippingListener): Promise<void>;

  add(archive: ShippableArchive): void;

  /** Takes over an archive of an earlier writer that was sealed since the start. */
  adopt(archive: Pick<ShippableArchive, 'path' | 'name' | 'bytes'>): void;

  /**
   * Null when the disk's budget has room for another record. Else settles when that may have
   * changed: it has to be asked again then.
   *
   * @param openBytes of all archives that were not handed over by `add` yet
   */
  room(openBytes: number): Promise<void> | null;

  /** @throws SpoolFullError where there is no room, and the user chose that over waiting */
  checkRoom(openBytes: number): void;

  /**
   * Settles when nothing is left, when only archives are left that trying again cannot help, or
   * when `signal` aborts. Never rejects.
   */
  drain(signal: AbortSignal): Promise<ShippingState>;

  state(): ShippingState;

  /** Ends uploads that are under way. Settles when nothing of them is left behind. */
  stop(): Promise<void>;
}
