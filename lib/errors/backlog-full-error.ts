import { ArchiveError } from './archive-error.js';

/**
 * `append` found `maxPendingBytes` waiting in memory. The record was not accepted. `ready()`
 * settles when there is room.
 */
export class BacklogFullError extends ArchiveError {
  override readonly name = 'BacklogFullError';
  override readonly code = 'ERR_BACKLOG_FULL';
  /** How many bytes wait in memory. */
  readonly pendingBytes: number;
  readonly maxPendingBytes: number;

  constructor(pendingBytes: number, maxPendingBytes: number) {
    super(
      'ERR_BACKLOG_FULL',
      `cannot append: ${pendingBytes} bytes wait already, ` +
        `expected at most ${maxPendingBytes}: await ready()`,
    );
    this.pendingBytes = pendingBytes;
    this.maxPendingBytes = maxPendingBytes;
  }
}
