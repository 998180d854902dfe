import { ArchiveError } from './archive-error.js';

/** The value to be written is not a record that the format can hold. Nothing of it was written. */
export class RecordError extends ArchiveError {
  override readonly name = 'RecordError';
  override readonly code = 'ERR_INVALID_RECORD';

  /** The wrong field, such as `payload`, `time` or `metadata["user"]`. */
  readonly field: string;
  /** The fault of the field, as the message names it. */
  readonly problem: string;

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super('ERR_INVALID_RECORD', `${field} of a record ${problem}`, options);
    this.field = field;
    this.problem = problem;
  }
}
