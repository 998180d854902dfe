import { toMessage } from './show.js';
/**
 * The base class of all errors of Shoebox except misuse, which is a `TypeError` or a `RangeError`.
 */
export class ArchiveError extends Error {
  override readonly name: string = 'ArchiveError';

  /** Stable between releases; messages are not. docs/errors.md lists all codes. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(toMessage(message), options);
    this.code = code;
  }
}
