import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

import { limitAnswers } from './limit-answers.js';
import { type RequestDeadline, withDeadline } from './request-deadline.js';
import type { S3Api } from './s3-api.js';
import type { S3StoreOptions } from './s3-store-options.js';

const CONNECTION_TIMEOUT_MS = 10_000;

type S3Sdk = typeof import('@aws-sdk/client-s3');

/**
 * The store decides about the checksums of each request. Left to itself, the SDK adds its own, also
 * in trailers, which some services refuse.
 */
const NO_SDK_CHECKSUMS = {
  requestChecksumCalculation: async () => 'WHEN_REQUIRED' as const,
  responseChecksumValidation: async () => 'WHEN_REQUIRED' as const,
};

/** Loads the AWS SDK, which takes a while; the store needs it only at its first call. */
export async function loadS3Sdk(
  options: S3StoreOptions,
  endpoint: string | undefined,
  deadline: RequestDeadline,
): Promise<S3Api> {
  const s3 = await import('@aws-sdk/client-s3');
  const client = options.client ?? new s3.S3Client(configure(options, endpoint));
  const destroy = () => {
    if (options.client === undefined) client.destroy();
  };
  return createS3Api(s3, toClients(client), destroy, deadline);
}

/** One client with different settings. */
interface Clients {
  /** For requests whose answer is short. */
  readonly plain: S3Client;
  /** For requests whose answer is an object. */
  readonly objects: S3Client;
  /** Makes each request once. */
  readonly once: S3Client;
}

function createS3Api(
  s3: S3Sdk,
  { objects, once, plain: client }: Clients,
  destroy: () => void,
  deadline: RequestDeadline,
): S3Api {
  function inTime<Answer>(
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return withDeadline(deadline, signal, (abortSignal) => send({ abortSignal }));
  }
  return {
    headBucket: (input, signal) =>
      inTime((options) => client.send(new s3.HeadBucketCommand(input), options), signal),
    headObject: (input, signal) =>
      inTime((options) => client.send(new s3.HeadObjectCommand(input), options), signal),
    getObject: (input, signal) =>
      inTime((options) => objects.send(new s3.GetObjectCommand(input), options), signal),
    deleteObject: (input, signal) =>
      inTime((options) => client.send(new s3.DeleteObjectCommand(input), options), signal),
    listObjectsV2: (input, signal) =>
      inTime((options) => client.send(new s3.ListObjectsV2Command(input), options), signal),
    listMultipartUploads: (input, signal) =>
      inTime((options) => client.send(new s3.ListMultipartUploadsCommand(input), options), signal),
    putObject: (input, signal) =>
      inTime((options) => client.send(new s3.PutObjectCommand(input), options), signal),
    createMultipartUpload: (input, signal) =>
      inTime((options) => once.send(new s3.CreateMultipartUploadCommand(input), options), signal),
    uploadPart: (input, signal) =>
      inTime((options) => client.send(new s3.UploadPartCommand(input), options), signal),
    completeMultipartUpload: (input, signal) =>
      inTime(
        (options) => client.send(new s3.CompleteMultipartUploadCommand(input), options),
        signal,
      ),
    abortMultipartUpload: (input, signal) =>
      inTime((options) => client.send(new s3.AbortMultipartUploadCommand(input), options), signal),
    destroy,
  };
}

/**
 * The client with other settings, for the store's requests only. The SDK reads them from the client
 * alone, and a caller's client must stay as it is.
 */
function toClients(client: S3Client): Clients {
  const { requestHandler } = client.config;
  const withSettings = (settings: object): S3Client => {
    const config = { ...client.config, ...NO_SDK_CHECKSUMS, ...settings };
    return Object.create(client, { config: { value: config } });
  };
  const limited = { requestHandler: limitAnswers(requestHandler, 'all') };
  return {
    plain: withSettings(limited),
    objects: withSettings({ requestHandler: limitAnswers(requestHandler, 'errors') }),
    once: withSettings({ ...limited, retryStrategy: async () => ONE_ATTEMPT }),
  };
}

/** A retry strategy of the SDK that repeats nothing. */
const ONE_ATTEMPT = {
  acquireInitialRetryToken: async () => ({ getRetryCount: () => 0, getRetryDelay: () => 0 }),
  refreshRetryTokenForRetry: async () => {
    throw new Error('the request is made once');
  },
  recordSuccess: () => {},
};

function configure(options: S3StoreOptions, endpoint: string | undefined): S3ClientConfig {
  const { region, credentials, forcePathStyle = endpoint !== undefined } = options;
  return {
    ...NO_SDK_CHECKSUMS,
    forcePathStyle,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS },
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
  };
}
