import type { PartMemory } from './part-memory.js';

/** A piece of an object that is sent in one request. */
export interface UploadPart {
  /** From 1. */
  readonly number: number;
  readonly bytes: Buffer;
  /** The memory of `bytes`, which the caller gives back. */
  readonly memory: Buffer;
  readonly isLast: boolean;
}

/** Copies a body into parts of `partBytes`, of which the last may be shorter; an empty one has one. */
export async function* cutParts(
  body: AsyncIterable<Uint8Array>,
  partBytes: number,
  parts: PartMemory,
): AsyncGenerator<UploadPart, undefined> {
  let number = 1;
  let memory = parts.take();
  let filled = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; ) {
      if (filled === partBytes) {
        yield { number, bytes: memory, memory, isLast: false };
        number++;
        memory = parts.take();
        filled = 0;
      } else if (filled === memory.length) {
        memory = parts.grow(memory);
      }
      const count = Math.min(chunk.length - at, memory.length - filled);
      memory.set(chunk.subarray(at, at + count), filled);
      filled += count;
      at += count;
    }
  }
  yield { number, bytes: memory.subarray(0, filled), memory, isLast: true };
}
