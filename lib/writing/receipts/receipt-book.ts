import { ArchiveError } from '../../errors/archive-error.js';
import type { ArchiveDraft } from './archive-draft.js';
import type { ReceiptLevel } from './receipt-level.js';

const LEVELS: readonly ReceiptLevel[] = ['written', 'synced', 'sealed', 'shipped'];

/** Knows a writer's archives until nothing more can be said of their records, so that receipts settle. */
export class ReceiptBook {
  readonly #ships: boolean;
  readonly #unsettled = new Set<ArchiveDraft>();
  /** Sealed archives by their digest: a handler may have given them another name. */
  readonly #sealed = new Map<string, ArchiveDraft[]>();

  /** @param ships whether there is a store */
  constructor(ships: boolean) {
    this.#ships = ships;
  }

  /** An archive gets its first record. */
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

  shipped(sha256: string): void {
    for (const draft of this.#take(sha256)) draft.progress.reach('shipped', draft.records);
  }

  /** The archive will not be shipped any more. */
  gone(sha256: string, why: string): void {
    const error = new ArchiveError('ERR_NOT_SHIPPED', `the record is not shipped: ${why}`);
    for (const draft of this.#take(sha256)) draft.progress.fail(['shipped'], error);
  }

  /** Settles when all records so far have come to `level`, or can no longer. */
  async all(level: ReceiptLevel): Promise<void> {
    const drafts = [...this.#unsettled];
    await Promise.all(drafts.map(({ progress, records }) => progress.allReached(level, records)));
  }

  /** Others have taken all of an archive: what becomes of it is not told here. */
  taken(draft: ArchiveDraft): void {
    const message =
      'the archive was taken away from its writer, which had stalled, and is recovered';
    draft.progress.fail(['sealed', 'shipped'], new ArchiveError('ERR_LEASE_LOST', message));
    this.#unsettled.delete(draft);
  }

  /** Writing and shipping have ended: what has not come to its last level does not any more. */
  end(error: Error): void {
    for (const { progress } of this.#unsettled) progress.fail(LEVELS, error);
    this.#unsettled.clear();
    this.#sealed.clear();
  }

  #take(sha256: string): readonly ArchiveDraft[] {
    const drafts = this.#sealed.get(sha256) ?? [];
    this.#sealed.delete(sha256);
    for (const draft of drafts) this.#unsettled.delete(draft);
    return drafts;
  }
}
