import type { Clock } from '../../streams/clock.js';
import type { PutBody } from '../contract/put-body.js';
import type { UploadRequests } from './s3-api.js';

export interface UploadGuardOptions {
  /** Called with the id of a multipart upload, and awaited, before any part is sent. */
  readonly onUploadCreated?: ((uploadId: string) => Promise<void>) | undefined;
  /** Makes the error that the put rejects with out of a request's. */
  readonly toStoreError: (error: unknown) => Error;
  readonly clock: Clock;
}

/**
 * How long requests in flight may take once their put has failed or was aborted: a part that arrives
 * after the upload was aborted could stay. A process that ends may have to wait for it twice.
 */
const GRACE_MS = 2000;

/**
 * The requests of one upload as `uploadObject` may send them. The first failure of one ends the body,
 * which may give no more bytes for long, and from then on only the abort of the upload is sent.
 * Requests in flight are cut off after 2 s; so is the abort.
 */
export function guardUpload(
  requests: UploadRequests,
  body: PutBody,
  { onUploadCreated, toStoreError, clock }: UploadGuardOptions,
): UploadRequests {
  const cut = new AbortController();
  body.failed.addEventListener('abort', () => clock.setTimer(() => cut.abort(), GRACE_MS));

  async function unlessFailed<Answer>(
    send: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    body.failed.throwIfAborted();
    try {
      return await send(cut.signal);
    } catch (error) {
      body.fail(toStoreError(error));
      throw error;
    }
  }

  return {
    putObject: (input) => unlessFailed((signal) => requests.putObject(input, signal)),

    createMultipartUpload: (input) =>
      unlessFailed(async (signal) => {
        const answer = await requests.createMultipartUpload(input, signal);
        try {
          if (answer.UploadId !== undefined) await onUploadCreated?.(answer.UploadId);
        } catch (error) {
          // Only the body fails: the answer's id is needed to abort the upload.
          body.fail(error);
        }
        return answer;
      }),

    uploadPart: (input) => unlessFailed((signal) => requests.uploadPart(input, signal)),

    completeMultipartUpload: (input) =>
      unlessFailed((signal) => requests.completeMultipartUpload(input, signal)),

    async abortMultipartUpload(input) {
      const late = new AbortController();
      const timer = clock.setTimer(() => late.abort(), GRACE_MS);
      try {
        return await requests.abortMultipartUpload(input, late.signal);
      } finally {
        timer.cancel();
      }
    },
  };
}
