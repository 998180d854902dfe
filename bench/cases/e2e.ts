import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { openStore } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { inputOf, loadInput, recordsOf } from '../inputs/input.js';
import { type CommandCost, measureCommand } from '../measured-command.js';

/** 406 MB of lines. */
const FULL_LINES = 140_000;

/** So that there are eight objects. */
const OBJECTS = 8;

/** A shell command. It may use `$FILE`, `$OUT`, `$BUCKET`, `$PREFIX` and `$PART_BYTES`. */
type Pipeline = string;

const shipLines = fileURLToPath(new URL('../ship-lines.js', import.meta.url));

const shipWith = (compression: string): Pipeline =>
  `"${process.execPath}" --no-warnings "${shipLines}" "$FILE" "$OUT" "s3://$BUCKET/$PREFIX" "$PART_BYTES" ${compression}`;

/** Archives the lines, compresses the archives and ships them to S3. */
export const e2eShoebox = e2eCase(shipWith('gzip'));
export const e2eShoeboxZstd = e2eCase(shipWith('zstd'));

/** Compresses the lines into one file. */
export const e2eGzip = e2eCase('gzip -6 < "$FILE" > "$OUT/lines.gz"');

/** Splits the lines, compresses each part, and sends it to S3. */
export const e2eRclone = e2eCase(
  'split -C "$PART_BYTES" --filter=\'gzip -6 | rclone --log-level ERROR rcat "bench:$BUCKET/$PREFIX/$FILE.gz"\' "$FILE"',
);

/** `value` is the largest resident set of all processes. */
function e2eCase(pipeline: Pipeline): BenchCase {
  return async ({ directory, input: name, scale }) => {
    const { distinct } = await loadInput(name, 0);
    const input = inputOf(name, distinct, Math.ceil(FULL_LINES * scale));
    const file = join(directory, 'lines');
    const out = join(directory, 'out');
    await emptyDirectory(directory);
    const bytes = await writeLines(file, recordsOf(input));
    const bucket = `shoebox-bench-${randomBytes(6).toString('hex')}`;
    await createBucket(bucket);
    const env = {
      FILE: file,
      OUT: out,
      BUCKET: bucket,
      PREFIX: 'lines',
      PART_BYTES: String(Math.ceil((1.01 * bytes) / OBJECTS)),
      ...rcloneRemote(),
    };
    return {
      async reset() {
        await Promise.all([emptyDirectory(out), emptyBucket(bucket)]);
      },
      async run() {
        const { cpuMs, peakBytes }: CommandCost = await measureCommand(pipeline, env);
        return { records: input.count, bytes, cpuMs, value: peakBytes };
      },
    };
  };
}

/** @returns how many bytes it has written */
async function writeLines(
  file: string,
  records: Iterable<{ readonly payload: string | Buffer }>,
): Promise<number> {
  const output = createWriteStream(file);
  for (const { payload } of records) {
    if (!output.write(`${payload}\n`)) await once(output, 'drain');
  }
  output.end();
  await finished(output);
  return output.bytesWritten;
}

async function createBucket(bucket: string): Promise<void> {
  const client = new S3Client({ endpoint: process.env.S3_ENDPOINT ?? '', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
}

async function emptyBucket(bucket: string): Promise<void> {
  const store = openStore(`s3://${bucket}`);
  for await (const { key } of store.list('')) await store.delete(key);
  await store.close();
}

/** The remote `bench` of rclone, with the credentials that Shoebox finds. */
function rcloneRemote(): Record<string, string> {
  return {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_BENCH_TYPE: 's3',
    RCLONE_CONFIG_BENCH_PROVIDER: 'Other',
    RCLONE_CONFIG_BENCH_ENV_AUTH: 'true',
    RCLONE_CONFIG_BENCH_ENDPOINT: process.env.S3_ENDPOINT ?? '',
    // rclone has transports of its own, and fails if this is set.
    AWS_CA_BUNDLE: '',
  };
}
