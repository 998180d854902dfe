import { Readable } from 'node:stream';

import type {
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandOutput,
} from '@aws-sdk/client-s3';

import { StoreError } from '../../errors/store-error.js';
import { type ByteRange, checkByteRange, toRangeHeader } from '../../files/byte-range.js';
import { readOptions } from '../../format/option-names.js';
import { parseDurationMs } from '../../format/quantity.js';
import { systemClock } from '../../streams/clock.js';
import { Memo } from '../contract/memo.js';
import { checkObjectKey, objectKeyProblem } from '../contract/object-key.js';
import { withPutBody } from '../contract/put-body.js';
import {
  GET_OPTION_NAMES,
  type GetOptions,
  PUT_OPTION_NAMES,
  type PutOptions,
  type PutResult,
  type Store,
  type StoredObject,
  type UnfinishedUpload,
} from '../contract/store.js';
import { hasConditionalWrites } from './conditional-writes.js';
import { loadS3Sdk } from './load-s3-sdk.js';
import type { RequestDeadline } from './request-deadline.js';
import { watchResponseBody } from './response-body.js';
import type { S3Api } from './s3-api.js';
import { S3Capabilities } from './s3-capabilities.js';
import { httpStatusOf, isS3Error, type S3Request, toStoreError } from './s3-error.js';
import { S3Put } from './s3-put.js';
import {
  checkConcurrentParts,
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
 * A put that fails waits up to 10 s for its requests in flight and then removes the parts. Where
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
  readonly #concurrentParts: number;
  readonly #deadline: RequestDeadline;
  readonly #attributes: S3Attributes;
  readonly #capabilities = new S3Capabilities();
  readonly #refusesTaken = new Memo(() => this.#hasConditionalWrites());
  #loading: Promise<S3Api> | undefined;

  /**
   * @param url `s3://bucket` or `s3://bucket/prefix`, not percent-encoded
   * @throws TypeError or RangeError for an invalid URL or option
   */
  constructor(url: string, given?: S3StoreOptions) {
    const options = readS3StoreOptions(given);
    const [, bucket, path = ''] = /^s3:\/\/([a-z0-9][a-z0-9._-]+)(?:\/(.*))?$/is.exec(url) ?? [];
    if (bucket === undefined) {
      throw new RangeError(`url of a store is ${JSON.stringify(url)}, expected s3://bucket/prefix`);
    }
    const folder = path.replace(/\/+$/, '');
    if (folder !== '') checkObjectKey(folder);
    this.name = folder === '' ? `s3://${bucket}` : `s3://${bucket}/${folder}`;
    this.#bucket = bucket;
    this.#prefix = folder === '' ? '' : `${folder}/`;
    this.#options = options;
    this.#endpoint = options.endpoint ?? (process.env.S3_ENDPOINT || undefined);
    this.#partBytes = parsePartBytes(options.partBytes ?? '8 MiB');
    this.#concurrentParts = checkConcurrentParts(options.concurrentParts ?? 4);
    this.#attributes = toS3Attributes(options);
    this.#deadline = {
      clock: options.clock ?? systemClock,
      timeoutMs: parseDurationMs(options.requestTimeout ?? '5m', 'requestTimeout'),
    };
  }

  async put(key: string, body: Readable, given?: PutOptions): Promise<PutResult> {
    const options = readOptions(given, PUT_OPTION_NAMES);
    return withPutBody(body, options.signal, async (source) => {
      const Key = this.#keyOf(key);
      const refuses = options.whenTaken === 'refuse' && (await this.refusesTaken());
      const metadata = { ...this.#options.metadata, ...options.metadata };
      const request = this.#request('put', key);
      const { etag, evidence } = await this.#attempt('put', key, (api) => {
        const put = new S3Put(api, source, {
          object: {
            Bucket: this.#bucket,
            Key,
            ContentType: options.contentType,
            Metadata: metadata,
            ...this.#attributes,
            ...(refuses && { IfNoneMatch: '*' }),
          },
          partBytes: this.#partBytes,
          concurrentParts: this.#concurrentParts,
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

  async head(key: string): Promise<StoredObject | null> {
    const Key = this.#keyOf(key);
    return this.#attempt('head', key, async (api) => {
      try {
        const answer = await api.headObject({ Bucket: this.#bucket, Key });
        const { ContentLength: bytes = 0, Metadata, ETag: etag } = answer;
        return { key, bytes, metadata: { ...Metadata }, ...(etag !== undefined && { etag }) };
      } catch (error) {
        if (httpStatusOf(error) !== 404) throw error;
      }
      await this.#checkBucket(api);
      return null;
    });
  }

  async get(key: string, range?: ByteRange, given?: GetOptions): Promise<Readable> {
    const options = readOptions(given, GET_OPTION_NAMES);
    if (range !== undefined) checkByteRange(range);
    const Key = this.#keyOf(key);
    const Range = toRangeHeader(range);
    // An empty range is requested as the whole object: a missing object must be an error here too.
    const isEmpty = range !== undefined && range.start === range.end;
    return this.#attempt('get', key, async (api) => {
      try {
        const object = { Bucket: this.#bucket, Key, Range, IfMatch: options.ifMatch };
        const { Body } = await api.getObject(object);
        if (!(Body instanceof Readable)) throw new TypeError('the answer has no stream for a body');
        if (!isEmpty) {
          return watchResponseBody(Body, {
            deadline: this.#deadline,
            toStoreError: (error) => toStoreError(error, this.#request('get', key)),
          });
        }
        Body.destroy();
      } catch (error) {
        // 416: the object ends before the range begins.
        if (httpStatusOf(error) !== 416) throw error;
      }
      return Readable.from([]);
    });
  }

  async *list(prefix = ''): AsyncGenerator<StoredObject> {
    let ContinuationToken: string | undefined;
    do {
      const Prefix = this.#prefix + prefix;
      const input = { Bucket: this.#bucket, Prefix, ContinuationToken };
      const page = await this.#attempt('list', prefix, async (api) =>
        checkPage(await api.listObjectsV2(input)),
      );
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        const key = Key.slice(this.#prefix.length);
        if (objectKeyProblem(key) === undefined) yield { key, bytes: Size, metadata: {} };
      }
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async delete(key: string): Promise<void> {
    const Key = this.#keyOf(key);
    await this.#attempt('delete', key, (api) => api.deleteObject({ Bucket: this.#bucket, Key }));
  }

  async abortUpload(key: string, uploadId: string): Promise<void> {
    const Key = this.#keyOf(key);
    await this.#attempt('abort', key, async (api) => {
      try {
        await api.abortMultipartUpload({ Bucket: this.#bucket, Key, UploadId: uploadId });
      } catch (error) {
        if (!isS3Error(error, 'NoSuchUpload')) throw error;
      }
    });
  }

  async *listUploads(prefix = ''): AsyncGenerator<UnfinishedUpload> {
    let after: UploadMarkers | undefined = {};
    do {
      const input = { Bucket: this.#bucket, Prefix: this.#prefix + prefix, ...after };
      const page: ListMultipartUploadsCommandOutput = await this.#attempt(
        'list uploads of',
        prefix,
        (api) => api.listMultipartUploads(input),
      );
      for (const { Key = '', UploadId = '', Initiated = new Date() } of page.Uploads ?? []) {
        const key = Key.slice(this.#prefix.length);
        if (objectKeyProblem(key) !== undefined) continue;
        yield { key, uploadId: UploadId, startedAt: Initiated };
      }
      after = nextMarkers(page);
    } while (after !== undefined);
  }

  /**
   * Whether the service was seen to refuse overwriting a key, in single and in multipart uploads.
   */
  refusesTaken(): Promise<boolean> {
    return this.#refusesTaken.result();
  }

  async close(): Promise<void> {
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
    return { operation, target, bucket: this.#bucket, endpoint: this.#endpoint };
  }

  async #attempt<T>(operation: string, key: string, call: (api: S3Api) => Promise<T>): Promise<T> {
    try {
      this.#loading ??= loadS3Sdk(this.#options, this.#endpoint, this.#deadline);
      return await call(await this.#loading);
    } catch (error) {
      throw toStoreError(error, this.#request(operation, key));
    }
  }

  #hasConditionalWrites(): Promise<boolean> {
    const target = { bucket: this.#bucket, prefix: this.#prefix, attributes: this.#attributes };
    return this.#attempt('put', '', (api) => hasConditionalWrites(api, target));
  }

  /**
   * HEAD of an object answers 404 without a code, both for a missing object and for a missing
   * bucket.
   */
  async #checkBucket(api: S3Api): Promise<void> {
    try {
      await api.headBucket({ Bucket: this.#bucket });
    } catch (error) {
      // 403: the credentials may access the bucket's objects, but not the bucket itself.
      if (httpStatusOf(error) === 403) return;
      if (httpStatusOf(error) !== 404) throw error;
      throw Object.assign(new Error('the bucket does not exist', { cause: error }), {
        name: 'NoSuchBucket',
      });
    }
  }
}

/** The upload after which the next page of a listing starts. */
interface UploadMarkers {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/** The start of the page that follows `page`; undefined when `page` is the last one. */
export function nextMarkers(page: ListMultipartUploadsCommandOutput): UploadMarkers | undefined {
  const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
  if (!IsTruncated || KeyMarker === undefined) return undefined;
  return { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) };
}

/**
 * Returns a page of a listing of objects unchanged.
 *
 * @throws Error for a page that announces more objects without saying where: they would seem to be
 *   missing
 */
export function checkPage(page: ListObjectsV2CommandOutput): ListObjectsV2CommandOutput {
  if (!page.IsTruncated || page.NextContinuationToken !== undefined) return page;
  throw Object.assign(new Error('the service says that there is more, but not where'), {
    name: 'IncompleteListing',
  });
}
