import type { S3Client } from '@aws-sdk/client-s3';

export type {
  HeadObjectOutput,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandOutput,
  PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';

/** The parts of the AWS SDK that a store uses, and a client. */
export interface S3Sdk {
  readonly s3: typeof import('@aws-sdk/client-s3');
  readonly Upload: typeof import('@aws-sdk/lib-storage').Upload;
  readonly client: S3Client;
  /** Frees the client's sockets, unless it is the user's. */
  destroy(): void;
}

/** What goes along with a command. */
export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}
