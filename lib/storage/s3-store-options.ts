import type { S3Client } from '@aws-sdk/client-s3';

import type { ByteCount } from '../format/quantity.js';
import type { Clock } from '../streams/clock.js';

/** Where the service is, who asks it, and how much at a time. */
export interface S3StoreOptions {
  /** Where the service is. @default S3_ENDPOINT of the environment, else what the SDK finds: AWS */
  readonly endpoint?: string;
  /** @default what the SDK finds: AWS_REGION, or the profile's */
  readonly region?: string;
  /** @default what the SDK finds: AWS_ACCESS_KEY_ID and so on, a profile, the computer's role */
  readonly credentials?: S3Credentials;
  /** The bucket stands in the path, not in the host's name. @default true where there is an endpoint */
  readonly forcePathStyle?: boolean;
  /** Of a multipart upload, 5 MiB to 5 GiB; an object has at most 10,000 parts. @default '8 MiB' */
  readonly partBytes?: ByteCount;
  /** Parts that are sent at a time; memory is `partBytes` times this plus two. @default 4 */
  readonly concurrentParts?: number;
  /** Used in place of an own client, and never destroyed. It brings endpoint, region, credentials. */
  readonly client?: S3Client;
  /** @default the system's */
  readonly clock?: Clock;
}

/** Who asks the service. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
