import { duration } from '../options/amounts.js';
import {
  asText,
  flag,
  listOption,
  option,
  optionWithDefault,
  type ValuesOf,
  wholeNumber,
} from '../options/option.js';
import {
  JSON_OPTION,
  LIMIT_OPTION,
  POSITION_OPTIONS,
  S3_OPTIONS,
  SELECTION_OPTIONS,
} from '../options/shared-options.js';
import { UsageError } from '../options/usage-error.js';

/** The options of `shoebox replay`. */
export const REPLAY_OPTIONS = {
  to: option('--to <url>', 'kafka://…, nats://…, amqp://… or http://…', asText),
  speed: optionWithDefault(
    '--speed <factor>',
    'how many times as fast as it happened; max waits for nothing',
    '1',
    parseSpeed,
  ),
  maxPause: option('--max-pause <duration>', 'the longest wait for one record', duration),
  ...SELECTION_OPTIONS,
  ...LIMIT_OPTION,
  ...POSITION_OPTIONS,
  cursorFile: option(
    '--cursor-file <file>',
    'keep the position of what is confirmed, and continue there',
    asText,
  ),
  inFlight: option(
    '--in-flight <count>',
    'how many records to send at once; by default 1000, and 1 for http',
    wholeNumber(1, 1_000_000),
  ),
  retryFor: optionWithDefault(
    '--retry-for <duration>',
    'how long to repeat a record that is not taken',
    '5m',
    duration,
  ),
  header: listOption(
    '--header <name: value>',
    'a header of each HTTP request; repeatable',
    parseHeader,
  ),
  tokenFile: option('--token-file <file>', 'the bearer token for HTTP; or SHOEBOX_TOKEN', asText),
  deadline: optionWithDefault(
    '--deadline <duration>',
    'how long to wait for confirmations after SIGINT or SIGTERM',
    '30s',
    duration,
  ),
  dryRun: flag('--dry-run', 'count the records, and send nothing'),
  ...JSON_OPTION,
  ...S3_OPTIONS,
} as const;

export type ReplayValues = ValuesOf<typeof REPLAY_OPTIONS>;

/** @throws UsageError for options that make no sense together */
export function checkReplayOptions(options: ReplayValues): void {
  const { header, maxPause, speed, to, tokenFile } = options;
  if (to === undefined) throw new UsageError('replay needs --to URL');
  if (maxPause !== undefined && speed === Number.POSITIVE_INFINITY) {
    throw new UsageError('--max-pause does not go with --speed max, which makes no pauses');
  }
  const forHttp = { header: header.length > 0, 'token-file': tokenFile !== undefined };
  for (const [name, isGiven] of Object.entries(forHttp)) {
    if (isGiven && !/^https?:/i.test(to)) throw new UsageError(`--${name} goes with --to http://`);
  }
}

/** `2`, `0.5`, `10x` or `max`. */
function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = /^\d+(?:\.\d+)?x?$/.test(text) ? Number.parseFloat(text) : Number.NaN;
  if (speed > 0) return speed;
  throw new RangeError('expected a number above 0, or max');
}

/** `NAME: VALUE`, as in a request. */
function parseHeader(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+):\s*(.*?)\s*$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new RangeError('expected NAME: VALUE');
  return [name, value];
}
