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
const record = { metadata: { kind: 'bench', host: 'a' }, payload: 'x'.repeat(3000) };

export const memoryLittle = writtenCase(100 * MB);
export const memoryMuch = writtenCase(10_000 * MB);

/** A store that takes 1 MB/s, and so a hundredth of what the writer could give. */
export const memorySlowStore = writtenCase(20 * MB, () => ({
  roll: rollBySize('2 MB'),
  handlers: undefined,
  ship: { to: createSlowStore(MB), maxSpoolBytes: '10 MB' },
}));

/** `value` is the largest resident set while so many bytes were written. */
function writtenCase(
  fullBytes: number,
  settings: () => Partial<ArchiveWriterOptions> = () => ({ handlers: [deleteFile()] }),
): BenchCase {
  return async ({ directory, scale }) => {
    const records = Math.ceil((fullBytes * scale) / record.payload.length);
    return {
      reset: () => emptyDirectory(directory),
      async run() {
        const writer = createArchiveWriter({ directory, ...settings() });
        const source = Readable.from(repeat(records), { objectMode: true });
        const value = await peakMemory(() => pipeline(source, writer));
        return { records, bytes: records * record.payload.length, value };
      },
    };
  };
}

function* repeat(count: number): Generator<typeof record> {
  for (let i = 0; i < count; i++) yield record;
}

/** Keeps nothing of what it is given but its size. */
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
      return { key, bytes, metadata: {}, evidence: null };
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
