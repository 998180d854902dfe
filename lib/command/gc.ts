import { findLeftovers, type Leftover } from '../index.js';
import { defineCommand } from './command-definition.js';
import { duration } from './options/amounts.js';
import { asText, flag, option, optionWithDefault } from './options/option.js';
import { JSON_OPTION, S3_OPTIONS, s3OptionsOf } from './options/shared-options.js';
import { checkUsage } from './options/usage-error.js';
import { describeError } from './output/describe-error.js';
import { escapeName } from './output/escape-name.js';
import { countOf, formatBytes, formatTime } from './output/quantities.js';

const KINDS: Readonly<Record<Leftover['kind'], string>> = {
  upload: 'unfinished upload',
  journal: 'stale journal',
  lease: 'stale lease',
  torn: 'torn bytes',
  suspect: 'replaced file',
  copy: 'unfinished copy',
};

/** Lists what crashes have left behind; removes it with `--yes`. */
export const gc = defineCommand({
  name: 'gc',
  args: '<dir>',
  summary: 'list what crashes have left behind, and remove it with --yes',
  options: {
    to: option('--to <url>', 'look for unfinished uploads below this URL, too', asText),
    olderThan: optionWithDefault(
      '--older-than <duration>',
      'only what has not changed for so long',
      '7d',
      duration,
    ),
    yes: flag('--yes', 'remove it'),
    ...JSON_OPTION,
    ...S3_OPTIONS,
  },
  examples: ['shoebox gc archive --to s3://bucket/events', 'shoebox gc archive --yes'],
  async run({ args: [directory = ''], options, signal, terminal }) {
    const { json, olderThan, to, yes } = options;
    const found = checkUsage(() =>
      findLeftovers(directory, {
        ...{ olderThan, signal },
        ...(to !== undefined && { to }),
        ...(to !== undefined && /^s3:/i.test(to) && { s3: s3OptionsOf(options) }),
      }),
    );
    const totals = { found: 0, removed: 0, failed: 0, bytes: 0 };
    for await (const leftover of found) {
      const { bytes, kind, path, since } = leftover;
      totals.found++;
      totals.bytes += bytes ?? 0;
      let isRemoved = false;
      try {
        isRemoved = yes && (await leftover.remove());
      } catch (error) {
        totals.failed++;
        terminal.warn(`cannot remove ${escapeName(path)}: ${await describeError(error)}`);
      }
      if (isRemoved) totals.removed++;
      if (json) {
        await terminal.printJson({ type: 'leftover', kind, name: path, bytes, since, isRemoved });
      } else if (isRemoved || !yes) {
        await terminal.printLine(`${yes ? '' : 'would '}remove ${describe(leftover)}`);
      }
    }
    if (json) await terminal.printJson({ type: 'summary', ...totals });
    else if (totals.found === 0) terminal.note('nothing to remove');
    else if (!yes) {
      const things = countOf(totals.found, 'leftover');
      terminal.note(`${things}, ${formatBytes(totals.bytes)}: give --yes to remove them`);
    }
    return totals.failed === 0 ? 0 : 1;
  },
});

function describe({ bytes, kind, path, since }: Leftover): string {
  const size = bytes === undefined ? '' : `${formatBytes(bytes)}, `;
  return `${escapeName(path)} (${KINDS[kind]}, ${size}since ${formatTime(since)})`;
}
