import { addAbortSignal, Readable } from 'node:stream';

import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';

import { quote } from '../../errors/show.js';
import { StoreError } from '../../errors/store-error.js';
import { type ByteRange, checkByteRange, toRangeHeader } from '../../files/byte-range.js';
import { readOptions } from '../../format/option-names.js';
import { checkText } from '../../format/option-values.js';
import { parseDurationMs } from '../../format/quantity.js';
import { systemClock } from '../../streams/clock.js';
import { createSharedController } from '../../streams/shared-controller.js';
import { Memo } from '../contract/memo.js';
import { checkObjectKey, objectKeyProblem } from '../contract/object-key.js';
import { withPutBody } from '../contract/put-body.js';
import {
  GET_OPTION_NAMES,
  type GetOptions,
  LIST_OPTION_NAMES,
  PUT_OPTION_NAMES,
  type PutOptions,
  type PutResult,
  STORE_REQUEST_OPTION_NAMES,
  type Store,
  type StoredObject,
  type StoreListOptions,
  type StoreRequestOptions,
  type UnfinishedUpload,
} from '../contract/store.js';
import {
  type AskedBytes,
  checkGet,
  checkHead,
  ListingCheck,
  PAGE_KEYS,
  type UploadMarkers,
  type UploadPage,
} from './check-answers.js';
import { hasConditionalWrites, isProbeKey } from './conditional-writes.js';
import { credentialSource } from './credential-source.js';
import { loadS3Sdk } from './load-s3-sdk.js';
import { PartMemory } from './part-memory.js';
import type { RequestDeadline } from './request-deadline.js';
import { watchResponseBody } from './response-body.js';
import type { S3Api } from './s3-api.js';
import { S3Capabilities } from './s3-capabilities.js';
import { httpStatusOf, isS3Error, type S3Request, toStoreError } from './s3-error.js';
import { S3Put } from './s3-put.js';
import {
  checkConcurrentParts,
  endpointOf,
  parsePartBytes,
  readS3StoreOptions,
  type S3Attributes,
  type S3StoreOptions,
  toS3Attributes,
} from './s3-store-options.js';

/**
 * A store of the objects under a prefix of an S3 bucket. The bucket must exist. The first call
 * loads the AWS SDK. A listing leaves out keys that `checkObjectKey` refuses, such as a folder's
 * marker.
 *
 * A put that fails waits up to 2 s for its requests in flight and then removes the parts. Where
 * the service does not answer within that time, an unfinished upload may stay. An abort that comes
 * while the service answers the last request is too late: the put succeeds.
 */
export class S3Store implements Store {
  readonly name: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #options: S3StoreOptions;
  readonly #endpoint: string | undefined;
  readonly #partBytes: number;
  readonly #partMemory: PartMemory;
  readonly #concurrentParts: number;
  readonly #deadline: RequestDeadline;
  readonly #attributes: S3Attributes;
  readonly #capabilities = new S3Capabilities();
  readonly #refusesTaken = new Memo((signal) => this.#hasConditionalWrites(signal));
  readonly #closing = createSharedController();
  #loading: Promise<S3Api> | undefined;

