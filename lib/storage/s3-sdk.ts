import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';

import type { S3StoreOptions } from './s3-store-options.js';

/** The parts of the AWS SDK that a store uses, and its client. */
export interface S3Sdk {
  readonly s3: typeof import('@aws-sdk/client-s3');
  readonly Upload: typeof import('@aws-sdk/lib-storage').Upload;
  readonly client: S3Client;
}

/** Without it, a service that accepts connections and never answers would hold a put for ever. */
const REQUEST_TIMEOUT_MS = 5 * 60_000;
const CONNECTION_TIMEOUT_MS = 10_000;

/** Loads the AWS SDK, which takes a while and is not needed before the first call. */
export async function loadS3Sdk(
  options: S3StoreOptions,
  endpoint: string | undefined,
): Promise<S3Sdk> {
  const [s3, { Upload }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
  ]);
  const client = options.client ?? new s3.S3Client(configure(options, endpoint));
  return { s3, Upload, client };
}

function configure(options: S3StoreOptions, endpoint: string | undefined): S3ClientConfig {
  const { region, credentials, forcePathStyle = endpoint !== undefined } = options;
  return {
    forcePathStyle,
    // Not every service takes the SDK's checksums in trailers; each has TLS, or Content-MD5.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
  };
}
