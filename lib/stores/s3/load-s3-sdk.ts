import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

import { type RequestDeadline, withDeadline } from './request-deadline.js';
import type { S3Api, UploadRequests } from './s3-api.js';
import type { S3StoreOptions } from './s3-store-options.js';

const CONNECTION_TIMEOUT_MS = 10_000;

type S3Sdk = typeof import('@aws-sdk/client-s3');
type UploadClass = typeof import('@aws-sdk/lib-storage').Upload;

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
  const [s3, { Upload }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
  ]);
  if (options.client !== undefined) {
    return createS3Api(s3, Upload, withoutSdkChecksums(options.client), () => {}, deadline);
  }
  const client = new s3.S3Client(configure(options, endpoint));
  return createS3Api(s3, Upload, client, () => client.destroy(), deadline);
}

function createS3Api(
  s3: S3Sdk,
  Upload: UploadClass,
  client: S3Client,
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
    headBucket: (input) =>
      inTime((options) => client.send(new s3.HeadBucketCommand(input), options)),
    headObject: (input) =>
      inTime((options) => client.send(new s3.HeadObjectCommand(input), options)),
    getObject: (input) => inTime((options) => client.send(new s3.GetObjectCommand(input), options)),
    deleteObject: (input) =>
      inTime((options) => client.send(new s3.DeleteObjectCommand(input), options)),
    listObjectsV2: (input) =>
      inTime((options) => client.send(new s3.ListObjectsV2Command(input), options)),
    listMultipartUploads: (input) =>
      inTime((options) => client.send(new s3.ListMultipartUploadsCommand(input), options)),
    putObject: (input, signal) =>
      inTime((options) => client.send(new s3.PutObjectCommand(input), options), signal),
    createMultipartUpload: (input, signal) =>
      inTime((options) => client.send(new s3.CreateMultipartUploadCommand(input), options), signal),
    uploadPart: (input, signal) =>
      inTime((options) => client.send(new s3.UploadPartCommand(input), options), signal),
    completeMultipartUpload: (input, signal) =>
      inTime(
        (options) => client.send(new s3.CompleteMultipartUploadCommand(input), options),
        signal,
      ),
    abortMultipartUpload: (input, signal) =>
      inTime((options) => client.send(new s3.AbortMultipartUploadCommand(input), options), signal),
    upload: ({ object, body, partBytes, concurrentParts, requests }) => {
      const upload = new Upload({
        client: uploadClient(s3, client, requests),
        queueSize: concurrentParts,
        partSize: partBytes,
        leavePartsOnError: false,
        params: { ...object, Body: body },
      });
      return upload.done();
    },
    destroy,
  };
}

/** A client for lib-storage's `Upload`, whose commands go out as `requests`. */
function uploadClient(s3: S3Sdk, { config }: S3Client, requests: UploadRequests): S3Client {
  const send = (command: unknown) => dispatch(s3, command, requests);
  // An upload uses nothing else of its client.
  return { config, send } as S3Client;
}

/** Sends a command of an `Upload` as one of `requests`. */
async function dispatch(s3: S3Sdk, command: unknown, requests: UploadRequests): Promise<unknown> {
  if (command instanceof s3.PutObjectCommand) return requests.putObject(command.input);
  if (command instanceof s3.CreateMultipartUploadCommand) {
    return requests.createMultipartUpload(command.input);
  }
  if (command instanceof s3.UploadPartCommand) return requests.uploadPart(command.input);
  if (command instanceof s3.CompleteMultipartUploadCommand) {
    return requests.completeMultipartUpload(command.input);
  }
  if (command instanceof s3.AbortMultipartUploadCommand) {
    return requests.abortMultipartUpload(command.input);
  }
  const name = command instanceof Object ? command.constructor.name : typeof command;
  throw new TypeError(`unexpected command from lib-storage: ${name}`);
}

/**
 * The caller's client with two other settings, for the store's requests only. The SDK reads them
 * from the client alone, and the caller's client must stay as it is.
 */
function withoutSdkChecksums(client: S3Client): S3Client {
  const config = { ...client.config, ...NO_SDK_CHECKSUMS };
  return Object.create(client, { config: { value: config } });
}

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
