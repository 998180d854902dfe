import { randomBytes } from 'node:crypto';

import { RECOVERED_SUFFIX } from './archive-state.js';

/**
 * A path for a file that is renamed once it is complete. Each attempt gets its own: otherwise an
 * attempt that stalled and then resumes could rename the unfinished file of a later attempt.
 *
 * @param base the archive's path without the suffix of its state
 */
export function temporaryPath(base: string): string {
  return `${base}.${randomBytes(4).toString('hex')}${RECOVERED_SUFFIX}`;
}

/**
 * The path of the archive that a temporary file belongs to, without the suffix of its state.
 *
 * @param path a path or name that `temporaryPath` may have made
 * @returns undefined if `temporaryPath` did not make it
 */
export function temporaryBaseOf(path: string): string | undefined {
  return /^(.*)\.[0-9a-f]{8}\.recovered$/s.exec(path)?.[1];
}
