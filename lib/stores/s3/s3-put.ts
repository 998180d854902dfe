import type { StoreError } from '../../errors/store-error.js';
import type { Clock } from '../../streams/clock.js';
import type { PutBody } from '../contract/put-body.js';
import type { Evidence } from '../contract/store.js';
import { PartSender } from './part-sender.js';
import { httpStatusOf } from './s3-error.js';
import type { S3Habits } from './s3-habits.js';
import type { HeadObjectOutput, PutObjectCommandInput, S3Sdk, SendOptions } from './s3-sdk.js';
import type { ChecksumOption } from './s3-store-options.js';
import { SentObject } from './sent-object.js';
import { guardUpload } from './upload-guard.js';
import { type Verdict, weighEvidence } from './weigh-evidence.js';

/** What one put is told, besides its body. */
export interface S3PutOptions {
  /** Bucket, key, and all that is stored with the object. */
  readonly object: PutObjectCommandInput & { readonly Bucket: string; readonly Key: string };
  readonly partBytes: number;
  readonly concurrentParts: number;
  readonly checksum: ChecksumOption;
  readonly habits: S3Habits;
  readonly clock: Clock;
  readonly onUploadCreated: ((uploadId: string) => Promise<void>) | undefined;
  /** What the put rejects with when a request failed. */
  readonly describe: (error: unknown) => StoreError;
  /** What it rejects with when the store has other bytes than it was sent. */
  readonly mismatch: (problem: string) => StoreError;
}

/** What came of it. */
export interface S3PutResult {
  readonly etag: string | undefined;
  readonly evidence: Evidence | null;
}

/** Stores one object, in one request or by a multipart upload, and then asks the store what it has. */
export class S3Put {
  readonly #sdk: S3Sdk;
  readonly #source: PutBody;
  readonly #options: S3PutOptions;
  readonly #sent = new SentObject();
  #etag: string | undefined;

  constructor(sdk: S3Sdk, source: PutBody, options: S3PutOptions) {
    this.#sdk = sdk;
    this.#source = source;
    this.#options = options;
  }

  async run(): Promise<S3PutResult> {
    const { object, partBytes, concurrentParts } = this.#options;
    const upload = new this.#sdk.Upload({
      client: this.#guardedClient(),
      queueSize: concurrentParts,
      partSize: partBytes,
      leavePartsOnError: false,
      params: { ...object, Body: this.#source.toReadable() },
    });
    this.#etag = (await upload.done()).ETag;
    const found = await this.#head();
    const verdict = this.#weigh(found);
    if (verdict.kind === 'other') throw this.#options.mismatch(verdict.problem);
    return { etag: found?.ETag, evidence: verdict.kind === 'same' ? verdict.evidence : null };
  }

  #guardedClient() {
    const { s3, client } = this.#sdk;
    const { checksum, clock, describe, habits, mismatch, onUploadCreated } = this.#options;
    const sender = new PartSender(this.#sdk, {
      checksum,
      habits,
      sent: this.#sent,
      ended: this.#source.failed,
      describe,
      mismatch,
      isThere: async () => this.#weigh(await this.#head()).kind === 'same',
    });
    const send = (command: unknown, options: SendOptions) => sender.send(command, options);
    const sending: typeof client = Object.create(client, { send: { value: send } });
    return guardUpload(sending, this.#source, {
      isCreation: (command) => command instanceof s3.CreateMultipartUploadCommand,
      isCleanup: (command) => command instanceof s3.AbortMultipartUploadCommand,
      onUploadCreated,
      describe,
      clock,
    });
  }

  #weigh(found: HeadObjectOutput | null): Verdict {
    const { bytes, crc32 } = this.#source;
    const sent = { bytes, crc32, parts: this.#sent, etag: this.#etag };
    if (found === null) return weighEvidence(sent, null);
    const { ContentLength = 0, ETag: etag, ChecksumCRC32: checksum } = found;
    return weighEvidence(sent, { bytes: ContentLength, etag, checksum });
  }

  async #head(): Promise<HeadObjectOutput | null> {
    const { habits, object } = this.#options;
    const place = { Bucket: object.Bucket, Key: object.Key };
    const { s3, client } = this.#sdk;
    try {
      if (habits.checksums !== 'kept') return await client.send(new s3.HeadObjectCommand(place));
      const withChecksum = { ...place, ChecksumMode: 'ENABLED' as const };
      return await client.send(new s3.HeadObjectCommand(withChecksum));
    } catch (error) {
      if (httpStatusOf(error) === 404) return null;
      // Who may not use the key that an object is encrypted by may not see its checksum either.
      if (habits.checksums !== 'kept' || httpStatusOf(error) !== 403) throw error;
      return client.send(new s3.HeadObjectCommand(place));
    }
  }
}
