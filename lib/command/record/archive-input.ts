import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

import type { ArchiveWriter } from '../../index.js';
import type { InputParser } from './input-parser.js';

export interface InputOptions {
  readonly signal: AbortSignal;
  /** How long to read on after the signal, so that what a program wrote before it is archived. */
  readonly deadlineMs: number;
}

/**
 * Writes all records of the input. After the signal, reads to the end of the input within the
 * deadline; a terminal has no end, so it is left at once.
 *
 * @returns the error that ended the records before the end of the input
 */
export async function archiveInput(
  input: Readable & { readonly isTTY?: boolean },
  parser: InputParser,
  writer: ArchiveWriter,
  { deadlineMs, signal }: InputOptions,
): Promise<unknown> {
  const { stream } = parser;
  const leave = () => {
    input.unpipe(stream);
    input.pause();
    stream.end();
  };
  let timer: NodeJS.Timeout | undefined;
  const onSignal = () => {
    timer = setTimeout(leave, input.isTTY ? 0 : deadlineMs);
  };
  if (signal.aborted) onSignal();
  else signal.addEventListener('abort', onSignal);
  let failure: unknown;
  input.once('error', (error) => {
    failure = error;
    leave();
  });
  input.pipe(stream).pipe(writer, { end: false });
  try {
    // The writer may fail, too: `once` rejects with its error.
    await Promise.race([finished(stream, { writable: false }), once(writer, 'close')]);
    return failure ?? parser.fault();
  } catch (error) {
    return error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onSignal);
    input.unpipe(stream);
    input.pause();
  }
}
