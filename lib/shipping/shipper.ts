import { ArchiveError } from '../errors/archive-error.js';
import { DamageError } from '../errors/damage-error.js';
import type { FileLayer } from '../files/file-layer.js';
import { findFile } from '../files/find-file.js';
import type { Store } from '../stores/contract/store.js';
import type { Clock } from '../streams/clock.js';
import type {
  ArchiveShipper,
  ShippableArchive,
  ShippedArchive,
  ShippingListener,
  ShippingState,
} from '../writing/handlers/archive-shipper.js';
import { sweepJournals } from './journal/sweep-journals.js';
import { type LeftArchive, listLeftArchives } from './left-archives.js';
import { OrphanUploads } from './orphan-uploads.js';
import type { ShipSettings } from './ship-options.js';
import { ShipQueue, type WaitingShipment } from './ship-queue.js';
import { Shipment, type ShipmentContext } from './shipment.js';
import { ShippingLeases } from './shipping-lease.js';
import { SpoolBudget } from './spool-budget.js';
import { SpoolDropper } from './spool-dropper.js';

export interface ShipperOptions extends ShipSettings {
  readonly store: Store;
  /** Whether the store is closed when the shipper stops. */
  readonly ownsStore: boolean;
  /** The directory that the writer fills, and the pattern of its archives' names. */
  readonly directory: string;
  readonly pattern: string;
  /** Whether no two writers, on whatever host, give one name to two archives. */
  readonly areNamesOwn: boolean;
  readonly files: FileLayer;
  readonly clock: Clock;
}

/**
 * Ships archives, the oldest first: compresses each straight into the store, has it confirmed, and settles
 * the local file. It tries again for ever; each failure is told.
 */
export class Shipper implements ArchiveShipper {
  readonly #options: ShipperOptions;
  readonly #context: ShipmentContext;
  readonly #stopping = new AbortController();
  readonly #leases: ShippingLeases;
  readonly #queue: ShipQueue;
  readonly #budget: SpoolBudget;
  readonly #dropper: SpoolDropper;
  readonly #orphans: OrphanUploads;
  readonly #evidence = { 'part-digests': 0, checksum: 0, etag: 0, 'read-back': 0 };
  #listener: ShippingListener | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #shipped = 0;

