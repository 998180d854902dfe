import type { StoreError } from '../../errors/store-error.js';
import { httpStatusOf } from './s3-error.js';
import type { S3Habits } from './s3-habits.js';
import type { S3Sdk, SendOptions } from './s3-sdk.js';
import type { ChecksumOption } from './s3-store-options.js';
import {
  checksumText,
  digestsOf,
  md5Of,
  type PartDigests,
  type SentObject,
  type SentPart,
} from './sent-object.js';

export interface PartSenderOptions {
  readonly checksum: ChecksumOption;
  readonly habits: S3Habits;
  /** Where each part is noted once the store has it. */
  readonly sent: SentObject;
  /** Aborts when nothing is to be sent any more. */
  readonly ended: AbortSignal;
  readonly describe: (error: unknown) => StoreError;
  /** What a put fails with whose bytes the store took for others. */
  readonly mismatch: (problem: string) => StoreError;
  /** Whether the store has what was sent, beyond doubt. */
  readonly isThere: () => Promise<boolean>;
}

/** What a request carries for the store to check. */
type Digest = 'crc32' | 'md5' | 'none';

interface DigestHeaders {
  readonly ContentMD5?: string;
  readonly ChecksumCRC32?: string;
}

/** What an answer says of the bytes that were sent. */
interface Answer {
  readonly ETag?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
}

/**
 * Sends the requests of one upload, each with the digest of its bytes, and checks those of the answers.
 * Learns from them which digests the store takes, and how many parts at a time.
 */
export class PartSender {
  readonly #sdk: S3Sdk;
  readonly #options: PartSenderOptions;

  constructor(sdk: S3Sdk, options: PartSenderOptions) {
    this.#sdk = sdk;
    this.#options = options;
  }

  async send(command: unknown, options: SendOptions): Promise<unknown> {
    const { s3, client } = this.#sdk;
    if (command instanceof s3.CreateMultipartUploadCommand) {
      const { input } = command;
      return this.#sendDigested((digest) => {
        const algorithm = digest === 'crc32' ? { ChecksumAlgorithm: 'CRC32' as const } : {};
        return client.send(
          new s3.CreateMultipartUploadCommand({ ...input, ...algorithm }),
          options,
        );
      });
    }
    if (command instanceof s3.UploadPartCommand) {
      const { input } = command;
      const number = input.PartNumber ?? 0;
      const { answer, part } = await this.#sendBytes(input.Body, `part ${number}`, (headers) =>
        this.#inTurn(() =>
          client.send(new s3.UploadPartCommand({ ...input, ...headers }), options),
        ),
      );
      this.#options.sent.setPart(number, part);
      return answer;
    }
    if (command instanceof s3.PutObjectCommand) {
      const { input } = command;
      const { answer, part } = await this.#sendBytes(
        input.Body,
        'the object',
        (headers, digests) => {
          // Noted before: where the answer is lost, it is told by this.
          this.#options.sent.setWhole({ ...digests, isProven: false });
          return this.#unlessDone(() =>
            client.send(new s3.PutObjectCommand({ ...input, ...headers }), options),
          );
        },
      );
      this.#options.sent.setWhole(part);
      return answer;
    }
    if (command instanceof s3.CompleteMultipartUploadCommand) {
      return this.#unlessDone(() => client.send(command, options));
    }
    if (command instanceof s3.AbortMultipartUploadCommand) return client.send(command, options);
    throw new TypeError('an upload sends something else than an upload does');
  }

  async #sendBytes(
    body: unknown,
    what: string,
    send: (headers: DigestHeaders, digests: PartDigests) => Promise<Answer>,
  ): Promise<{ answer: Answer; part: SentPart }> {
    if (!(body instanceof Uint8Array)) throw new TypeError(`${what} is no Uint8Array`);
    const { habits } = this.#options;
    const digests = digestsOf(body, habits.checksums === 'kept' ? 'crc32' : 'crc32 and md5');
    const answer = await this.#sendDigested(async (digest) => {
      const given = await send(headersOf(digests, body, digest), digests);
      if (digest === 'crc32') {
        habits.checksums = given.ChecksumCRC32 === undefined ? 'ignored' : 'kept';
      }
      return given;
    });
    return { answer, part: { ...digests, isProven: this.#check(digests, answer, what) } };
  }

  /** Sends it with the digest that is asked for; where the store may not take it, then with another. */
  async #sendDigested<T>(send: (digest: Digest) => Promise<T>): Promise<T> {
    const { checksum, habits } = this.#options;
    if (checksum !== 'auto') return send(checksum);
    if (habits.checksums === 'ignored' || habits.checksums === 'refused') return send('md5');
    try {
      return await send('crc32');
    } catch (error) {
      if (habits.checksums !== 'unknown' || !mayRefuseDigest(error)) throw error;
      const answer = await send('md5');
      habits.checksums = 'refused';
      return answer;
    }
  }

  /** Sends a part when there is room for it; again, where the store says that there was none. */
  async #inTurn<T>(send: () => Promise<T>): Promise<T> {
    const { ended, habits } = this.#options;
    while (true) {
      const slot = await habits.parts.take();
      try {
        ended.throwIfAborted();
        const answer = await send();
        habits.parts.succeeded();
        return answer;
      } catch (error) {
        if (!saysTooMany(error) || !habits.parts.refused(slot)) throw error;
      } finally {
        slot.release();
      }
    }
  }

  /** A request that fails may have been done all the same: its answer was lost, and then it was repeated. */
  async #unlessDone(send: () => Promise<Answer>): Promise<Answer> {
    try {
      return await send();
    } catch (error) {
      const { describe, ended, isThere } = this.#options;
      const status = httpStatusOf(error);
      const mayBeDone = status === 412 || status === 404 || describe(error).transient;
      if (mayBeDone && !ended.aborted && (await isThere().catch(notKnown))) return {};
      throw error;
    }
  }

  /** Whether the answer proves that the store has these bytes. */
  #check({ crc32, md5 }: PartDigests, answer: Answer, what: string): boolean {
    const { habits, mismatch } = this.#options;
    const { ChecksumCRC32, ServerSideEncryption = '' } = answer;
    if (ChecksumCRC32 !== undefined) {
      const ours = checksumText(crc32);
      if (ChecksumCRC32 === ours) return true;
      throw mismatch(`sent ${what} of CRC-32 ${ours}, but the store has ${ChecksumCRC32}`);
    }
    const etag = answer.ETag?.replaceAll('"', '');
    if (md5 === undefined || etag === undefined) return false;
    if (etag === md5.toString('hex')) {
      habits.givesMd5 = true;
      return true;
    }
    if (!habits.givesMd5 || ServerSideEncryption.startsWith('aws:kms')) return false;
    throw mismatch(`sent ${what} of MD5 ${md5.toString('hex')}, but the store has ${etag}`);
  }
}

function headersOf({ crc32, md5 }: PartDigests, body: Uint8Array, digest: Digest): DigestHeaders {
  if (digest === 'crc32') return { ChecksumCRC32: checksumText(crc32) };
  if (digest === 'none') return {};
  return { ContentMD5: (md5 ?? md5Of(body)).toString('base64') };
}

/** The failure of the request itself is the one to tell. */
function notKnown(): boolean {
  return false;
}

/** Whether a request may succeed that is the same but for its digest. */
function mayRefuseDigest(error: unknown): boolean {
  const status = httpStatusOf(error);
  return status === 400 || status === 501;
}

/** As S3 does by 503 and the code `SlowDown`, and others by 429. */
function saysTooMany(error: unknown): boolean {
  const status = httpStatusOf(error);
  return status === 503 || status === 429;
}
