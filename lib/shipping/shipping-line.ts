import { dirname } from 'node:path';

import { ArchiveError } from '../errors/archive-error.js';
import { asError } from '../errors/as-error.js';
import { DamageError } from '../errors/damage-error.js';
import type { FileLayer } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import type { Store } from '../stores/contract/store.js';
import type { Clock, Timer } from '../streams/clock.js';
import { beginShipping, type EndShipping } from '../streams/diagnostics.js';
import { createSharedController } from '../streams/shared-controller.js';
import { untilAborted } from '../streams/until-aborted.js';
import type {
  ShippedArchive,
  ShippingListener,
  ShippingState,
} from '../writing/handlers/archive-shipper.js';
import { KeptArchives } from './kept-archives.js';
import type { ShipSettings } from './ship-options.js';
import { ShipQueue, type WaitingShipment } from './ship-queue.js';
import type { Shipment } from './shipment.js';
import { ShippingLeases } from './shipping-leases.js';
import { SpoolLimit } from './spool-limit.js';
import { OrphanUploads } from './uploads/orphan-uploads.js';

export interface ShippingLineOptions
  extends Pick<ShipSettings, 'concurrency' | 'maxSpoolBytes' | 'whenFull' | 'abortOrphansAfterMs'> {
  readonly store: Store;
  /** Whether to close the store at the end. */
  readonly ownsStore: boolean;
  /** The text that all keys begin with. */
  readonly prefix: string;
  /** The glob of all keys. */
  readonly keyPattern: string;
  readonly files: FileLayer;
  readonly clock: Clock;
  /** Reports the failures of what is no shipment. */
  readonly onFailed: ShippingListener['onFailed'];
  /** Called when there is no room for a record: without a seal, open archives can never be shipped. */
  readonly onFull?: (() => void) | undefined;
}

/** How long what was aborted may take to end once the caller's time is over. */
const OVERDUE_MS = 500;

/**
 * The way of sealed archives into one store: their queue, the limit of the spool, and what crashes have
 * left in the store. A writer has one; the writers of several partitions share one.
 */
export class ShippingLine {
  readonly orphans: OrphanUploads;
  readonly #options: ShippingLineOptions;
  readonly #stopping = createSharedController();
  readonly #leases: ShippingLeases;
  readonly #queue: ShipQueue;
  readonly #limit: SpoolLimit;
  readonly #kept: KeptArchives;
  readonly #evidence = { 'part-digests': 0, checksum: 0, etag: 0, 'read-back': 0 };
  readonly #uploads = { succeeded: 0, failed: 0, aborted: 0 };
  /** Bytes of archives that are not in the queue yet, by the writer that has them. */
  readonly #openBytes = new Map<object, number>();
  #allOpenBytes = 0;
  #shipped = 0;
  #storedBytes = 0;
  #retries = 0;

