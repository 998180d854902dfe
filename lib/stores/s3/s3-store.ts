import { Readable } from 'node:stream';

import { StoreError } from '../../errors/store-error.js';
import { type ByteRange, checkByteRange, toRangeHeader } from '../../files/byte-range.js';
import { parseDurationMs } from '../../format/quantity.js';
import { systemClock } from '../../streams/clock.js';
import { Memo } from '../contract/memo.js';
import { checkObjectKey, objectKeyProblem } from '../contract/object-key.js';
import type {
  GetOptions,
  PutOptions,
  PutResult,
  Store,
  StoredObject,
  UnfinishedUpload,
} from '../contract/store.js';
import { withPutBody } from '../contract/with-put-body.js';
import { hasConditionalWrites } from './conditional-writes.js';
import { describeBody } from './described-body.js';
import { checkPage, nextMarkers, type UploadMarkers } from './list-pages.js';
import { loadS3Sdk } from './load-s3-sdk.js';
import { checkConcurrentParts, parsePartBytes } from './part-limits.js';
import type { RequestDeadline } from './request-deadline.js';
import { type S3Attributes, toS3Attributes } from './s3-attributes.js';
import { httpStatusOf, isS3Error, type S3Request, toStoreError } from './s3-error.js';
import { S3Habits } from './s3-habits.js';
import { S3Put } from './s3-put.js';
import type { ListMultipartUploadsCommandOutput, S3Sdk } from './s3-sdk.js';
import type { S3StoreOptions } from './s3-store-options.js';

/**
 * A store of the objects under a prefix of an S3 bucket, which must be there. The AWS SDK is loaded by
 * the first call. Listing leaves out keys that `checkObjectKey` refuses, such as a folder's marker.
 *
 * A put that fails waits for its requests in flight, 10 s at most, then removes the parts. An abort that
 * comes while the last request is answered is too late: the put succeeds. Where the service does not
 * answer within the 10 s, an unfinished upload may stay.
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
  readonly #habits = new S3Habits();
  readonly #refusesTaken = new Memo(() => this.#hasConditionalWrites());
  #loading: Promise<S3Sdk> | undefined;

  /** @param url `s3://bucket` or `s3://bucket/prefix`, not percent-encoded */
  constructor(url: string, options: S3StoreOptions = {}) {
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

  async put(key: string, body: Readable, options: PutOptions = {}): Promise<PutResult> {
    return withPutBody(body, options.signal, async (source) => {
      const Key = this.#keyOf(key);
      const refuses = options.whenTaken === 'refuse' && (await this.refusesTaken());
      const metadata = { ...this.#options.metadata, ...options.metadata };
      const request = this.#request('put', key);
      const { etag, evidence } = await this.#attempt('put', key, (sdk) => {
        const put = new S3Put(sdk, source, {
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
          habits: this.#habits,
          clock: this.#deadline.clock,
          onUploadCreated: options.onUploadCreated,
          describe: (error) => toStoreError(error, request),
          mismatch: (problem) => new StoreError({ ...request, problem, transient: true }),
        });
        return put.run();
      });
      return { key, bytes: source.bytes, metadata, ...(etag !== undefined && { etag }), evidence };
    });
  }

  async head(key: string): Promise<StoredObject | null> {
    const Key = this.#keyOf(key);
    return this.#attempt('head', key, async (sdk) => {
      const { s3, client } = sdk;
      try {
        const answer = await client.send(new s3.HeadObjectCommand({ Bucket: this.#bucket, Key }));
        const { ContentLength: bytes = 0, Metadata, ETag: etag } = answer;
        return { key, bytes, metadata: { ...Metadata }, ...(etag !== undefined && { etag }) };
      } catch (error) {
        if (httpStatusOf(error) !== 404) throw error;
      }
      await this.#checkBucket(sdk);
      return null;
    });
  }

  async get(key: string, range?: ByteRange, options: GetOptions = {}): Promise<Readable> {
    if (range !== undefined) checkByteRange(range);
    const Key = this.#keyOf(key);
    const Range = toRangeHeader(range);
    // A missing object is an error also where nothing of it is wanted.
    const isEmpty = range !== undefined && range.start === range.end;
    return this.#attempt('get', key, async ({ s3, client }) => {
      try {
        const { Body } = await client.send(
          new s3.GetObjectCommand({ Bucket: this.#bucket, Key, Range, IfMatch: options.ifMatch }),
        );
        if (!(Body instanceof Readable)) throw new TypeError('the answer has no stream for a body');
        if (!isEmpty) {
          const describe = (error: Error) => toStoreError(error, this.#request('get', key));
          return describeBody(Body, { deadline: this.#deadline, describe });
        }
        Body.destroy();
      } catch (error) {
        // 416: the object ends before the range begins
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
      const page = await this.#attempt('list', prefix, async ({ s3, client }) =>
        checkPage(await client.send(new s3.ListObjectsV2Command(input))),
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
    await this.#attempt('delete', key, ({ s3, client }) =>
      client.send(new s3.DeleteObjectCommand({ Bucket: this.#bucket, Key })),
    );
  }

  async abortUpload(key: string, uploadId: string): Promise<void> {
    const Key = this.#keyOf(key);
    await this.#attempt('abort', key, async ({ s3, client }) => {
      try {
        const upload = { Bucket: this.#bucket, Key, UploadId: uploadId };
        await client.send(new s3.AbortMultipartUploadCommand(upload));
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
        ({ s3, client }) => client.send(new s3.ListMultipartUploadsCommand(input)),
      );
      for (const { Key = '', UploadId: uploadId = '', Initiated = new Date() } of page.Uploads ??
        []) {
        const key = Key.slice(this.#prefix.length);
        if (objectKeyProblem(key) === undefined) yield { key, uploadId, startedAt: Initiated };
      }
      after = nextMarkers(page);
    } while (after !== undefined);
  }

  /** True where a conditional write was seen to be refused, of one request and of several. */
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

  async #attempt<T>(operation: string, key: string, call: (sdk: S3Sdk) => Promise<T>): Promise<T> {
    try {
      this.#loading ??= loadS3Sdk(this.#options, this.#endpoint, this.#deadline);
      return await call(await this.#loading);
    } catch (error) {
      throw toStoreError(error, this.#request(operation, key));
    }
  }

  #hasConditionalWrites(): Promise<boolean> {
    const place = { bucket: this.#bucket, prefix: this.#prefix, attributes: this.#attributes };
    return this.#attempt('put', '', (sdk) => hasConditionalWrites(sdk, place));
  }

  /** HEAD of a key says 404 without a word, also where the bucket is missing. */
  async #checkBucket({ s3, client }: S3Sdk): Promise<void> {
    try {
      await client.send(new s3.HeadBucketCommand({ Bucket: this.#bucket }));
    } catch (error) {
      // 403: may use the bucket's objects, not look at the bucket
      if (httpStatusOf(error) === 403) return;
      if (httpStatusOf(error) !== 404) throw error;
      throw Object.assign(new Error('the bucket does not exist', { cause: error }), {
        name: 'NoSuchBucket',
      });
    }
  }
}
