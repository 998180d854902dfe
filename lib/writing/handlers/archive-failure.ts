import type { SealedArchive } from './archive-handler.js';

/** A failure that does not stop the writer. The archive that it names is safe on disk. */
export interface ArchiveFailure {
  /** The archive; of some operations, another file or object with its path as the name. */
  readonly archive: Pick<SealedArchive, 'path' | 'name'>;
  /**
   * What failed:
   *
   * - `ship`: an archive was not shipped;
   * - `drop`: an archive was not deleted, although the spool is full and the user chose that loss;
   * - `journal`: the progress of shipping was not recorded, or, with the directory as `archive`,
   *   old journals were not removed;
   * - `abort-upload`: an unfinished upload was not aborted; after a crash, `archive` may name the
   *   upload's object or prefix;
   * - `sequences`: with the directory as `archive`, it is not known which given sequences the
   *   directory or the store holds, so records may be archived twice;
   * - `manifest`: with a partition's folder as `archive`, its manifest was not written yet;
   * - `retain`: a local archive was not deleted, although `retain` says so;
   * - `recover`: an archive that a writer left open was not recovered;
   * - any other text: the name of the handler that failed, or `handler 2` if the second one has no
   *   name.
   */
  readonly operation: string;
  readonly error: unknown;
}
