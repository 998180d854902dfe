import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

import type { ArchiveWriter } from '../../index.js';
import { openWriter } from '../options/writer-options.js';
import type { InputParser } from './parsing/input-parser.js';
import type { RecordRun } from './record-run.js';

/**
 * Archives all records of stdin. After the signal, reads to the end of the input within half of the
 * deadline, so that what a program wrote before Ctrl-C is archived.
 *
 * @returns the error that ended the records before the end of the input
 */
export async function archiveStdin(run: RecordRun): Promise<unknown> {
  const { directory, options, parsers, signal, terminal, writers } = run;
  const writer = await openWriter(directory, options);
  writers.add(writer);
  const ending = { signal, deadlineMs: options.deadline / 2 };
  return await archiveStream(terminal.host.stdin, parsers.create(), writer, ending);
}

interface StreamOptions {
  readonly signal: AbortSignal;
  /** How long to read on after the signal. A terminal has no end, so it is left at once. */
  readonly deadlineMs: number;
}

async function archiveStream(
  input: Readable & { readonly isTTY?: boolean },
  parser: InputParser,
  writer: ArchiveWriter,
  { deadlineMs, signal }: StreamOptions,
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
