import type { SealedArchive } from './handlers/archive-handler.js';
import type { ArchiveShipper, DroppedArchive } from './handlers/archive-shipper.js';
import type { ArchiveDraft } from './receipts/archive-draft.js';
import type { ReceiptBook } from './receipts/receipt-book.js';

/**
 * Follows a writer's archives until the shipper has them: their receipts, and their share of the
 * disk's budget. Counts the bytes that the shipper does not know of yet: the open archive, and
 * archives that are being sealed or are with the handlers.
 */
export class PendingArchives {
  readonly #receipts: ReceiptBook;
  readonly #shipper: ArchiveShipper | undefined;
  readonly #seal: () => void;
  #draft: ArchiveDraft | undefined;
  /** Bytes of the archives before the draft. */
  #completeBytes = 0;

  /** @param seal seals the open archive: without that it could never be shipped to make room */
  constructor(receipts: ReceiptBook, shipper: ArchiveShipper | undefined, seal: () => void) {
    this.#receipts = receipts;
    this.#shipper = shipper;
    this.#seal = seal;
  }

  /** Bytes of the archives that the shipper does not know of yet, with what is in memory. */
  get openBytes(): number {
    return this.#completeBytes + (this.#draft?.bytes ?? 0);
  }

  /** An archive got its first record. */
  begin(draft: ArchiveDraft): void {
    this.#completeBytes += this.#draft?.encodedBytes ?? 0;
    this.#draft = draft;
    this.#receipts.begin(draft);
  }

  /** An archive is complete, with its index. */
  sealed(archive: SealedArchive, draft: ArchiveDraft): void {
    this.#completeBytes += archive.bytes - draft.encodedBytes;
    this.#receipts.sealed(draft, archive.sha256);
  }

  /** Another process has taken over the files of an archive, and seals them. */
  takenOver(draft: ArchiveDraft): void {
    this.#completeBytes -= draft.encodedBytes;
    this.#receipts.takenOver(draft);
  }

  /** The handlers are done with an archive of this writer: the shipper gets it. */
  handled(archive: SealedArchive): void {
    this.#completeBytes -= archive.bytes;
    this.#shipper?.add(archive);
  }

  /**
   * The handlers are done with an archive that an earlier writer had left open: the shipper gets
   * it. It has no receipts here, and was never counted.
   */
  handledRecovered({ bytes, name, path }: SealedArchive): void {
    // Adopted, not added: another writer of the directory may have found and shipped it as well.
    this.#shipper?.adopt({ bytes, name, path });
  }

  /** A handler has removed an archive of this writer. */
  gone(archive: SealedArchive): void {
    this.#completeBytes -= archive.bytes;
    this.#receipts.stored.gone(archive.sha256, 'a handler has removed the archive');
  }

  /** The shipper has deleted an archive. */
  dropped({ sha256 }: DroppedArchive): void {
    // An archive of an earlier writer has no receipts here.
    if (sha256 === undefined) return;
    this.#receipts.stored.gone(sha256, 'its archive was dropped, to keep within maxSpoolBytes');
  }

  /**
   * Null if there is room for another record; else settles when that may have changed.
   *
   * @throws SpoolFullError if there is no room, and the user chose that over waiting
   */
  room(): Promise<void> | null {
    const shipper = this.#shipper;
    if (shipper === undefined) return null;
    const { openBytes } = this;
    try {
      shipper.checkRoom(openBytes);
    } catch (error) {
      this.#seal();
      throw error;
    }
    const room = shipper.room(openBytes);
    if (room !== null) this.#seal();
    return room;
  }
}
