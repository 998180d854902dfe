import type {
  AbortMultipartUploadCommandInput,
  CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommandInput,
  PutObjectCommandInput,
  UploadPartCommandInput,
} from '@aws-sdk/client-s3';

import { isBytes } from '../../codec/bytes/is-bytes.js';
import type { StoreError } from '../../errors/store-error.js';
import type { Clock } from '../../streams/clock.js';
import { mismatch } from './check-answers.js';
import { comparePart } from './compare-etags.js';
import { createUpload } from './create-upload.js';
import type { S3Api, UploadRequests, WriteAnswer } from './s3-api.js';
import type { ConditionalRequest, S3Capabilities } from './s3-capabilities.js';
import { httpStatusOf } from './s3-error.js';
import type { ChecksumOption } from './s3-store-options.js';
import {
  checksumText,
  digestsOf,
  md5Of,
  type PartDigests,
  type SentPart,
  type UploadDigests,
} from './upload-digests.js';

export interface UploadSenderOptions {
  readonly checksum: ChecksumOption;
  readonly capabilities: S3Capabilities;
  readonly clock: Clock;
  /** Takes the digests of each part that the store has taken. */
  readonly digests: UploadDigests;
  /** Aborts when nothing more may be sent. */
  readonly ended: AbortSignal;
  readonly toStoreError: (error: unknown) => StoreError;
  /** Makes the error of a put whose bytes arrived changed. */
  readonly mismatch: (problem: string) => StoreError;
  /** Whether the store has exactly the object that was sent. */
  readonly isStored: () => Promise<boolean>;
}

/** The digest in a request's headers, which the store checks. */
type Digest = 'crc32' | 'md5' | 'none';

interface DigestHeaders {
  readonly ContentMD5?: string;
  readonly ChecksumCRC32?: string;
}

/** The part of a request that makes it conditional. */
interface ConditionalInput {
  readonly IfNoneMatch?: string | undefined;
}

/** Stands for the answer to a request that the store has done. Says nothing about the store. */
const LOST_ANSWER: WriteAnswer = {};

/**
 * Sends the requests of one upload, each with the digest of its bytes, and compares the digests in
 * the answers. Learns from the answers which digests the store takes, and how many parts at a time.
 */
export class UploadSender implements UploadRequests {
  readonly #api: S3Api;
  readonly #options: UploadSenderOptions;

  constructor(api: S3Api, options: UploadSenderOptions) {
    this.#api = api;
    this.#options = options;
  }

