import { StoreError } from '../../errors/store-error.js';
import { headObject } from '../../stores/contract/head-object.js';
import { type RetryOptions, retry } from '../../stores/contract/retries.js';
import type { Store, StoredObject } from '../../stores/contract/store.js';
import type { ArchiveSource } from './archive-source.js';
import type { FoundArchive } from './found-archive.js';
import type { IndexCache } from './index-cache.js';
import { type LoadedEnd, ObjectSource } from './object-source.js';
import { archiveGone } from './open-archive.js';

/**
 * How much of the end a first request gets: enough for the index of most archives, and little of a
 * small one.
 */
const END_SHARE = 1 / 64;
const LEAST_END_BYTES = 16 * 2 ** 10;
const MOST_END_BYTES = 64 * 2 ** 10;

/** The answers of a store about an object that is not, or no longer, as it was listed. */
const CHANGED: ReadonlySet<string> = new Set([
  'NoSuchKey',
  'NotFound',
  'PreconditionFailed',
  'InvalidRange',
]);

export interface StoredArchiveOptions extends RetryOptions {
  /** Keeps the ends of objects. @default none */
  readonly indexCache?: IndexCache | undefined;
}

/** An archive in a store, which may have both a plain and a compressed object. */
export class StoredArchive implements FoundArchive {
  readonly path: string;
  readonly isStored = true;
  readonly #store: Store;
  readonly #objects: readonly StoredObject[];
  readonly #options: StoredArchiveOptions;

  /**
   * @param name its key, without the suffix of its state
   * @param objects as they were listed; the first one that still exists is read
   */
  constructor(
    store: Store,
    name: string,
    objects: readonly StoredObject[],
    options: StoredArchiveOptions,
  ) {
    this.path = `${store.name}/${name}`;
    this.#store = store;
    this.#objects = objects;
    this.#options = options;
  }

  async findFile(): Promise<null> {
    return null;
  }

  async open(first: 'start' | 'end' = 'start'): Promise<ArchiveSource> {
    const atEnd = first === 'end' ? await this.#openEnd() : null;
    if (atEnd !== null) return atEnd;
    for (const { key } of this.#objects) {
      const object = await retry(
        () => headObject(this.#store, key, this.#options.signal),
        this.#options,
      );
      if (object !== null) return this.#sourceOf(object);
    }
    throw archiveGone(this.#objects.map(({ key }) => `${this.#store.name}/${key}`));
  }

  /**
   * Opens the object with its last bytes. They come from the cache, or with one request, which also
   * shows that the object is as it was listed.
   *
   * @returns null if it is not, or if the listing has no ETag
   */
  async #openEnd(): Promise<ArchiveSource | null> {
    const [object] = this.#objects;
    if (object === undefined || !isWhollyListed(object)) return null;
    const { bytes, etag, key } = object;
    const cached = { path: `${this.#store.name}/${key}`, bytes, etag };
    const known = (await this.#options.indexCache?.get(cached)) ?? null;
    const begin = bytes - (known?.length ?? endBytesOf(bytes));
    try {
      const range = { start: begin, end: bytes };
      const loaded = known ?? (await this.#sourceOf(object).read(range));
      return this.#sourceOf(object, { begin, bytes: loaded }, async (needed) => {
        if (known === null || needed.begin < begin)
          await this.#options.indexCache?.put(cached, needed.bytes);
      });
    } catch (error) {
      if (error instanceof StoreError && CHANGED.has(error.storeCode ?? '')) return null;
      throw error;
    }
  }

  #sourceOf(
    object: StoredObject,
    end?: LoadedEnd,
    onClose?: (needed: LoadedEnd) => Promise<void>,
  ): ObjectSource {
    return new ObjectSource(this.#store, object, this.#options, end, onClose);
  }
}

function endBytesOf(bytes: number): number {
  const share = Math.min(Math.ceil(bytes * END_SHARE), MOST_END_BYTES);
  return Math.min(Math.max(share, LEAST_END_BYTES), bytes);
}

/** A caller's own store may list anything. */
function isWhollyListed(object: StoredObject): object is StoredObject & { readonly etag: string } {
  const { bytes, etag } = object;
  return Number.isSafeInteger(bytes) && bytes > 0 && typeof etag === 'string' && etag !== '';
}
