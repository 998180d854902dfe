import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';

import { isBytes } from '../../codec/bytes/is-bytes.js';
import { checkMethods } from '../../format/option-values.js';

const checkBody = checkMethods('on', 'pipe');

/**
 * Runs a put: passes its body to `store`, and destroys the body when the put fails.
 *
 * @throws TypeError for a body that is not a stream; or the first failure of the body, the caller's
 *   signal or the store
 */
export async function withPutBody<Result>(
  body: Readable,
  signal: AbortSignal | undefined,
  store: (source: PutBody) => Promise<Result>,
): Promise<Result> {
  checkBody('body', body);
  const source = new PutBody(body, signal);
  try {
    source.failed.throwIfAborted();
    return await store(source);
  } catch (error) {
    source.fail(error);
    throw source.failed.reason;
  } finally {
    source.release();
  }
}

/**
 * The body of a put: counts its bytes, and keeps the reason why the put fails. The first failure
 * (of the body, the caller's signal or the store) is the reason, and destroys the body; later
 * errors only follow from it.
 */
export class PutBody implements AsyncIterable<Uint8Array> {
  /** How many bytes the store has taken. */
  bytes = 0;
  /** The CRC-32 of these bytes. */
  crc32 = 0;
  readonly #body: Readable;
  readonly #signal: AbortSignal | undefined;
  readonly #failing = new AbortController();
  readonly #onAbort = () => this.fail(this.#signal?.reason);

  constructor(body: Readable, signal?: AbortSignal) {
    this.#body = body;
    this.#signal = signal;
    // Never removed: an error before the first read or after the last has no other listener, and
    // would end the process.
    body.on('error', (error) => this.fail(error));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  /** Aborts when the put fails, with the reason. */
  get failed(): AbortSignal {
    return this.#failing.signal;
  }

  /** Fails the put, unless it has failed already. */
  fail(reason: unknown): void {
    if (this.failed.aborted) return;
    this.#body.destroy();
    this.#failing.abort(reason);
  }

  /** Must be called when the put has ended, successfully or not. */
  release(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    this.failed.throwIfAborted();
    try {
      for await (const chunk of this.#body) {
        const bytes = bytesOf(chunk);
        this.bytes += bytes.length;
        this.crc32 = crc32(bytes, this.crc32);
        yield bytes;
      }
    } catch (error) {
      this.fail(error);
    }
    this.failed.throwIfAborted();
  }
}

function bytesOf(chunk: unknown): Uint8Array {
  if (isBytes(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError(`body gave ${chunk === null ? 'null' : typeof chunk}, expected bytes`);
}