  putObject(given: PutObjectCommandInput, signal?: AbortSignal): Promise<WriteAnswer> {
    return this.#sendConditional('PutObject', given, async (input) => {
      const { answer, part } = await this.#sendBytes(
        input.Body,
        'the object',
        (headers, digests) => {
          // Before the answer, which may be lost: the digests then show whether the object is stored.
          this.#options.digests.setWhole({ ...digests, isProven: false });
          return this.#unlessStored(() => this.#api.putObject({ ...input, ...headers }, signal));
        },
      );
      this.#options.digests.setWhole(part);
      return answer;
    });
  }

  createMultipartUpload(input: CreateMultipartUploadCommandInput, signal?: AbortSignal) {
    const { capabilities, clock } = this.#options;
    return this.#sendDigested((digest) => {
      const algorithm = digest === 'crc32' ? { ChecksumAlgorithm: 'CRC32' as const } : {};
      return createUpload(this.#api, { ...input, ...algorithm }, { capabilities, clock, signal });
    });
  }

  async uploadPart(input: UploadPartCommandInput, signal?: AbortSignal): Promise<WriteAnswer> {
    const number = input.PartNumber ?? 0;
    const { answer, part } = await this.#sendBytes(input.Body, `part ${number}`, (headers) =>
      this.#inTurn(() => this.#api.uploadPart({ ...input, ...headers }, signal)),
    );
    // The request that completes the upload names each part by its ETag.
    if (answer.ETag === undefined) throw mismatch(`the answer to part ${number} has no ETag`);
    this.#options.digests.setPart(number, part);
    return answer;
  }

  completeMultipartUpload(
    given: CompleteMultipartUploadCommandInput,
    signal?: AbortSignal,
  ): Promise<WriteAnswer> {
    return this.#sendConditional('CompleteMultipartUpload', given, (input) =>
      this.#unlessStored(() => this.#api.completeMultipartUpload(input, signal)),
    );
  }

  abortMultipartUpload(input: AbortMultipartUploadCommandInput, signal?: AbortSignal) {
    return this.#api.abortMultipartUpload(input, signal);
  }

  /**
   * Sends a request with its condition, and without it where the service refuses the condition
   * itself. A service that was seen to honour it always gets it: there, a refusal has other reasons.
   */
  async #sendConditional<Input extends ConditionalInput, T>(
    kind: ConditionalRequest,
    input: Input,
    send: (input: Input) => Promise<T>,
  ): Promise<T> {
    const { capabilities, ended, toStoreError } = this.#options;
    if (input.IfNoneMatch === undefined || capabilities.refusesTaken) return send(input);
    const plain = { ...input, IfNoneMatch: undefined };
    if (capabilities.refusedConditions.has(kind)) return send(plain);
    try {
      return await send(input);
    } catch (error) {
      const isOther = toStoreError(error).transient || !mayRefuseCondition(error);
      if (isOther || ended.aborted) throw error;
      const answer = await send(plain);
      capabilities.refusedConditions.add(kind);
      return answer;
    }
  }

  async #sendBytes(
    body: unknown,
    name: string,
    send: (headers: DigestHeaders, digests: PartDigests) => Promise<WriteAnswer>,
  ): Promise<{ answer: WriteAnswer; part: SentPart }> {
    if (!isBytes(body)) throw new TypeError(`${name} is not a Uint8Array`);
    const { capabilities } = this.#options;
    const digests = digestsOf(body, capabilities.checksums === 'kept' ? 'crc32' : 'crc32 and md5');
    const answer = await this.#sendDigested(async (digest) => {
      const given = await send(headersOf(digests, body, digest), digests);
      if (digest === 'crc32' && given !== LOST_ANSWER) {
        capabilities.checksums = given.ChecksumCRC32 === undefined ? 'ignored' : 'kept';
      }
      return given;
    });
    return { answer, part: { ...digests, isProven: this.#isProven(name, digests, answer) } };
  }

  /**
   * Sends a request with the chosen digest; with Content-MD5 where the store may not take CRC-32.
   */
  async #sendDigested<T>(send: (digest: Digest) => Promise<T>): Promise<T> {
    const { capabilities, checksum } = this.#options;
    if (checksum !== 'auto') return send(checksum);
    if (capabilities.checksums === 'ignored' || capabilities.checksums === 'refused') {
      return send('md5');
    }
    try {
      return await send('crc32');
    } catch (error) {
      if (capabilities.checksums !== 'unknown' || !mayRefuseDigest(error)) throw error;
      const answer = await send('md5');
      capabilities.checksums = 'refused';
      return answer;
    }
  }

  /**
   * Sends a part when a slot is free, and sends it again where the store says that it gets too
   * many.
   */
  async #inTurn<T>(send: () => Promise<T>): Promise<T> {
    const { capabilities, ended } = this.#options;
    const { partSlots } = capabilities;
    while (true) {
      const slot = await partSlots.take();
      try {
        ended.throwIfAborted();
        const answer = await send();
        partSlots.succeeded();
        return answer;
      } catch (error) {
        if (!saysTooMany(error) || !partSlots.refused(slot)) throw error;
      } finally {
        slot.release();
      }
    }
  }

  /**
   * Sends a request that completes the object. It may fail although the store has done it: the
   * answer was lost, and the SDK's repetition was refused.
   */
  async #unlessStored(send: () => Promise<WriteAnswer>): Promise<WriteAnswer> {
    try {
      return await send();
    } catch (error) {
      const { ended, isStored, toStoreError } = this.#options;
      const status = httpStatusOf(error);
      const mayBeStored = status === 412 || status === 404 || toStoreError(error).transient;
      // Where that cannot be found out, the request's own failure is the one to report.
      if (mayBeStored && !ended.aborted && (await isStored().catch(() => false))) {
        return LOST_ANSWER;
      }
      throw error;
    }
  }

  #isProven(name: string, sent: PartDigests, answer: WriteAnswer): boolean {
    const { capabilities, mismatch } = this.#options;
    const { isEtagMd5 } = capabilities;
    const verdict = comparePart({ name, sent, answer, isEtagMd5 });
    if (verdict.kind === 'other') throw mismatch(verdict.problem);
    if (verdict.kind === 'unknown') return false;
    if (verdict.evidence === 'etag') capabilities.isEtagMd5 = true;
    return true;
  }
}

function headersOf({ crc32, md5 }: PartDigests, body: Uint8Array, digest: Digest): DigestHeaders {
  if (digest === 'crc32') return { ChecksumCRC32: checksumText(crc32) };
  if (digest === 'none') return {};
  return { ContentMD5: (md5 ?? md5Of(body)).toString('base64') };
}

/** Whether the same request may succeed with another digest. */
function mayRefuseDigest(error: unknown): boolean {
  const status = httpStatusOf(error);
  return status === 400 || status === 501;
}

/** Whether the same request may succeed without its condition. */
function mayRefuseCondition(error: unknown): boolean {
  const status = httpStatusOf(error);
  return status === 400 || status === 403 || status === 405 || status === 501;
}

/** S3 answers 503 with the code `SlowDown`; others answer 429. */
function saysTooMany(error: unknown): boolean {
  const status = httpStatusOf(error);
  return status === 503 || status === 429;
}
