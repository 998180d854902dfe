import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3';

import type { StoreError } from '../../errors/store-error.js';
import type { Clock } from '../../streams/clock.js';
import type { PutBody } from '../contract/put-body.js';
import type { Evidence } from '../contract/store.js';
import { checkHead } from './check-answers.js';
import { compareObject, type Verdict } from './compare-etags.js';
import type { PartMemory } from './part-memory.js';
import type { ObjectInput, S3Api, UploadRequests } from './s3-api.js';
import type { S3Capabilities } from './s3-capabilities.js';
import { httpStatusOf } from './s3-error.js';
import type { ChecksumOption } from './s3-store-options.js';
import { UploadDigests } from './upload-digests.js';
import { guardUpload } from './upload-guard.js';
import { uploadObject } from './upload-object.js';
import { UploadSender } from './upload-sender.js';

export interface S3PutOptions {
  readonly object: ObjectInput;
  readonly partBytes: number;
  readonly concurrentParts: number;
  readonly memory: PartMemory;
  readonly checksum: ChecksumOption;
  readonly capabilities: S3Capabilities;
  readonly clock: Clock;
  readonly onUploadCreated: ((uploadId: string) => Promise<void>) | undefined;
  /** Makes the error that the put rejects with out of a request's. */
  readonly toStoreError: (error: unknown) => StoreError;
  /** Makes the error of a put after which the store has other bytes than were sent. */
  readonly mismatch: (problem: string) => StoreError;
}

export interface S3PutResult {
  readonly etag: string | undefined;
  readonly evidence: Evidence | null;
}

/**
 * Stores one object, in one request or by a multipart upload, and then asks the store what it has.
 */
export class S3Put {
  readonly #api: S3Api;
  readonly #source: PutBody;
  readonly #options: S3PutOptions;
  readonly #digests = new UploadDigests();
  #etag: string | undefined;

  constructor(api: S3Api, source: PutBody, options: S3PutOptions) {
    this.#api = api;
    this.#source = source;
    this.#options = options;
  }

  async run(): Promise<S3PutResult> {
    const { object, partBytes, concurrentParts, memory } = this.#options;
    const answer = await uploadObject({
      object,
      body: this.#source,
      partBytes,
      concurrentParts,
      memory,
      requests: this.#requests(),
    });
    this.#etag = answer.ETag;
    const found = await this.#head();
    const verdict = this.#compare(found);
    if (verdict.kind === 'other') throw this.#options.mismatch(verdict.problem);
    return { etag: found?.ETag, evidence: verdict.kind === 'same' ? verdict.evidence : null };
  }

  #requests(): UploadRequests {
    const { capabilities, checksum, clock, mismatch, onUploadCreated, toStoreError } =
      this.#options;
    const sender = new UploadSender(this.#api, {
      checksum,
      capabilities,
      clock,
      digests: this.#digests,
      ended: this.#source.failed,
      toStoreError,
      mismatch,
      isStored: async () => this.#compare(await this.#head()).kind === 'same',
    });
    return guardUpload(sender, this.#source, { onUploadCreated, toStoreError, clock });
  }

  #compare(found: HeadObjectCommandOutput | null): Verdict<Evidence> {
    const { bytes, crc32 } = this.#source;
    const sent = { bytes, crc32, digests: this.#digests, etag: this.#etag };
    if (found === null) return compareObject(sent, null);
    const { bytes: foundBytes, etag } = checkHead(found);
    return compareObject(sent, { bytes: foundBytes, etag, checksum: found.ChecksumCRC32 });
  }

  async #head(): Promise<HeadObjectCommandOutput | null> {
    const { capabilities, object } = this.#options;
    const target = { Bucket: object.Bucket, Key: object.Key };
    const hasChecksum = capabilities.checksums === 'kept';
    try {
      if (!hasChecksum) return await this.#api.headObject(target);
      return await this.#api.headObject({ ...target, ChecksumMode: 'ENABLED' });
    } catch (error) {
      if (httpStatusOf(error) === 404) return null;
      // A caller that may not use the object's KMS key may not read its checksum either.
      if (!hasChecksum || httpStatusOf(error) !== 403) throw error;
      return this.#api.headObject(target);
    }
  }
}
