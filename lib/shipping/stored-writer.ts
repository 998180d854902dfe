import { basename } from 'node:path';

import { holdsWriter } from '../series/listing/holds-writer.js';
import { listStoredArchives } from '../series/listing/list-stored-archives.js';
import type { FoundArchive } from '../series/opening/found-archive.js';
import type { Store } from '../stores/contract/store.js';
import type { Clock } from '../streams/clock.js';

export interface StoredWriterOptions {
  readonly store: Store;
  /** The glob of the series' keys. */
  readonly pattern: string;
  /** Whether the name of each archive holds its writer's id. */
  readonly doNamesHoldWriter: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** How many objects to look at at the same time. Each costs three small requests, one after the other. */
const MOST_REQUESTS = 4;

/**
 * The objects of a series that may hold records of a writer: those with its id in their names, if
 * names hold it, otherwise all.
 *
 * @param writer 16 hex digits
 * @throws StoreError; the signal's reason
 */
export async function listStoredArchivesOf(
  writer: string,
  { clock, doNamesHoldWriter, pattern, signal, store }: StoredWriterOptions,
): Promise<FoundArchive[]> {
  const listed = await listStoredArchives(store, pattern, { clock, signal });
  return doNamesHoldWriter
    ? listed.filter(({ path }) => basename(path).includes(writer))
    : [...listed];
}

/**
 * The path of an object of a series that holds records of a writer; undefined if there is none. If
 * names hold the writer's id, this reads only objects with that id; otherwise it reads the head and
 * the indexes of each.
 *
 * @param writer 16 hex digits
 * @throws StoreError; the signal's reason
 */
export async function findStoredArchiveOf(
  writer: string,
  options: StoredWriterOptions,
): Promise<string | undefined> {
  const { signal } = options;
  const waiting = await listStoredArchivesOf(writer, options);
  let found: string | undefined;
  const look = async () => {
    for (;;) {
      const archive = found === undefined ? waiting.pop() : undefined;
      if (archive === undefined) return;
      signal.throwIfAborted();
      if (await holdsWriter(archive, writer)) found ??= archive.path;
    }
  };
  await Promise.all(Array.from({ length: MOST_REQUESTS }, look));
  return found;
}
