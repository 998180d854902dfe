import type { CompletedPart } from '@aws-sdk/client-s3';

import { cutParts, type UploadPart } from './cut-parts.js';
import type { PartMemory } from './part-memory.js';
import type { ObjectInput, UploadRequests, WriteAnswer } from './s3-api.js';

export interface UploadOptions {
  readonly object: ObjectInput;
  readonly body: AsyncIterable<Uint8Array>;
  readonly partBytes: number;
  readonly concurrentParts: number;
  readonly memory: PartMemory;
  /** Sends the requests of the upload. */
  readonly requests: UploadRequests;
}

/** S3's limit. */
const MOST_PARTS = 10_000;

/**
 * Stores a body: up to one part by one request, a larger one by a multipart upload, which is aborted
 * when it fails. In memory are at most `concurrentParts` parts: the body waits while they are sent.
 *
 * @throws the first failure of the body or of a request, when no request is in flight any more
 */
export async function uploadObject(options: UploadOptions): Promise<WriteAnswer> {
  const { body, memory, object, partBytes, requests } = options;
  const parts = cutParts(body, partBytes, memory);
  const { value: first } = await parts.next();
  if (first === undefined) throw new TypeError('the body has no parts');
  if (!first.isLast) return uploadParts(first, parts, options);
  const answer = await requests.putObject({ ...object, Body: first.bytes });
  // Not after a failure, when a socket may still hold the memory.
  memory.keep(first.memory);
  return answer;
}

async function uploadParts(
  first: UploadPart,
  rest: AsyncGenerator<UploadPart, undefined>,
  options: UploadOptions,
): Promise<WriteAnswer> {
  const { object, requests } = options;
  const { UploadId } = await requests.createMultipartUpload(object);
  const upload = { ...object, UploadId };
  try {
    const Parts = await sendParts(first, rest, upload, options);
    return await requests.completeMultipartUpload({ ...upload, MultipartUpload: { Parts } });
  } catch (error) {
    await rest.return(undefined);
    // The first failure is the one to report. What stays is found by its journal later.
    await requests.abortMultipartUpload(upload).catch(() => undefined);
    throw error;
  }
}

/** Sends parts, several at a time. Settles when no request is in flight. */
async function sendParts(
  first: UploadPart,
  rest: AsyncGenerator<UploadPart, undefined>,
  upload: ObjectInput & { readonly UploadId: string | undefined },
  { concurrentParts, memory, partBytes, requests }: UploadOptions,
): Promise<CompletedPart[]> {
  const completed: CompletedPart[] = [];
  const failures: unknown[] = [];
  const sending = new Set<Promise<void>>();

  async function send({ bytes, memory: used, number: PartNumber }: UploadPart): Promise<void> {
    const input = { ...upload, PartNumber, Body: bytes };
    const { ChecksumCRC32, ETag } = await requests.uploadPart(input);
    completed[PartNumber - 1] = { PartNumber, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) };
    memory.keep(used);
  }

  try {
    for (let part: UploadPart | undefined = first; part !== undefined; ) {
      if (part.number > MOST_PARTS) {
        throw new RangeError(`the object has more than ${MOST_PARTS} parts of ${partBytes} bytes`);
      }
      const sent: Promise<void> = send(part)
        .catch((error) => void failures.push(error))
        .finally(() => sending.delete(sent));
      sending.add(sent);
      while (sending.size >= concurrentParts) await Promise.race(sending);
      if (failures.length > 0) break;
      part = (await rest.next()).value;
    }
  } finally {
    await Promise.all(sending);
  }
  if (failures.length > 0) throw failures[0];
  return completed;
}
