import { setImmediate } from 'node:timers/promises';

import { createArchiveReader, type LastRead, readLast } from '../index.js';
import { defineCommand } from './command-definition.js';
import { flag, listOption, optionWithDefault, wholeNumber } from './options/option.js';
import { PRINT_OPTIONS } from './options/print-options.js';
import { S3_OPTIONS, s3OptionsOf } from './options/shared-options.js';
import { checkUsageOf } from './options/usage-error.js';
import { parseWhere, whereOf } from './options/where-option.js';
import { printRecords } from './output/print-records.js';
import { warnOf } from './output/reader-warnings.js';

/** More records than this are not kept in memory to print them. */
const MOST_LINES = 1_000_000;

/** Prints the last records, and what is written after them. */
export const tail = defineCommand({
  name: 'tail',
  args: '<pattern...>',
  summary: 'print the last records',
  options: {
    lines: optionWithDefault(
      '-n, --lines <count>',
      'how many of the last records',
      '10',
      wholeNumber(0, MOST_LINES),
    ),
    follow: flag('-f, --follow', 'print what is written from then on, until SIGINT'),
    where: listOption(
      '--where <key=value>',
      'records with these metadata; KEY=/regexp/ too; repeatable',
      parseWhere,
    ),
    skipDamaged: flag('--skip-damaged', 'skip damaged bytes and continue'),
    ...PRINT_OPTIONS,
    ...S3_OPTIONS,
  },
  examples: ['shoebox tail archive', 'shoebox tail archive -n 0 -f --where tenant=a'],
  async run({ args, options, signal, terminal }) {
    const { follow, lines, skipDamaged } = options;
    const warn = warnOf(terminal);
    const common = {
      where: whereOf(options.where),
      whenDamaged: skipDamaged ? 'skip' : 'error',
      s3: s3OptionsOf(options),
      signal,
    } as const;
    const last = await checkUsageOf(
      readLast(args, {
        ...{ ...common, count: lines, onDamage: warn.ofDamage },
        // The series may not have begun yet.
        allowEmpty: follow,
      }),
    );
    await printRecords(batchesOf(last), options, terminal);
    // A reader of stdout that has read enough has closed it by now.
    await setImmediate();
    if (!follow || terminal.isClosed) return 0;
    const { cursor: after } = last;
    const reader = createArchiveReader(args, { ...common, after, follow: true });
    reader.on('damage', warn.ofDamage).on('gap', warn.ofGap);
    await printRecords(reader, options, terminal);
    return 0;
  },
});

/** The records as a reader gives them. */
function batchesOf({ records }: LastRead) {
  return {
    async *batches() {
      yield records;
    },
    destroy: () => undefined,
  };
}
