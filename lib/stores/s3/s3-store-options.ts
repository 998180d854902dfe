import type { ByteCount, Duration } from '../../format/quantity.js';
import type { Clock } from '../../streams/clock.js';
import type { PutObjectCommandInput, S3Client } from './s3-sdk.js';

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
  /**
   * A request that is not answered within this time, its repetitions included, is cut off; so is the body
   * of an answer that gives no more bytes for as long while they are wanted. @default '5m'
   */
  readonly requestTimeout?: Duration;
  /**
   * What requests carry for the service to check. `'auto'` tries CRC-32, as AWS has it, and goes over to
   * Content-MD5 where that is refused or ignored. @default 'auto'
   */
  readonly checksum?: ChecksumOption;
  /** How objects are encrypted by the service. @default as the bucket has it */
  readonly encryption?: S3Encryption;
  /** Such as `STANDARD_IA`, `GLACIER_IR`. @default the service's */
  readonly storageClass?: S3StorageClass;
  /** Tags of each object. @default none */
  readonly tags?: Readonly<Record<string, string>>;
  /** User metadata of each object, besides what a put brings. @default none */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Used in place of an own client, never changed and never destroyed. It brings endpoint, region and
   * credentials.
   */
  readonly client?: S3Client;
  /** @default the system's */
  readonly clock?: Clock;
}

/** The digest that a request carries; `'none'` leaves it to what the service answers. */
export type ChecksumOption = 'auto' | 'crc32' | 'md5' | 'none';

/** By keys of S3 (`SSE-S3`), by the default key of KMS for S3 (`SSE-KMS`), or by another key of KMS. */
export type S3Encryption = 'SSE-S3' | 'SSE-KMS' | { readonly kmsKeyId: string };

/** What keeping and reading an object costs. */
export type S3StorageClass = NonNullable<PutObjectCommandInput['StorageClass']>;

/** Who asks the service. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
