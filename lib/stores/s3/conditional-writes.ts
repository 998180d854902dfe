import { randomBytes } from 'node:crypto';

import { httpStatusOf } from './s3-error.js';
import type { PutObjectCommandInput, S3Sdk } from './s3-sdk.js';

/** Bucket, prefix, and all that objects there are stored with. */
export interface ProbedPlace {
  readonly bucket: string;
  readonly prefix: string;
  readonly attributes: Partial<PutObjectCommandInput>;
}

/** A request that writes only where nothing is (RFC 9110, section 13.1.2). */
const UNLESS_TAKEN = { IfNoneMatch: '*' };

/**
 * Tries whether a service lets what is under a key stay when told to, by a put of one request and by one
 * of several. Not all that take the header heed it. The object it is tried on has a key of its own, and
 * is deleted. A service that refuses any of it counts as one that does not.
 *
 * @throws what a request fails with that says nothing about the service
 */
export async function hasConditionalWrites(sdk: S3Sdk, place: ProbedPlace): Promise<boolean> {
  const { s3, client } = sdk;
  const key = `${place.prefix}.shoebox-probe-${randomBytes(8).toString('hex')}`;
  const object = { ...place.attributes, Bucket: place.bucket, Key: key };
  const put = async () => {
    await client.send(
      new s3.PutObjectCommand({ ...object, ...UNLESS_TAKEN, Body: Buffer.alloc(0) }),
    );
  };
  if ((await answerTo(put)) !== 'done') return false;
  try {
    if ((await answerTo(put)) !== 'taken') return false;
    return (await answerTo(() => putInParts(sdk, object))) === 'taken';
  } finally {
    // Where it may not be deleted it stays, and is empty.
    await client
      .send(new s3.DeleteObjectCommand({ Bucket: object.Bucket, Key: key }))
      .catch(() => {});
  }
}

/** What a write came to. */
type WriteAnswer = 'done' | 'taken' | 'refused';

async function answerTo(write: () => Promise<void>): Promise<WriteAnswer> {
  try {
    await write();
    return 'done';
  } catch (error) {
    const status = httpStatusOf(error);
    if (status === 412) return 'taken';
    if (status === 501 || status === 400 || status === 403 || status === 405) return 'refused';
    throw error;
  }
}

/** An upload of one part, which may be as small as one likes. */
async function putInParts({ s3, client }: S3Sdk, object: PutObjectCommandInput): Promise<void> {
  const { Bucket, Key } = object;
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand(object));
  const upload = { Bucket, Key, UploadId };
  try {
    const part = { ...upload, PartNumber: 1, Body: Buffer.from('.') };
    const { ETag } = await client.send(new s3.UploadPartCommand(part));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    const complete = { ...upload, ...UNLESS_TAKEN, MultipartUpload };
    await client.send(new s3.CompleteMultipartUploadCommand(complete));
  } finally {
    // One that is complete is known no more.
    await client.send(new s3.AbortMultipartUploadCommand(upload)).catch(() => {});
  }
}
