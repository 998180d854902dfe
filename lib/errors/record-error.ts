import { ArchiveError } from './archive-error.js';

/** What was given to be written is not a record. Nothing of it was written. */
export class RecordError extends ArchiveError {
  override readonly name = 'RecordError';
  override readonly code = 'ERR_INVALID_RECORD';

  /** The field at fault, such as `payload`, `time` or `metadata["user"]`. */
  readonly field: string;

  constructor(field: string, problem: string, options?: ErrorOptions) {
    super('ERR_INVALID_RECORD', `${field} of a record ${problem}`, options);
    this.field = field;
  }
}
