import { ArchiveError } from '../errors/archive-error.js';
import { DamageError } from '../errors/damage-error.js';
import { StoreError } from '../errors/store-error.js';
import type {
  ArchiveShipper,
  ShippableArchive,
  ShippingListener,
  ShippingState,
} from '../rolling/archive-shipper.js';
import type { FileLayer } from '../storage/file-layer.js';
import { findFile } from '../storage/find-file.js';
import type { Store } from '../storage/store.js';
import { isTransient } from '../storage/system-error.js';
import type { Clock, Timer } from '../streams/clock.js';
import { backoffMs, PERMANENT_DELAY_MS } from './backoff.js';
import { inspectArchive, type LeftArchive, listLeftArchives } from './left-archives.js';
import { settleFile } from './settle-file.js';
import { shipArchive } from './ship-archive.js';
import type { ShipSettings } from './ship-options.js';
import { createWaitingArchive, type SentArchive, type WaitingArchive } from './waiting-archive.js';

export interface ShipperOptions extends ShipSettings {
  readonly store: Store;
  /** Whether the store is closed when the shipper stops. */
  readonly ownsStore: boolean;
  /** The directory that the writer fills, and the pattern of its archives' names. */
  readonly directory: string;
  readonly pattern: string;
  readonly files: FileLayer;
  readonly clock: Clock;
}

/**
 * Ships one archive at a time, the oldest first: compresses it straight into the store, asks the store
 * what it has, and settles the local file. It tries again for ever; each failure is told.
 */
export class Shipper implements ArchiveShipper {
  readonly #options: ShipperOptions;
  readonly #stopping = new AbortController();
  readonly #waiting: WaitingArchive[] = [];
  readonly #timers = new Set<Timer>();
  /** To be called whenever an archive is done, or has failed. */
  readonly #watchers = new Set<() => void>();
  #listener: ShippingListener | undefined;
  #current: Promise<void> | undefined;
  #shipped = 0;
  #isDraining = false;

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  async start(listener: ShippingListener): Promise<void> {
    const { directory, files, pattern } = this.#options;
    this.#listener = listener;
    for (const archive of await listLeftArchives(directory, pattern, files)) {
      this.#waiting.push(createWaitingArchive(archive));
    }
    this.#next();
  }

  add(archive: ShippableArchive): void {
    this.#waiting.push(createWaitingArchive(archive));
    this.#next();
  }

  adopt(archive: LeftArchive): void {
    this.#waiting.push(createWaitingArchive(archive));
    this.#next();
  }

  room(): Promise<void> | null {
    const isFull = () => this.#spoolBytes >= this.#options.maxSpoolBytes;
    return isFull() ? this.#until(() => !isFull()) : null;
  }

  async drain(signal: AbortSignal): Promise<ShippingState> {
    // Somebody waits: the process must not end between two attempts.
    this.#isDraining = true;
    for (const timer of this.#timers) timer.ref();
    const notify = () => this.#notify();
    signal.addEventListener('abort', notify);
    await this.#until(() => signal.aborted || this.#waiting.every(({ isStuck }) => isStuck));
    signal.removeEventListener('abort', notify);
    return this.state();
  }

  state(): ShippingState {
    const left = this.#waiting.map(({ archive }) => archive.path);
    const failed = this.#waiting.find(({ failures }) => failures > 0);
    return { shipped: this.#shipped, left, error: failed?.error };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    await this.#current;
    if (this.#options.ownsStore) await this.#options.store.close();
  }

  get #spoolBytes(): number {
    return this.#waiting.reduce((bytes, { archive }) => bytes + archive.bytes, 0);
  }

  /** Ships what has failed least, of these the oldest: one bad archive holds no other up. */
  #next(): void {
    if (this.#current !== undefined || this.#stopping.signal.aborted) return;
    const ready = this.#waiting.filter(({ isPaused }) => !isPaused);
    const [first] = ready.sort((a, b) => a.failures - b.failures);
    if (first === undefined) return;
    this.#current = this.#ship(first).then(() => {
      this.#current = undefined;
      this.#notify();
      this.#next();
    });
  }

