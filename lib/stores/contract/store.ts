import type { Readable } from 'node:stream';

import type { ByteRange } from '../../files/byte-range.js';

/** An object in a store, as a listing or a HEAD tells it. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** User metadata, keys in lower case; from `head` only, a listing leaves it empty. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Another one means other content. From `head` and `put` only, where the store has such a thing. */
  readonly etag?: string;
}

/**
 * How a store has shown that it holds the bytes that it was given.
 *
 * - `'checksum'`: its checksum of the object is the one that we computed
 * - `'etag'`: its ETag of the object is the MD5 that we computed
 * - `'part-digests'`: its digest of each part is the one that we computed, and the object is made of
 *   these parts
 */
export type Evidence = 'part-digests' | 'checksum' | 'etag';

/** An object that was put, and what shows that it is whole. */
export interface PutResult extends StoredObject {
  /** Null: the store took the bytes and proves nothing. Reading them back does. */
  readonly evidence: Evidence | null;
}

/** What is stored with an object, and how its upload is ended. */
export interface PutOptions {
  readonly contentType?: string;
  /** Keys in lower case, values in ASCII; at most 2 KiB in all, as S3 has it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Ends the upload, leaving nothing behind. */
  readonly signal?: AbortSignal;
  /**
   * Told the id of an upload that `abortUpload` can undo after a crash, and awaited before any of the
   * body is sent. What it throws ends the put. Not called where a crash leaves nothing behind.
   */
  readonly onUploadCreated?: (uploadId: string) => Promise<void>;
  /**
   * What becomes of an object that is under the key already. `'refuse'` lets it stay, whoever put it and
   * when: the put fails with the code `PreconditionFailed`. Honoured only where `refusesTaken` says so.
   *
   * @default 'replace'
   */
  readonly whenTaken?: 'replace' | 'refuse';
}

/** On what terms an object is read. */
export interface GetOptions {
  /** Fails with the code `PreconditionFailed` when the object has another `etag`. */
  readonly ifMatch?: string;
}

/** An upload that was begun, and neither completed nor aborted. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Date;
}

/**
 * Where sealed archives live: flat names (keys, with `/` as separator) for immutable bytes. A failure
 * is a `StoreError` whose `transient` says whether trying again may help. A store of one's own may
 * leave out what is optional.
 */
export interface Store {
  /** What messages call it, such as `s3://bucket/prefix` or a directory's path. */
  readonly name: string;

  /**
   * Stores all of `body` under `key`, whole or not at all: no reader ever sees a part of it. Reads
   * `body` only as fast as the store takes it, and destroys it on failure. An object that turns out not
   * to be what was sent is a transient failure, and counts as not stored.
   */
  put(key: string, body: Readable, options?: PutOptions): Promise<PutResult>;

  /** What is under `key`, or null. */
  head(key: string): Promise<StoredObject | null>;

  /** The bytes under `key`, streamed with backpressure. */
  get(key: string, range?: ByteRange, options?: GetOptions): Promise<Readable>;

  /** Every object whose key begins with `prefix`, in the byte order of their keys. */
  list(prefix?: string): AsyncIterable<StoredObject>;

  /** Removes what is under `key`; nothing there is no error. */
  delete(key: string): Promise<void>;

  /** Removes what an upload that was cut off has left; nothing there is no error. */
  abortUpload?(key: string, uploadId: string): Promise<void>;

  /** Every unfinished upload whose key begins with `prefix`, also those that are under way. */
  listUploads?(prefix?: string): AsyncIterable<UnfinishedUpload>;

  /**
   * Whether the store has proven that it honours `whenTaken: 'refuse'`, also when two put at the same
   * moment. It is tried once, and the answer remembered.
   */
  refusesTaken?(): Promise<boolean>;

  /**
   * Sees to it that an object that was found outlasts a power loss: a put of it may have been cut off when it
   * was there, but not safe yet. For stores where that can be.
   */
  persist?(key: string): Promise<void>;

  /** Frees sockets and the like. The store is not used afterwards. */
  close(): Promise<void>;
}
