import { ArchiveError } from '../errors/archive-error.js';
import { StoreError } from '../errors/store-error.js';
import type {
  ArchiveShipper,
  ShippableArchive,
  ShippedArchive,
  ShippingListener,
  ShippingState,
} from '../rolling/archive-shipper.js';
import type { FileLayer } from '../storage/file-layer.js';
import type { Store } from '../storage/store.js';
import { isMissing, isTransient } from '../storage/system-error.js';
import type { Clock, Timer } from '../streams/clock.js';
import { backoffMs, PERMANENT_DELAY_MS } from './backoff.js';
import { inspectArchive, type LeftArchive, listLeftArchives } from './left-archives.js';
import { settleFile } from './settle-file.js';
import { shipArchive } from './ship-archive.js';
import type { ShipSettings } from './ship-options.js';

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

/** An archive that is not in the store yet. */
interface WaitingArchive {
  readonly archive: LeftArchive | ShippableArchive;
  /** How often it has failed. */
  failures: number;
  /** Whether the last failure was one that trying again does not mend. */
  isStuck: boolean;
  /** Whether it waits for a timer, and not for its turn. */
  isPaused: boolean;
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
  #error: unknown;
  #isDraining = false;

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  async start(listener: ShippingListener): Promise<void> {
    const { directory, files, pattern } = this.#options;
    this.#listener = listener;
    for (const archive of await listLeftArchives(directory, pattern, files)) this.#enqueue(archive);
    this.#next();
  }

  add(archive: ShippableArchive): void {
    this.#enqueue(archive);
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
    return { shipped: this.#shipped, left, error: this.#error };
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

  #enqueue(archive: LeftArchive | ShippableArchive): void {
    this.#waiting.push({ archive, failures: 0, isStuck: false, isPaused: false });
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
      const archive = await this.#inspect(waiting.archive);
      const shipped = await this.#send(archive);
      await settleFile(archive, localFile, files);
      this.#shipped++;
      this.#listener?.onShipped(shipped);
      this.#error = undefined;
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (isMissing(error)) this.#drop(waiting, error);
      else this.#fail(waiting, error);
    }
  }

  async #inspect(archive: LeftArchive | ShippableArchive): Promise<ShippableArchive> {
    return 'sha256' in archive ? archive : inspectArchive(archive, this.#options.files);
  }

  async #send(archive: ShippableArchive): Promise<ShippedArchive> {
    const { files, localFile, store } = this.#options;
    const evidence = localFile === 'keep' ? 'identity' : 'content';
    return shipArchive(archive, { store, files, evidence, signal: this.#stopping.signal });
  }

  /** The file is gone. One that was found in the directory had another owner, who settled it. */
  #drop(waiting: WaitingArchive, cause: unknown): void {
    const { archive } = waiting;
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    if (!('sha256' in archive)) return;
    const message = `cannot ship ${archive.path}: somebody has removed it`;
    const error = new ArchiveError('ERR_ARCHIVE_GONE', message, { cause });
    this.#listener?.onFailed({ archive, operation: 'ship', error });
  }

  #fail(waiting: WaitingArchive, error: unknown): void {
    const { clock } = this.#options;
    this.#error = error;
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
    this.#listener?.onFailed({ archive: waiting.archive, operation: 'ship', error });
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
