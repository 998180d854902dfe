import { ArchiveError } from '../../errors/archive-error.js';
import type { ArchiveDraft } from './archive-draft.js';
import { RECEIPT_LEVELS, type ReceiptLevel } from './receipt-level.js';
import { StoreReceipts } from './store-receipts.js';

/**
 * Follows each archive of a writer until its records can become no safer, so that every receipt
 * settles.
 */
export class ReceiptBook {
  /** The receipts of sealed archives. */
  readonly stored: StoreReceipts;
  readonly #ships: boolean;
  readonly #isShared: boolean;
  readonly #unsealed = new Set<ArchiveDraft>();

  /**
   * @param ships whether there is a store
   * @param shared where the receipts of sealed archives go, if the writer may end before the store
   *   has them. @default the book keeps them
   */
  constructor(ships: boolean, shared?: StoreReceipts) {
    this.stored = shared ?? new StoreReceipts();
    this.#ships = ships;
    this.#isShared = shared !== undefined;
  }

  /** An archive got its first record. */
  begin(draft: ArchiveDraft): void {
    this.#unsealed.add(draft);
    if (this.#ships) return;
    const message = 'the record is not shipped: the writer has no option ship';
    draft.progress.fail(['shipped'], new ArchiveError('ERR_NOT_SHIPPED', message));
  }

  sealed(draft: ArchiveDraft, sha256: string): void {
    this.#unsealed.delete(draft);
    if (this.#ships) this.stored.sealed(draft.progress, draft.records, sha256);
  }

  /** Another process has taken over all of an archive, and does not report what it does with it. */
  takenOver(draft: ArchiveDraft): void {
    const message =
      'the archive was taken away from its writer, which had stalled, and is recovered';
    draft.progress.fail(['sealed', 'shipped'], new ArchiveError('ERR_LEASE_LOST', message));
    this.#unsealed.delete(draft);
  }

  /** Settles when all records so far have reached `level`, or can no longer reach it. */
  async all(level: ReceiptLevel): Promise<void> {
    const drafts = [...this.#unsealed];
    const reached = drafts.map(({ progress, records }) => progress.allReached(level, records));
    await Promise.all(level === 'shipped' ? [...reached, this.stored.all()] : reached);
  }

  /**
   * Writing has ended, and shipping too unless the receipts of sealed archives are shared: a level
   * that a record has not reached by now, it never will.
   */
  end(error: Error): void {
    for (const { progress } of this.#unsealed) progress.fail(RECEIPT_LEVELS, error);
    this.#unsealed.clear();
    if (!this.#isShared) this.stored.end(error);
  }
}
