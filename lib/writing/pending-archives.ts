import type { SealedArchive } from './handlers/archive-handler.js';
import type { ArchiveShipper, DroppedArchive } from './handlers/archive-shipper.js';
import type { ArchiveDraft } from './receipts/archive-draft.js';
import type { ReceiptBook } from './receipts/receipt-book.js';
import type { RecoveredArchive } from './recovery/recover-archive.js';

/**
 * Sees a writer's archives through to the shipper: their receipts, and what they take of the disk's budget.
 * It counts what the shipper does not know of yet: the open archive, and those that are being sealed or are
 * with the handlers.
 */
export class PendingArchives {
  readonly #receipts: ReceiptBook;
  readonly #shipper: ArchiveShipper | undefined;
  readonly #seal: () => void;
  #draft: ArchiveDraft | undefined;
  /** Of the archives before the draft. */
  #completeBytes = 0;

  /** @param seal has the open archive sealed: nothing else would ever make room of it */
  constructor(receipts: ReceiptBook, shipper: ArchiveShipper | undefined, seal: () => void) {
    this.#receipts = receipts;
    this.#shipper = shipper;
    this.#seal = seal;
  }

  /** An archive gets its first record. */
  begin(draft: ArchiveDraft): void {
    this.#completeBytes += this.#draft?.takenBytes ?? 0;
    this.#draft = draft;
    this.#receipts.begin(draft);
  }

  /** An archive is complete, with its index. */
  sealed(archive: SealedArchive, draft: ArchiveDraft): void {
    this.#completeBytes += archive.bytes - draft.takenBytes;
    this.#receipts.sealed(draft, archive.sha256);
  }

  /** Others have taken its files, and seal them. */
  taken(draft: ArchiveDraft): void {
    this.#completeBytes -= draft.takenBytes;
    this.#receipts.taken(draft);
  }

  /** The shipper takes it over. */
  handled(archive: SealedArchive | RecoveredArchive): void {
    if ('damage' in archive) {
      // It may have another owner beside this writer: one that found it as it began.
      const { bytes, name, path } = archive;
      this.#shipper?.adopt({ bytes, name, path });
      return;
    }
    this.#completeBytes -= archive.bytes;
    this.#shipper?.add(archive);
  }

  /** A handler has removed it. */
  gone(archive: SealedArchive | RecoveredArchive): void {
    // What was recovered has no receipts here, and was never counted.
    if ('damage' in archive) return;
    this.#completeBytes -= archive.bytes;
    this.#receipts.gone(archive.sha256, 'a handler has removed the archive');
  }

  /** The shipper has deleted it. */
  dropped({ sha256 }: DroppedArchive): void {
    // One of an earlier writer has no receipts here.
    if (sha256 === undefined) return;
    this.#receipts.gone(sha256, 'its archive was dropped, to keep within maxSpoolBytes');
  }

  /** Null when there is room for another record; else settles when that may have changed. */
  room(): Promise<void> | null {
    const room = this.#shipper?.room(this.#openBytes) ?? null;
    if (room !== null) this.#seal();
    return room;
  }

  /** @throws SpoolFullError where there is no room, and the user chose that over waiting */
  check(): void {
    try {
      this.#shipper?.checkRoom(this.#openBytes);
    } catch (error) {
      this.#seal();
      throw error;
    }
  }

  get #openBytes(): number {
    return this.#completeBytes + (this.#draft?.bytes ?? 0);
  }
}
