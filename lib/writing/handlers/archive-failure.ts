import type { SealedArchive } from './archive-handler.js';

/**
 * Something that went wrong with an archive beside the writing of it. The archive is safe on disk.
 */
export interface ArchiveFailure {
  readonly archive: Pick<SealedArchive, 'path' | 'name'>;
  /**
   * `ship`, or the name of a handler; `journal` where it could not be noted how far shipping has
   * come, and `abort-upload` where one that a crash left behind could not be aborted, which
   * `archive` names then.
   */
  readonly operation: string;
  readonly error: unknown;
}
