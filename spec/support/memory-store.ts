import { Readable } from 'node:stream';

import { StoreError } from '../../lib/errors/store-error.js';
import type { PutOptions, PutResult, Store, StoredObject } from '../../lib/storage/store.js';

export interface MemoryObject {
  readonly bytes: Buffer;
  readonly contentType?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A store of one's own, as a user may have it, which can be made to fail and to wait. */
export class MemoryStore implements Store {
  readonly name = 'memory';
  readonly objects = new Map<string, MemoryObject>();
  /** Operations and keys, such as `put a.gz`, in order. */
  readonly calls: string[] = [];
  isClosed = false;
  /** Called first by each operation, which waits for it, and fails with what it throws. */
  before: (operation: string, key: string) => void | Promise<void> = () => {};

  /** How often an operation was called. */
  count(operation: string): number {
    return this.calls.filter((call) => call.startsWith(`${operation} `)).length;
  }

  async put(key: string, body: Readable, options: PutOptions = {}): Promise<PutResult> {
    const { contentType, metadata = {}, signal } = options;
    try {
      await unlessAborted(this.#begin('put', key), signal);
      const chunks: Buffer[] = [];
      for await (const chunk of body) {
        signal?.throwIfAborted();
        chunks.push(chunk);
      }
      const bytes = Buffer.concat(chunks);
      this.objects.set(key, { bytes, contentType, metadata });
      return { key, bytes: bytes.length, metadata, evidence: 'checksum' };
    } finally {
      body.destroy();
    }
  }

  async head(key: string): Promise<StoredObject | null> {
    await this.#begin('head', key);
    const object = this.objects.get(key);
    return object === undefined
      ? null
      : { key, bytes: object.bytes.length, metadata: object.metadata };
  }

  async get(key: string): Promise<Readable> {
    await this.#begin('get', key);
    const object = this.objects.get(key);
    if (object === undefined) throw storeError(false, 'NoSuchKey');
    return Readable.from([object.bytes], { objectMode: false });
  }

  async *list(): AsyncGenerator<StoredObject> {
    for (const [key, { bytes, metadata }] of this.objects) {
      yield { key, bytes: bytes.length, metadata };
    }
  }

  async delete(key: string): Promise<void> {
    this.objects.delete(key);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  async #begin(operation: string, key: string): Promise<void> {
    this.calls.push(`${operation} ${key}`);
    await this.before(operation, key);
  }
}

export function storeError(transient: boolean, storeCode = 'Odd'): StoreError {
  const failure = { operation: 'put', target: 'memory', problem: 'it failed', storeCode };
  return new StoreError({ ...failure, transient });
}

async function unlessAborted(step: Promise<void>, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort);
  });
  try {
    await Promise.race([step, aborted]);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
