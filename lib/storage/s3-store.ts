import { Readable } from 'node:stream';

import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

import type { ByteCount } from '../format/quantity.js';
import { type Clock, systemClock } from '../streams/clock.js';
import { checkByteRange, toRangeHeader } from './byte-range.js';
import { describeErrors } from './described-body.js';
import { checkObjectKey, objectKeyProblem } from './object-key.js';
import { checkConcurrentParts, parsePartBytes } from './part-limits.js';
import { PutBody } from './put-body.js';
import { httpStatusOf, type S3Request, toStoreError } from './s3-error.js';
import type { ByteRange, PutOptions, Store, StoredObject } from './store.js';
import { guardUpload } from './upload-guard.js';

/** Where the service is, who asks it, and how much at a time. */
export interface S3StoreOptions {
  /** Where the service is. @default S3_ENDPOINT of the environment, else what the SDK finds: AWS */
  readonly endpoint?: string;
  /** @default what the SDK finds: AWS_REGION, or the profile's */
  readonly region?: string;
  /** @default what the SDK finds: AWS_ACCESS_KEY_ID and so on, a profile, the computer's role */
  readonly credentials?: S3Credentials;
  /** The bucket stands in the path, not in the host's name. @default true where there is an endpoint */
  readonly forcePathStyle?: boolean;
  /** Of a multipart upload, 5 MiB to 5 GiB; an object has at most 10,000 parts. @default '8 MiB' */
  readonly partBytes?: ByteCount;
  /** Parts that are sent at a time; memory is `partBytes` times this plus two. @default 4 */
  readonly concurrentParts?: number;
  /** Used in place of an own client, and never destroyed. It brings endpoint, region, credentials. */
  readonly client?: S3Client;
  /** @default the system's */
  readonly clock?: Clock;
}

/** Who asks the service. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface Sdk {
  readonly s3: typeof import('@aws-sdk/client-s3');
  readonly Upload: typeof import('@aws-sdk/lib-storage').Upload;
  readonly client: S3Client;
}

/** Without it, a service that accepts connections and never answers would hold a put for ever. */
const REQUEST_TIMEOUT_MS = 5 * 60_000;
const CONNECTION_TIMEOUT_MS = 10_000;

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
  #loading: Promise<Sdk> | undefined;

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
  }

  async put(key: string, body: Readable, options: PutOptions = {}): Promise<StoredObject> {
    const source = new PutBody(body, options.signal);
    try {
      source.failed.throwIfAborted();
      const Key = this.#keyOf(key);
      await this.#attempt('put', key, async (sdk) => {
        const upload = new sdk.Upload({
          client: guardUpload(sdk.client, source, {
            isCleanup: (command) => command instanceof sdk.s3.AbortMultipartUploadCommand,
            describe: (error) => toStoreError(error, this.#request('put', key)),
            clock: this.#options.clock ?? systemClock,
          }),
          queueSize: this.#concurrentParts,
          partSize: this.#partBytes,
          leavePartsOnError: false,
          params: {
            Bucket: this.#bucket,
            Key,
            Body: source.toReadable(),
            ContentType: options.contentType,
            Metadata: options.metadata,
          },
        });
        await upload.done();
      });
      return { key, bytes: source.bytes, metadata: options.metadata ?? {} };
    } catch (error) {
      source.fail(error);
      throw source.failed.reason;
    } finally {
      source.release();
    }
  }

  async head(key: string): Promise<StoredObject | null> {
    const Key = this.#keyOf(key);
    return this.#attempt('head', key, async (sdk) => {
      const { s3, client } = sdk;
      try {
        const answer = await client.send(new s3.HeadObjectCommand({ Bucket: this.#bucket, Key }));
        return { key, bytes: answer.ContentLength ?? 0, metadata: { ...answer.Metadata } };
      } catch (error) {
        if (httpStatusOf(error) !== 404) throw error;
      }
      await this.#checkBucket(sdk);
      return null;
    });
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    if (range !== undefined) checkByteRange(range);
    const Key = this.#keyOf(key);
    const Range = toRangeHeader(range);
    // A missing object is an error also where nothing of it is wanted.
    const isEmpty = range !== undefined && range.start === range.end;
    return this.#attempt('get', key, async ({ s3, client }) => {
      try {
        const { Body } = await client.send(
          new s3.GetObjectCommand({ Bucket: this.#bucket, Key, Range }),
        );
        if (!(Body instanceof Readable)) throw new TypeError('the answer has no stream for a body');
        if (!isEmpty) {
          return describeErrors(Body, (error) => toStoreError(error, this.#request('get', key)));
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
      const page = await this.#attempt('list', prefix, ({ s3, client }) =>
        client.send(
          new s3.ListObjectsV2Command({ Bucket: this.#bucket, Prefix, ContinuationToken }),
        ),
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

  async close(): Promise<void> {
    if (this.#options.client === undefined) (await this.#loading)?.client.destroy();
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

  async #attempt<T>(operation: string, key: string, call: (sdk: Sdk) => Promise<T>): Promise<T> {
    try {
      this.#loading ??= this.#load();
      return await call(await this.#loading);
    } catch (error) {
      throw toStoreError(error, this.#request(operation, key));
    }
  }

  async #load(): Promise<Sdk> {
    const [s3, { Upload }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@aws-sdk/lib-storage'),
    ]);
    return { s3, Upload, client: this.#options.client ?? new s3.S3Client(this.#configure()) };
  }

  #configure(): S3ClientConfig {
    const { region, credentials, forcePathStyle = this.#endpoint !== undefined } = this.#options;
    return {
      forcePathStyle,
      // Not every service takes the SDK's checksums in trailers; each has TLS, or Content-MD5.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECTION_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        throwOnRequestTimeout: true,
      },
      ...(this.#endpoint !== undefined && { endpoint: this.#endpoint }),
      ...(region !== undefined && { region }),
      ...(credentials !== undefined && { credentials }),
    };
  }

  /** HEAD of a key says 404 without a word, also where the bucket is missing. */
  async #checkBucket({ s3, client }: Sdk): Promise<void> {
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
