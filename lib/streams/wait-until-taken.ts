import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

/** Has a stream give at once what it keeps back to make larger pieces. */
export const giveHeld = Symbol('giveHeld');

/** A stream that keeps records back for a while, such as those of a block that is not full. */
export interface HoldsBack {
  [giveHeld](): void;
}

/** How often the streams behind are looked at; they have no event for "all of it is done". */
const POLL_MS = 5;

/**
 * Waits until all that `stream` pushed has been taken, by its reader and by every stream that it is piped
 * into, however slow. An error ends a pipeline at once and drops what its streams still hold: with this
 * before the error, records that came before damage arrive. Resolves too when `stream` is destroyed.
 *
 * What is not piped is out of sight: an async generator in a pipeline, the streams inside a `compose`, and
 * what a Transform of another make keeps to itself, such as zlib's.
 */
export async function waitUntilTaken(stream: Readable): Promise<void> {
  while (!stream.destroyed && (stream.readableLength > 0 || isAheadOf(stream, new Set([stream])))) {
    // Keeps the process alive: an exit would drop the error, and with it the news of damage.
    await setTimeout(POLL_MS);
  }
}

/** The part of a stream's state that tells what it holds; Node documents all of it but `pipes`. */
interface StreamState extends Partial<HoldsBack> {
  readonly destroyed?: boolean;
  readonly readableLength?: number;
  readonly writableLength?: number;
  readonly _transform?: unknown;
  readonly _readableState?: { readonly pipes?: readonly StreamState[] };
}

/** @param seen streams that were looked at: what comes from a socket may go back into it */
function isAheadOf(stream: StreamState, seen: Set<StreamState>): boolean {
  return stream._readableState?.pipes?.some((behind) => holdsAny(behind, seen)) ?? false;
}

function holdsAny(stream: StreamState, seen: Set<StreamState>): boolean {
  if (stream.destroyed || seen.has(stream)) return false;
  seen.add(stream);
  if ((stream.writableLength ?? 0) > 0) return true;
  // What can be read from another Duplex, such as a socket, is not what was written to it.
  if (stream._transform === undefined) return false;
  stream[giveHeld]?.();
  return (stream.readableLength ?? 0) > 0 || isAheadOf(stream, seen);
}
