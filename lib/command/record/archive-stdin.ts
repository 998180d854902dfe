import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { finished } from 'node:stream/promises';

import { openAnyWriter } from '../options/writer-options.js';
import { checkWritable } from '../output/check-directory.js';
import type { Host } from '../output/terminal.js';
import type { RecordRun } from './record-run.js';
import { keepUnfit, unfitOptionsOf } from './skip-unfit.js';
import { untilTaken } from './until-taken.js';

/**
 * Archives all records of stdin. After a signal, reads to its end within the deadline, so that what
 * a program wrote before Ctrl-C is archived; a terminal has no end, so it is left at once.
 *
 * @returns the error that ended the records before the end of the input
 */
export async function archiveStdin(run: RecordRun): Promise<unknown> {
  const { directory, ending, options, parsers, signal, terminal, writers } = run;
  checkInput(terminal.host.stdin);
  await checkWritable(directory, options);
  const writer = await openAnyWriter(directory, options, unfitOptionsOf(run));
  keepUnfit(writer, run);
  writers.add(writer);
  const input = terminal.host.stdin;
  const parser = parsers.create();
  const { stream } = parser;
  const leave = () => {
    input.unpipe(stream);
    input.pause();
    stream.end();
  };
  const isOver = input.isTTY ? signal : ending.isReadingOver;
  if (isOver.aborted) leave();
  else isOver.addEventListener('abort', leave);
  let failure: unknown;
  input.once('end', () => ending.begin());
  input.once('error', (error) => {
    failure = error;
    ending.begin();
    leave();
  });
  input.pipe(stream).pipe(writer, { end: false });
  try {
    // The writer may fail, too: `once` rejects with its error.
    const taken = Promise.race([finished(stream, { writable: false }), once(writer, 'close')]);
    await untilTaken(taken, run);
    return failure ?? parser.fault();
  } catch (error) {
    return error;
  } finally {
    isOver.removeEventListener('abort', leave);
    input.unpipe(stream);
    stream.unpipe(writer);
    input.pause();
  }
}

/** Node gives stdin no bytes, and no error either, if it is what cannot be read as a stream. */
function checkInput({ fd }: Host['stdin']): void {
  if (fd !== undefined && fstatSync(fd).isDirectory()) {
    throw new Error('stdin is a directory: give a file, or name files with --file');
  }
}
