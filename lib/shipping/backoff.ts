/** The longest wait after the first failure, and after many. */
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;

/**
 * How long to wait before trying again: exponential with full jitter, so that many writers whose store
 * comes back do not come back to it all at once.
 *
 * @param failures how often it has failed in a row, counted from 1
 * @param random from 0 to below 1
 */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
}

/** How long to wait after a failure that trying again does not mend, but somebody may have. */
export const PERMANENT_DELAY_MS = 30_000;
