import { createHash } from 'node:crypto';

import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

import type { Evidence } from '../../lib/stores/contract/store.js';

const PART_BYTES = 5 * 2 ** 20;

/** The strongest evidence that a service gives of an object of one request, and of several. */
export interface GivenEvidence {
  readonly small: Evidence;
  readonly large: Evidence;
}

/** Finds out, with the SDK alone, what a service says of the objects that it holds. */
export async function probeEvidence(client: S3Client, Bucket: string): Promise<GivenEvidence> {
  const [first, last] = [Buffer.alloc(PART_BYTES, 1), Buffer.alloc(1, 2)];
  const putSmall = (Key: string) => client.send(new PutObjectCommand({ Bucket, Key, Body: last }));
  const putLarge = async (Key: string) => {
    const object = { Bucket, Key, ChecksumAlgorithm: 'CRC32' } as const;
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
    const Parts = await Promise.all(
      [first, last].map(async (Body, i) => {
        const part = { ...object, UploadId, PartNumber: i + 1, Body };
        const { ChecksumCRC32, ETag } = await client.send(new UploadPartCommand(part));
        return { ChecksumCRC32, ETag, PartNumber: i + 1 };
      }),
    );
    const upload = { Bucket, Key, UploadId, MultipartUpload: { Parts } };
    await client.send(new CompleteMultipartUploadCommand(upload));
  };
  const evidenceOf = async (
    Key: string,
    put: (Key: string) => Promise<unknown>,
    etag: string,
  ): Promise<Evidence> => {
    await put(Key);
    const ChecksumMode = 'ENABLED' as const;
    const { ChecksumCRC32, ETag } = await client.send(
      new HeadObjectCommand({ Bucket, Key, ChecksumMode }),
    );
    if (ChecksumCRC32 !== undefined) return 'checksum';
    return ETag?.replaceAll('"', '') === etag ? 'etag' : 'part-digests';
  };
  const large = `${md5(Buffer.concat([md5(first), md5(last)])).toString('hex')}-2`;
  return {
    small: await evidenceOf('probe-small', putSmall, md5(last).toString('hex')),
    large: await evidenceOf('probe-large', putLarge, large),
  };
}

/** Finds out, with the SDK alone, whether a service refuses to replace an object when asked to. */
export async function probeConditionalWrites(client: S3Client, Bucket: string): Promise<boolean> {
  const [Key, IfNoneMatch] = ['probe-taken', '*'];
  const put = () => client.send(new PutObjectCommand({ Bucket, Key, IfNoneMatch, Body: 'x' }));
  if ((await statusOf(put)) !== 200 || (await statusOf(put)) !== 412) return false;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const upload = { Bucket, Key, UploadId };
  const part = { ...upload, PartNumber: 1, Body: 'x' };
  const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part));
  const MultipartUpload = { Parts: [{ ETag, ChecksumCRC32, PartNumber: 1 }] };
  const complete = { ...upload, IfNoneMatch, MultipartUpload };
  return (await statusOf(() => client.send(new CompleteMultipartUploadCommand(complete)))) === 412;
}

/** How a service refuses credentials. */
export interface Refusal {
  /** The code in its answers, as the SDK names the error. */
  readonly code: string;
  /** The status of an answer to HEAD, which has no code: 404 may also mean a missing bucket. */
  readonly headStatus: number;
}

export async function probeRefusal(config: S3ClientConfig, Bucket: string): Promise<Refusal> {
  const client = new S3Client({ ...config, forcePathStyle: true });
  try {
    const headStatus = await statusOf(() => client.send(new HeadBucketCommand({ Bucket })));
    const listing = client.send(new ListObjectsV2Command({ Bucket }));
    const code = await listing.then(
      () => 'none',
      (error) => String(error.name),
    );
    return { code, headStatus };
  } finally {
    client.destroy();
  }
}

async function statusOf(send: () => Promise<unknown>): Promise<number> {
  try {
    await send();
    return 200;
  } catch (error) {
    if (error instanceof S3ServiceException) return error.$metadata.httpStatusCode ?? 0;
    throw error;
  }
}

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}
