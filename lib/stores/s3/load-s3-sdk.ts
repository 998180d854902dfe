import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

import { type RequestDeadline, withDeadline } from './request-deadline.js';
import type { S3Sdk, SendOptions } from './s3-sdk.js';
import type { S3StoreOptions } from './s3-store-options.js';

const CONNECTION_TIMEOUT_MS = 10_000;

/**
 * What requests carry for the service to check is decided for each of them. Left to itself the SDK adds
 * checksums of its own, in trailers even, which not every service takes.
 */
const ONLY_OUR_CHECKSUMS = {
  requestChecksumCalculation: async () => 'WHEN_REQUIRED' as const,
  responseChecksumValidation: async () => 'WHEN_REQUIRED' as const,
};

/** Loads the AWS SDK, which takes a while and is not needed before the first call. */
export async function loadS3Sdk(
  options: S3StoreOptions,
  endpoint: string | undefined,
  deadline: RequestDeadline,
): Promise<S3Sdk> {
  const [s3, { Upload }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
  ]);
  const own = options.client === undefined ? new s3.S3Client(configure(options, endpoint)) : null;
  const client = own ?? options.client;
  if (client === undefined) throw new TypeError('there is no client');
  return { s3, Upload, client: asOurs(client, deadline), destroy: () => own?.destroy() };
}

/** The client as the store uses it; itself it stays as it is. */
function asOurs(client: S3Client, deadline: RequestDeadline): S3Client {
  const config = { ...client.config, ...ONLY_OUR_CHECKSUMS };
  const ours: S3Client = Object.create(client, { config: { value: config } });
  function send(command: never, options: SendOptions = {}): Promise<unknown> {
    return withDeadline(deadline, options.abortSignal, (abortSignal) =>
      ours.send(command, { ...options, abortSignal }),
    );
  }
  return Object.create(ours, { send: { value: send } });
}

function configure(options: S3StoreOptions, endpoint: string | undefined): S3ClientConfig {
  const { region, credentials, forcePathStyle = endpoint !== undefined } = options;
  return {
    forcePathStyle,
    requestHandler: { connectionTimeout: CONNECTION_TIMEOUT_MS },
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
  };
}
