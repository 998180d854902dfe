/** The delays between attempts that fail. */
export interface Backoff {
  /** The delay after the first failure. It doubles with each further one. */
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

/** The delay before the next attempt. @param failures how many have failed in a row, from 1 */
export function backoffMs(failures: number, { firstDelayMs, longestDelayMs }: Backoff): number {
  return Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1));
}

/**
 * As `backoffMs`, with full jitter: any delay up to that one. Clients that lost a service at the same moment
 * then do not all return to it at the same moment.
 *
 * @param random gives numbers from 0 to below 1
 */
export function jitteredBackoffMs(
  failures: number,
  backoff: Backoff,
  random: () => number = Math.random,
): number {
  return random() * backoffMs(failures, backoff);
}
