import type { S3StoreOptions } from '../../index.js';
import {
  asText,
  flag,
  listOption,
  oneOf,
  option,
  optionWithDefault,
  type ValuesOf,
  wholeNumber,
} from './option.js';
import { parseTime } from './time-option.js';
import { parseWhere } from './where-option.js';

/** Which records: the same options in every command that reads. */
export const SELECTION_OPTIONS = {
  since: option('--since <time>', 'records of this time or later: ISO 8601, or -1h', parseTime),
  until: option('--until <time>', 'records before this time', parseTime),
  where: listOption(
    '--where <key=value>',
    'records with these metadata; KEY=/regexp/ too; repeatable',
    parseWhere,
  ),
} as const;

/** The order of archives and records. */
export const ORDER_OPTION = {
  order: optionWithDefault(
    '--order <order>',
    'name: as names say; time: by first records; merged: record by record',
    'name',
    oneOf('name', 'time', 'merged'),
  ),
} as const;

/** How many records. */
export const LIMIT_OPTION = {
  limit: option('--limit <count>', 'at most so many records', wholeNumber(0)),
} as const;

/** Where a reader begins, and what it does with damage. */
export const POSITION_OPTIONS = {
  after: option('--after <cursor>', 'only records after this position', parseCursor),
  cursorFile: option(
    '--cursor-file <file>',
    'continue where the last run with this file ended',
    asText,
  ),
  skipDamaged: flag('--skip-damaged', 'skip damaged bytes and continue'),
} as const;

/** How to reach a service other than AWS. */
export const S3_OPTIONS = {
  s3Endpoint: option('--s3-endpoint <url>', 'the URL of an S3-compatible service', asText),
  s3PathStyle: flag('--s3-path-style', 'put the bucket into the path, not the host name'),
} as const;

/** What to do with an output that exists. */
export const OVERWRITE_OPTIONS = {
  force: flag('--force', 'replace an output that exists'),
  dryRun: flag('--dry-run', 'say what would be written, and write nothing'),
} as const;

/** Print JSON lines for programs instead of text for people. */
export const JSON_OPTION = {
  json: flag('--json', 'print JSON lines'),
} as const;

/** The options of S3 stores. The SDK finds credentials, region and AWS_ENDPOINT_URL by itself. */
export function s3OptionsOf(options: ValuesOf<typeof S3_OPTIONS>): S3StoreOptions {
  const endpoint = options.s3Endpoint ?? process.env.AWS_ENDPOINT_URL;
  return {
    ...(endpoint !== undefined && endpoint !== '' && { endpoint }),
    ...(options.s3PathStyle && { forcePathStyle: true }),
  };
}

/** A cursor, or the content of a cursor file, which ends with a line feed. */
function parseCursor(text: string): string {
  return asText(text.trim());
}
