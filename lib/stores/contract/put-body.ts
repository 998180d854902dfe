import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';

/**
 * The body of a put on its way into a store: counts its bytes, and settles what a failed put rejects
 * with. What ends it first (its own error, the caller's signal, a failure of the store) is the reason,
 * and destroys the body; errors that follow are its consequences.
 */
export class PutBody implements AsyncIterable<Uint8Array> {
  /** How many bytes the store has taken from it. */
  bytes = 0;
  /** Their CRC-32. */
  crc32 = 0;
  readonly #body: Readable;
  readonly #signal: AbortSignal | undefined;
  readonly #failing = new AbortController();
  readonly #onAbort = () => this.fail(this.#signal?.reason);

  constructor(body: Readable, signal?: AbortSignal) {
    this.#body = body;
    this.#signal = signal;
    // Stays for good: an error before the first read or after the last has nobody else to hear it,
    // and would end the process.
    body.on('error', (error) => this.fail(error));
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (signal?.aborted) this.#onAbort();
  }

  /** Aborts, with the reason, when the body or the put has failed. */
  get failed(): AbortSignal {
    return this.#failing.signal;
  }

  /** Ends it, unless something has already. */
  fail(reason: unknown): void {
    if (this.failed.aborted) return;
    this.#body.destroy();
    this.#failing.abort(reason);
  }

  /** To be called when the put is over, however it ended. */
  release(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  /** For who takes streams only. */
  toReadable(): Readable {
    return Readable.from(this).on('error', () => {
      // `failed` tells it, also when nobody reads any more.
    });
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
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError(`body gave ${chunk === null ? 'null' : typeof chunk}, expected bytes`);
}
