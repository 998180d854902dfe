import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

/** How often the streams behind are looked at; they have no event for "all of it is done". */
const POLL_MS = 5;

/**
 * Waits until all that `stream` pushed has been taken, by its reader and by every stream that it is piped
 * into, however slow. An error ends a pipeline at once and drops what its streams still hold: with this
 * before the error, records that came before damage arrive. Resolves too when one of them is destroyed.
 */
export async function waitUntilTaken(stream: Readable): Promise<void> {
  while (!stream.destroyed && (stream.readableLength > 0 || isAheadOf(stream))) {
    await setTimeout(POLL_MS);
  }
}

/** The part of a stream's state that tells what it holds; Node documents all of it but `pipes`. */
interface StreamState {
  readonly destroyed?: boolean;
  readonly readableLength?: number;
  readonly writableLength?: number;
  readonly _readableState?: { readonly pipes?: readonly StreamState[] };
}

function isAheadOf(stream: StreamState): boolean {
  return stream._readableState?.pipes?.some(holdsAny) ?? false;
}

function holdsAny(stream: StreamState): boolean {
  if (stream.destroyed) return false;
  if ((stream.readableLength ?? 0) > 0 || (stream.writableLength ?? 0) > 0) return true;
  return isAheadOf(stream);
}
