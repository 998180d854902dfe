import { ArchiveError } from './archive-error.js';

/** A message that a destination did not take, and why. */
export interface DeliveryFailure {
  /** The destination, such as `Kafka topic events` or `POST https://example.com/records`. */
  readonly target: string;
  readonly problem: string;
  /** The destination's own code, such as `429` or `MESSAGE_TOO_LARGE`, or a system error's code. */
  readonly destinationCode?: string | undefined;
  /** Whether a retry may succeed without a change: true for a time-out, false for a wrong token. */
  readonly transient: boolean;
}

/** The destination of a replay did not take a record. Everything before it was confirmed. */
export class DeliveryError extends ArchiveError {
  override readonly name = 'DeliveryError';
  override readonly code = 'ERR_DELIVERY';
  readonly target: string;
  readonly problem: string;
  readonly destinationCode: string | undefined;
  readonly transient: boolean;

  constructor(failure: DeliveryFailure, options?: ErrorOptions) {
    super('ERR_DELIVERY', `cannot deliver to ${failure.target}: ${failure.problem}`, options);
    this.target = failure.target;
    this.problem = failure.problem;
    this.destinationCode = failure.destinationCode;
    this.transient = failure.transient;
  }
}
