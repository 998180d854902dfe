import { ArchiveError } from './archive-error.js';
import { isError } from './is-error.js';

/**
 * The writer ended before the store had all archives. Nothing is lost: the archives in `left` are
 * sealed on local disk, and the next writer that opens the directory ships them.
 */
export class ShippingPendingError extends ArchiveError {
  override readonly name = 'ShippingPendingError';
  override readonly code = 'ERR_SHIPPING_PENDING';
  /** Paths of the archives that are not shipped yet, oldest first. */
  readonly left: readonly string[];

  /** `options.cause` is the error of the last failed attempt, if any failed. */
  constructor(left: readonly string[], options?: ErrorOptions) {
    const archives = left.length === 1 ? '1 archive is' : `${left.length} archives are`;
    const why = isError(options?.cause) ? `: ${options.cause.message}` : '';
    super('ERR_SHIPPING_PENDING', `${archives} sealed on disk but not shipped yet${why}`, options);
    this.left = left;
  }
}
