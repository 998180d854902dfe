import type { CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3';

import type { Clock } from '../../streams/clock.js';
import { abortUploadsOf } from './abort-uploads-of.js';
import { checkUploadId } from './check-answers.js';
import type { S3Api } from './s3-api.js';
import type { S3Capabilities } from './s3-capabilities.js';
import { httpStatusOf } from './s3-error.js';

export interface CreateUploadOptions {
  readonly capabilities: S3Capabilities;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
}

/** As often as the SDK makes other requests. */
const MOST_ATTEMPTS = 3;

/** How far the clocks may differ: S3 refuses requests of a computer whose clock is wrong by more. */
const CLOCK_SKEW_MS = 15 * 60_000;

/**
 * Creates a multipart upload. If an answer is lost, the service may hold an upload whose id is not
 * known here. So before the next attempt, also of a later put, the uploads of this key that have
 * been created since are aborted.
 */
export async function createUpload(
  api: S3Api,
  input: CreateMultipartUploadCommandInput,
  options: CreateUploadOptions,
): Promise<{ readonly UploadId: string }> {
  const { capabilities, clock, signal } = options;
  const { Bucket = '', Key = '' } = input;
  const { lostUploads } = capabilities;
  for (let attempt = 1; ; attempt++) {
    await abortLost(api, { Bucket, Key }, options);
    const sinceMs = clock.now() - CLOCK_SKEW_MS;
    try {
      return { UploadId: checkUploadId(await api.createMultipartUpload(input, signal)) };
    } catch (error) {
      if (!mayBeCreated(error)) throw error;
      lostUploads.set(Key, Math.min(sinceMs, lostUploads.get(Key) ?? sinceMs));
      if (attempt < MOST_ATTEMPTS && !signal?.aborted) continue;
      await abortLost(api, { Bucket, Key }, options);
      throw error;
    }
  }
}

/** Where the uploads cannot be listed or aborted now, the next attempt tries that again. */
async function abortLost(
  api: S3Api,
  object: { readonly Bucket: string; readonly Key: string },
  { capabilities, signal }: CreateUploadOptions,
): Promise<void> {
  const { lostUploads } = capabilities;
  const sinceMs = lostUploads.get(object.Key);
  if (sinceMs === undefined) return;
  try {
    await abortUploadsOf(api, object, { signal, sinceMs });
    lostUploads.delete(object.Key);
  } catch {
    // The failure of the upload itself is the one to report.
  }
}

/** Whether the service may have done a request that failed: it refuses with 4xx or 501. */
function mayBeCreated(error: unknown): boolean {
  const status = httpStatusOf(error) ?? 200;
  return status !== 501 && (status < 400 || status >= 500);
}
