import { inspect } from 'node:util';

import { isError } from './is-error.js';

/**
 * Wraps a thrown value in an `Error`: user functions may throw anything, streams take only errors.
 */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new Error(`thrown was ${inspect(thrown, { depth: 1 })}`, { cause: thrown });
}
