import { Readable } from 'node:stream';

import type { StoredObject } from '../../lib/stores/contract/store.js';

export const MIB = 2 ** 20;

/**
 * `count` chunks of 1 MiB, each filled with its number from 1; then the failure, if there is one.
 */
export function* chunks(
  count: number,
  onChunk: (chunk: Buffer) => void = () => {},
  failure?: Error,
): Generator<Buffer, void> {
  for (let i = 1; i <= count; i++) {
    const chunk = Buffer.alloc(MIB, i);
    onChunk(chunk);
    yield chunk;
  }
  if (failure !== undefined) throw failure;
}

/** A stream of `mebibytes` chunks of 1 MiB that then gives nothing and does not end. */
export function unending(mebibytes: number, onWait: () => void = () => {}): Readable {
  const source = chunks(mebibytes);
  return new Readable({
    read() {
      const { value, done } = source.next();
      if (done) onWait();
      else this.push(value);
    },
  });
}

/** The reason of a rejected promise. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`expected a rejection, got ${String(value)}`);
}

export async function listed(listing: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of listing) objects.push(object);
  return objects;
}
