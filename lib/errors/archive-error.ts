import { type InspectOptions, inspect } from 'node:util';

import { cleanCause } from './clean-cause.js';
import { inspectError } from './inspect-error.js';
import { toMessage } from './show.js';

/**
 * The base class of all errors of Shoebox except misuse, which is a `TypeError` or a `RangeError`.
 * Its message, its stack, those of its causes, and what `console.log` shows of it are short, without
 * secrets, and without characters that move the cursor or reorder text. Its fields are exact.
 */
export class ArchiveError extends Error {
  override readonly name: string = 'ArchiveError';

  /** Stable between releases; messages are not. docs/errors.md lists all codes. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(toMessage(message), options);
    this.code = code;
    cleanCause(options?.cause);
  }

  [inspect.custom](depth: number, options: InspectOptions): string {
    return inspectError(this, depth, options);
  }
}
