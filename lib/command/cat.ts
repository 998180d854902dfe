import { writeCursorFile } from '../index.js';
import { defineCommand } from './command-definition.js';
import { PRINT_OPTIONS } from './options/print-options.js';
import {
  LIMIT_OPTION,
  ORDER_OPTION,
  POSITION_OPTIONS,
  S3_OPTIONS,
  SELECTION_OPTIONS,
} from './options/shared-options.js';
import { openReader } from './output/open-reader.js';
import { printRecords } from './output/print-records.js';

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
    ...POSITION_OPTIONS,
    ...S3_OPTIONS,
  },
  examples: [
    "shoebox cat 'archive/*.events' --since -1h --where tenant=a",
    'shoebox cat s3://bucket/events --format payload | head',
  ],
  async run({ args, options, signal, terminal }) {
    const { cursorFile } = options;
    const reader = await openReader(args, options, terminal, { signal });
    await printRecords(reader, options, terminal);
    // Everything was printed. If stdout was closed before, this is not reached.
    if (cursorFile !== undefined) await writeCursorFile(cursorFile, reader.cursor);
    return 0;
  },
});
