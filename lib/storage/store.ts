import type { Readable } from 'node:stream';

/** An object in a store, as a listing or a HEAD tells it. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** User metadata, keys in lower case; from `head` only, a listing leaves it empty. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is stored with an object, and how its upload is ended. */
export interface PutOptions {
  readonly contentType?: string;
  /** Keys in lower case, values in ASCII; at most 2 KiB in all, as S3 has it. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Ends the upload, leaving nothing behind. */
  readonly signal?: AbortSignal;
}

/** A span of an object: from byte `start` up to, but without, byte `end` (its end by default). */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/**
 * Where sealed archives live: flat names (keys, with `/` as separator) for immutable bytes. A failure
 * is a `StoreError` whose `transient` says whether trying again may help.
 */
export interface Store {
  /** What messages call it, such as `s3://bucket/prefix` or a directory's path. */
  readonly name: string;

  /**
   * Stores all of `body` under `key`, whole or not at all: no reader ever sees a part of it. Reads
   * `body` only as fast as the store takes it, and destroys it on failure. Replaces what was there.
   */
  put(key: string, body: Readable, options?: PutOptions): Promise<StoredObject>;

  /** What is under `key`, or null. */
  head(key: string): Promise<StoredObject | null>;

  /** The bytes under `key`, streamed with backpressure. */
  get(key: string, range?: ByteRange): Promise<Readable>;

  /** Every object whose key begins with `prefix`, in the byte order of their keys. */
  list(prefix?: string): AsyncIterable<StoredObject>;

  /** Removes what is under `key`; nothing there is no error. */
  delete(key: string): Promise<void>;

  /** Frees sockets and the like. The store is not used afterwards. */
  close(): Promise<void>;
}
