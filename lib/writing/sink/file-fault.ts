import { ArchiveError } from '../../errors/archive-error.js';

/**
 * Why a file must not be written to any more:
 *
 * - `suspect`: a sync or a write failed, or another program has changed, moved or replaced the
 *   file. An unknown part of it is on disk, and a later sync that succeeds proves nothing;
 * - `taken`: another process has recovered the file;
 * - `unreadable`: the file is suspect, and its synced bytes differ from those that were written.
 */
export type FileFault = 'suspect' | 'taken' | 'unreadable';

/** The file of an archive is not where its writer left it, or not as its writer left it. */
export class FileFaultError extends ArchiveError {
  override readonly name = 'FileFaultError';
  readonly fault: FileFault;

  constructor(fault: FileFault, message: string) {
    super(fault === 'taken' ? 'ERR_LEASE_LOST' : 'ERR_ARCHIVE_CHANGED', message);
    this.fault = fault;
  }
}
