import { ArchiveError } from './archive-error.js';

/** An operation that a store did not do, and why. */
export interface StoreFailure {
  /** The operation, such as `put`, `get` or `list`. */
  readonly operation: string;
  /** The store and key, such as `s3://bucket/prefix/a.events.gz`. */
  readonly target: string;
  readonly problem: string;
  /** The store's own error code, such as `NoSuchBucket`, or a system error's code. */
  readonly storeCode?: string | undefined;
  /**
   * Whether a retry may succeed without a change: true for a time-out, false for wrong credentials.
   */
  readonly transient: boolean;
}

/** A store did not do an operation. */
export class StoreError extends ArchiveError {
  override readonly name = 'StoreError';
  override readonly code = 'ERR_STORE';
  readonly operation: string;
  readonly target: string;
  readonly storeCode: string | undefined;
  readonly transient: boolean;

  constructor(failure: StoreFailure, options?: ErrorOptions) {
    super(
      'ERR_STORE',
      `cannot ${failure.operation} ${failure.target}: ${failure.problem}`,
      options,
    );
    this.operation = failure.operation;
    this.target = failure.target;
    this.storeCode = failure.storeCode;
    this.transient = failure.transient;
  }
}
