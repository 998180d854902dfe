import type { OpenedArchive, SealedArchive } from '../handlers/archive-handler.js';
import type { ArchiveDraft } from '../receipts/archive-draft.js';
import type { LostRecords } from '../sink/archive-sink.js';

/** Called at each step in the life of a writer's archives. */
export interface ArchiveListener {
  /** An archive got its first record. It has no file yet. */
  onBegin(draft: ArchiveDraft): void;

  /** The archive's file was created. */
  onOpened(archive: OpenedArchive): void;

  /** The archive is complete on disk, under its final name. */
  onSealed(archive: SealedArchive, draft: ArchiveDraft): void;

  /**
   * Another process has taken over all files of the archive, with all its records, and seals them.
   */
  onTakenOver(draft: ArchiveDraft): void;

  /** Records that were on disk may be gone. Their receipts have rejected. */
  onLost(lost: LostRecords): void;

  /**
   * A roll policy threw, or the disk failed in a way that retrying cannot help: then nothing more
   * is written. May be called more than once.
   */
  onFailure(error: unknown): void;
}
