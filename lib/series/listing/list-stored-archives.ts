import { listObjects } from '../../stores/contract/list-objects.js';
import { Retries, type RetryOptions, retry } from '../../stores/contract/retries.js';
import type { SkippedObject, Store, StoredObject } from '../../stores/contract/store.js';
import {
  COMPRESSED_SUFFIXES,
  isCompressedName,
  OPEN_SUFFIX,
  STALE_SUFFIX,
} from '../names/archive-state.js';
import { StoredArchive, type StoredArchiveOptions } from '../opening/stored-archive.js';
import { archiveOf, KeyPattern } from './key-pattern.js';

/** The suffix of a state that sorts last. */
const LAST_SUFFIX = [OPEN_SUFFIX, ...COMPRESSED_SUFFIXES, STALE_SUFFIX].toSorted().at(-1) ?? '';

/** An object that a pattern means and no store can read. */
export interface SkippedStoredObject extends SkippedObject {
  /** The store and the key. */
  readonly path: string;
}

/**
 * The archives in a store that a pattern matches: a glob, a key, or a prefix of keys that ends
 * before a slash, which means everything below it. A pattern matches an archive's key with and
 * without the suffix of its state. Requests only keys that begin with the literal start of the
 * pattern.
 *
 * @throws StoreError
 */
export async function listStoredArchives(
  store: Store,
  pattern: string,
  options: StoredArchiveOptions,
  onSkipped: (object: SkippedStoredObject) => void = () => undefined,
): Promise<StoredArchive[]> {
  const keys = new KeyPattern(pattern);
  const listed = await retry(() => list(store, keys.prefix, options.signal), options);
  const below = listed.objects.filter(({ key }) => keys.isBelow(key));
  const named = listed.objects.filter(({ key }) => keys.isNamed(key));
  for (const object of listed.skipped) {
    if (keys.means(object)) onSkipped({ ...object, path: `${store.name}/${object.key}` });
  }
  const archives = new Map<string, StoredObject[]>();
  for (const object of named.length > 0 ? named : below) {
    const archive = archiveOf(object.key);
    archives.set(archive, [...(archives.get(archive) ?? []), object]);
  }
  return [...archives].map(([archive, states]) => openable(store, archive, states, options));
}

/**
 * As `listStoredArchives`, while the store lists: in the byte order of the archives' keys, if the
 * store keeps to it. A listing that fails is continued after the last key. Yields null for each key
 * as well, so that the caller can count them.
 */
export async function* streamStoredArchives(
  store: Store,
  pattern: string,
  options: StoredArchiveOptions,
  onSkipped: (object: SkippedStoredObject) => void,
): AsyncGenerator<StoredArchive | null> {
  const keys = new KeyPattern(pattern);
  const skip = (object: SkippedObject) => {
    if (keys.means(object)) onSkipped({ ...object, path: `${store.name}/${object.key}` });
  };
  /** Archives of which other states may follow, by name. */
  const begun = new Map<string, StoredObject[]>();
  let isNamed = false;
  let last = '';
  for await (const object of objectsOf(store, keys.prefix, options, skip)) {
    const { key } = object;
    const isOrdered = compareBytes(key, last) > 0;
    last = key;
    for (const [archive, states] of begun) {
      if (isOrdered && compareBytes(key, archive + LAST_SUFFIX) <= 0) break;
      begun.delete(archive);
      yield openable(store, archive, states, options);
    }
    // An archive of exactly this name sorts before all keys below it.
    isNamed ||= keys.isNamed(key);
    yield null;
    if (!(isNamed ? keys.isNamed(key) : keys.isBelow(key))) continue;
    const archive = archiveOf(key);
    begun.set(archive, [...(begun.get(archive) ?? []), object]);
  }
  for (const [archive, states] of begun) yield openable(store, archive, states, options);
}

function openable(
  store: Store,
  archive: string,
  objects: StoredObject[],
  options: StoredArchiveOptions,
): StoredArchive {
  return new StoredArchive(store, archive, objects.sort(byCost), options);
}

/**
 * The objects whose keys begin with a prefix. If a listing fails, lists again and leaves out those that came
 * before, which only the order of the keys tells.
 */
async function* objectsOf(
  store: Store,
  prefix: string,
  options: RetryOptions,
  onSkipped: (object: SkippedObject) => void,
): AsyncGenerator<StoredObject> {
  const retries = new Retries(options);
  let last: string | undefined;
  let isOrdered = true;
  for (;;) {
    const from = last;
    try {
      for await (const object of listObjects(store, prefix, {
        signal: options.signal,
        onSkipped,
      })) {
        const { key } = object;
        const isAgain = from !== undefined && last === from && compareBytes(key, from) <= 0;
        if (isAgain) continue;
        isOrdered &&= last === undefined || compareBytes(key, last) > 0;
        last = key;
        retries.reset();
        yield object;
      }
      return;
    } catch (error) {
      if (!isOrdered) throw error;
      await retries.wait(error);
    }
  }
}

/** The order in which stores list keys: that of their UTF-8 bytes. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Collects the whole listing, so that a retry can start over if it fails halfway. */
async function list(
  store: Store,
  prefix: string,
  signal: AbortSignal,
): Promise<{ objects: StoredObject[]; skipped: SkippedObject[] }> {
  const objects: StoredObject[] = [];
  const skipped: SkippedObject[] = [];
  const onSkipped = (object: SkippedObject) => skipped.push(object);
  for await (const object of listObjects(store, prefix, { signal, onSkipped })) {
    objects.push(object);
  }
  return { objects, skipped };
}

/** Compressed objects first: there is less to download. */
function byCost(a: StoredObject, b: StoredObject): number {
  return Number(isCompressedName(b.key)) - Number(isCompressedName(a.key));
}
