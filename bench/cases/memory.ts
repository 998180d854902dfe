import { randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import {
  type ArchiveWriterOptions,
  createArchiveWriter,
  deleteFile,
  rollBySize,
  type Store,
} from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { peakMemory } from '../peak-memory.js';

const MB = 1e6;

/** Hardly compresses, so that the speed of the store is that of the archive. */
const RECORDS = Array.from({ length: 1000 }, () => ({
  metadata: { kind: 'bench', host: 'a' },
  payload: randomBytes(2250).toString('base64'),
}));
const PAYLOAD_BYTES = 3000;

export const memoryLittle = writtenCase(100 * MB);
export const memoryMuch = writtenCase(10_000 * MB);

/** A store that takes 1 MB/s, a hundredth of the writer's speed. */
export const memorySlowStore = writtenCase(20 * MB, () => ({
  roll: rollBySize('2 MB'),
  handlers: undefined,
  ship: { to: createSlowStore(MB), maxSpoolBytes: '10 MB' },
}));

/** `value` is the largest resident set while `bytes` were written. */
function writtenCase(
  fullBytes: number,
  settings: () => Partial<ArchiveWriterOptions> = () => ({ handlers: [deleteFile()] }),
): BenchCase {
  return async ({ directory, scale }) => {
    const records = Math.ceil((fullBytes * scale) / PAYLOAD_BYTES);
    return {
      reset: () => emptyDirectory(directory),
      async run() {
        const writer = createArchiveWriter({ directory, ...settings() });
        const source = Readable.from(repeat(records), { objectMode: true });
        const value = await peakMemory(() => pipeline(source, writer));
        return { records, bytes: records * PAYLOAD_BYTES, value };
      },
    };
  };
}

function* repeat(count: number) {
  for (let i = 0; i < count; i++) yield RECORDS[i % RECORDS.length];
}

/** Keeps only the sizes of its objects. */
function createSlowStore(bytesPerSecond: number): Store {
  const sizes = new Map<string, number>();
  return {
    name: 'slow',
    async put(key, body) {
      let bytes = 0;
      const slow = new Writable({
        write(chunk: Buffer, _encoding, callback) {
          bytes += chunk.length;
          setTimeout(callback, (1000 * chunk.length) / bytesPerSecond);
        },
      });
      await pipeline(body, slow);
      sizes.set(key, bytes);
      return { key, bytes, metadata: {}, evidence: 'checksum' };
    },
    async head(key) {
      const bytes = sizes.get(key);
      return bytes === undefined ? null : { key, bytes, metadata: {} };
    },
    get: async () => Readable.from([]),
    list: async function* () {},
    delete: async () => {},
    close: async () => {},
  };
}
