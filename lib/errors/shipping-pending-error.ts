import { ArchiveError } from './archive-error.js';

/**
 * The writer has ended before the store took everything. Nothing is lost: the archives in `left` are
 * sealed on local disk, and the next writer that opens the directory ships them.
 */
export class ShippingPendingError extends ArchiveError {
  override readonly name = 'ShippingPendingError';
  override readonly code = 'ERR_SHIPPING_PENDING';
  /** Paths of the archives that are not shipped yet, oldest first. */
  readonly left: readonly string[];

  /** `options.cause`: why the last attempt failed, where one did. */
  constructor(left: readonly string[], options?: ErrorOptions) {
    const archives = left.length === 1 ? '1 archive is' : `${left.length} archives are`;
    const why = options?.cause instanceof Error ? `: ${options.cause.message}` : '';
    super('ERR_SHIPPING_PENDING', `${archives} sealed on disk but not shipped yet${why}`, options);
    this.left = left;
  }
}
