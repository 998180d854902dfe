import { ArchiveError } from './archive-error.js';

/**
 * Archives that wait to be shipped fill the disk's budget. Nothing of this record was taken; all that was
 * accepted before is safe on disk, and is shipped when the store takes it.
 */
export class SpoolFullError extends ArchiveError {
  override readonly name = 'SpoolFullError';
  override readonly code = 'ERR_SPOOL_FULL';
  /** Of all archives that are not in the store, the open one among them. */
  readonly spoolBytes: number;
  readonly maxSpoolBytes: number;

  constructor(spoolBytes: number, maxSpoolBytes: number) {
    super(
      'ERR_SPOOL_FULL',
      `cannot write: ${spoolBytes} bytes wait to be shipped, expected less than ${maxSpoolBytes}`,
    );
    this.spoolBytes = spoolBytes;
    this.maxSpoolBytes = maxSpoolBytes;
  }
}
