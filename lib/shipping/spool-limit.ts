import { dirname } from 'node:path';

import { SpoolFullError } from '../errors/spool-full-error.js';
import type { FileLayer } from '../files/file-layer.js';
import { syncDirectory } from '../files/sync-directory.js';
import { unlinkIfThere } from '../files/unlink-if-there.js';
import type { ArchiveFailure } from '../writing/handlers/archive-failure.js';
import type { DroppedArchive } from '../writing/handlers/archive-shipper.js';
import type { WhenFull } from './ship-options.js';
import type { ShipQueue, WaitingShipment } from './ship-queue.js';

export interface SpoolLimitOptions {
  readonly maxBytes: number;
  readonly whenFull: WhenFull;
  readonly files: FileLayer;
  onDropped(archive: DroppedArchive, waiting: WaitingShipment): void;
  /** A file could not be deleted. Its archive stays in the queue. */
  onFailed(archive: ArchiveFailure['archive'], error: unknown): void;
}

/** Bounds the bytes of the archives that wait to be shipped. */
export class SpoolLimit {
  /** How many archives were deleted to make room. */
  dropped = 0;
  readonly #queue: ShipQueue;
  readonly #options: SpoolLimitOptions;
  #dropping: Promise<void> | undefined;

  constructor(queue: ShipQueue, options: SpoolLimitOptions) {
    this.#queue = queue;
    this.#options = options;
  }

  /**
   * Null if there is room for another record, or if `check` refuses records instead. Otherwise it
   * settles at the next change in the queue; the caller must then ask again.
   *
   * @param openBytes bytes of the archives that are not in the queue yet
   */
  room(openBytes: number): Promise<void> | null {
    const excessBytes = this.#excessBytes(openBytes);
    const { whenFull } = this.#options;
    if (excessBytes === 0 || whenFull === 'error') return null;
    if (whenFull === 'drop-oldest') this.#drop(excessBytes);
    return this.#queue.changed();
  }

  /** @throws SpoolFullError if there is no room and `whenFull` is `'error'` */
  check(openBytes: number): void {
    const { maxBytes, whenFull } = this.#options;
    if (whenFull !== 'error' || this.#excessBytes(openBytes) === 0) return;
    throw new SpoolFullError(this.#queue.bytes + openBytes, maxBytes);
  }

  /** Settles when no archive is being deleted. */
  async idle(): Promise<void> {
    await this.#dropping;
  }

  /** How many bytes must go before another record fits. */
  #excessBytes(openBytes: number): number {
    return Math.max(0, this.#queue.bytes + openBytes - this.#options.maxBytes + 1);
  }

  /** Drops archives until `bytes` are free, unless a drop is already under way. */
  #drop(bytes: number): void {
    this.#dropping ??= this.#dropOldest(bytes).finally(() => {
      this.#dropping = undefined;
    });
  }

  /** Never takes an archive that is being sent, or that the store has confirmed. */
  async #dropOldest(bytes: number): Promise<void> {
    for (let freedBytes = 0; freedBytes < bytes; ) {
      const oldest = this.#queue.takeOldest(({ shipment }) => !shipment.isVerified);
      if (oldest === undefined) return;
      if (!(await this.#delete(oldest))) return;
      freedBytes += oldest.shipment.archive.bytes;
    }
  }

  async #delete(waiting: WaitingShipment): Promise<boolean> {
    const { files, onDropped, onFailed } = this.#options;
    const { archive, sha256 } = waiting.shipment;
    const { bytes, name, path } = archive;
    try {
      await unlinkIfThere(files, path);
      await syncDirectory(files, dirname(path));
    } catch (error) {
      this.#queue.fail(waiting, error);
      onFailed(archive, error);
      return false;
    }
    await waiting.shipment.forget();
    this.#queue.remove(waiting);
    this.dropped++;
    onDropped({ path, name, bytes, sha256 }, waiting);
    // Notify only after a drop: if nothing can be dropped, callers that were woken would spin.
    this.#queue.notify();
    return true;
  }
}