  constructor(options: ShipperOptions) {
    const { areNamesOwn, clock, concurrency, key, pattern, store } = options;
    this.#options = options;
    this.#context = {
      ...options,
      keys: key,
      arePlainKeysOwn: areNamesOwn || key.isDistinct,
      signal: this.#stopping.signal,
      onAsideFailure: (archive, operation, error) =>
        this.#listener?.onFailed({ archive, operation, error }),
    };
    this.#leases = new ShippingLeases(options.files);
    this.#queue = new ShipQueue({ concurrency, clock, ship: (waiting) => this.#ship(waiting) });
    this.#budget = new SpoolBudget(options.maxSpoolBytes, options.whenFull);
    this.#dropper = new SpoolDropper(this.#queue, this.#budget, options.files, {
      onDropped: (archive) => this.#listener?.onDropped(archive),
      onFailed: (archive, error) => this.#tellFailure(archive, 'drop', error),
    });
    this.#orphans = new OrphanUploads({
      store,
      prefix: key.prefix,
      pattern: key.patternOf(pattern),
      afterMs: options.abortOrphansAfterMs,
      clock,
      signal: this.#stopping.signal,
      onFailed: (target, error) =>
        this.#tellFailure({ path: target, name: target }, 'abort-upload', error),
    });
  }

  async start(listener: ShippingListener): Promise<void> {
    const { directory, files, localFile, pattern } = this.#options;
    this.#listener = listener;
    const left: Shipment[] = [];
    for (const archive of await listLeftArchives(directory, pattern, files)) {
      const shipment = new Shipment(archive, this.#context);
      if (localFile !== 'keep' || !(await shipment.wasKept())) left.push(shipment);
    }
    // All at once: where the directory cannot be read to its end, this is called again.
    for (const shipment of left) this.#enqueue(shipment);
    this.#sweeping = this.#sweep();
    this.#orphans.start();
  }

  add(archive: ShippableArchive): void {
    this.#enqueue(new Shipment(archive, this.#context));
  }

  adopt(archive: LeftArchive): void {
    this.#enqueue(new Shipment(archive, this.#context));
  }

  room(openBytes: number): Promise<void> | null {
    const excessBytes = this.#budget.excessBytes(openBytes);
    if (excessBytes === 0 || this.#budget.whenFull === 'error') return null;
    if (this.#budget.whenFull === 'drop-oldest') this.#dropper.free(excessBytes);
    return this.#queue.changed();
  }

  checkRoom(openBytes: number): void {
    this.#budget.check(openBytes);
  }

  async drain(signal: AbortSignal): Promise<ShippingState> {
    const isOver = () =>
      this.#queue.entries.every(({ isStuck, state }) => isStuck && state === 'paused');
    this.#queue.keepAlive();
    const notify = () => this.#queue.notify();
    signal.addEventListener('abort', notify);
    while (!signal.aborted && !isOver()) await this.#queue.changed();
    signal.removeEventListener('abort', notify);
    return this.state();
  }

  state(): ShippingState {
    const { entries } = this.#queue;
    return {
      shipped: this.#shipped,
      left: entries.map(({ shipment }) => shipment.found.path),
      error: entries.find(({ failures }) => failures > 0)?.error,
      evidence: { ...this.#evidence },
      dropped: this.#dropper.dropped,
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#queue.stop();
    await this.#dropper.idle();
    await this.#sweeping;
    await this.#orphans.stop();
    if (this.#options.ownsStore) await this.#options.store.close();
  }

  #enqueue(shipment: Shipment): void {
    this.#budget.add(shipment.found.bytes);
    this.#queue.add(shipment);
  }

  #dequeue(waiting: WaitingShipment): void {
    this.#queue.remove(waiting);
    this.#budget.remove(waiting.shipment.found.bytes);
  }

  async #ship(waiting: WaitingShipment): Promise<void> {
    const { shipment } = waiting;
    const lease = await this.#leases.take(shipment.found.path);
    if (lease === null) {
      this.#queue.yield(waiting);
      return;
    }
    let shipped: ShippedArchive;
    try {
      shipped = await shipment.advance().finally(() => lease.release());
    } catch (error) {
      await this.#fail(waiting, error);
      return;
    }
    this.#dequeue(waiting);
    this.#shipped++;
    this.#evidence[shipped.evidence]++;
    this.#listener?.onShipped(shipped);
  }

  async #fail(waiting: WaitingShipment, error: unknown): Promise<void> {
    const { shipment } = waiting;
    const hasGone = await this.#hasGone(shipment);
    if (this.#queue.isStopped) return;
    if (shipment.isAdopted && error instanceof DamageError) {
      // A file that has an archive's name, but is none, is somebody else's: it stays where it is.
      this.#dequeue(waiting);
      this.#tellFailure(shipment.found, 'ship', error);
    } else if (hasGone) {
      await this.#giveUp(waiting, error);
    } else {
      this.#queue.fail(waiting, error);
      this.#tellFailure(shipment.found, 'ship', error);
    }
  }

  async #hasGone({ found }: Shipment): Promise<boolean> {
    return (await findFile(found.path, this.#options.files).catch(() => undefined)) === null;
  }

  /**
   * The file is gone. Another writer of the directory may have shipped and settled it just now: the store
   * is asked once more.
   */
  async #giveUp(waiting: WaitingShipment, cause: unknown): Promise<void> {
    const { shipment } = waiting;
    if (!waiting.isGone && shipment.sha256 !== undefined) {
      waiting.isGone = true;
      return;
    }
    await shipment.forget();
    this.#dequeue(waiting);
    if (shipment.isAdopted) return;
    const message = `cannot ship ${shipment.found.path}: somebody has removed it`;
    const error = new ArchiveError('ERR_ARCHIVE_GONE', message, { cause });
    this.#tellFailure(shipment.found, 'ship', error);
  }

  async #sweep(): Promise<void> {
    const { directory, files, pattern, store } = this.#options;
    try {
      await sweepJournals(directory, pattern, files, async (upload) =>
        upload.store === store.name
          ? this.#orphans.abort(upload, this.#context.arePlainKeysOwn)
          : true,
      );
    } catch (error) {
      this.#tellFailure({ path: directory, name: directory }, 'journal', error);
    }
  }

  #tellFailure(archive: { path: string; name: string }, operation: string, error: unknown): void {
    this.#listener?.onFailed({ archive, operation, error });
  }
}
