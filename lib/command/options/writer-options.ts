import {
  type ArchiveWriter,
  type ArchiveWriterOptions,
  createArchiveWriter,
  createPartitionedWriter,
  type PartitionedWriter,
  rollByAge,
  rollBySize,
} from '../../index.js';
import { byteCount, duration } from './amounts.js';
import {
  asText,
  flag,
  listOption,
  oneOf,
  option,
  optionWithDefault,
  type ValuesOf,
} from './option.js';
import { S3_OPTIONS, s3OptionsOf } from './shared-options.js';
import { checkUsage, UsageError } from './usage-error.js';

/** A writer of one series, or of partitions. */
export type AnyWriter = ArchiveWriter | PartitionedWriter;

/** The option of commands that may divide records into folders. */
export const PARTITION_OPTION = {
  partition: option(
    '--partition <template>',
    'the folder of each record, such as tenant=[[metadata.tenant]]/dt=%Y-%m-%d',
    asText,
  ),
} as const;

/** The options of commands that write archives. */
export const WRITER_OPTIONS = {
  to: option('--to <url>', 'ship to a directory or to s3://bucket/prefix', asText),
  name: option('--name <template>', 'how archives are named', asText),
  roll: listOption(
    '--roll <size,age>',
    'when to roll, such as 100MiB,5m; whichever comes first',
    parseRoll,
  ),
  sync: optionWithDefault(
    '--sync <mode>',
    'when to sync: always, everysec or no',
    'everysec',
    oneOf('always', 'everysec', 'no'),
  ),
  keep: flag('--keep', 'keep local archives after they were shipped'),
  key: option('--key <template>', 'how objects are named, such as dt=%Y-%m-%d/[[NAME]]', asText),
  maxSpool: option('--max-spool <size>', 'how much of the disk may wait to be shipped', byteCount),
  index: listOption('--index <keys>', 'index these metadata keys, such as event,tenant', parseKeys),
  compression: option(
    '--compression <name>',
    'gzip, zstd or none; by default gzip for what is shipped, and none without --to',
    oneOf('gzip', 'zstd', 'none'),
  ),
  createDirectory: flag('--create-directory', 'create DIR if it is missing'),
  deadline: optionWithDefault(
    '--deadline <duration>',
    'how long to seal and ship at the end',
    '30s',
    duration,
  ),
  ...S3_OPTIONS,
} as const;

function parseKeys(text: string): readonly string[] {
  return text.split(',').map(asText);
}

type WriterValues = ValuesOf<typeof WRITER_OPTIONS>;

/** A condition of `--roll`. */
type RollCondition = ReturnType<typeof rollByAge>;

/** `100MiB`, `5m`, or both with a comma. */
function parseRoll(text: string): readonly RollCondition[] {
  return text.split(',').map((part) => {
    // `5m` is five minutes; a size has a B, or is a plain number.
    if (/^\s*\d+(?:\.\d+)?\s*(?:[kmgt]i?b|b)?\s*$/i.test(part)) return rollBySize(byteCount(part));
    return rollByAge(duration(part));
  });
}

/**
 * Creates the writer that the options of a command describe.
 *
 * @throws UsageError for options that make no sense together, or that the library refuses
 */
export async function openWriter(
  directory: string,
  options: WriterValues,
  more: Partial<ArchiveWriterOptions> = {},
): Promise<ArchiveWriter> {
  const writing = writerOptionsOf(directory, options);
  return checkUsage(() => createArchiveWriter({ ...writing, ...more }));
}

/**
 * As `openWriter`; with `--partition` a writer of partitions.
 *
 * @throws UsageError for options that make no sense together, or a template that is wrong
 */
export async function openAnyWriter(
  directory: string,
  options: WriterValues & ValuesOf<typeof PARTITION_OPTION>,
  more: Partial<ArchiveWriterOptions> = {},
): Promise<AnyWriter> {
  const { partition } = options;
  if (partition === undefined) return await openWriter(directory, options, more);
  const writing = writerOptionsOf(directory, options);
  return checkUsage(() => createPartitionedWriter({ ...writing, ...more, partition }));
}

function writerOptionsOf(directory: string, options: WriterValues): ArchiveWriterOptions {
  const { compression, createDirectory, index, key, keep } = options;
  const { maxSpool, name, roll, sync, to } = options;
  const withoutTo = { keep, key: key !== undefined, 'max-spool': maxSpool !== undefined };
  for (const [option, isGiven] of Object.entries(withoutTo)) {
    if (isGiven && to === undefined) throw new UsageError(`--${option} goes with --to`);
  }
  const conditions = roll.flat();
  return {
    ...{ directory, createDirectory, sync },
    ...(name !== undefined && { template: name }),
    ...(index.length > 0 && { index: index.flat() }),
    ...(conditions.length > 0 && { roll: conditions }),
    ...(to === undefined &&
      compression !== undefined &&
      compression !== 'none' && { compress: compression }),
    ...(to !== undefined && {
      ship: {
        to,
        ...(compression !== undefined && { compression }),
        localFile: keep ? 'keep' : 'delete',
        ...(/^s3:/i.test(to) && { s3: s3OptionsOf(options) }),
        ...(key !== undefined && { key }),
        ...(maxSpool !== undefined && { maxSpoolBytes: maxSpool }),
      },
    }),
  };
}
