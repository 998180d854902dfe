import { PassThrough, type Readable } from 'node:stream';

import type { ByteRange } from '../../lib/files/byte-range.js';
import type {
  GetOptions,
  PutOptions,
  PutResult,
  Store,
  StoredObject,
} from '../../lib/stores/contract/store.js';

/** A request for an object's bytes. */
export interface GetRequest extends GetOptions {
  readonly key: string;
  readonly range: ByteRange | undefined;
}

/** A store that counts the requests to another store, and can be made to fail. */
export class FaultyStore implements Store {
  readonly gets: GetRequest[] = [];
  readonly heads: string[] = [];
  readonly prefixes: string[] = [];
  bytesRead = 0;
  openBodies = 0;
  mostOpenBodies = 0;
  isClosed = false;
  /** Called by each operation. If it throws, the operation fails with that error. */
  before: (operation: string, key: string) => void | Promise<void> = () => {};
  /**
   * Gives the bytes after which the body of a request breaks; undefined for a body that stays
   * whole.
   */
  breakAfter: (request: GetRequest) => number | undefined = () => undefined;
  /** Gives the error of the break; null ends the body as if nothing were missing. */
  breakWith: () => Error | null = () => Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get name(): string {
    return this.#store.name;
  }

  put(key: string, body: Readable, options?: PutOptions): Promise<PutResult> {
    return this.#store.put(key, body, options);
  }

  async head(key: string): Promise<StoredObject | null> {
    this.heads.push(key);
    await this.before('head', key);
    return await this.#store.head(key);
  }

  async get(key: string, range?: ByteRange, options?: GetOptions): Promise<Readable> {
    const request = { key, range, ...options };
    this.gets.push(request);
    await this.before('get', key);
    const body = await this.#store.get(key, range, options);
    const most = this.breakAfter(request) ?? Number.POSITIVE_INFINITY;
    const given = new PassThrough();
    this.openBodies++;
    this.mostOpenBodies = Math.max(this.mostOpenBodies, this.openBodies);
    given.once('close', () => {
      this.openBodies--;
      body.destroy();
    });
    let bytes = 0;
    body.on('data', (chunk: Buffer) => {
      const part = chunk.subarray(0, most - bytes);
      bytes += part.length;
      this.bytesRead += part.length;
      if (!given.write(part)) body.pause();
      if (bytes === most) this.#breakOff(body, given);
    });
    given.on('drain', () => body.resume());
    body.once('error', (error) => given.destroy(error));
    body.once('end', () => given.end());
    return given;
  }

  async *list(prefix = ''): AsyncGenerator<StoredObject> {
    this.prefixes.push(prefix);
    await this.before('list', prefix);
    yield* this.#store.list(prefix);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(key);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /**
   * Waits until the reader has taken all bytes: an error drops the bytes that a stream still holds.
   */
  #breakOff(body: Readable, given: PassThrough): void {
    body.removeAllListeners('data');
    body.removeAllListeners('end');
    body.destroy();
    const error = this.breakWith();
    if (error === null) {
      given.end();
      return;
    }
    const breakOnce = () => {
      if (given.readableLength === 0 && given.writableLength === 0) given.destroy(error);
      else setImmediate(breakOnce);
    };
    breakOnce();
  }
}
