import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import S3rver, { type S3rverStore } from 's3rver';

import type { StoreGap } from '../stores/contract/store-contract.js';
import {
  type GivenEvidence,
  probeConditionalWrites,
  probeEvidence,
  probeRefusal,
  type Refusal,
} from './s3-probe.js';

/** An S3 service for specs. */
export interface S3Server {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /**
   * True of the service that `S3_ENDPOINT` names. The embedded one checks the access key but no
   * signature, lists in no order, and cannot page, or abort or list multipart uploads.
   */
  readonly isComplete: boolean;
  /** The gaps of the service; a probe finds out about `'refuses no taken key'`. */
  readonly gaps: readonly StoreGap[];
  /** The evidence that the service gives, as a probe has found. */
  readonly evidence: GivenEvidence;
  /** A client for looking at the service without a store, destroyed by `stop`. */
  readonly client: S3Client;
  /** Creates a bucket with a new name. */
  createBucket(): Promise<string>;
  /** Finds out how the service refuses credentials. */
  refusalOf(credentials: S3Server['credentials']): Promise<Refusal>;
  /** Also removes the buckets that were created. */
  stop(): Promise<void>;
}

/** The service that the environment names, or the embedded one. */
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
  const access = { endpoint: S3_ENDPOINT, region: AWS_REGION ?? 'us-east-1', credentials };
  const client = new S3Client({ ...access, forcePathStyle: true });
  const buckets: string[] = [];
  const open = async () => {
    const bucket = await createBucket(client);
    buckets.push(bucket);
    return bucket;
  };
  const probed = await open();
  return {
    ...access,
    isComplete: true,
    evidence: await probeEvidence(client, probed),
    gaps: (await probeConditionalWrites(client, probed)) ? [] : ['refuses no taken key'],
    client,
    createBucket: open,
    refusalOf: (other) => probeRefusal({ ...access, credentials: other }, probed),
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
  waitForFiles(server.store);
  const { port } = await server.run();
  const access = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  };
  const client = new S3Client({ ...access, forcePathStyle: true });
  return {
    ...access,
    isComplete: false,
    evidence: { small: 'etag', large: 'part-digests' },
    gaps: ['lists in no order', 'lists no uploads', 'refuses no taken key', 'heeds no ifMatch'],
    client,
    createBucket: () => createBucket(client),
    refusalOf: async (other) =>
      probeRefusal({ ...access, credentials: other }, await createBucket(client)),
    async stop() {
      client.destroy();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * Lets the embedded service answer only when what it got is in its file. By itself it answers when it
 * has the bytes: on a busy machine, the next request then found a part of an object.
 */
function waitForFiles(store: S3rverStore): void {
  const write = async (content: Iterable<Buffer> | Readable, path: string) => {
    await mkdir(dirname(path), { recursive: true });
    const hash = createHash('md5');
    let size = 0;
    const measured = async function* () {
      for await (const chunk of content) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    };
    await pipeline(measured, createWriteStream(path));
    return { size, md5: hash.digest('hex') };
  };
  store.putObject = async ({ bucket, content, key, metadata }) => {
    const bytes = Buffer.isBuffer(content) ? [content] : content;
    const stored = await write(bytes, store.getResourcePath(bucket, key, 'object'));
    await store.putMetadata(bucket, key, metadata, stored.md5);
    return stored;
  };
  store.putPart = async (bucket, uploadId, part, content) => {
    const path = join(store.getResourcePath(bucket, undefined, 'uploads'), uploadId, String(part));
    const stored = await write(content, path);
    await writeFile(`${path}.md5`, stored.md5);
    return stored;
  };
}

async function createBucket(client: S3Client): Promise<string> {
  const Bucket = `shoebox-${randomBytes(6).toString('hex')}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

/**
 * Removes a bucket and everything in it, so that a service that outlives the specs does not fill
 * up.
 */
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
