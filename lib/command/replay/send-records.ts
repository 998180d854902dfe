import { finished } from 'node:stream/promises';

import { type ArchiveReader, replay, systemClock, type Timer } from '../../index.js';
import type { AnyDestination } from './open-target.js';

export interface SendOptions {
  readonly speed: number;
  readonly maxPause: number | undefined;
  /** Ends the reading. Records that were read are still sent. */
  readonly signal: AbortSignal;
  /** How long to wait for confirmations after the signal. */
  readonly deadlineMs: number;
}

/**
 * Sends all records of a reader at their pace. Before an error of the reader, everything that it
 * has read is sent and confirmed.
 *
 * @throws the error of the reader or of the destination
 */
export async function sendRecords(
  reader: ArchiveReader,
  destination: AnyDestination,
  { deadlineMs, maxPause, signal, speed }: SendOptions,
): Promise<void> {
  const paced = replay({ speed, ...(maxPause !== undefined && { maxPause }) });
  let failure: unknown;
  let timer: Timer | undefined;
  const leave = () => {
    // The record for which it waits is not due yet.
    paced.unpipe(destination);
    destination.end();
    timer = systemClock.setTimer(() => destination.destroy(), deadlineMs);
    timer.ref();
  };
  reader.once('error', (error) => {
    failure = error;
    paced.end();
  });
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave);
  reader.pipe(paced).pipe(destination);
  try {
    await finished(destination);
  } finally {
    timer?.cancel();
    signal.removeEventListener('abort', leave);
    reader.destroy();
    paced.destroy();
  }
  if (failure !== undefined) throw failure;
}
