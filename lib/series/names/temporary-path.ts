import { randomBytes } from 'node:crypto';

import { RECOVERED_SUFFIX } from './archive-state.js';

/**
 * Where a file is written that is to get a name beside an archive once it is whole. No other attempt has the
 * same: one that had stalled, and goes on, must not name the half of what another is writing.
 *
 * @param base the archive's path without the suffix of its state
 */
export function temporaryPath(base: string): string {
  return `${base}.${randomBytes(4).toString('hex')}${RECOVERED_SUFFIX}`;
}

/**
 * The archive's path without the suffix of its state, or its name, of a file that an attempt is writing, or left
 * that was cut off. Undefined where it is none.
 */
export function temporaryBaseOf(path: string): string | undefined {
  return /^(.*)\.[0-9a-f]{8}\.recovered$/s.exec(path)?.[1];
}
