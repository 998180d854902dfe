import type { PutObjectCommandInput } from './s3-sdk.js';
import type { S3Encryption, S3StoreOptions } from './s3-store-options.js';

/** What S3 is to make of each object, besides its bytes. */
export type S3Attributes = Pick<
  PutObjectCommandInput,
  'ServerSideEncryption' | 'SSEKMSKeyId' | 'StorageClass' | 'Tagging'
>;

/** The options of a store that go along with each object, as the SDK spells them. */
export function toS3Attributes({ encryption, storageClass, tags }: S3StoreOptions): S3Attributes {
  return {
    ...(encryption !== undefined && toEncryption(encryption)),
    ...(storageClass !== undefined && { StorageClass: storageClass }),
    ...(tags !== undefined && { Tagging: new URLSearchParams(tags).toString() }),
  };
}

function toEncryption(encryption: S3Encryption): S3Attributes {
  if (encryption === 'SSE-S3') return { ServerSideEncryption: 'AES256' };
  if (encryption === 'SSE-KMS') return { ServerSideEncryption: 'aws:kms' };
  return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: encryption.kmsKeyId };
}
