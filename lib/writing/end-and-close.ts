import type { Writable } from 'node:stream';

import { wasDestroyed } from './was-destroyed.js';

/** Whoever closes is told by the promise; without a listener the event would end the process. */
const toldOtherwise = () => {};

/**
 * Ends a stream, unless it has ended already, and settles when it is closed.
 *
 * @throws what ended the stream; ArchiveError with the code `ERR_DESTROYED` when it was destroyed before all
 *   was written
 */
export async function endAndClose(stream: Writable): Promise<void> {
  stream.off('error', toldOtherwise).on('error', toldOtherwise);
  if (!stream.writableEnded && !stream.destroyed) stream.end();
  if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', resolve));
  if (stream.errored !== null) throw stream.errored;
  if (!stream.writableFinished) throw wasDestroyed();
}