  /**
   * @param url `s3://bucket` or `s3://bucket/prefix`, not percent-encoded
   * @throws TypeError or RangeError for an invalid URL or option
   */
  constructor(url: string, given?: S3StoreOptions) {
    const options = readS3StoreOptions(given);
    checkText('url of a store', url);
    const { clock = systemClock, concurrentParts = 4 } = options;
    const { partBytes = '8 MiB', requestTimeout = '5m' } = options;
    const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9._-]+)(?:\/(.*))?$/is.exec(url) ?? [];
    if (bucket === undefined) {
      throw new RangeError(`url of a store is ${quote(url)}, expected s3://bucket/prefix`);
    }
    const folder = path.replace(/\/+$/, '');
    if (folder !== '') checkObjectKey(folder);
    this.name = folder === '' ? `s3://${bucket}` : `s3://${bucket}/${folder}`;
    this.#bucket = bucket;
    this.#prefix = folder === '' ? '' : `${folder}/`;
    this.#options = options;
    this.#endpoint = endpointOf(options);
    this.#partBytes = parsePartBytes(partBytes);
    this.#partMemory = new PartMemory(this.#partBytes);
    this.#concurrentParts = checkConcurrentParts(concurrentParts);
    this.#attributes = toS3Attributes(options);
    this.#deadline = {
      clock,
      timeoutMs: parseDurationMs(requestTimeout, 'requestTimeout'),
      closed: this.#closing.signal,
    };
  }

  async put(key: string, body: Readable, given?: PutOptions): Promise<PutResult> {
    const options = readOptions(given, PUT_OPTION_NAMES);
    return withPutBody(body, options.signal, async (source) => {
      const Key = this.#keyOf(key);
      const metadata = { ...this.#options.metadata, ...options.metadata };
      const request = this.#request('put', key);
      const { etag, evidence } = await this.#attempt({ operation: 'put', key }, (api) => {
        const put = new S3Put(api, source, {
          object: {
            Bucket: this.#bucket,
            Key,
            ContentType: options.contentType,
            Metadata: metadata,
            ...this.#attributes,
            ...(options.whenTaken === 'refuse' && { IfNoneMatch: '*' }),
          },
          partBytes: this.#partBytes,
          concurrentParts: this.#concurrentParts,
          memory: this.#partMemory,
          checksum: this.#options.checksum ?? 'auto',
          capabilities: this.#capabilities,
          clock: this.#deadline.clock,
          onUploadCreated: options.onUploadCreated,
          toStoreError: (error) => toStoreError(error, request),
          mismatch: (problem) => new StoreError({ ...request, problem, transient: true }),
        });
        return put.run();
      });
      return { key, bytes: source.bytes, metadata, ...(etag !== undefined && { etag }), evidence };
    });
  }

  async head(key: string, given?: StoreRequestOptions): Promise<StoredObject | null> {
    const { signal } = readOptions(given, STORE_REQUEST_OPTION_NAMES);
    const Key = this.#keyOf(key);
    return this.#attempt({ operation: 'head', key, signal }, async (api) => {
      try {
        return { key, ...checkHead(await api.headObject({ Bucket: this.#bucket, Key }, signal)) };
      } catch (error) {
        if (httpStatusOf(error) !== 404) throw error;
      }
      await this.#checkBucket(api, signal);
      return null;
    });
  }

  async get(key: string, range?: ByteRange, given?: GetOptions): Promise<Readable> {
    const options = readOptions(given, GET_OPTION_NAMES);
    if (range !== undefined) checkByteRange(range);
    const { ifMatch, signal } = options;
    const Key = this.#keyOf(key);
    const Range = toRangeHeader(range);
    // An empty range is requested as the whole object: a missing object must be an error here too.
    const isEmpty = range !== undefined && range.start === range.end;
    return this.#attempt({ operation: 'get', key, signal }, async (api) => {
      try {
        const object = { Bucket: this.#bucket, Key, Range, IfMatch: ifMatch };
        const answer = await api.getObject(object, signal);
        return this.#bodyOf(answer, { range, ifMatch, isEmpty, key, signal });
      } catch (error) {
        // The range begins after the object's end.
        if (httpStatusOf(error) !== 416) throw error;
      }
      return Readable.from([]);
    });
  }

  #bodyOf(answer: GetObjectCommandOutput, asked: AskedBody): Readable {
    const { Body } = answer;
    const { ifMatch, isEmpty, key, range, signal } = asked;
    if (!(Body instanceof Readable)) throw new TypeError('the answer has no stream for a body');
    try {
      const hasRange = toRangeHeader(range) !== undefined;
      const bytes = checkGet(answer, { range: hasRange ? range : undefined, ifMatch });
      if (!isEmpty) {
        const body = watchResponseBody(Body, {
          bytes,
          deadline: this.#deadline,
          toStoreError: (error) => toStoreError(error, this.#request('get', key)),
        });
        return signal === undefined ? body : addAbortSignal(signal, body);
      }
    } catch (error) {
      Body.destroy();
      throw error;
    }
    Body.destroy();
    return Readable.from([]);
  }

  async *list(prefix = '', given?: StoreListOptions): AsyncGenerator<StoredObject> {
    const { onSkipped, signal } = readOptions(given, LIST_OPTION_NAMES);
    const Prefix = this.#prefix + prefix;
    const check = new ListingCheck(Prefix);
    let ContinuationToken: string | undefined;
    do {
      const input = { Bucket: this.#bucket, Prefix, MaxKeys: PAGE_KEYS, ContinuationToken };
      const { keys, next } = await this.#attempt(
        { operation: 'list', key: prefix, signal },
        async (api) => check.objects(await api.listObjectsV2(input, signal)),
      );
      for (const { bytes, etag, key: full } of keys) {
        const key = full.slice(this.#prefix.length);
        const reason = objectKeyProblem(key);
        if (reason === undefined) {
          const tag = etag === undefined ? {} : { etag };
          if (!isProbeKey(key)) yield { key, bytes, metadata: {}, ...tag };
        } else if (bytes > 0 || !isFolderMarker(key)) {
          onSkipped?.({ key, reason });
        }
      }
      ContinuationToken = next;
    } while (ContinuationToken !== undefined);
  }

  async delete(key: string, given?: StoreRequestOptions): Promise<void> {
    const { signal } = readOptions(given, STORE_REQUEST_OPTION_NAMES);
    const object = { Bucket: this.#bucket, Key: this.#keyOf(key) };
    await this.#attempt({ operation: 'delete', key, signal }, (api) =>
      api.deleteObject(object, signal),
    );
  }

  async abortUpload(key: string, uploadId: string, given?: StoreRequestOptions): Promise<void> {
    const { signal } = readOptions(given, STORE_REQUEST_OPTION_NAMES);
    const upload = { Bucket: this.#bucket, Key: this.#keyOf(key), UploadId: uploadId };
    await this.#attempt({ operation: 'abort', key, signal }, async (api) => {
      try {
        await api.abortMultipartUpload(upload, signal);
      } catch (error) {
        if (!isS3Error(error, 'NoSuchUpload')) throw error;
      }
    });
  }

  async *listUploads(prefix = '', given?: StoreRequestOptions): AsyncGenerator<UnfinishedUpload> {
    const { signal } = readOptions(given, STORE_REQUEST_OPTION_NAMES);
    const Prefix = this.#prefix + prefix;
    const check = new ListingCheck(Prefix);
    let after: UploadMarkers | undefined = {};
    do {
      const input = { Bucket: this.#bucket, Prefix, MaxUploads: PAGE_KEYS, ...after };
      const page: UploadPage = await this.#attempt(
        { operation: 'list uploads of', key: prefix, signal },
        async (api) => check.uploads(await api.listMultipartUploads(input, signal)),
      );
      const { next, uploads } = page;
      for (const upload of uploads) {
        const key = upload.key.slice(this.#prefix.length);
        if (objectKeyProblem(key) === undefined) yield { ...upload, key };
      }
      after = next;
    } while (after !== undefined);
  }

  /**
   * Whether the service was seen to refuse overwriting a key, in single and in multipart uploads.
   */
  refusesTaken(given?: StoreRequestOptions): Promise<boolean> {
    const { signal } = readOptions(given, STORE_REQUEST_OPTION_NAMES);
    return this.#refusesTaken.result(signal);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    (await this.#loading)?.destroy();
  }

  #keyOf(key: string): string {
    checkObjectKey(key);
    const full = this.#prefix + key;
    checkObjectKey(full);
    return full;
  }

  #request(operation: string, key: string): S3Request {
    const target = `s3://${this.#bucket}/${this.#prefix}${key}`;
    const credentials = credentialSource(this.#options);
    return { operation, target, bucket: this.#bucket, endpoint: this.#endpoint, credentials };
  }

  /** @throws the reason of the signal; otherwise a StoreError */
  async #attempt<T>(request: Attempt, call: (api: S3Api) => Promise<T>): Promise<T> {
    const { key, operation, signal } = request;
    try {
      signal?.throwIfAborted();
      this.#loading ??= loadS3Sdk(this.#options, this.#endpoint, this.#deadline);
      return await call(await this.#loading);
    } catch (error) {
      signal?.throwIfAborted();
      throw toStoreError(error, this.#request(operation, key));
    }
  }

  #hasConditionalWrites(signal: AbortSignal): Promise<boolean> {
    const target = { bucket: this.#bucket, prefix: this.#prefix, attributes: this.#attributes };
    return this.#attempt({ operation: 'put', key: '', signal }, async (api) => {
      this.#capabilities.refusesTaken = await hasConditionalWrites(api, target, signal);
      return this.#capabilities.refusesTaken;
    });
  }

  /**
   * HEAD of an object answers 404 without a code, both for a missing object and for a missing
   * bucket.
   *
   * @throws the service's error for a missing bucket
   */
  async #checkBucket(api: S3Api, signal: AbortSignal | undefined): Promise<void> {
    try {
      await api.headBucket({ Bucket: this.#bucket }, signal);
    } catch (error) {
      // 403: the credentials may access the bucket's objects, but not the bucket itself.
      if (httpStatusOf(error) === 403) return;
      if (httpStatusOf(error) !== 404) throw error;
      // This answer has a body: some services answer HEAD with 404 to keys that they do not know.
      await api.listObjectsV2({ Bucket: this.#bucket, MaxKeys: 1 }, signal);
    }
  }
}

/** A request in messages, and what ends it. */
interface Attempt {
  readonly operation: string;
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
}

/** The request of the caller of `get` asked for. */
interface AskedBody extends AskedBytes {
  readonly key: string;
  readonly isEmpty: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Whether a key is that of a folder, as some programs create it: the object is empty. */
function isFolderMarker(key: string): boolean {
  return key === '' || key.endsWith('/');
}
