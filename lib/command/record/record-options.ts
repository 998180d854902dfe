import { fromJsonLines } from '../../index.js';
import { LOG_OPTIONS } from '../options/log-options.js';
import {
  asText,
  flag,
  flagOnByDefault,
  listOption,
  oneOf,
  option,
  optionWithDefault,
  type ValuesOf,
} from '../options/option.js';
import { JSON_OPTION } from '../options/shared-options.js';
import { checkUsage, UsageError } from '../options/usage-error.js';
import { PARTITION_OPTION, WRITER_OPTIONS } from '../options/writer-options.js';
import { parseSource } from './open-source.js';
import { INPUTS } from './parsing/input-parser.js';
import { type MetadataPath, parseMetadataPaths } from './parsing/metadata-option.js';

/** The options of `shoebox record`. */
export const RECORD_OPTIONS = {
  file: listOption(
    '--file <path>',
    'follow this file instead of reading stdin: a path or a glob; repeatable',
    asText,
  ),
  from: option(
    '--from <url>',
    'archive from a broker instead of stdin, such as kafka://host:9092/topic?group=name',
    asText,
  ),
  ack: optionWithDefault(
    '--ack <level>',
    'when a broker may forget a record: once it is synced, or shipped',
    'synced',
    oneOf('synced', 'shipped'),
  ),
  follow: flagOnByDefault('--no-follow', 'end at the end of the files'),
  input: optionWithDefault('--input <format>', INPUTS.join(', '), 'json', oneOf(...INPUTS)),
  metadata: listOption(
    '--metadata <paths>',
    'metadata from each line, such as event=.event_type,tenant=.tenant',
    parseMetadataPaths,
  ),
  time: option('--time <path>', 'the time in each line, such as .ts; otherwise it is now', asText),
  rejects: option(
    '--rejects <file>',
    'keep lines that are no JSON, or messages that no record can hold, in this file',
    asText,
  ),
  strict: flag('--strict', 'end at the first line that is no JSON'),
  ...PARTITION_OPTION,
  ...WRITER_OPTIONS,
  ...LOG_OPTIONS,
  ...JSON_OPTION,
} as const;

export type RecordValues = ValuesOf<typeof RECORD_OPTIONS>;

/** @throws UsageError for options that make no sense together */
export function checkRecordOptions(options: RecordValues): void {
  const { ack, file, follow, from, input, metadata, rejects, strict, time } = options;
  if (from !== undefined) checkBrokerOptions(options);
  else if (ack !== 'synced') throw new UsageError('--ack goes with --from');
  if (file.length === 0 && !follow) throw new UsageError('--no-follow goes with --file');
  if (file.length > 0 && options.partition !== undefined) {
    throw new UsageError(
      '--partition does not go with --file, because each file is a series of its own: ' +
        'give each group of files its own DIR, or read stdin: tail -F FILE | shoebox record …',
    );
  }
  if (file.length > 0 && input === 'framed') {
    throw new UsageError('--file goes with --input json or lines');
  }
  const forJson = {
    metadata: metadata.length > 0,
    time: time !== undefined,
    rejects: rejects !== undefined,
    strict,
  };
  for (const [name, isGiven] of Object.entries(forJson)) {
    if (isGiven && input !== 'json') throw new UsageError(`--${name} goes with --input json`);
  }
  checkPaths(metadata.flat(), time);
  if (strict && rejects !== undefined) throw new UsageError('--rejects does not go with --strict');
}

/** Before a file has its first line. */
function checkPaths(metadata: readonly MetadataPath[], time: string | undefined): void {
  const keys = new Set<string>();
  for (const [key] of metadata) {
    if (keys.has(key)) throw new UsageError(`--metadata has ${key} twice`);
    keys.add(key);
  }
  checkUsage(() => fromJsonLines({ metadata: Object.fromEntries(metadata), time }).destroy());
}

/** A broker's records bring their metadata and times, and are archived as they are. */
function checkBrokerOptions(options: RecordValues): void {
  const { ack, file, from = '', input, metadata, strict, time, to } = options;
  const forLines = {
    file: file.length > 0,
    input: input !== 'json',
    metadata: metadata.length > 0,
    time: time !== undefined,
    strict,
  };
  for (const [name, isGiven] of Object.entries(forLines)) {
    if (isGiven) throw new UsageError(`--${name} does not go with --from`);
  }
  if (ack === 'shipped' && to === undefined) throw new UsageError('--ack shipped goes with --to');
  parseSource(from);
}
