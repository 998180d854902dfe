import { type ShipOutcome, type ShipProgress, shipArchives } from '../index.js';
import { defineCommand } from './command-definition.js';
import { asText, oneOf, option, optionWithDefault } from './options/option.js';
import { JSON_OPTION, S3_OPTIONS, s3OptionsOf } from './options/shared-options.js';
import { checkUsage, UsageError } from './options/usage-error.js';
import { describeError } from './output/describe-error.js';
import { escapeName } from './output/escape-name.js';
import { Progress } from './output/progress.js';
import { countOf, formatBytes } from './output/quantities.js';
import type { Terminal } from './output/terminal.js';

/** Ships sealed archives by hand; what was interrupted continues. */
export const ship = defineCommand({
  name: 'ship',
  args: '<pattern...>',
  summary: 'ship sealed archives to a store',
  options: {
    to: option('--to <url>', 'the store: a directory or s3://bucket/prefix', asText),
    key: option('--key <template>', 'how objects are named, such as dt=%Y-%m-%d/[[NAME]]', asText),
    compression: optionWithDefault(
      '--compression <name>',
      'gzip, zstd or none',
      'gzip',
      oneOf('gzip', 'zstd', 'none'),
    ),
    ...JSON_OPTION,
    ...S3_OPTIONS,
  },
  examples: ['shoebox ship archive --to s3://bucket/events'],
  async run({ args, options, signal, terminal }) {
    const { compression, json, key, to } = options;
    if (to === undefined) throw new UsageError('ship needs --to URL');
    const showProgress = createProgress(terminal);
    const outcomes = checkUsage(() =>
      shipArchives(args, {
        ...{ to, compression, signal, onProgress: showProgress },
        ...(/^s3:/i.test(to) && { s3: s3OptionsOf(options) }),
        ...(key !== undefined && { key }),
      }),
    );
    const totals = { shipped: 0, stored: 0, unfinished: 0, busy: 0, failed: 0, storedBytes: 0 };
    for await (const outcome of outcomes) {
      totals[outcome.outcome]++;
      if ('object' in outcome) totals.storedBytes += outcome.object.storedBytes;
      if (json) await terminal.printJson(toJson(outcome));
      else await report(outcome, terminal);
    }
    terminal.clearStatus();
    if (json) await terminal.printJson({ type: 'summary', ...totals });
    const there = totals.stored === 0 ? '' : `, ${countOf(totals.stored, 'archive')} there already`;
    const shipped = `${countOf(totals.shipped, 'archive')}`;
    terminal.note(`shipped ${shipped}, ${formatBytes(totals.storedBytes)} in the store${there}`);
    return totals.failed + totals.busy === 0 ? 0 : 1;
  },
});

async function report(outcome: ShipOutcome, terminal: Terminal): Promise<void> {
  const path = escapeName(outcome.path);
  switch (outcome.outcome) {
    case 'unfinished':
      terminal.note(`${path}: passed over, because it is not sealed`);
      break;
    case 'busy':
      terminal.warn(`${path}: passed over, because another process is shipping it`);
      break;
    case 'failed':
      terminal.warn(`${path}: ${await describeError(outcome.error)}`);
      break;
    default: {
      const { key, store } = outcome.object;
      const isThere = outcome.outcome === 'stored' ? ' (there already)' : '';
      await terminal.printLine(`${path} -> ${escapeName(`${store}/${key}`)}${isThere}`);
    }
  }
}

function toJson(outcome: ShipOutcome): object {
  const { outcome: result, path: name } = outcome;
  if ('object' in outcome) return { type: 'archive', name, outcome: result, ...outcome.object };
  const problem = 'error' in outcome ? { error: outcome.error.message } : {};
  return { type: 'archive', name, outcome: result, ...problem };
}

function createProgress(terminal: Terminal): (progress: ShipProgress) => void {
  let progress: Progress | undefined;
  let before = 0;
  return ({ bytes, ofBytes, path }) => {
    progress ??= new Progress(terminal, ofBytes);
    progress.add(bytes - before, path);
    before = bytes;
  };
}
