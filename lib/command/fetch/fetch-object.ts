import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { type Store, StoreError } from '../../index.js';
import { findFile } from '../output/find-file.js';

/** How often a download that breaks off is continued without having received a byte. */
const MOST_FAILURES = 8;

/** The delay before the first repetition; each next one is twice as long. */
const FIRST_DELAY_MS = 100;

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** Called with the number of bytes that are there now. */
  readonly onBytes: (bytes: number) => void;
}

/**
 * Downloads an object to `path`, where it appears complete or not at all. Continues what an earlier
 * run has begun, if the object is the same.
 *
 * @returns false if a file of its size is there already
 */
export async function fetchObject(
  store: Store,
  { bytes, key }: { readonly key: string; readonly bytes: number },
  path: string,
  { onBytes, signal }: FetchOptions,
): Promise<boolean> {
  if ((await findFile(path))?.size === bytes) {
    onBytes(bytes);
    return false;
  }
  const object = await store.head(key, { signal });
  if (object === null) throw new Error(`${store.name}/${key} is gone since it was listed`);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const partial = partialPath(path, `${object.bytes} ${object.etag ?? ''}`);
  const file = await open(partial, 'a', 0o600);
  try {
    await download(store, key, file, object, { onBytes, signal });
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(partial, path);
  return true;
}

async function download(
  store: Store,
  key: string,
  file: FileHandle,
  object: { readonly bytes: number; readonly etag?: string },
  { onBytes, signal }: FetchOptions,
): Promise<void> {
  let { size: start } = await file.stat();
  // A longer file is of no use.
  if (start > object.bytes) {
    await file.truncate(0);
    start = 0;
  }
  onBytes(start);
  const terms = object.etag === undefined ? { signal } : { signal, ifMatch: object.etag };
  for (let failures = 0; start < object.bytes; failures++) {
    const before = start;
    try {
      const body = await store.get(key, { start, end: object.bytes }, terms);
      for await (const chunk of body) {
        if (start + chunk.length > object.bytes) throw tooLong(store, key, object.bytes);
        await file.writeFile(chunk);
        start += chunk.length;
        onBytes(chunk.length);
      }
    } catch (error) {
      if (start > before) failures = 0;
      const isFinal = error instanceof StoreError && !error.transient;
      if (isFinal || failures === MOST_FAILURES || signal.aborted) throw error;
      await setTimeout(FIRST_DELAY_MS * 2 ** failures, undefined, { signal });
    }
  }
}

function tooLong(store: Store, key: string, bytes: number): StoreError {
  const problem = `the body has more than the ${bytes} bytes that were asked for`;
  return new StoreError({
    ...{ problem, operation: 'get', target: `${store.name}/${key}`, transient: false },
  });
}

/** The name of a download that is under way; another version of the object has another name. */
function partialPath(path: string, version: string): string {
  const digest = createHash('sha256').update(version).digest('hex').slice(0, 8);
  return join(dirname(path), `.${basename(path)}.${digest}.part`);
}
