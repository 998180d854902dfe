import { ArchiveError } from './archive-error.js';

/** The time to end, `deadlineMs` or `endTimeout`, was over before the writer had done everything. */
export class DeadlineError extends ArchiveError {
  override readonly name = 'DeadlineError';
  override readonly code = 'ERR_DEADLINE';
  readonly deadlineMs: number;

  /** @param what the part of the message before `within the deadline` */
  constructor(what: string, deadlineMs: number) {
    super('ERR_DEADLINE', `${what} within the deadline of ${deadlineMs} ms`);
    this.deadlineMs = deadlineMs;
  }
}
