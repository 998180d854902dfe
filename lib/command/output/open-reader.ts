import {
  type ArchiveReader,
  createArchiveReader,
  type RollingReadOptions,
  readCursorFile,
} from '../../index.js';
import type { ValuesOf } from '../options/option.js';
import { readSelection } from '../options/read-selection.js';
import type {
  LIMIT_OPTION,
  ORDER_OPTION,
  POSITION_OPTIONS,
  S3_OPTIONS,
  SELECTION_OPTIONS,
} from '../options/shared-options.js';
import { checkUsage, UsageError } from '../options/usage-error.js';
import { checkParent } from './output-file.js';
import { warnOf } from './reader-warnings.js';
import type { Terminal } from './terminal.js';

type ReaderValues = ValuesOf<
  typeof SELECTION_OPTIONS & typeof LIMIT_OPTION & typeof POSITION_OPTIONS & typeof S3_OPTIONS
> &
  Partial<ValuesOf<typeof ORDER_OPTION>>;

/**
 * Opens the reader that the options of a command describe, and warns of damage and gaps.
 *
 * @throws UsageError for options that make no sense; Error if no cursor file could be written
 */
export async function openReader(
  patterns: readonly string[],
  options: ReaderValues,
  terminal: Terminal,
  more: Pick<RollingReadOptions, 'order' | 'signal'>,
): Promise<ArchiveReader> {
  const { cursorFile, limit, skipDamaged } = options;
  const after = await readPosition(options);
  try {
    const reader = checkUsage(() =>
      createArchiveReader(patterns, {
        ...readSelection(options),
        ...(after !== undefined && { after }),
        ...(limit !== undefined && { limit }),
        whenDamaged: skipDamaged ? 'skip' : 'error',
        ...more,
      }),
    );
    const warn = warnOf(terminal);
    return reader.on('damage', warn.ofDamage).on('gap', warn.ofGap);
  } catch (error) {
    if (cursorFile === undefined || !(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace(/^after is /, `the file ${cursorFile} holds `));
  }
}

async function readPosition({ after, cursorFile }: ReaderValues): Promise<string | undefined> {
  if (cursorFile === undefined) return after;
  if (after !== undefined) {
    throw new UsageError('--after does not go with --cursor-file, which holds the position');
  }
  // After the last record it would be too late: the next run would repeat all of them.
  await checkParent(cursorFile);
  return await readCursorFile(cursorFile);
}
