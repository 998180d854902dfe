import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { type SeriesReport, verifyArchives } from '../index.js';
import { defineCommand } from './command-definition.js';
import { asText, flag, listOption, option } from './options/option.js';
import { JSON_OPTION, S3_OPTIONS, s3OptionsOf } from './options/shared-options.js';
import { checkUsageOf, UsageError } from './options/usage-error.js';
import { escapeName } from './output/escape-name.js';
import { countOf, formatBytes, formatCount } from './output/quantities.js';
import { shellQuote } from './output/shell-quote.js';
import type { Terminal } from './output/terminal.js';

/** Checks archives: damage, gaps, and the chain of each writer's archives. */
export const verify = defineCommand({
  name: 'verify',
  args: '<pattern...>',
  summary: 'check archives for damage and missing records',
  options: {
    full: flag('--full', 'read every byte, also of objects in a store'),
    key: option('--key <file>', 'verify manifests with this public key of Ed25519 (PEM)', asText),
    head: listOption('--head <sha256>', 'the newest manifest of an archiver', parseDigest),
    ...JSON_OPTION,
    ...S3_OPTIONS,
  },
  examples: ["shoebox verify 'archive/*.events'", 'shoebox verify s3://bucket/events'],
  async run({ args, options, signal, terminal }) {
    if (options.head.length > 0 && options.key === undefined) {
      throw new UsageError('--head goes with --key');
    }
    const begunMs = performance.now();
    const publicKey = options.key === undefined ? undefined : await readKey(options.key);
    const report = await checkUsageOf(
      verifyArchives(args, {
        ...{ s3: s3OptionsOf(options), signal },
        // Without --full, the library decides: local archives are read whole.
        ...(options.full && { full: true }),
        ...(publicKey !== undefined && { publicKey, head: options.head }),
        onProgress: ({ archives, bytes, of }) => {
          const perSecond = (1000 * bytes) / (performance.now() - begunMs);
          terminal.showStatus(
            `${formatCount(archives)} of ${countOf(of, 'archive')}, ` +
              `${formatBytes(bytes)}, ${formatBytes(perSecond)}/s`,
          );
        },
      }),
    );
    terminal.clearStatus();
    if (options.json) await printJson(report, terminal);
    else await printText(report, terminal);
    return report.verdict === 'complete' ? 0 : 1;
  },
});

function parseDigest(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new RangeError('expected the 64 hex digits of a SHA-256');
}

async function readKey(path: string): Promise<KeyObject> {
  let key: KeyObject;
  try {
    key = createPublicKey(await readFile(path));
  } catch {
    // Node's message could show what the file holds, which may be a secret key.
    throw new UsageError(`the key ${path} cannot be read, expected a public key as PEM`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new UsageError(`the key ${path} is of ${key.asymmetricKeyType}, expected Ed25519`);
}

async function printText(report: SeriesReport, terminal: Terminal): Promise<void> {
  for (const { message } of report.problems) await terminal.printLine(escapeName(message));
  for (const command of rescuesOf(report)) {
    await terminal.printLine(`save the rest: ${command}`);
  }
  const records = report.archives.reduce((sum, archive) => sum + archive.records, 0);
  const totals = `${countOf(report.archives.length, 'archive')}, ${countOf(records, 'record')}`;
  const unread = report.archives.filter(({ isRead }) => !isRead).length;
  if (unread > 0) {
    terminal.note(`${countOf(unread, 'archive')} checked by index: --full reads every byte`);
  }
  const ended = report.ended === 'yes' ? 'every writer ended' : 'a writer may continue';
  await terminal.printLine(
    report.verdict === 'complete'
      ? `complete: ${totals}, ${ended}`
      : `incomplete: ${totals}, ${countOf(report.problems.length, 'problem')}`,
  );
}

async function printJson(report: SeriesReport, terminal: Terminal): Promise<void> {
  for (const problem of report.problems) {
    await terminal.printJson({ type: 'problem', ...problem });
  }
  for (const { archive, bytes, format, isIntact, isRead, records, sha256 } of report.archives) {
    await terminal.printJson({
      type: 'archive',
      name: archive,
      bytes,
      records,
      format,
      sha256,
      isIntact,
      isRead,
    });
  }
  const total = (field: 'bytes' | 'records') =>
    report.archives.reduce((sum, archive) => sum + archive[field], 0);
  await terminal.printJson({
    type: 'summary',
    verdict: report.verdict,
    ended: report.ended,
    archives: report.archives.length,
    records: total('records'),
    bytes: total('bytes'),
    problems: report.problems.length,
    rescues: rescuesOf(report),
  });
}

/** For each damaged local archive, the command that copies what is left of it. */
function rescuesOf({ archives }: SeriesReport): string[] {
  return archives
    .filter(({ archive, isIntact }) => !isIntact && !archive.includes('://'))
    .map(({ archive }) => {
      const output = `${archive.replace(/\.(?:gz|zst)$/, '')}.repaired`;
      const words = archive.startsWith('-') ? ['--', archive] : [archive];
      return shellQuote(['shoebox', 'repair', '-o', output, ...words]);
    });
}
