import { ArchiveError } from './archive-error.js';

/**
 * Archives that wait to be shipped fill `maxSpoolBytes`. The record was not accepted. All earlier
 * records stay on disk and are shipped when the store works again.
 */
export class SpoolFullError extends ArchiveError {
  override readonly name = 'SpoolFullError';
  override readonly code = 'ERR_SPOOL_FULL';
  /** The size of all archives that are not in the store, including the open one. */
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
