// Writes and reads the corpus, beside the same bytes by plain system calls. Usage: npm run bench
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { createArchiveReader, createArchiveWriter, rollBySize } from 'shoebox-archive';

import { type BenchRecord, readCorpus } from './input.js';
import { measure } from './measure.js';

const MIB = 2 ** 20;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    repeat: { type: 'string', default: '8' },
  },
});

const { path, records } = await readCorpus();
const repeat = Number(options.repeat);
const work = await mkdtemp(join(tmpdir(), 'shoebox-bench-'));
const series = join(work, 'series');
const plain = join(work, 'plain');

try {
  await emptySeries();
  await write();
  const archives = (await readdir(series)).sort();
  const bytes = Buffer.concat(
    await Promise.all(archives.map((name) => readFile(join(series, name)))),
  );
  const measured = await measure(
    [
      { name: 'write: createArchiveWriter', prepare: emptySeries, run: write },
      { name: 'write: fs.writeSync, 1 MiB', run: () => writePlain(bytes) },
      { name: 'read: createArchiveReader', run: read },
      { name: 'read: fs.createReadStream, 1 MiB', run: readPlain },
    ],
    Number(options.rounds),
  );
  console.log(`${records.length * repeat} records, ${(bytes.length / 1e6).toFixed(0)} MB: ${path}`);
  console.table(
    measured.map(({ name, bestMs, medianMs }, i) => {
      const limitMs = measured[i | 1]?.bestMs ?? bestMs;
      return {
        case: name,
        'records/s': Math.round((1000 * records.length * repeat) / bestMs),
        'MB/s best': Math.round(bytes.length / 1000 / bestMs),
        'MB/s median': Math.round(bytes.length / 1000 / medianMs),
        'x the limit': Number((limitMs / bestMs).toFixed(2)),
      };
    }),
  );
} finally {
  await rm(work, { recursive: true });
}

async function emptySeries(): Promise<void> {
  await rm(series, { recursive: true, force: true });
  await mkdir(series);
}

function* corpus(): Generator<BenchRecord> {
  for (let i = 0; i < repeat; i++) yield* records;
}

async function write(): Promise<void> {
  await pipeline(corpus(), createArchiveWriter({ directory: series, roll: rollBySize('100 MiB') }));
}

function writePlain(bytes: Buffer): void {
  const file = openSync(plain, 'w');
  for (let at = 0; at < bytes.length; at += MIB) writeSync(file, bytes.subarray(at, at + MIB));
  closeSync(file);
}

async function read(): Promise<void> {
  let payloadBytes = 0;
  let pairs = 0;
  for await (const record of createArchiveReader(series)) {
    payloadBytes += record.payload.length;
    pairs += Object.keys(record.metadata).length;
  }
  if (payloadBytes === 0 || pairs === 0) throw new Error('nothing was read');
}

async function readPlain(): Promise<void> {
  let bytes = 0;
  for await (const chunk of createReadStream(plain, { highWaterMark: MIB })) bytes += chunk.length;
  if (bytes === 0) throw new Error('nothing was read');
}
