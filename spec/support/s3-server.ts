import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import S3rver from 's3rver';

import type { StoreFixture, StoreGap } from '../stores/contract/store-contract.js';

/** An S3 service for specs. */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /**
   * Whether it is the real thing, from `S3_ENDPOINT`. The embedded one checks no signature, only the
   * access key; lists in no order; and can neither page nor abort or list multipart uploads.
   */
  readonly isComplete: boolean;
  readonly gaps: readonly StoreGap[];
  /** What shows that it has an object of one part, and one of several. */
  readonly evidence: StoreFixture['evidence'];
  /** A client for looking behind a store's back, destroyed by `stop`. */
  readonly client: S3Client;
  /** A bucket of a fresh name each time. */
  createBucket(): Promise<string>;
  /** Removes its buckets, too. */
  stop(): Promise<void>;
}

/** The service that the environment names, or else an embedded one. */
export async function startS3(): Promise<S3Server> {
  const { S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION } = process.env;
  if (S3_ENDPOINT === undefined) return startEmbeddedS3();
  if (AWS_ACCESS_KEY_ID === undefined || AWS_SECRET_ACCESS_KEY === undefined) {
    throw new Error('S3_ENDPOINT is set, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not');
  }
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
  };
  const place = { endpoint: S3_ENDPOINT, region: AWS_REGION ?? 'us-east-1', credentials };
  const client = new S3Client({ ...place, forcePathStyle: true });
  const buckets: string[] = [];
  return {
    ...place,
    isComplete: true,
    evidence: { small: 'etag', large: 'etag' },
    gaps: ['refuses no taken key'],
    client,
    async createBucket() {
      const bucket = await createBucket(client);
      buckets.push(bucket);
      return bucket;
    },
    async stop() {
      await Promise.all(buckets.map((bucket) => removeBucket(client, bucket)));
      client.destroy();
    },
  };
}

/** s3rver, in this process. */
export async function startEmbeddedS3(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'shoebox-s3-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    vhostBuckets: false,
  });
  const { port } = await server.run();
  const place = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  };
  const client = new S3Client({ ...place, forcePathStyle: true });
  return {
    ...place,
    isComplete: false,
    evidence: { small: 'etag', large: 'part-digests' },
    gaps: ['lists in no order', 'lists no uploads', 'refuses no taken key', 'heeds no ifMatch'],
    client,
    createBucket: () => createBucket(client),
    async stop() {
      client.destroy();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function createBucket(client: S3Client): Promise<string> {
  const Bucket = `shoebox-${randomBytes(6).toString('hex')}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

/** With all that is in it, so that a service that outlives the specs does not fill up. */
async function removeBucket(client: S3Client, Bucket: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
    for (const { Key } of Contents) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  }
  await client.send(new DeleteBucketCommand({ Bucket }));
}
