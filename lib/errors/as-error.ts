import { isError } from './is-error.js';
import { show } from './show.js';
/**
 * Wraps a thrown value in an `Error`: user functions may throw anything, streams take only errors.
 */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new Error(`thrown was ${show(thrown)}`, { cause: thrown });
}
