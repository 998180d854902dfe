import { quote } from '../../errors/show.js';
import { askForEach } from './ask-store.js';
import type { SkippedObject, Store, StoredObject } from './store.js';
import { unexpectedAnswer } from './unexpected-answer.js';

/** A listing of more objects than this is refused. It would take hours, and gigabytes of keys. */
export const MOST_LISTED_OBJECTS = 10_000_000;

export interface ListObjectsOptions {
  readonly signal: AbortSignal;
  readonly onSkipped?: (skipped: SkippedObject) => void;
}

/**
 * Every object whose key begins with `prefix`, in the order in which the store lists them. Checks
 * each: a caller's own store may list others, or without end.
 *
 * @throws StoreError with the code `UnexpectedAnswer`; otherwise as `store.list`
 */
export async function* listObjects(
  store: Store,
  prefix: string,
  { onSkipped, signal }: ListObjectsOptions,
): AsyncGenerator<StoredObject> {
  const mismatch = (problem: string) =>
    unexpectedAnswer('list', `${store.name}/${prefix}`, problem);
  const skipping = onSkipped === undefined ? {} : { onSkipped };
  let listed = 0;
  for await (const object of askForEach(
    (options) => store.list(prefix, { ...options, ...skipping }),
    signal,
  )) {
    const key: unknown = object?.key;
    if (typeof key !== 'string') throw mismatch(`it lists an object whose key is ${typeof key}`);
    if (!key.startsWith(prefix)) throw mismatch(`it lists ${quote(key)}`);
    listed++;
    if (listed > MOST_LISTED_OBJECTS) {
      throw mismatch(`it lists more than ${MOST_LISTED_OBJECTS} objects`);
    }
    yield object;
  }
}
