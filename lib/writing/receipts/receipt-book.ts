import { ArchiveError } from '../../errors/archive-error.js';
import type { ArchiveDraft } from './archive-draft.js';
import { RECEIPT_LEVELS, type ReceiptLevel } from './receipt-level.js';

/**
 * Follows each archive of a writer until its records can become no safer, so that every receipt
 * settles.
 */
export class ReceiptBook {
  readonly #ships: boolean;
  readonly #unsettled = new Set<ArchiveDraft>();
  /** Sealed archives by their digest, because a handler may have given them another name. */
  readonly #sealed = new Map<string, ArchiveDraft[]>();

  /** @param ships whether there is a store */
  constructor(ships: boolean) {
    this.#ships = ships;
  }

  /** An archive got its first record. */
  begin(draft: ArchiveDraft): void {
    this.#unsettled.add(draft);
    if (this.#ships) return;
    const message = 'the record is not shipped: the writer has no option ship';
    draft.progress.fail(['shipped'], new ArchiveError('ERR_NOT_SHIPPED', message));
  }

  sealed(draft: ArchiveDraft, sha256: string): void {
    if (this.#ships) {
      this.#sealed.set(sha256, [...(this.#sealed.get(sha256) ?? []), draft]);
    } else {
      this.#unsettled.delete(draft);
    }
  }

  /** The store has confirmed the archive with this digest. */
  shipped(sha256: string): void {
    for (const draft of this.#settle(sha256)) draft.progress.reach('shipped', draft.records);
  }

  /** The archive with this digest will never be shipped. */
  gone(sha256: string, why: string): void {
    const error = new ArchiveError('ERR_NOT_SHIPPED', `the record is not shipped: ${why}`);
    for (const draft of this.#settle(sha256)) draft.progress.fail(['shipped'], error);
  }

  /** Another process has taken over all of an archive, and does not report what it does with it. */
  takenOver(draft: ArchiveDraft): void {
    const message =
      'the archive was taken away from its writer, which had stalled, and is recovered';
    draft.progress.fail(['sealed', 'shipped'], new ArchiveError('ERR_LEASE_LOST', message));
    this.#unsettled.delete(draft);
  }

  /** Settles when all records so far have reached `level`, or can no longer reach it. */
  async all(level: ReceiptLevel): Promise<void> {
    const drafts = [...this.#unsettled];
    await Promise.all(drafts.map(({ progress, records }) => progress.allReached(level, records)));
  }

  /**
   * Writing and shipping have ended: a level that a record has not reached by now, it never will.
   */
  end(error: Error): void {
    for (const { progress } of this.#unsettled) progress.fail(RECEIPT_LEVELS, error);
    this.#unsettled.clear();
    this.#sealed.clear();
  }

  /** The archives with this digest, which are now at their end. */
  #settle(sha256: string): readonly ArchiveDraft[] {
    const drafts = this.#sealed.get(sha256) ?? [];
    this.#sealed.delete(sha256);
    for (const draft of drafts) this.#unsettled.delete(draft);
    return drafts;
  }
}
