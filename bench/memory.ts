// What memory a writer takes, whatever it writes and however slow what it writes to: each case in a process
// of its own. Usage: npx tsx bench/memory.ts
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import {
  createArchiveWriter,
  deleteFile,
  type FileLayer,
  nodeFileLayer,
  rollBySize,
  type Store,
} from 'shoebox-archive';

const MB = 1e6;
const SLOW_BYTES_PER_SECOND = MB;
const SLOW_SECONDS = 8;

/** A record of 3 KB, as notifications are. */
const record = { metadata: { kind: 'bench', host: 'a' }, payload: 'x'.repeat(3000) };

const cases: Readonly<Record<string, (directory: string) => Promise<number>>> = {
  'fast disk, 100 MB': (directory) => writeFast(directory, 100 * MB),
  'fast disk, 4 GB': (directory) => writeFast(directory, 4000 * MB),
  'disk of 1 MB/s, 8 s': writeToSlowDisk,
  'store of 1 MB/s, 8 s': writeToSlowStore,
};

const [name] = process.argv.slice(2);
if (name === undefined) await main();
else await runCase(name);

async function main(): Promise<void> {
  const rows = [];
  for (const title of Object.keys(cases)) {
    const child = fork(fileURLToPath(import.meta.url), [title]);
    const [row] = await once(child, 'message');
    await once(child, 'exit');
    rows.push(row);
  }
  console.table(rows);
}

async function runCase(title: string): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'shoebox-memory-'));
  const idleBytes = process.memoryUsage.rss();
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, 20);
  const accepted = await cases[title]?.(directory);
  clearInterval(timer);
  await rm(directory, { recursive: true });
  process.send?.({
    case: title,
    'MB accepted': Math.round((accepted ?? 0) / MB),
    'MB RSS before': Math.round(idleBytes / MB),
    'MB RSS at most': Math.round(peakBytes / MB),
  });
  process.disconnect?.();
}

function* records(bytes: number): Generator<typeof record> {
  for (let left = bytes; left > 0; left -= record.payload.length) yield record;
}

async function writeFast(directory: string, bytes: number): Promise<number> {
  const writer = createArchiveWriter({ directory, handlers: [deleteFile()] });
  await pipeline(records(bytes), writer);
  return bytes;
}

async function writeFor(writer: Writable, seconds: number): Promise<void> {
  const signal = AbortSignal.timeout(1000 * seconds);
  await pipeline(Readable.from(records(Number.POSITIVE_INFINITY)), writer, { signal }).catch(
    (error: Error) => {
      if (error.name !== 'AbortError') throw error;
    },
  );
}

async function writeToSlowDisk(directory: string): Promise<number> {
  const files: FileLayer = {
    ...nodeFileLayer,
    async open(path, mode) {
      const file = await nodeFileLayer.open(path, mode);
      return {
        write: async (bytes, offset, length, position) => {
          const some = Math.min(length, SLOW_BYTES_PER_SECOND / 20);
          await setTimeout(50);
          return file.write(bytes, offset, some, position);
        },
        read: (...args) => file.read(...args),
        datasync: () => file.datasync(),
        sync: () => file.sync(),
        truncate: (length) => file.truncate(length),
        stat: () => file.stat(),
        close: () => file.close(),
      };
    },
  };
  const writer = createArchiveWriter({ directory, files });
  await writeFor(writer, SLOW_SECONDS);
  return writer.stats().records * record.payload.length;
}

async function writeToSlowStore(directory: string): Promise<number> {
  const store: Store = {
    name: 'slow',
    async put(key, body) {
      let bytes = 0;
      const slow = new Writable({
        write(chunk: Buffer, _encoding, callback) {
          bytes += chunk.length;
          void setTimeout((1000 * chunk.length) / SLOW_BYTES_PER_SECOND).then(() => callback());
        },
      });
      await pipeline(body, slow);
      sizes.set(key, bytes);
      return { key, bytes, metadata: {}, evidence: null };
    },
    head: async (key) => {
      const bytes = sizes.get(key);
      return bytes === undefined ? null : { key, bytes, metadata: {} };
    },
    get: async () => Readable.from([]),
    list: async function* () {},
    delete: async () => {},
    close: async () => {},
  };
  const sizes = new Map<string, number>();
  const writer = createArchiveWriter({
    directory,
    roll: rollBySize('10 MiB'),
    ship: { to: store, maxSpoolBytes: '50 MiB' },
  });
  await writeFor(writer, SLOW_SECONDS);
  return writer.stats().records * record.payload.length;
}
