import type { Readable } from 'node:stream';

import { sleep } from '../format/timers.js';

/** Makes a stream push the bytes that it keeps back to make larger pieces. */
export const giveHeld = Symbol('giveHeld');

/** A stream that keeps records back for some time, such as those of a block that is not full. */
export interface HoldsBack {
  [giveHeld](): void;
}

/** The interval between checks: streams have no event for "all of it has been taken". */
const POLL_MS = 5;

/**
 * Waits until everything that `stream` pushed has been taken by its reader and by all streams that
 * it is piped into, however slow. An error ends a pipeline at once and drops what its streams still
 * hold; a wait before the error lets the records before damage arrive. Also resolves when `stream`
 * is destroyed.
 *
 * Only piped streams are checked. Not visible are an async generator in a pipeline, the streams
 * inside a `compose`, and bytes inside other Transforms, such as zlib's.
 */
export async function waitUntilTaken(stream: Readable): Promise<void> {
  while (!stream.destroyed && (stream.readableLength > 0 || isAheadOf(stream, new Set([stream])))) {
    // This timer keeps the process alive: an exit would drop the error that reports the damage.
    await sleep(POLL_MS);
  }
}

/**
 * The properties that show whether a stream holds data. Node documents all of them except `pipes`.
 */
interface StreamState extends Partial<HoldsBack> {
  readonly destroyed?: boolean;
  readonly readableLength?: number;
  readonly writableLength?: number;
  readonly _transform?: unknown;
  readonly _readableState?: { readonly pipes?: readonly StreamState[] };
}

/**
 * @param seen streams already checked: pipes may form a circle, as data from a socket may return to
 * it
 */
function isAheadOf(stream: StreamState, seen: Set<StreamState>): boolean {
  return stream._readableState?.pipes?.some((next) => holdsAny(next, seen)) ?? false;
}

function holdsAny(stream: StreamState, seen: Set<StreamState>): boolean {
  if (stream.destroyed || seen.has(stream)) return false;
  seen.add(stream);
  if ((stream.writableLength ?? 0) > 0) return true;
  // Only a Transform gives what was written to it. A socket, say, gives other data.
  if (stream._transform === undefined) return false;
  stream[giveHeld]?.();
  return (stream.readableLength ?? 0) > 0 || isAheadOf(stream, seen);
}
