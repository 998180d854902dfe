import type { Readable } from 'node:stream';

import type { ByteRange } from '../../files/byte-range.js';
import type { OptionNames } from '../../format/option-names.js';
import { checkChoice, checkFunction, checkSignal, checkText } from '../../format/option-values.js';

/** An object in a store, as `list` and `head` describe it. */
export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
  /** User metadata with keys in lower case. Only `head` gives it; in a listing it is empty. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Changes with the content; missing in stores without ETags. A listing may omit it; then readers
   * ask with `head` before they read.
   */
  readonly etag?: string;
}

/**
 * How a store has shown that it holds the bytes that were sent.
 *
 * - `'checksum'`: the store's checksum of the object equals ours
 * - `'etag'`: the store's ETag of the object is the MD5 that we computed
 * - `'part-digests'`: the store's digest of each upload part equals ours, and the object consists
 *   of these parts
 */
export type Evidence = 'part-digests' | 'checksum' | 'etag';

/** An object that was put, and the evidence that it is whole. */
export interface PutResult extends StoredObject {
  /**
   * Null: the store accepted the bytes without any evidence. Only reading them back shows that they
   * are whole.
   */
  readonly evidence: Evidence | null;
}

/** Content type and metadata of an object, and the conditions of the put. */
export interface PutOptions {
  /** The MIME type of the object. @default the store's */
  readonly contentType?: string;
  /** User metadata: keys in lower case, values in ASCII, at most 2 KiB in all (S3's limit). */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Ends the upload. Nothing of it remains. */
  readonly signal?: AbortSignal;
  /**
   * Called with the id of the upload, which `abortUpload` can remove after a crash, and awaited
   * before any byte is sent. If it throws, the put fails. Not called where a crash leaves nothing.
   */
  readonly onUploadCreated?: (uploadId: string) => Promise<void>;
  /**
   * How to handle a key that already has an object. `'refuse'` never replaces an object: the put
   * fails with the code `PreconditionFailed`. Only works where `refusesTaken` is true.
   *
   * @default 'replace'
   */
  readonly whenTaken?: 'replace' | 'refuse';
}

/** All options of `put`. */
export const PUT_OPTION_NAMES: OptionNames<PutOptions> = {
  contentType: checkText,
  metadata: true,
  signal: checkSignal,
  onUploadCreated: checkFunction,
  whenTaken: checkChoice('replace', 'refuse'),
};

/** What every request to a store may be given. */
export interface StoreRequestOptions {
  /**
   * Ends the request, which then rejects with the signal's reason. Aborted when no caller waits for
   * the answer any more: a request under way keeps the process alive.
   */
  readonly signal?: AbortSignal;
}

/** All options of `head`, `delete` and the other requests that have no options of their own. */
export const STORE_REQUEST_OPTION_NAMES: OptionNames<StoreRequestOptions> = { signal: checkSignal };

/** The condition of a read. Its `signal` ends the body as well. */
export interface GetOptions extends StoreRequestOptions {
  /**
   * An ETag. When the object has another one, the read fails with the code `PreconditionFailed`.
   */
  readonly ifMatch?: string;
}

/** All options of `get`. */
export const GET_OPTION_NAMES: OptionNames<GetOptions> = {
  ifMatch: checkText,
  signal: checkSignal,
};

/** An object that a listing leaves out, although its key begins with the prefix. */
export interface SkippedObject {
  readonly key: string;
  /** The fault of its key, such as `has an empty segment`. */
  readonly reason: string;
}

/** Options of a listing. */
export interface StoreListOptions extends StoreRequestOptions {
  /**
   * Called for each object that the store cannot read, because its key is not one that `put`
   * accepts. Not called for the marker of a folder.
   */
  readonly onSkipped?: (skipped: SkippedObject) => void;
}

/** All options of `list`. */
export const LIST_OPTION_NAMES: OptionNames<StoreListOptions> = {
  signal: checkSignal,
  onSkipped: true,
};

/** An upload that was neither completed nor aborted. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Date;
}

/**
 * The store of sealed archives: immutable objects under flat keys, in which `/` separates folders.
 * Failures are `StoreError`s, whose `transient` says whether another attempt may help. Your own
 * store may omit the optional members.
 */
export interface Store {
  /** The store's name in messages, such as `s3://bucket/prefix` or a directory's path. */
  readonly name: string;

  /**
   * Stores all of `body` under `key`, or nothing: no reader ever sees a fragment of it. Reads
   * `body` only as fast as the store takes it, and destroys it on failure. An object that turns out
   * to differ from what was sent is a transient failure, and counts as not stored.
   */
  put(key: string, body: Readable, options?: PutOptions): Promise<PutResult>;

  /** The object under `key`, or null. */
  head(key: string, options?: StoreRequestOptions): Promise<StoredObject | null>;

  /** The bytes of the object under `key`, as a stream with backpressure. */
  get(key: string, range?: ByteRange, options?: GetOptions): Promise<Readable>;

  /** Every object whose key begins with `prefix`, in the byte order of their keys. */
  list(prefix?: string, options?: StoreListOptions): AsyncIterable<StoredObject>;

  /** Removes the object under `key`. Does nothing when there is none. */
  delete(key: string, options?: StoreRequestOptions): Promise<void>;

  /** Removes the remains of an unfinished upload. Does nothing when there are none. */
  abortUpload?(key: string, uploadId: string, options?: StoreRequestOptions): Promise<void>;

  /** Every unfinished upload whose key begins with `prefix`, including those in progress. */
  listUploads?(prefix?: string, options?: StoreRequestOptions): AsyncIterable<UnfinishedUpload>;

  /**
   * Whether the store has proven that it honours `whenTaken: 'refuse'`, also for simultaneous puts.
   * Tries it once and remembers the answer.
   */
  refusesTaken?(options?: StoreRequestOptions): Promise<boolean>;

  /**
   * Makes an object that was found survive a power loss: the process that put it may have died
   * after the object appeared and before it was safe. Omitted by stores where that cannot happen.
   */
  persist?(key: string, options?: StoreRequestOptions): Promise<void>;

  /**
   * Frees sockets and other resources, and ends requests that are under way. The store must not be
   * used afterwards.
   */
  close(): Promise<void>;
}
