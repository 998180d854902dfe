import type { Writable } from 'node:stream';

import { ArchiveError } from '../errors/archive-error.js';

/** `close` rejects with the error; without a listener the event would end the process. */
const ignoreError = () => {};

/**
 * Ends a stream, unless it has ended already, and settles when it is closed.
 *
 * @throws what ended the stream; ArchiveError with the code `ERR_DESTROYED` when it was destroyed
 *   before all was written
 */
export async function endAndClose(stream: Writable): Promise<void> {
  stream.off('error', ignoreError).on('error', ignoreError);
  if (!stream.writableEnded && !stream.destroyed) stream.end();
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', resolve));
  if (stream.errored !== null) throw stream.errored;
  if (!stream.writableFinished) throw wasDestroyed();
}

/** @throws ArchiveError `ERR_ENDED` if the writer has ended, so that nothing can be appended */
export function checkNotEnded(stream: Writable): void {
  if (!stream.destroyed && !stream.writableEnded) return;
  throw new ArchiveError('ERR_ENDED', 'cannot append: the writer has ended');
}

/** The error of a writer that was destroyed while records waited. */
export function wasDestroyed(): ArchiveError {
  return new ArchiveError('ERR_DESTROYED', 'the writer was destroyed before all was written');
}
