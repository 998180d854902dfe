import { createArchiveReader, readCursorFile, writeCursorFile } from '../index.js';
import { defineCommand } from './command-definition.js';
import { asText, flag, option } from './options/option.js';
import { PRINT_OPTIONS } from './options/print-options.js';
import { readSelection } from './options/read-selection.js';
import {
  LIMIT_OPTION,
  ORDER_OPTION,
  S3_OPTIONS,
  SELECTION_OPTIONS,
} from './options/shared-options.js';
import { checkUsage, UsageError } from './options/usage-error.js';
import { printRecords } from './output/print-records.js';
import { warnOf } from './output/reader-warnings.js';

/** Prints records. */
export const cat = defineCommand({
  name: 'cat',
  args: '<pattern...>',
  summary: 'print records',
  options: {
    ...SELECTION_OPTIONS,
    ...ORDER_OPTION,
    ...LIMIT_OPTION,
    ...PRINT_OPTIONS,
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
    const warn = warnOf(terminal);
    reader.on('damage', warn.ofDamage).on('gap', warn.ofGap);
    await printRecords(reader, options, terminal);
    // Everything was printed. If stdout was closed before, this is not reached.
    if (cursorFile !== undefined) await writeCursorFile(cursorFile, reader.cursor);
    return 0;
  },
});
