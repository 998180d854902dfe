import { StoreError } from '../../errors/store-error.js';

/** The code of an answer that does not match its request. */
export const UNEXPECTED_ANSWER = 'UnexpectedAnswer';

/**
 * The error for an answer that does not match its request. It is not transient: a store, or a proxy
 * before it, that answers something else is not asked again.
 *
 * @param target the store and key
 */
export function unexpectedAnswer(operation: string, target: string, problem: string): StoreError {
  const storeCode = UNEXPECTED_ANSWER;
  return new StoreError({ operation, target, problem, storeCode, transient: false });
}
