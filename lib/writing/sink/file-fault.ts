import { ArchiveError } from '../../errors/archive-error.js';

/**
 * Why nothing more is to be written to a file. `suspect`: a sync, or a write, has failed such that nobody
 * knows what of it is on the disk, and asking again would not tell. `taken`: somebody else has recovered it.
 * `unreadable`: it is suspect, and what was synced of it is not what is read back.
 */
export type FileFault = 'suspect' | 'taken' | 'unreadable';

/** The file of an archive is not where, or what, its writer left it. */
export class FileFaultError extends ArchiveError {
  override readonly name = 'FileFaultError';
  readonly fault: FileFault;

  constructor(fault: FileFault, message: string) {
    super('ERR_LEASE_LOST', message);
    this.fault = fault;
  }
}
