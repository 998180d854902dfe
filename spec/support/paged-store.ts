import { Readable } from 'node:stream';

import type { ByteRange } from '../../lib/files/byte-range.js';
import type { PutResult, Store, StoredObject } from '../../lib/stores/contract/store.js';

/** Lists the keys of objects in pages, and has the bytes of each. Counts the pages. */
export class PagedStore implements Store {
  readonly name = 'paged';
  /** How many pages were requested. */
  pages = 0;
  readonly gets: string[] = [];
  /** Called before each page but the first of a listing is given; awaited. */
  beforePage: (page: number) => void | Promise<void> = () => undefined;
  readonly #keys: readonly string[];
  readonly #bytesOf: (key: string) => Buffer;
  readonly #pageKeys: number;

  /** @param keys in the order in which they are listed */
  constructor(keys: readonly string[], bytesOf: (key: string) => Buffer, pageKeys = 1000) {
    this.#keys = keys;
    this.#bytesOf = bytesOf;
    this.#pageKeys = pageKeys;
  }

  async *list(prefix = ''): AsyncGenerator<StoredObject> {
    const keys = this.#keys.filter((key) => key.startsWith(prefix));
    for (let begin = 0; begin < keys.length; begin += this.#pageKeys) {
      const page = ++this.pages;
      if (begin > 0) await this.beforePage(page);
      for (const key of keys.slice(begin, begin + this.#pageKeys)) yield this.#describe(key);
    }
  }

  async head(key: string): Promise<StoredObject> {
    return this.#describe(key);
  }

  async get(key: string, range: ByteRange = { start: 0 }): Promise<Readable> {
    this.gets.push(key);
    const bytes = this.#bytesOf(key).subarray(range.start, range.end);
    return Readable.from([bytes], { objectMode: false });
  }

  async put(): Promise<PutResult> {
    throw new Error('a paged store is only read');
  }

  async delete(): Promise<void> {
    throw new Error('a paged store is only read');
  }

  async close(): Promise<void> {
    // Nothing is open.
  }

  #describe(key: string): StoredObject {
    return { key, bytes: this.#bytesOf(key).length, metadata: {} };
  }
}
