// Recovers a large archive that was left open, beside reading the same file, and copying it, by plain system
// calls. Usage: tsx bench/recovery.ts --mib 1024 --rounds 3
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, mkdtemp, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { createArchiveWriter, rollNever, verifyArchive } from 'shoebox-archive';

import { type BenchRecord, readCorpus } from './input.js';
import { measure } from './measure.js';

const MIB = 2 ** 20;

const { values: options } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
  },
});

const { path, records } = await readCorpus();
const work = await mkdtemp(join(tmpdir(), 'shoebox-bench-'));
const template = 'x.events';
const left = join(work, 'left');
const copied = join(work, 'copied');
const spool = join(work, 'spool');

try {
  await makeLeft(Number(options.mib) * MIB);
  const { size } = await stat(left);
  const measured = await measure(
    [
      { name: 'recover: createArchiveWriter, close', prepare: leaveOpen, run: recover },
      { name: 'read: fs.createReadStream, 1 MiB', run: read },
      {
        name: 'copy: read, write, fsync, 1 MiB',
        prepare: () => rm(copied, { force: true }),
        run: copy,
      },
    ],
    Number(options.rounds),
  );
  const [, reading, copying] = measured;
  console.log(`${(size / MIB).toFixed(0)} MiB left open, of ${path}`);
  console.table(
    measured.map(({ name, bestMs, medianMs }) => ({
      case: name,
      'MB/s best': Math.round(size / 1000 / bestMs),
      'MB/s median': Math.round(size / 1000 / medianMs),
      'x reading': Number(((reading?.bestMs ?? 0) / bestMs).toFixed(2)),
      'x copying': Number(((copying?.bestMs ?? 0) / bestMs).toFixed(2)),
    })),
  );
} finally {
  await rm(work, { recursive: true });
}

/** An archive of the corpus without its index, as a crash leaves it. */
async function makeLeft(bytes: number): Promise<void> {
  await mkdir(spool);
  await pipeline(
    repeat(bytes),
    createArchiveWriter({ directory: spool, template, roll: rollNever() }),
  );
  const sealed = join(spool, template);
  const { bytes: size, parts } = await verifyArchive(sealed);
  const file = await open(sealed);
  const length = Buffer.alloc(4);
  await file.read(length, 0, 4, size - 4);
  await file.close();
  if (parts.length !== 1) throw new Error(`expected one archive, found ${parts.length}`);
  await truncate(sealed, size - length.readUInt32LE());
  await rename(sealed, left);
}

function* repeat(bytes: number): Generator<BenchRecord> {
  for (let made = 0; ; ) {
    for (const record of records) {
      yield record;
      made += record.payload.length;
      if (made >= bytes) return;
    }
  }
}

async function leaveOpen(): Promise<void> {
  await rm(spool, { recursive: true, force: true });
  await mkdir(spool);
  await link(left, join(spool, `${template}.open`));
}

async function recover(): Promise<void> {
  await createArchiveWriter({ directory: spool, template }).close();
  const names = await readdir(spool);
  if (names.join() !== template) throw new Error(`not recovered: ${names}`);
}

async function read(): Promise<void> {
  let bytes = 0;
  for await (const chunk of createReadStream(left, { highWaterMark: MIB })) bytes += chunk.length;
  if (bytes === 0) throw new Error('nothing was read');
}

async function copy(): Promise<void> {
  const target = createWriteStream(copied, { highWaterMark: MIB });
  await pipeline(createReadStream(left, { highWaterMark: MIB }), target);
  const file = await open(copied, 'r+');
  await file.sync();
  await file.close();
}
