import { ArchiveError } from '../../errors/archive-error.js';
import { baseNameOf } from '../../series/names/archive-state.js';
import type { ArchiveProgress } from './archive-progress.js';
import { RECEIPT_LEVELS } from './receipt-level.js';

/** A sealed archive whose records wait for the store. */
interface WaitingArchive {
  readonly progress: ArchiveProgress;
  readonly records: number;
}

/** An archive that the store has confirmed. */
export interface ConfirmedArchive {
  readonly path: string;
  /** In hex. */
  readonly sha256: string;
}

/**
 * The receipts of sealed archives that are not in the store yet. Holds nothing else of an archive,
 * so that a store that is down for a day costs little memory.
 */
export class StoreReceipts {
  /** By their digest, because a handler may have given the archive another name. */
  readonly #sealed = new Map<string, WaitingArchive[]>();
  /** Archives of earlier writers, by their path without the suffix of their state. */
  readonly #earlier = new Map<string, ArchiveProgress>();

  /** An archive is sealed with so many records. */
  sealed(progress: ArchiveProgress, records: number, sha256: string): void {
    this.#sealed.set(sha256, [...(this.#sealed.get(sha256) ?? []), { progress, records }]);
  }

  /** An archive of an earlier writer, in which callers have found their records again. */
  found(path: string, progress: ArchiveProgress): void {
    this.#earlier.set(baseNameOf(path), progress);
  }

  /** The store has confirmed the archive. */
  shipped({ path, sha256 }: ConfirmedArchive): void {
    for (const { progress, records } of this.#take(sha256)) progress.reach('shipped', records);
    const base = baseNameOf(path);
    this.#earlier.get(base)?.reach('shipped', Number.POSITIVE_INFINITY);
    this.#earlier.delete(base);
  }

  /** The archive with this digest will never be shipped. */
  gone(sha256: string, why: string): void {
    const error = new ArchiveError('ERR_NOT_SHIPPED', `the record is not shipped: ${why}`);
    for (const { progress } of this.#take(sha256)) progress.fail(['shipped'], error);
  }

  /** Settles when the store has all sealed archives, or one of them will never be there. */
  async all(): Promise<void> {
    const waiting = [...this.#sealed.values()].flat();
    await Promise.all(
      waiting.map(({ progress, records }) => progress.allReached('shipped', records)),
    );
  }

  /** Shipping has ended: no archive will become safer. */
  end(error: Error): void {
    for (const { progress } of [...this.#sealed.values()].flat()) {
      progress.fail(['shipped'], error);
    }
    for (const progress of this.#earlier.values()) progress.fail(RECEIPT_LEVELS, error);
    this.#sealed.clear();
    this.#earlier.clear();
  }

  #take(sha256: string): readonly WaitingArchive[] {
    const archives = this.#sealed.get(sha256) ?? [];
    this.#sealed.delete(sha256);
    return archives;
  }
}
