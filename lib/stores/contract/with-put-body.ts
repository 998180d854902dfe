import type { Readable } from 'node:stream';

import { PutBody } from './put-body.js';

/**
 * The frame of every put: stores what `body` gives, and whatever ends that first is what it rejects
 * with. The body is destroyed then.
 */
export async function withPutBody<Result>(
  body: Readable,
  signal: AbortSignal | undefined,
  store: (source: PutBody) => Promise<Result>,
): Promise<Result> {
  const source = new PutBody(body, signal);
  try {
    source.failed.throwIfAborted();
    return await store(source);
  } catch (error) {
    source.fail(error);
    throw source.failed.reason;
  } finally {
    source.release();
  }
}
