import type { S3Api } from './s3-api.js';
import { isS3Error } from './s3-error.js';

export interface AbortUploadsOptions {
  /** Uploads that were created before are left alone. @default all are aborted */
  readonly sinceMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Aborts the unfinished uploads of exactly one key.
 *
 * @throws the error of a request that failed
 */
export async function abortUploadsOf(
  api: S3Api,
  { Bucket, Key }: { readonly Bucket: string; readonly Key: string },
  { signal, sinceMs = Number.NEGATIVE_INFINITY }: AbortUploadsOptions,
): Promise<void> {
  // The key itself comes first of those that begin with it, so one page is enough.
  const { Uploads = [] } = await api.listMultipartUploads({ Bucket, Prefix: Key }, signal);
  for (const upload of Uploads) {
    if (upload.Key !== Key || upload.UploadId === undefined) continue;
    if ((upload.Initiated?.getTime() ?? 0) < sinceMs) continue;
    try {
      await api.abortMultipartUpload({ Bucket, Key, UploadId: upload.UploadId }, signal);
    } catch (error) {
      if (!isS3Error(error, 'NoSuchUpload')) throw error;
    }
  }
}
