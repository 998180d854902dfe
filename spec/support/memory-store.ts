import { Readable } from 'node:stream';

import { StoreError } from '../../lib/errors/store-error.js';
import type {
  Evidence,
  PutOptions,
  PutResult,
  Store,
  StoredObject,
  UnfinishedUpload,
} from '../../lib/stores/contract/store.js';

export interface MemoryObject {
  readonly bytes: Buffer;
  readonly contentType?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A caller's own store, in memory, which can be made to fail and to wait. */
export class MemoryStore implements Store {
  readonly name = 'memory';
  readonly objects = new Map<string, MemoryObject>();
  /** Operations and keys, such as `put a.gz`, in order. */
  readonly calls: string[] = [];
  isClosed = false;
  /** The evidence in the result of each put. */
  evidence: Evidence | null = 'checksum';
  /** Whether the store honours `whenTaken: 'refuse'`. */
  refuses = true;
  /** Whether each put is a multipart upload, which stays unfinished when it fails. */
  hasUploads = false;
  readonly uploads: UnfinishedUpload[] = [];
  /**
   * Called and awaited first by each operation. If it throws, the operation fails with that error.
   */
  before: (operation: string, key: string) => void | Promise<void> = () => {};
  /** As `before`, when a put has read its body and before the object exists. */
  beforeComplete: (key: string) => void | Promise<void> = () => {};

  /** How often an operation was called. */
  count(operation: string): number {
    return this.calls.filter((call) => call.startsWith(`${operation} `)).length;
  }

  async put(key: string, body: Readable, options: PutOptions = {}): Promise<PutResult> {
    const { contentType, metadata = {}, signal } = options;
    try {
      await this.#beginUpload(key, options);
      await unlessAborted(this.#begin('put', key), signal);
      const chunks: Buffer[] = [];
      for await (const chunk of body) {
        signal?.throwIfAborted();
        chunks.push(chunk);
      }
      const bytes = Buffer.concat(chunks);
      await this.beforeComplete(key);
      if (this.refuses && options.whenTaken === 'refuse' && this.objects.has(key)) {
        throw storeError(false, 'PreconditionFailed');
      }
      this.#removeUploads(key);
      this.objects.set(key, { bytes, contentType, metadata });
      return { key, bytes: bytes.length, metadata, evidence: this.evidence };
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

  async abortUpload(key: string, uploadId: string): Promise<void> {
    await this.#begin('abort', `${key} ${uploadId}`);
    this.#removeUploads(key, uploadId);
  }

  async *listUploads(prefix = ''): AsyncGenerator<UnfinishedUpload> {
    yield* this.uploads.filter(({ key }) => key.startsWith(prefix));
  }

  async refusesTaken(): Promise<boolean> {
    return this.refuses;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  async #beginUpload(key: string, { onUploadCreated }: PutOptions): Promise<void> {
    if (!this.hasUploads) return;
    const uploadId = `upload-${this.calls.length}`;
    this.uploads.push({ key, uploadId, startedAt: new Date() });
    await onUploadCreated?.(uploadId);
  }

  #removeUploads(key: string, uploadId?: string): void {
    for (const [index, upload] of [...this.uploads.entries()].reverse()) {
      const isMeant = uploadId === undefined || upload.uploadId === uploadId;
      if (upload.key === key && isMeant) this.uploads.splice(index, 1);
    }
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
