// Compresses the corpus as an archive: in members on the thread pool, and in one stream of zlib's, in turn;
// and in as many pieces as there are CPUs, all at once, which shows what the machine has to give just then.
// Usage: npx tsx bench/gzip.ts [--rounds 7] [--repeat 4] [--level 6] [--concurrency 3]
import { availableParallelism } from 'node:os';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';

import { BlockBuilder } from '../lib/codec/block-builder.js';
import { DEFAULT_BLOCK_BYTES, DEFAULT_MAX_RECORD_BYTES } from '../lib/format/limits.js';
import { SeekableGzip } from '../lib/streams/seekable-gzip.js';
import { type BenchRecord, readCorpus } from './input.js';
import { measure } from './measure.js';

/** What reading an archive from disk gives at a time. */
const CHUNK_BYTES = 128 * 2 ** 10;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    repeat: { type: 'string', default: '4' },
    level: { type: 'string', default: '6' },
    concurrency: { type: 'string', default: String(Math.min(availableParallelism() + 1, 8)) },
  },
});

const cpus = availableParallelism();
const level = Number(options.level);
const concurrency = Number(options.concurrency);
const { path, records } = await readCorpus();
const archive = encode(records, Number(options.repeat));
const gzipPiece = promisify(gzip);
const sizes = { one: 0, members: 0 };

const [one, members, pieces] = await measure(
  [
    {
      name: `zlib.createGzip, level ${level}`,
      run: async () => {
        sizes.one = await compress(createGzip({ level }));
      },
    },
    {
      name: `SeekableGzip, level ${level}, for ${concurrency} threads`,
      run: async () => {
        sizes.members = await compress(new SeekableGzip({ level, concurrency }));
      },
    },
    { name: `${cpus} pieces, zlib.gzip`, run: compressPieces },
  ],
  Number(options.rounds),
);
if (one === undefined || members === undefined || pieces === undefined)
  throw new Error('nothing was measured');

const row = (ms: number, bytes: number) => ({
  'MB/s': Math.round(archive.length / 1000 / ms),
  bytes,
});
console.log(`${(archive.length / 1e6).toFixed(0)} MB on ${cpus} CPUs: ${path}`);
console.table({
  [`${one.name}: best`]: row(one.bestMs, sizes.one),
  [`${members.name}: best`]: row(members.bestMs, sizes.members),
  [`${one.name}: median`]: row(one.medianMs, sizes.one),
  [`${members.name}: median`]: row(members.medianMs, sizes.members),
});
const times = (a: number, b: number) => `${(a / b).toFixed(2)} times`;
console.log(
  `throughput: ${times(one.bestMs, members.bestMs)} the one stream's by the best rounds,`,
  `${times(one.medianMs, members.medianMs)} by the medians`,
);
console.log(
  `pieces, as the machine gave just then: ${times(one.bestMs, pieces.bestMs)}, ${times(one.medianMs, pieces.medianMs)}`,
);
console.log(`size: ${(100 * (sizes.members / sizes.one - 1)).toFixed(2)} % more`);

function encode(corpus: readonly BenchRecord[], repeat: number): Buffer {
  const builder = new BlockBuilder({
    writerId: Buffer.from('5ca1ab1e0ddba115', 'hex'),
    blockBytes: DEFAULT_BLOCK_BYTES,
    maxRecordBytes: DEFAULT_MAX_RECORD_BYTES,
    slabBytes: DEFAULT_BLOCK_BYTES,
  });
  let timeMicros = 1_700_000_000_000_000;
  const pieces: Buffer[] = [];
  for (let i = 0; i < repeat; i++) {
    for (const record of corpus) {
      builder.add(record, timeMicros++);
      if (!builder.isBlockOpen) pieces.push(builder.take());
    }
  }
  builder.finishBlock();
  return Buffer.concat([...pieces, builder.take()]);
}

function* chunks(): Generator<Buffer> {
  for (let at = 0; at < archive.length; at += CHUNK_BYTES) {
    yield archive.subarray(at, at + CHUNK_BYTES);
  }
}

async function compress(gzip: Transform): Promise<number> {
  let bytes = 0;
  await pipeline(Readable.from(chunks()), gzip, async (compressed: AsyncIterable<Buffer>) => {
    for await (const chunk of compressed) bytes += chunk.length;
  });
  return bytes;
}

async function compressPieces(): Promise<void> {
  const pieceBytes = Math.ceil(archive.length / cpus);
  const starts = Array.from({ length: cpus }, (_, i) => i * pieceBytes);
  await Promise.all(
    starts.map((at) =>
      gzipPiece(archive.subarray(at, at + pieceBytes), { level, chunkSize: 2 ** 20 }),
    ),
  );
}
