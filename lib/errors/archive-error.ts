/** What every error of Shoebox is, misuse apart (that is a `TypeError` or a `RangeError`). */
export class ArchiveError extends Error {
  override readonly name: string = 'ArchiveError';

  /** Stable from release to release; messages are not. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