  constructor(options: ShippingLineOptions) {
    const { clock, concurrency, files, store } = options;
    const { signal } = this.#stopping;
    this.#options = options;
    this.#leases = new ShippingLeases(files);
    this.#queue = new ShipQueue({ concurrency, clock, ship: (waiting) => this.#ship(waiting) });
    this.#limit = new SpoolLimit(this.#queue, {
      maxBytes: options.maxSpoolBytes,
      whenFull: options.whenFull,
      files,
      onDropped: (archive, { listener }) => listener.onDropped(archive),
      onFailed: (archive, error) => options.onFailed({ archive, operation: 'drop', error }),
    });
    this.#kept = new KeptArchives({
      clock,
      signal,
      onMissing: (shipment) => this.#queue.add(shipment, shipment.listener),
      onFailed: ({ archive }, error) => options.onFailed({ archive, operation: 'ship', error }),
    });
    this.orphans = new OrphanUploads({
      store,
      prefix: options.prefix,
      pattern: options.keyPattern,
      afterMs: options.abortOrphansAfterMs,
      clock,
      signal,
      onFailed: (target, error) =>
        options.onFailed({
          archive: { path: target, name: target },
          operation: 'abort-upload',
          error,
        }),
    });
  }

  /** Aborts at the end. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  get store(): Store {
    return this.#options.store;
  }

  /** Whether an archive waits to be shipped, or is under way. */
  has(path: string): boolean {
    return this.#queue.entries.some(({ shipment }) => shipment.archive.path === path);
  }

  /** Whether an archive of a directory waits to be shipped, or is under way. */
  hasIn(directory: string): boolean {
    return this.#queue.entries.some(({ shipment }) => dirname(shipment.archive.path) === directory);
  }

  add(shipment: Shipment): void {
    this.#queue.add(shipment, shipment.listener);
  }

  /** Asks the store for archives that were shipped and kept, as their journals claim. */
  check(kept: readonly Shipment[]): void {
    this.#kept.check(kept);
  }

  /** As `ArchiveShipper.room`, of one of the writers. */
  room(writer: object, openBytes: number): Promise<void> | null {
    this.#setOpenBytes(writer, openBytes);
    const room = this.#limit.room(this.#allOpenBytes);
    if (room !== null) this.#options.onFull?.();
    return room;
  }

  /** As `ArchiveShipper.checkRoom`, of one of the writers. */
  checkRoom(writer: object, openBytes: number): void {
    this.#setOpenBytes(writer, openBytes);
    try {
      this.#limit.check(this.#allOpenBytes);
    } catch (error) {
      this.#options.onFull?.();
      throw error;
    }
  }

  /** An archive of the writer is in the queue now. */
  queued(writer: object, bytes: number): void {
    this.#setOpenBytes(writer, Math.max(0, (this.#openBytes.get(writer) ?? 0) - bytes));
  }

  /** The writer has ended: it has no open archive any more. */
  leave(writer: object): void {
    this.#setOpenBytes(writer, 0);
    this.#queue.notify();
  }

  async drain(signal: AbortSignal): Promise<ShippingState> {
    const isOver = () =>
      this.#queue.entries.every(({ isStuck, state }) => isStuck && state === 'paused');
    await untilAborted(this.#kept.idle(), signal);
    const notify = () => this.#queue.notify();
    signal.addEventListener('abort', notify);
    while (!signal.aborted && !isOver()) await this.#queue.changed();
    signal.removeEventListener('abort', notify);
    return this.state();
  }

  state(): ShippingState {
    const { entries } = this.#queue;
    const failed = entries.find(({ failures }) => failures > 0);
    return {
      shipped: this.#shipped,
      left: entries.map(({ shipment }) => shipment.archive.path),
      ...(failed !== undefined && { error: asError(failed.error) }),
      evidence: { ...this.#evidence },
      dropped: this.#limit.dropped,
      leftBytes: this.#queue.bytes,
      oldestLeftMs: this.#queue.oldestMs,
      storedBytes: this.#storedBytes,
      uploads: { ...this.#uploads },
      retries: this.#retries,
    };
  }

  /**
   * As `ArchiveShipper.stop`.
   *
   * @param more other work that ends with the signal
   */
  async stop(overdue: AbortSignal, more: Promise<unknown>): Promise<void> {
    this.#stopping.abort();
    const work = Promise.all([
      this.#queue.stop(),
      this.#limit.idle(),
      more,
      this.#kept.idle(),
      this.orphans.stop(),
    ]);
    await this.#within(work, overdue);
    const { ownsStore, store } = this.#options;
    if (!ownsStore) return;
    // Ends the requests that are still under way, if any.
    await this.#within(store.close(), overdue);
    await this.#within(work, overdue);
  }

  /** Waits for work until a moment after `overdue`: a store may never answer. */
  async #within(work: Promise<unknown>, overdue: AbortSignal): Promise<void> {
    const late = new AbortController();
    let timer: Timer | undefined;
    const arm = () => {
      timer = this.#options.clock.setTimer(() => late.abort(), OVERDUE_MS);
      timer.ref();
    };
    if (overdue.aborted) arm();
    else overdue.addEventListener('abort', arm);
    try {
      await untilAborted(work, late.signal);
    } finally {
      overdue.removeEventListener('abort', arm);
      timer?.cancel();
    }
  }

  #setOpenBytes(writer: object, bytes: number): void {
    this.#allOpenBytes += bytes - (this.#openBytes.get(writer) ?? 0);
    if (bytes === 0) this.#openBytes.delete(writer);
    else this.#openBytes.set(writer, bytes);
  }

  async #ship(waiting: WaitingShipment): Promise<void> {
    const { listener, shipment } = waiting;
    const lease = await this.#leases.take(shipment.archive.path);
    if (lease === null) {
      this.#queue.yield(waiting);
      return;
    }
    const end = this.#beginAttempt(waiting);
    let shipped: ShippedArchive;
    try {
      shipped = await shipment.advance().finally(() => lease.release());
    } catch (error) {
      await this.#fail(waiting, error, end);
      return;
    }
    this.#queue.remove(waiting);
    const { evidence, key, storedBytes } = shipped;
    end('succeeded', { key, storedBytes });
    this.#shipped++;
    this.#storedBytes += storedBytes;
    this.#evidence[evidence]++;
    listener.onShipped(shipped);
  }

  #beginAttempt({ error, failures, shipment }: WaitingShipment): EndShipping {
    if (failures > 0) this.#retries++;
    const store = this.#options.store.name;
    const end = beginShipping({ ...shipment.archive, store, attempt: failures + 1 }, error);
    return (outcome, more) => {
      this.#uploads[outcome]++;
      end(outcome, more);
    };
  }

  async #fail(waiting: WaitingShipment, error: unknown, end: EndShipping): Promise<void> {
    const { listener, shipment } = waiting;
    const { archive } = shipment;
    const isMissing = await this.#isMissing(archive.path);
    end(this.#queue.isStopped ? 'aborted' : 'failed', { error });
    if (this.#queue.isStopped) return;
    if (shipment.isAdopted && error instanceof DamageError) {
      // The file has a name of the series but is not an archive: leave it to its owner.
      this.#queue.remove(waiting);
      listener.onFailed({ archive, operation: 'ship', error });
    } else if (isMissing) {
      await this.#giveUp(waiting, error);
    } else {
      this.#queue.fail(waiting, error);
      listener.onFailed({ archive, operation: 'ship', error });
    }
  }

  /** False if the file system cannot say: giving up could lose the archive. */
  async #isMissing(path: string): Promise<boolean> {
    return (await findFile(path, this.#options.files).catch(() => undefined)) === null;
  }

  /**
   * Drops a shipment whose file is gone. Another writer of the directory may have shipped and
   * settled the archive just now, so the first time it gets one more turn, which asks the store.
   */
  async #giveUp(waiting: WaitingShipment, cause: unknown): Promise<void> {
    const { listener, shipment } = waiting;
    const { archive, isAdopted, sha256 } = shipment;
    if (!waiting.isGone && sha256 !== undefined) {
      waiting.isGone = true;
      return;
    }
    await shipment.forget();
    this.#queue.remove(waiting);
    if (isAdopted) return;
    const message = `cannot ship ${archive.path}: its file was removed`;
    const error = new ArchiveError('ERR_ARCHIVE_GONE', message, { cause });
    listener.onFailed({ archive, operation: 'ship', error });
  }
}
