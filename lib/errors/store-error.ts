import { ArchiveError } from './archive-error.js';

/** What a store was asked to do, and why it did not. */
export interface StoreFailure {
  /** What was tried, such as `put`, `get` or `list`. */
  readonly operation: string;
  /** The store and key it was tried on, such as `s3://bucket/prefix/a.events.gz`. */
  readonly target: string;
  readonly problem: string;
  /** The store's own word for it, such as `NoSuchBucket`, or a system error's code. */
  readonly storeCode?: string | undefined;
  /** Whether trying again may help without anybody's doing: a time-out yes, wrong credentials no. */
  readonly transient: boolean;
}

/** A store that did not do what it was asked. */
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
