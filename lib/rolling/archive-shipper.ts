import type { SealedArchive } from './archive-handler.js';

/** What is known of any sealed archive, also of one that an earlier writer left behind. */
export type ShippableArchive = Pick<
  SealedArchive,
  'path' | 'name' | 'bytes' | 'records' | 'sha256' | 'firstTime' | 'lastTime'
>;

/** An archive that is in the store now. */
export interface ShippedArchive extends ShippableArchive {
  /** What the store is called, such as `s3://bucket/prefix`. */
  readonly store: string;
  readonly key: string;
  /** Of the object, which is compressed. */
  readonly storedBytes: number;
}

/** Something that went wrong with an archive beside the writing of it. The archive is safe on disk. */
export interface ArchiveFailure {
  readonly archive: Pick<SealedArchive, 'path' | 'name'>;
  /** `ship`, or the name of a handler. */
  readonly operation: string;
  readonly error: unknown;
}

/** Who is told what became of archives that are shipped. */
export interface ShippingListener {
  onShipped(archive: ShippedArchive): void;
  onFailed(failure: ArchiveFailure): void;
}

/** How far shipping has come. */
export interface ShippingState {
  /** Archives that are in the store. */
  readonly shipped: number;
  /** Paths of the archives that are not, oldest first. */
  readonly left: readonly string[];
  /** Why the oldest of these has failed, where it has. */
  readonly error?: unknown;
}

/** What takes over sealed archives. Its failures are its own: it tells them, and tries again. */
export interface ArchiveShipper {
  /**
   * Begins, with what an earlier writer left in the directory. Settles when that is known: until then no
   * archive may be created.
   */
  start(listener: ShippingListener): Promise<void>;

  add(archive: ShippableArchive): void;

  /** Takes over an archive of an earlier writer that was sealed since the start. */
  adopt(archive: Pick<ShippableArchive, 'path' | 'name' | 'bytes'>): void;

  /** Settles when there is room for another archive; null when there is now. */
  room(): Promise<void> | null;

  /**
   * Settles when nothing is left, when only archives are left that trying again cannot help, or when
   * `signal` aborts. Never rejects.
   */
  drain(signal: AbortSignal): Promise<ShippingState>;

  state(): ShippingState;

  /** Ends uploads that are under way. Settles when nothing of them is left behind. */
  stop(): Promise<void>;
}
