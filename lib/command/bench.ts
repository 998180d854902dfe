import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, createArchiveWriter, SeekableGzip } from '../index.js';
import { elapsedMs, measureDisk } from './bench/measure-disk.js';
import { defineCommand } from './command-definition.js';
import { byteCount } from './options/amounts.js';
import { optionWithDefault } from './options/option.js';
import { JSON_OPTION } from './options/shared-options.js';
import { formatBytes, formatCount } from './output/quantities.js';
import { formatTable } from './output/table.js';

/** A measurement: bytes as they are in the archive, or in the raw file. */
interface Figure {
  readonly what: string;
  readonly bytes: number;
  readonly ms: number;
  readonly records?: number;
}

/** Measures this machine. */
export const bench = defineCommand({
  name: 'bench',
  args: '[dir]',
  summary: 'measure writing, reading and compression beside the disk',
  options: {
    size: optionWithDefault('--size <size>', 'how much to write and read', '64MiB', byteCount),
    ...JSON_OPTION,
  },
  examples: ['shoebox bench archive'],
  async run({ args: [directory = '.'], options, signal, terminal }) {
    const folder = await mkdtemp(join(directory, '.shoebox-bench-'));
    const figures: Figure[] = [];
    try {
      terminal.showStatus('measuring the disk');
      const disk = await measureDisk(folder, options.size);
      figures.push({ what: 'disk: write and sync', bytes: disk.bytes, ms: disk.writeMs });
      figures.push({ what: 'disk: read (cached)', bytes: disk.bytes, ms: disk.readMs });
      signal.throwIfAborted();
      terminal.showStatus('writing records');
      figures.push(...(await measureArchive(folder, options.size, signal)));
      terminal.clearStatus();
      if (options.json) {
        for (const figure of figures) await terminal.printJson({ type: 'figure', ...figure });
        await terminal.printJson({ type: 'summary', syncMs: disk.syncMs, node: process.version });
      } else {
        await terminal.printLine(formatTable(COLUMNS, figures.map(cellsOf)));
        const [cpu] = cpus();
        terminal.note(
          `a sync takes ${disk.syncMs.toFixed(1)} ms; ${availableParallelism()} processors, ` +
            `${cpu?.model ?? 'unknown'}, Node ${process.version}; other programs share both`,
        );
      }
      return 0;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

const COLUMNS = [
  { heading: 'WHAT' },
  { heading: 'BYTES', isNumber: true },
  { heading: 'PER SECOND', isNumber: true },
  { heading: 'RECORDS/S', isNumber: true },
];

function cellsOf({ bytes, ms, records, what }: Figure): string[] {
  const rate = records === undefined ? '' : formatCount(Math.round((1000 * records) / ms));
  return [what, formatBytes(bytes), `${formatBytes(Math.round((1000 * bytes) / ms))}`, rate];
}

/** Records such as a log has: a JSON line of about 200 bytes with two metadata. */
function* sampleRecords(bytes: number) {
  for (let i = 0, written = 0; written < bytes; i++) {
    const payload = `{"id":${i},"user":"user-${(i * 7919) % 1000}","path":"/api/v1/items/${(i * 31) % 5000}","status":${i % 50 === 0 ? 500 : 200},"took":${((i * 13) % 997) / 10},"text":"${'the quick brown fox jumps over the lazy dog '.repeat(2)}"}`;
    written += payload.length;
    yield { payload, metadata: { event: i % 3 === 0 ? 'login' : 'view', tenant: `t${i % 20}` } };
  }
}

async function measureArchive(
  directory: string,
  size: number,
  signal: AbortSignal,
): Promise<Figure[]> {
  const writer = createArchiveWriter({ directory, template: 'bench.events' });
  const writeMs = await elapsedMs(async () => {
    for (const record of sampleRecords(size)) {
      if (!writer.write(record)) await writer.ready();
      signal.throwIfAborted();
    }
    await writer.close();
  }).catch(async (error: unknown) => {
    // The directory is removed next, and an open writer would never stop waiting for it.
    const closed = once(writer, 'close');
    writer.destroy();
    await closed;
    throw error;
  });
  const { records, sealedBytes: bytes } = writer.stats();
  const [name = ''] = (await readdir(directory)).filter((file) => file.endsWith('.events'));
  const path = join(directory, name);
  const readMs = await elapsedMs(async () => {
    for await (const batch of createArchiveReader(path, { signal }).batches()) void batch;
  });
  let packed = 0;
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      packed += chunk.length;
      done();
    },
  });
  const gzipMs = await elapsedMs(() =>
    pipeline(createReadStream(path), new SeekableGzip(), sink, { signal }),
  );
  const ratio = (bytes / packed).toFixed(1);
  return [
    { what: 'archive: write, sync and seal', bytes, ms: writeMs, records },
    { what: 'archive: read', bytes, ms: readMs, records },
    { what: `archive: gzip, to 1/${ratio}`, bytes, ms: gzipMs, records },
  ];
}
