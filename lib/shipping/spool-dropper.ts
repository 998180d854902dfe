import { dirname } from 'node:path';

import type { FileLayer } from '../files/file-layer.js';
import { unlinkIfThere } from '../files/take-name.js';
import type { ArchiveFailure } from '../writing/handlers/archive-failure.js';
import type { DroppedArchive } from '../writing/handlers/archive-shipper.js';
import type { ShipQueue, WaitingShipment } from './ship-queue.js';
import type { SpoolBudget } from './spool-budget.js';

export interface SpoolDropperListener {
  onDropped(archive: DroppedArchive): void;
  /** A file could not be deleted: its archive is shipped when the store takes it, as before. */
  onFailed(archive: ArchiveFailure['archive'], error: unknown): void;
}

/** Deletes archives that were never shipped, for a user who would rather lose the oldest than the newest. */
export class SpoolDropper {
  /** How many it has deleted. */
  dropped = 0;
  readonly #queue: ShipQueue;
  readonly #budget: SpoolBudget;
  readonly #files: FileLayer;
  readonly #listener: SpoolDropperListener;
  #running: Promise<void> | undefined;

  constructor(
    queue: ShipQueue,
    budget: SpoolBudget,
    files: FileLayer,
    listener: SpoolDropperListener,
  ) {
    this.#queue = queue;
    this.#budget = budget;
    this.#files = files;
    this.#listener = listener;
  }

  /**
   * Drops the oldest that is neither in the store nor on its way there, until so many bytes are free or none
   * is left. While it is at it, it is not begun anew.
   */
  free(bytes: number): void {
    this.#running ??= this.#dropAll(bytes).finally(() => {
      this.#running = undefined;
    });
  }

  /** Settles when none is being deleted. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #dropAll(bytes: number): Promise<void> {
    for (let freedBytes = 0; freedBytes < bytes; ) {
      const oldest = this.#queue.takeOldest(({ shipment }) => !shipment.isVerified);
      if (oldest === undefined) return;
      if (!(await this.#drop(oldest))) return;
      freedBytes += oldest.shipment.found.bytes;
    }
  }

  async #drop(waiting: WaitingShipment): Promise<boolean> {
    const { found, sha256 } = waiting.shipment;
    const { bytes, name, path } = found;
    try {
      await unlinkIfThere(this.#files, path);
      await this.#files.syncDirectory(dirname(path));
    } catch (error) {
      this.#queue.fail(waiting, error);
      this.#listener.onFailed(found, error);
      return false;
    }
    await waiting.shipment.forget();
    this.#queue.remove(waiting);
    this.#budget.remove(bytes);
    this.dropped++;
    this.#listener.onDropped({ path, name, bytes, sha256 });
    // Of nothing else: who waits would ask again at once, and so on for ever, where none can be dropped.
    this.#queue.notify();
    return true;
  }
}
