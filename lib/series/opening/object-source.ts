import { addAbortSignal, type Readable } from 'node:stream';

import { StoreError } from '../../errors/store-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import { Retries, type RetryOptions } from '../../stores/contract/retries.js';
import type { Store, StoredObject } from '../../stores/contract/store.js';
import { mayBeTorn } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';

/**
 * An archive in an object of a store. A download that breaks off continues after its last byte with
 * a request for the rest of the same object. If the store has ETags, an object that was replaced in
 * the meantime is an error.
 */
export class ObjectSource implements ArchiveSource {
  readonly path: string;
  readonly isOpen: boolean;
  readonly #store: Store;
  readonly #object: StoredObject;
  readonly #retries: RetryOptions;

  /** @param object as returned by `head` */
  constructor(store: Store, object: StoredObject, retries: RetryOptions) {
    this.#store = store;
    this.#object = object;
    this.#retries = retries;
    this.path = `${store.name}/${object.key}`;
    this.isOpen = mayBeTorn(object.key);
  }

  async size(): Promise<number> {
    return this.#object.bytes;
  }

  async read(range: Required<ByteRange>): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.stream(range)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async *stream(range: ByteRange = { start: 0 }): AsyncGenerator<Buffer> {
    const { bytes } = this.#object;
    const end = Math.min(range.end ?? bytes, bytes);
    const retries = new Retries(this.#retries);
    for (let offset = range.start; offset < end; ) {
      try {
        for await (const chunk of this.#download(offset, end)) {
          offset += chunk.length;
          retries.reset();
          yield chunk;
        }
        if (offset < end) throw this.#cutOff(offset, end);
      } catch (error) {
        await retries.wait(error);
      }
    }
  }

  async close(): Promise<void> {
    // Nothing to close: a body is open only while `stream` runs.
  }

  async *#download(start: number, end: number): AsyncGenerator<Buffer> {
    const { etag, key } = this.#object;
    const terms = etag === undefined ? {} : { ifMatch: etag };
    // The body is not in object mode, so it yields only Buffers.
    const body: Readable & AsyncIterable<Buffer> = await this.#store.get(
      key,
      { start, end },
      terms,
    );
    yield* addAbortSignal(this.#retries.signal, body);
  }

  #cutOff(offset: number, end: number): StoreError {
    const problem = `the body ended at byte ${offset} of ${end}`;
    const [operation, target] = ['get', this.path];
    return new StoreError({ operation, target, problem, transient: true });
  }
}
