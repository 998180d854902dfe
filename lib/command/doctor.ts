import { styleText } from 'node:util';

import { openStore } from '../index.js';
import { defineCommand } from './command-definition.js';
import type { CheckResult } from './doctor/check.js';
import { checkDirectory } from './doctor/check-directory.js';
import { checkStore } from './doctor/check-store.js';
import { asText, option } from './options/option.js';
import { JSON_OPTION, S3_OPTIONS, s3OptionsOf } from './options/shared-options.js';
import { checkUsage, UsageError } from './options/usage-error.js';
import { escapeName } from './output/escape-name.js';

const COLORS = { ok: 'green', warning: 'yellow', failed: 'red' } as const;

/** Tries a store and a directory, reports what they support, and cleans up. */
export const doctor = defineCommand({
  name: 'doctor',
  args: '[dir]',
  summary: 'try a directory and a store, and say which settings to use',
  options: {
    to: option('--to <url>', 'the store: a directory or s3://bucket/prefix', asText),
    ...JSON_OPTION,
    ...S3_OPTIONS,
  },
  examples: ['shoebox doctor archive --to s3://bucket/events'],
  async run({ args: [directory], options, signal, terminal }) {
    const { json, to } = options;
    if (directory === undefined && to === undefined) {
      throw new UsageError('doctor needs DIR, --to URL, or both');
    }
    const counts = { ok: 0, warning: 0, failed: 0 };
    const report = async (checks: AsyncIterable<CheckResult>) => {
      for await (const result of checks) {
        counts[result.status]++;
        if (json) await terminal.printJson({ type: 'check', ...result });
        else await terminal.printLine(lineOf(result, terminal.host.stdout));
      }
    };
    if (directory !== undefined) await report(checkDirectory(directory));
    if (to !== undefined) {
      const s3 = /^s3:/i.test(to) ? { s3: s3OptionsOf(options) } : {};
      const store = checkUsage(() => openStore(to, s3));
      try {
        await report(checkStore(store, signal));
      } finally {
        await store.close();
      }
    }
    if (json) await terminal.printJson({ type: 'summary', ...counts });
    return counts.failed === 0 ? 0 : 1;
  },
});

function lineOf({ advice, found, status, what }: CheckResult, stream: NodeJS.WritableStream) {
  const mark = styleText(COLORS[status], status.padEnd(7), { stream });
  return `${mark}  ${what}: ${escapeName(found)}${advice === undefined ? '' : ` (${advice})`}`;
}