  async #ship(waiting: WaitingArchive): Promise<void> {
    const { files, localFile } = this.#options;
    try {
      waiting.sent ??= await this.#send(waiting);
      const { shipped, file } = waiting.sent;
      await settleFile(shipped, file, localFile, files);
      this.#remove(waiting);
      this.#shipped++;
      this.#listener?.onShipped(shipped);
    } catch (error) {
      const hasGone = await this.#hasGone(waiting);
      // Not before: a timer that is set once it has stopped would keep the process alive.
      if (this.#stopping.signal.aborted) return;
      if (waiting.isAdopted && error instanceof DamageError) this.#disown(waiting, error);
      else if (hasGone) this.#drop(waiting, error);
      else this.#fail(waiting, error);
    }
  }

  async #send(waiting: WaitingArchive): Promise<SentArchive> {
    const { files, localFile, store } = this.#options;
    const { signal } = this.#stopping;
    const found = waiting.archive;
    const file = await findFile(found.path, files);
    const archive = 'sha256' in found ? found : await inspectArchive(found, files, signal);
    waiting.archive = archive;
    // What a store says of an object that it may have failed to take is not enough.
    const evidence = localFile === 'keep' && waiting.failures === 0 ? 'identity' : 'content';
    const shipped = await shipArchive(archive, { store, files, evidence, signal });
    return { shipped, file };
  }

  #remove(waiting: WaitingArchive): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
  }

  async #hasGone({ archive }: WaitingArchive): Promise<boolean> {
    const { files } = this.#options;
    return (await findFile(archive.path, files).catch(() => undefined)) === null;
  }

  /**
   * The file is gone. Another writer of the directory may have shipped and settled it just now: the store
   * is asked once more.
   */
  #drop(waiting: WaitingArchive, cause: unknown): void {
    if (!waiting.isGone && 'sha256' in waiting.archive) {
      waiting.isGone = true;
      return;
    }
    this.#remove(waiting);
    if (waiting.isAdopted) return;
    const { archive } = waiting;
    const message = `cannot ship ${archive.path}: somebody has removed it`;
    const error = new ArchiveError('ERR_ARCHIVE_GONE', message, { cause });
    this.#tellFailure(archive, error);
  }

  /** A file that has an archive's name, but is none, is somebody else's: it stays where it is. */
  #disown(waiting: WaitingArchive, error: DamageError): void {
    this.#remove(waiting);
    this.#tellFailure(waiting.archive, error);
  }

  #fail(waiting: WaitingArchive, error: unknown): void {
    const { clock } = this.#options;
    waiting.error = error;
    waiting.failures++;
    waiting.isStuck = !mayBeMended(error);
    waiting.isPaused = true;
    const delayMs = waiting.isStuck ? PERMANENT_DELAY_MS : backoffMs(waiting.failures);
    const timer = clock.setTimer(() => {
      this.#timers.delete(timer);
      waiting.isPaused = false;
      this.#next();
    }, delayMs);
    this.#timers.add(timer);
    if (this.#isDraining) timer.ref();
    this.#tellFailure(waiting.archive, error);
  }

  #tellFailure(archive: LeftArchive | ShippableArchive, error: unknown): void {
    this.#listener?.onFailed({ archive, operation: 'ship', error });
  }

  #notify(): void {
    for (const watcher of this.#watchers) watcher();
  }

  async #until(isMet: () => boolean): Promise<void> {
    if (isMet()) return;
    await new Promise<void>((resolve) => {
      const watcher = () => {
        if (!isMet()) return;
        this.#watchers.delete(watcher);
        resolve();
      };
      this.#watchers.add(watcher);
    });
  }
}

/** Whether trying again soon may help, without anybody's doing. */
function mayBeMended(error: unknown): boolean {
  return error instanceof StoreError ? error.transient : isTransient(error);
}
