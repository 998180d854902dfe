import { posix, resolve } from 'node:path';

import {
  isManifestFile,
  LONGEST_MANIFEST_BYTES,
  parseManifestFileName,
  SIGNATURE_BYTES,
  signatureFileName,
} from '../../format/manifest.js';
import type { SortedPatterns } from '../../series/listing/series-patterns.js';
import { literalStart, splitGlob } from '../../series/names/glob.js';
import { createGlobMatcher } from '../../series/names/glob-matcher.js';
import { askForEach } from '../../stores/contract/ask-store.js';
import { receiveBytes } from '../../stores/contract/receive-bytes.js';
import type { Store } from '../../stores/contract/store.js';
import { DirectoryStore } from '../../stores/directory/directory-store.js';

/** A manifest's file, before anything of it is believed. */
export interface FoundManifest {
  readonly store: Store;
  readonly key: string;
  /** Null if it is too long for a manifest. */
  readonly bytes: Buffer | null;
  /** Null if there is none; empty if it is not as long as a signature. */
  readonly signature: Buffer | null;
}

/** An object that a listing gave. */
export interface FoundObject {
  readonly store: Store;
  readonly key: string;
  readonly bytes: number;
}

/** All objects in the folders of some manifests, and these manifests. */
export interface ManifestFolders {
  /** Read one at a time, because together they may be larger than the memory. */
  readonly manifests: AsyncIterable<FoundManifest>;
  /** Every other object, by `STORE/KEY`, except signatures and marks. */
  readonly objects: ReadonlyMap<string, FoundObject>;
}

/** A place in which manifests are looked for. */
interface Place {
  readonly store: Store;
  /** Keys that are looked at. */
  readonly isMatch: (folder: string) => boolean;
  readonly prefix: string;
}

/**
 * Finds the manifests in the folders that patterns match, and what else is in the folders of these.
 *
 * @throws StoreError, Node's error, the signal's reason
 */
export async function findManifests(
  patterns: SortedPatterns,
  signal: AbortSignal,
): Promise<ManifestFolders> {
  const found = new Map<string, FoundObject>();
  for (const { isMatch, prefix, store } of placesOf(patterns)) {
    for await (const { bytes, key } of askForEach(
      (options) => store.list(prefix, options),
      signal,
    )) {
      if (isMatch(posix.dirname(key))) found.set(`${store.name}/${key}`, { bytes, key, store });
    }
  }
  const named = [...found].filter(([, { key }]) => parseManifestFileName(posix.basename(key)));
  const folders = new Set(named.map(([, { key, store }]) => folderOf(store, key)));
  const objects = [...found].filter(([, { key, store }]) => {
    return !isManifestFile(posix.basename(key)) && folders.has(folderOf(store, key));
  });
  async function* manifests(): AsyncGenerator<FoundManifest> {
    for (const [path, object] of named) {
      const { bytes, key, store } = object;
      const signature = found.get(signatureFileName(path));
      yield {
        ...{ store, key },
        bytes: bytes > LONGEST_MANIFEST_BYTES ? null : await read(object, signal),
        signature: signature === undefined ? null : await readSignature(signature, signal),
      };
    }
  }
  return { manifests: manifests(), objects: new Map(objects) };
}

/** The folder of an object, with its store. */
export function folderOf(store: Store, key: string): string {
  return `${store.name}/${posix.dirname(key)}`;
}

function placesOf({ local, stored }: SortedPatterns): Place[] {
  const places: Place[] = [];
  for (const pattern of local) {
    const { glob, root } = splitGlob(pattern);
    places.push({ store: new DirectoryStore(root === '' ? '.' : resolve(root)), ...within(glob) });
  }
  for (const { pattern, store } of stored) {
    const { glob, root } = splitGlob(pattern);
    places.push({ store, ...within(root === '' ? glob : [root, glob].filter(Boolean).join('/')) });
  }
  return places;
}

/** The folders of what a glob of names matches: `a/**` and `a/*.gz` are both about `a`. */
function within(glob: string): Pick<Place, 'isMatch' | 'prefix'> {
  if (glob === '' || glob === '**') return { isMatch: () => true, prefix: '' };
  const folders = glob.endsWith('/**') ? `{${glob.slice(0, -3)},${glob}}` : posix.dirname(glob);
  const prefix = literalStart(glob.replace(/^\{/, ''));
  const isMatch = createGlobMatcher(folders);
  return { isMatch: (folder) => folder === folders || isMatch(folder), prefix };
}

async function readSignature(object: FoundObject, signal: AbortSignal): Promise<Buffer> {
  return object.bytes === SIGNATURE_BYTES ? await read(object, signal) : Buffer.alloc(0);
}

async function read({ bytes, key, store }: FoundObject, signal: AbortSignal): Promise<Buffer> {
  if (bytes === 0) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  const range = { start: 0, end: bytes };
  for await (const chunk of receiveBytes(store, key, range, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
