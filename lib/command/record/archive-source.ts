import { join } from 'node:path';

import { archiveFrom, type LostPositions, RecordError, type SourceSeries } from '../../index.js';
import { openAnyWriter } from '../options/writer-options.js';
import { checkWritable } from '../output/check-directory.js';
import type { Terminal } from '../output/terminal.js';
import { parseSource } from './open-source.js';
import type { RecordRun } from './record-run.js';
import { rejectedMessage } from './reject-message.js';

/** Archives what a broker has, each partition or queue in a folder of its own, until the signal. */
export async function archiveSource(run: RecordRun): Promise<unknown> {
  const { directory, options, rejects, signal, terminal, writers } = run;
  const { ack, deadline, from = '' } = options;
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener('abort', end);
  let failure: unknown;
  const { shown, open } = parseSource(from);
  try {
    // The writers create folders below it; a missing one may be a disk that is not mounted.
    await checkWritable(directory, options);
    const { close, source } = await open((error) => {
      failure ??= error;
      end();
    });
    if (signal.aborted) end();
    source.on('lost', (lost) => warnOfLoss(lost, terminal));
    source.on('invalid', (skipped) => {
      if (run.skippedMessages === 0)
        terminal.warn(`a message is skipped: ${skipped.reason.message}`);
      run.skippedMessages++;
      rejects?.add(rejectedMessage(skipped));
      // Before the broker may forget it.
      rejects?.sync();
    });
    terminal.note(`archiving from ${shown}`);
    const createWriter = async (series: SourceSeries) => {
      const writer = await openAnyWriter(join(directory, series.path), optionsOf(run, series), {
        ...series.options,
      });
      writers.add(writer);
      return writer;
    };
    try {
      await archiveFrom(source, createWriter, {
        ...{ ack, signal: ending.signal, deadlineMs: deadline },
        invalid: rejects === undefined ? 'fail' : 'skip',
      });
    } finally {
      await close();
    }
  } catch (error) {
    failure ??= error instanceof RecordError ? withAdvice(error) : error;
  } finally {
    signal.removeEventListener('abort', end);
  }
  return failure;
}

function withAdvice(error: RecordError): RecordError {
  const advice = 'give --rejects FILE to keep such messages there, and to go on';
  return new RecordError(error.field, `${error.problem}: ${advice}`, { cause: error });
}

/** The objects of each series are in a folder of their own, too. */
function optionsOf({ options }: RecordRun, { path }: SourceSeries): RecordRun['options'] {
  const { key = '[[NAME]]', to } = options;
  return to === undefined ? options : { ...options, key: `${path}/${key}` };
}

function warnOfLoss(lost: LostPositions, terminal: Terminal): void {
  const { from, holder, reason, series, to } = lost;
  const range = `positions ${from} to ${to - 1} of ${series}`;
  if (reason === 'expired')
    terminal.warn(`${range} are lost: they expired before they were archived`);
  else if (holder === undefined) terminal.warn(`${range} are lost: they were acknowledged`);
  else terminal.warn(`${range} are not archived here: ${holder} acknowledged them`);
}
