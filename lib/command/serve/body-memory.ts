import { memoryFull } from './request-error.js';

/** Bounds the memory of the bodies that are being received, however many requests there are. */
export class BodyMemory {
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** @throws RequestError 429 if there is no room for so many more bytes */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#mostBytes) throw memoryFull();
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
