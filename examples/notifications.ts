// The whole journey: writes the records of a gzipped JSON-lines file into rolling archives, ships
// each archive to a store as gzip, fetches everything back, and compares it record by record.
//
//   npm start                                      a bundled sample, to a directory store
//   npm start -- --input FILE.jsonl.gz --to s3://bucket/prefix
import { spawn, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';

import {
  createArchiveReader,
  createArchiveWriter,
  openStore,
  rollBySize,
  type ShippedArchive,
} from 'shoebox-archive';

interface Notification {
  readonly metadata: Readonly<Record<string, string>>;
  readonly payload: string;
}

interface Row {
  readonly step: string;
  readonly archives: number;
  readonly records: number;
  readonly MB: string;
  readonly 'MB/s': string;
  readonly where: string;
}

const sample = fileURLToPath(new URL('data/notifications.jsonl.gz', import.meta.url));
const work = await mkdtemp(join(tmpdir(), 'shoebox-'));
const { values: options } = parseArgs({
  options: {
    input: { type: 'string', default: sample },
    to: { type: 'string', default: join(work, 'store') },
  },
});
const rows: Row[] = [];

try {
  const shipped = await writeAndShip(join(work, 'spool'));
  await fetchBack(shipped, join(work, 'back'));
  await compare('read gz', join(work, 'back', 'notifications_*.events'), shipped);
  if (spawnSync('gzip', ['--version']).error === undefined) {
    await gunzipBySystem(shipped, join(work, 'back'), join(work, 'raw'));
    await compare('read raw', join(work, 'raw', 'notifications_*.events'), shipped);
  } else {
    console.log('gzip is not installed: skipped decompressing the archives with it');
  }
  console.table(rows);
} finally {
  await rm(work, { recursive: true });
}

async function* notifications(): AsyncGenerator<Notification> {
  const input = createReadStream(options.input).pipe(createGunzip());
  for await (const line of createInterface({ input })) yield JSON.parse(line) as Notification;
}

async function writeAndShip(directory: string): Promise<ShippedArchive[]> {
  await mkdir(directory);
  const writer = createArchiveWriter({
    directory,
    template: 'notifications_[[WRITER]]-[[SEQUENCE]].events',
    roll: rollBySize('1 MiB'),
    ship: { to: options.to },
  });
  const shipped: ShippedArchive[] = [];
  writer.on('shipped', (archive) => shipped.push(archive));
  const start = performance.now();
  await pipeline(notifications(), writer);
  report('write and ship', shipped, start, options.to);
  return shipped;
}

async function fetchBack(shipped: readonly ShippedArchive[], directory: string): Promise<void> {
  await mkdir(directory);
  const store = openStore(options.to);
  const start = performance.now();
  for (const { key } of shipped) {
    await pipeline(await store.get(key), createWriteStream(join(directory, key)));
  }
  await store.close();
  report('fetch', shipped, start, directory);
}

/** Objects are plain gzip, so any tool decompresses them to the archive. */
async function gunzipBySystem(
  shipped: readonly ShippedArchive[],
  from: string,
  to: string,
): Promise<void> {
  await mkdir(to);
  const start = performance.now();
  for (const { key, name } of shipped) {
    const gzip = spawn('gzip', ['-dc', join(from, key)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exit = new Promise<number | null>((resolve, reject) => {
      gzip.once('error', reject).once('close', resolve);
    });
    await Promise.all([pipeline(gzip.stdout, createWriteStream(join(to, name))), exit]);
    if ((await exit) !== 0) throw new Error(`gzip -dc ${key} failed`);
  }
  report('gzip -dc', shipped, start, to);
}

/** Reads the series and the input side by side: payload, metadata and sequence must be equal. */
async function compare(
  step: string,
  pattern: string,
  shipped: readonly ShippedArchive[],
): Promise<void> {
  const start = performance.now();
  const expected = notifications();
  let count = 0;
  for await (const record of createArchiveReader(pattern)) {
    const next = await expected.next();
    const isSame =
      !next.done &&
      record.sequence === count &&
      record.text() === next.value.payload &&
      JSON.stringify(record.metadata) === JSON.stringify(next.value.metadata);
    if (!isSame) throw new Error(`record ${count} of ${record.archive} differs from the input`);
    count++;
  }
  if (!(await expected.next()).done)
    throw new Error(`the input has more than the ${count} records that were read back`);
  report(`${step}, compare`, shipped, start, pattern);
}

function report(
  step: string,
  shipped: readonly ShippedArchive[],
  start: number,
  where: string,
): void {
  const seconds = (performance.now() - start) / 1000;
  const megabytes = shipped.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
  rows.push({
    step,
    archives: shipped.length,
    records: shipped.reduce((sum, archive) => sum + archive.records, 0),
    MB: megabytes.toFixed(1),
    'MB/s': (megabytes / seconds).toFixed(1),
    where,
  });
}
