import type {
  AbortMultipartUploadCommandInput,
  CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommandInput,
  DeleteObjectCommandInput,
  GetObjectCommandInput,
  GetObjectCommandOutput,
  HeadBucketCommandInput,
  HeadObjectCommandInput,
  HeadObjectCommandOutput,
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  PutObjectCommandInput,
  UploadPartCommandInput,
} from '@aws-sdk/client-s3';

/**
 * The requests to S3 that a store makes, under their names in S3's API. Each rejects with the SDK's
 * error, or with a `TimeoutError` when the service does not answer in time.
 */
export interface S3Api extends UploadRequests {
  headBucket(input: HeadBucketCommandInput, signal?: AbortSignal): Promise<unknown>;
  headObject(input: HeadObjectCommandInput, signal?: AbortSignal): Promise<HeadObjectCommandOutput>;
  getObject(input: GetObjectCommandInput, signal?: AbortSignal): Promise<GetObjectCommandOutput>;
  deleteObject(input: DeleteObjectCommandInput, signal?: AbortSignal): Promise<unknown>;
  listObjectsV2(
    input: ListObjectsV2CommandInput,
    signal?: AbortSignal,
  ): Promise<ListObjectsV2CommandOutput>;
  listMultipartUploads(
    input: ListMultipartUploadsCommandInput,
    signal?: AbortSignal,
  ): Promise<ListMultipartUploadsCommandOutput>;

  /** Frees the client's sockets, unless the caller of the store gave the client. */
  destroy(): void;
}

/** The requests that store one object. */
export interface UploadRequests {
  putObject(input: PutObjectCommandInput, signal?: AbortSignal): Promise<WriteAnswer>;
  createMultipartUpload(
    input: CreateMultipartUploadCommandInput,
    signal?: AbortSignal,
  ): Promise<{ readonly UploadId?: string | undefined }>;
  uploadPart(input: UploadPartCommandInput, signal?: AbortSignal): Promise<WriteAnswer>;
  completeMultipartUpload(
    input: CompleteMultipartUploadCommandInput,
    signal?: AbortSignal,
  ): Promise<WriteAnswer>;
  abortMultipartUpload(
    input: AbortMultipartUploadCommandInput,
    signal?: AbortSignal,
  ): Promise<unknown>;
}

/** The digests that an answer gives of the stored bytes; empty where the answer was lost. */
export interface WriteAnswer {
  readonly ETag?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
}

/** Bucket, key, and everything else that is stored with an object. */
export interface ObjectInput extends Omit<PutObjectCommandInput, 'Body'> {
  readonly Bucket: string;
  readonly Key: string;
}
