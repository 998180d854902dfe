import { headObject } from '../../stores/contract/head-object.js';
import { type RetryOptions, retry } from '../../stores/contract/retries.js';
import type { Store } from '../../stores/contract/store.js';
import type { ArchiveSource } from './archive-source.js';
import type { FoundArchive } from './found-archive.js';
import { ObjectSource } from './object-source.js';
import { archiveGone } from './open-archive.js';

/** An archive in a store, which may have both a plain and a compressed object. */
export class StoredArchive implements FoundArchive {
  readonly path: string;
  readonly isStored = true;
  readonly #store: Store;
  readonly #keys: readonly string[];
  readonly #retries: RetryOptions;

  /**
   * @param name its key, without the suffix of its state
   * @param keys its objects; the first one that still exists is read
   */
  constructor(store: Store, name: string, keys: readonly string[], retries: RetryOptions) {
    this.path = `${store.name}/${name}`;
    this.#store = store;
    this.#keys = keys;
    this.#retries = retries;
  }

  async findFile(): Promise<null> {
    return null;
  }

  async open(): Promise<ArchiveSource> {
    for (const key of this.#keys) {
      const object = await retry(
        () => headObject(this.#store, key, this.#retries.signal),
        this.#retries,
      );
      if (object !== null) return new ObjectSource(this.#store, object, this.#retries);
    }
    throw archiveGone(this.#keys.map((key) => `${this.#store.name}/${key}`));
  }
}
