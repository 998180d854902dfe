import type { ArchiveWriter } from '../index.js';
import { defineCommand } from './command-definition.js';
import {
  asText,
  flag,
  listOption,
  oneOf,
  option,
  optionWithDefault,
  type ValuesOf,
} from './options/option.js';
import { JSON_OPTION } from './options/shared-options.js';
import { UsageError } from './options/usage-error.js';
import { openWriter, WRITER_OPTIONS } from './options/writer-options.js';
import { closeWriter } from './output/close-writer.js';
import { describeError } from './output/describe-error.js';
import { countOf } from './output/quantities.js';
import type { Terminal } from './output/terminal.js';
import { archiveInput } from './record/archive-input.js';
import { createInputParser, INPUTS, type InputParser } from './record/input-parser.js';
import { parseMetadataPaths } from './record/metadata-option.js';
import { showRecordStatus } from './record/record-status.js';
import { RejectsFile } from './record/rejects-file.js';

const OPTIONS = {
  input: optionWithDefault('--input <format>', INPUTS.join(', '), 'json', oneOf(...INPUTS)),
  metadata: listOption(
    '--metadata <paths>',
    'metadata from each line, such as event=.event_type,tenant=.tenant',
    parseMetadataPaths,
  ),
  time: option('--time <path>', 'the time in each line, such as .ts; otherwise it is now', asText),
  rejects: option('--rejects <file>', 'keep lines that are no JSON in this file', asText),
  strict: flag('--strict', 'end at the first line that is no JSON'),
  ...WRITER_OPTIONS,
  ...JSON_OPTION,
} as const;

type Values = ValuesOf<typeof OPTIONS>;

/** Archives stdin. */
export const record = defineCommand({
  name: 'record',
  args: '<dir>',
  summary: 'archive records from stdin',
  options: OPTIONS,
  examples: [
    'app | shoebox record archive --metadata event=.event_type --time .ts',
    'shoebox record archive --to s3://bucket/events --roll 100MiB,5m < events.jsonl',
  ],
  async run({ args: [directory = ''], options, signal, terminal }) {
    checkInput(options);
    const writer = await openWriter(directory, options);
    const rejects = options.rejects === undefined ? undefined : new RejectsFile(options.rejects);
    const parser = createInputParser({
      ...{ input: options.input, time: options.time, isStrict: options.strict },
      metadata: options.metadata.flat(),
      onRejected: (line) => rejects?.add(line),
    });
    const status = showRecordStatus(writer, terminal, { isJson: options.json });
    const begunMs = performance.now();
    const failure = await archiveInput(terminal.host.stdin, parser, writer, {
      ...{ signal, deadlineMs: options.deadline / 2 },
    });
    status.stop();
    const leftMs = Math.max(options.deadline - (performance.now() - begunMs), options.deadline / 2);
    const code = await closeWriter(writer, leftMs, terminal);
    await rejects?.close();
    await summarize(parser, writer, terminal, options);
    if (failure === undefined) return code;
    terminal.fail(failure, await describeError(failure));
    return 1;
  },
});

function checkInput({ input, metadata, rejects, strict, time }: Values): void {
  const forJson = {
    metadata: metadata.length > 0,
    time: time !== undefined,
    rejects: rejects !== undefined,
    strict,
  };
  for (const [name, isGiven] of Object.entries(forJson)) {
    if (isGiven && input !== 'json') throw new UsageError(`--${name} goes with --input json`);
  }
  if (strict && rejects !== undefined) throw new UsageError('--rejects does not go with --strict');
}

async function summarize(
  { stats }: InputParser,
  writer: ArchiveWriter,
  terminal: Terminal,
  { json }: Values,
): Promise<void> {
  const { left, records, sealed, sealedBytes, shipped } = writer.stats();
  const { skipped = 0, untimed = 0 } = stats() ?? {};
  if (json) {
    const counts = { records, skipped, untimed, sealed, sealedBytes, shipped, left };
    await terminal.printJson({ type: 'summary', ...counts });
  }
  if (skipped > 0) terminal.warn(`${countOf(skipped, 'line')} skipped, because they are no JSON`);
  if (untimed > 0) terminal.warn(`${countOf(untimed, 'record')} without a time of their own`);
}
