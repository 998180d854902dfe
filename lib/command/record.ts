import { defineCommand } from './command-definition.js';
import { UsageError } from './options/usage-error.js';
import { closeWriter } from './output/close-writer.js';
import { describeError, isMisuse } from './output/describe-error.js';
import { checkAppendable } from './output/output-file.js';
import { countOf } from './output/quantities.js';
import { startLog } from './output/start-log.js';
import { archiveFiles } from './record/archive-files.js';
import { archiveSource } from './record/archive-source.js';
import { archiveStdin } from './record/archive-stdin.js';
import { InputParsers } from './record/parsing/input-parsers.js';
import { RejectsFile } from './record/parsing/rejects-file.js';
import { checkRecordOptions, RECORD_OPTIONS, type RecordValues } from './record/record-options.js';
import type { ArchiveInput, RecordRun } from './record/record-run.js';
import { showRecordStatus } from './record/record-status.js';
import { RunEnding } from './record/run-ending.js';
import { WriterGroup } from './record/writer-group.js';

/** Archives stdin, files that it follows, or what a broker has. */
export const record = defineCommand({
  name: 'record',
  args: '<dir>',
  summary: 'archive records from stdin, from files or from a broker',
  options: RECORD_OPTIONS,
  examples: [
    'app | shoebox record archive --metadata event=.event_type --time .ts',
    "shoebox record archive --file '/var/log/app/*.log' --input lines",
    'shoebox record archive --to s3://bucket/events --roll 100MiB,5m < events.jsonl',
    "shoebox record archive --from 'kafka://host:9092/orders?group=archive' --to s3://bucket/kafka",
  ],
  async run({ args: [directory = ''], options, signal, terminal }) {
    checkRecordOptions(options);
    const archiveInput = chooseInput(options);
    const { rejects: rejectsPath, time, metadata } = options;
    if (rejectsPath !== undefined) await checkAppendable(rejectsPath);
    const rejects = rejectsPath === undefined ? undefined : new RejectsFile(rejectsPath);
    const parsers = new InputParsers({
      ...{ input: options.input, time, isStrict: options.strict },
      metadata: metadata.flat(),
      onRejected: (line) => rejects?.add(line),
    });
    await startLog(terminal, options);
    const writers = new WriterGroup(terminal);
    const ending = new RunEnding(options.deadline, signal);
    const run: RecordRun = {
      ...{ directory, options, terminal, signal, ending, writers, parsers, rejects },
      missedBytes: 0,
      skippedMessages: 0,
      afterClose: [],
    };
    const status = showRecordStatus(writers, terminal, options);
    let failure: unknown;
    let code = 1;
    try {
      failure = await archiveInput(run);
    } catch (error) {
      failure = error;
    } finally {
      status.stop();
    }
    ending.begin();
    try {
      // Options that no writer takes have archived nothing.
      if (failure instanceof UsageError) await writers.close();
      else code = await closeWriter(writers, ending.leftMs, terminal);
      rejects?.close();
    } catch (error) {
      failure ??= error;
    }
    ending.stop();
    const ended = failure === undefined ? 'all is sealed' : 'failed';
    for (const finish of run.afterClose) {
      await finish(ended).catch((error: unknown) => {
        failure ??= error;
      });
    }
    if (failure instanceof UsageError || isMisuse(failure)) throw failure;
    if (failure !== undefined) code = 1;
    await summarize(run);
    if (failure !== undefined) terminal.fail(failure, await describeError(failure));
    return code;
  },
});

/** Each kind of input has a file of its own in `record/`. */
function chooseInput({ file, from }: RecordValues): ArchiveInput {
  if (from !== undefined) return archiveSource;
  return file.length > 0 ? archiveFiles : archiveStdin;
}

async function summarize(run: RecordRun): Promise<void> {
  const { missedBytes, options, parsers, skippedMessages, terminal, writers } = run;
  const { left, records, sealed, sealedBytes, shipped, skipped: unfit } = writers.stats();
  const { skipped: malformed, untimed } = parsers.stats();
  const skipped = malformed + unfit + skippedMessages;
  if (options.json) {
    const counts = { records, skipped, untimed, sealed, sealedBytes, shipped, left };
    const missed = options.file.length > 0 ? { missedBytes } : {};
    await terminal.printJson({ type: 'summary', ...counts, ...missed });
  }
  const are = malformed === 1 ? 'it is' : 'they are';
  if (malformed > 0) terminal.warn(`${countOf(malformed, 'line')} skipped, because ${are} no JSON`);
  if (unfit > 0)
    terminal.warn(`${countOf(unfit, 'line')} skipped, because no archive can hold them`);
  if (skippedMessages > 0) {
    const messages = countOf(skippedMessages, 'message');
    terminal.warn(`${messages} skipped, because no archive can hold them: see ${options.rejects}`);
  }
  if (untimed > 0) terminal.warn(`${countOf(untimed, 'record')} without a time of their own`);
}
