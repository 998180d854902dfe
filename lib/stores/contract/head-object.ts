import { quote } from '../../errors/show.js';
import { askStore } from './ask-store.js';
import type { Store, StoredObject } from './store.js';
import { unexpectedAnswer } from './unexpected-answer.js';

/**
 * Asks a store for the object under `key`, or null, and checks what it answers: a caller's own
 * store, or a service, may answer something else.
 *
 * @throws StoreError with the code `UnexpectedAnswer`; otherwise as `store.head`
 */
export async function headObject(
  store: Store,
  key: string,
  signal: AbortSignal,
): Promise<StoredObject | null> {
  const object = await askStore((options) => store.head(key, options), signal);
  if (object === null || object === undefined) return null;
  const problem = problemOf(object, key);
  if (problem !== undefined) throw unexpectedAnswer('head', `${store.name}/${key}`, problem);
  return { ...object, metadata: object.metadata ?? {} };
}

function problemOf({ bytes, etag, key }: StoredObject, asked: string): string | undefined {
  if (key !== asked) return `got the object ${quote(key)}`;
  if (!Number.isSafeInteger(bytes) || bytes < 0) return `its size is ${quote(bytes)}`;
  if (etag !== undefined && typeof etag !== 'string') return `its ETag is ${typeof etag}`;
  return undefined;
}
