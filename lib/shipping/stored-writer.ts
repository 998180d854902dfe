import { basename } from 'node:path';

import { holdsWriter } from '../series/listing/holds-writer.js';
import { listStoredArchives } from '../series/listing/list-stored-archives.js';
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
 * The path of an object of a series that holds records of a writer; undefined if there is none. If
 * names hold the writer's id, this reads only objects with that id; otherwise it reads the head and
 * the indexes of each.
 *
 * @param writer 16 hex digits
 * @throws StoreError; the signal's reason
 */
export async function findStoredArchiveOf(
  writer: string,
  { clock, doNamesHoldWriter, pattern, signal, store }: StoredWriterOptions,
): Promise<string | undefined> {
  const listed = await listStoredArchives(store, pattern, { clock, signal });
  const waiting = doNamesHoldWriter
    ? listed.filter(({ path }) => basename(path).includes(writer))
    : listed;
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
