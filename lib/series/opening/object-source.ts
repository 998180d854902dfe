import { StoreError } from '../../errors/store-error.js';
import type { ByteRange } from '../../files/byte-range.js';
import { receiveBytes } from '../../stores/contract/receive-bytes.js';
import { Retries, type RetryOptions } from '../../stores/contract/retries.js';
import type { Store, StoredObject } from '../../stores/contract/store.js';
import { unexpectedAnswer } from '../../stores/contract/unexpected-answer.js';
import { mayBeTorn } from '../names/archive-state.js';
import type { ArchiveSource } from './archive-source.js';

/**
 * How many bytes a continued download receives again, to compare them, from a store without ETags:
 * they show that the object was replaced, or that the store ignores the range.
 */
const OVERLAP_BYTES = 4096;

/** The last bytes of an object, already in memory. */
export interface LoadedEnd {
  /** Where they begin. */
  readonly begin: number;
  readonly bytes: Buffer;
}

/**
 * An archive in an object of a store. A download that breaks off continues after its last byte with
 * a request for the rest of the same object. An object that was replaced in the meantime is an
 * error: its ETag differs, or, without ETags, the last bytes that were received.
 */
export class ObjectSource implements ArchiveSource {
  readonly path: string;
  readonly isOpen: boolean;
  readonly #store: Store;
  readonly #object: StoredObject;
  readonly #retries: RetryOptions;
  readonly #onClose: ((end: LoadedEnd) => Promise<void>) | undefined;
  /** The loaded bytes of the end; `read` loads more of it. */
  #end: LoadedEnd;
  /** Where the bytes of the end begin that were needed. */
  #neededFrom: number;

  /**
   * @param object as returned by `head`
   * @param end its last bytes, if the caller has them. Then they are not requested again.
   * @param onClose called when the source is closed, with what was needed of the end
   */
  constructor(
    store: Store,
    object: StoredObject,
    retries: RetryOptions,
    end: LoadedEnd = { begin: object.bytes, bytes: Buffer.alloc(0) },
    onClose?: (end: LoadedEnd) => Promise<void>,
  ) {
    this.#store = store;
    this.#object = object;
    this.#retries = retries;
    this.#end = end;
    this.#neededFrom = object.bytes;
    this.#onClose = onClose;
    this.path = `${store.name}/${object.key}`;
    this.isOpen = mayBeTorn(object.key);
  }

  async size(): Promise<number> {
    return this.#object.bytes;
  }

  get hasEnd(): boolean {
    return this.#end.bytes.length > 0;
  }

  async read(range: Required<ByteRange>): Promise<Buffer> {
    const { start, end } = range;
    if (!this.hasEnd || end <= this.#end.begin) return await this.#receive(range);
    this.#neededFrom = Math.min(this.#neededFrom, start);
    if (start < this.#end.begin) {
      const before = await this.#receive({ start, end: this.#end.begin });
      this.#end = { begin: start, bytes: Buffer.concat([before, this.#end.bytes]) };
    }
    const { begin, bytes } = this.#end;
    return bytes.subarray(start - begin, end - begin);
  }

  async *stream(range: ByteRange = { start: 0 }): AsyncGenerator<Buffer> {
    const { begin, bytes } = this.#end;
    const end = range.end ?? this.#object.bytes;
    if (range.start < begin)
      yield* this.#request({ start: range.start, end: Math.min(end, begin) });
    // Copied: the caller owns it.
    const loaded = bytes.subarray(Math.max(range.start - begin, 0), Math.max(end - begin, 0));
    if (loaded.length > 0) yield Buffer.from(loaded);
  }

  async close(): Promise<void> {
    // Nothing else to close: a body is open only while `stream` runs.
    const begin = Math.max(this.#neededFrom, this.#end.begin);
    const bytes = this.#end.bytes.subarray(begin - this.#end.begin);
    if (bytes.length > 0) await this.#onClose?.({ begin, bytes });
  }

  async #receive(range: Required<ByteRange>): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#request(range)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async *#request(range: Required<ByteRange>): AsyncGenerator<Buffer> {
    const end = Math.min(range.end, this.#object.bytes);
    const retries = new Retries(this.#retries);
    let tail: Buffer = Buffer.alloc(0);
    for (let offset = range.start; offset < end; ) {
      try {
        for await (const chunk of this.#download(offset, end, tail)) {
          offset += chunk.length;
          tail = this.#keep(tail, chunk);
          retries.reset();
          yield chunk;
        }
        if (offset < end) throw this.#cutOff(offset, end);
      } catch (error) {
        await retries.wait(error);
      }
    }
  }

  /** The last bytes so far, if they must come again. Copied, because the caller owns the chunk. */
  #keep(tail: Buffer, chunk: Buffer): Buffer {
    if (this.#object.etag !== undefined) return tail;
    return Buffer.concat([tail, chunk.subarray(-OVERLAP_BYTES)]).subarray(-OVERLAP_BYTES);
  }

  /** @param tail the bytes before `start`, as they were received; they must come again */
  async *#download(start: number, end: number, tail: Buffer): AsyncGenerator<Buffer> {
    const { etag, key } = this.#object;
    const terms = etag === undefined ? {} : { ifMatch: etag };
    const { signal } = this.#retries;
    const range = { start: start - tail.length, end };
    let expected = tail;
    for await (const chunk of receiveBytes(this.#store, key, range, { ...terms, signal })) {
      const again = Math.min(expected.length, chunk.length);
      if (!chunk.subarray(0, again).equals(expected.subarray(0, again))) {
        throw unexpectedAnswer(
          'get',
          this.path,
          `the bytes before byte ${start} are not those that came before the download broke off`,
        );
      }
      expected = expected.subarray(again);
      if (again < chunk.length) yield chunk.subarray(again);
    }
  }

  #cutOff(offset: number, end: number): StoreError {
    const problem = `the body ended at byte ${offset} of ${end}`;
    const [operation, target] = ['get', this.path];
    return new StoreError({ operation, target, problem, transient: true });
  }
}
