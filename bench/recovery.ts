// Recovers a large archive that a crash left open. Compares this with reading the same file, by
// plain system calls and by the reader of archives, and with copying it. Usage: npx tsx
// bench/recovery.ts --mib 1024 --rounds 3
import { createReadStream, createWriteStream } from 'node:fs';
import { link, mkdir, mkdtemp, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { createArchiveReader, createArchiveWriter, rollNever } from 'shoebox-archive';

const MIB = 2 ** 20;

/** The results of a case. */
interface Measured {
  readonly name: string;
  readonly times: number[];
  readonly cpuTimes: number[];
}

const { values: options } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
  },
});

const work = await mkdtemp(join(tmpdir(), 'shoebox-bench-'));
const template = 'x.events';
const left = join(work, 'left');
const copied = join(work, 'copied');
const spool = join(work, 'spool');

try {
  await makeLeft(Number(options.mib) * MIB);
  const { size } = await stat(left);
  const cases = [
    { name: 'recover: createArchiveWriter, close', prepare: leaveOpen, run: recover },
    { name: 'read: fs.createReadStream, 1 MiB', prepare: async () => {}, run: read },
    { name: 'read: createArchiveReader', prepare: async () => {}, run: readRecords },
    { name: 'copy: read, write, fsync, 1 MiB', prepare: removeCopy, run: copy },
  ];
  const measured = cases.map(({ name }): Measured => ({ name, times: [], cpuTimes: [] }));
  // The cases take turns, so that other load affects all of them. The first round warms up.
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const [i, { prepare, run }] of cases.entries()) {
      await prepare();
      const [start, cpu] = [performance.now(), process.cpuUsage()];
      await run();
      const { system, user } = process.cpuUsage(cpu);
      if (round === 0) continue;
      measured[i]?.times.push(performance.now() - start);
      measured[i]?.cpuTimes.push((system + user) / 1000);
    }
  }
  const [, reading, , copying] = measured;
  console.log(`${(size / MIB).toFixed(0)} MiB left open`);
  console.table(
    measured.map(({ name, times, cpuTimes }) => ({
      case: name,
      'MB/s best': Math.round(size / 1000 / Math.min(...times)),
      'CPU ms a MB': Number((Math.min(...cpuTimes) / (size / 1e6)).toFixed(2)),
      'x reading': Number((Math.min(...(reading?.times ?? [])) / Math.min(...times)).toFixed(2)),
      'x copying': Number((Math.min(...(copying?.times ?? [])) / Math.min(...times)).toFixed(2)),
    })),
  );
} finally {
  await rm(work, { recursive: true });
}

/** An archive without its index, as a crash leaves it. */
async function makeLeft(bytes: number): Promise<void> {
  await mkdir(spool);
  await pipeline(
    records(bytes),
    createArchiveWriter({ directory: spool, template, roll: rollNever() }),
  );
  const sealed = join(spool, template);
  const { size } = await stat(sealed);
  const length = Buffer.alloc(4);
  const file = await open(sealed);
  await file.read(length, 0, 4, size - 4);
  await file.close();
  await truncate(sealed, size - length.readUInt32LE());
  await rename(sealed, left);
}

/** Records of 2.9 KB each, like those of the corpus. */
function* records(bytes: number): Generator<{ metadata: Record<string, string>; payload: string }> {
  for (let n = 0, made = 0; made < bytes; n++) {
    const payload = `{"n":${n},"text":"${`some text, and ${n} `.repeat(140)}"}`;
    yield { metadata: { kind: 'event', user: String(n % 1000), from: 'bench', n: '4' }, payload };
    made += payload.length;
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

async function removeCopy(): Promise<void> {
  await rm(copied, { force: true });
}

async function read(): Promise<void> {
  let bytes = 0;
  for await (const chunk of createReadStream(left, { highWaterMark: MIB })) bytes += chunk.length;
  if (bytes === 0) throw new Error('nothing was read');
}

async function readRecords(): Promise<void> {
  let records = 0;
  for await (const batch of createArchiveReader(left).batches()) records += batch.length;
  if (records === 0) throw new Error('nothing was read');
}

async function copy(): Promise<void> {
  const target = createWriteStream(copied, { highWaterMark: MIB });
  await pipeline(createReadStream(left, { highWaterMark: MIB }), target);
  const file = await open(copied, 'r+');
  await file.sync();
  await file.close();
}
