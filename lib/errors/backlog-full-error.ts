import { ArchiveError } from './archive-error.js';

/**
 * More was appended than may wait in memory. Nothing of this record was taken; `ready()` tells when there
 * is room again.
 */
export class BacklogFullError extends ArchiveError {
  override readonly name = 'BacklogFullError';
  override readonly code = 'ERR_BACKLOG_FULL';
  readonly pendingBytes: number;
  readonly maxPendingBytes: number;

  constructor(pendingBytes: number, maxPendingBytes: number) {
    super(
      'ERR_BACKLOG_FULL',
      `cannot append: ${pendingBytes} bytes wait already, expected at most ${maxPendingBytes}: await ready()`,
    );
    this.pendingBytes = pendingBytes;
    this.maxPendingBytes = maxPendingBytes;
  }
}
