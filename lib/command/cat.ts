import { createArchiveReader } from '../index.js';
import { defineCommand } from './command-definition.js';
import { asText, flag, oneOf, option, optionWithDefault } from './options/option.js';
import { readSelection } from './options/read-selection.js';
import { LIMIT_OPTION, S3_OPTIONS, SELECTION_OPTIONS } from './options/shared-options.js';
import { checkUsage, UsageError } from './options/usage-error.js';
import { readCursorFile, writeCursorFile } from './output/cursor-file.js';
import { escapeName } from './output/escape-name.js';
import { printRecords } from './output/print-records.js';
import { FORMATS } from './output/record-formats.js';

/** Prints records. */
export const cat = defineCommand({
  name: 'cat',
  args: '<pattern...>',
  summary: 'print records',
  options: {
    ...SELECTION_OPTIONS,
    ...LIMIT_OPTION,
    format: optionWithDefault('--format <format>', FORMATS.join(', '), 'json', oneOf(...FORMATS)),
    after: option('--after <cursor>', 'only records after this position', asText),
    cursorFile: option(
      '--cursor-file <file>',
      'continue where the last run with this file ended',
      asText,
    ),
    skipDamaged: flag('--skip-damaged', 'skip damaged bytes and continue'),
    ...S3_OPTIONS,
  },
  examples: [
    "shoebox cat 'archive/*.events' --since -1h --where tenant=a",
    'shoebox cat s3://bucket/events --format payload | head',
  ],
  async run({ args, options, signal, terminal }) {
    const { cursorFile } = options;
    if (options.after !== undefined && cursorFile !== undefined) {
      throw new UsageError('--after does not go with --cursor-file, which holds the position');
    }
    const after = cursorFile === undefined ? options.after : await readCursorFile(cursorFile);
    const reader = checkUsage(() =>
      createArchiveReader(args, {
        ...readSelection(options),
        ...(after !== undefined && { after }),
        ...(options.limit !== undefined && { limit: options.limit }),
        whenDamaged: options.skipDamaged ? 'skip' : 'error',
        signal,
      }),
    );
    reader.on('damage', ({ archive, begin, end, reason }) =>
      terminal.warn(`${escapeName(archive ?? '')}: skipped bytes ${begin} to ${end}: ${reason}`),
    );
    reader.on('gap', ({ from, to, writer }) =>
      terminal.warn(`records ${from} to ${to - 1} of writer ${writer} are missing`),
    );
    await printRecords(reader, options.format, terminal);
    // Everything was printed. If stdout was closed before, this is not reached.
    if (cursorFile !== undefined) await writeCursorFile(cursorFile, reader.cursor);
    return 0;
  },
});
