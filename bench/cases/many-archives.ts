import {
  createArchiveReader,
  createArchiveWriter,
  type RollingReadOptions,
  verifyArchives,
} from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { FIRST_MS, makeManyArchives, PER_ARCHIVE, WRITERS } from '../many-archives.js';
import { peakMemory } from '../peak-memory.js';

type Read = (pattern: string, records: number) => Promise<number>;

/** The `value` is the largest resident set while all archives are read. */
function readingCase(read: Read): BenchCase {
  return async (setup) => {
    const { directory, records } = await makeManyArchives(setup);
    return {
      async run() {
        let found = 0;
        const value = await peakMemory(async () => {
          found = await read(directory, records);
        });
        if (found !== records) throw new Error(`found ${found} records of ${records}`);
        return { records, bytes: 0, value };
      },
    };
  };
}

async function count(pattern: string, options: RollingReadOptions): Promise<number> {
  let records = 0;
  for await (const batch of createArchiveReader(pattern, options).batches())
    records += batch.length;
  return records;
}

export const manyDefault = readingCase((pattern) => count(pattern, {}));
export const manyMerged = readingCase((pattern) => count(pattern, { order: 'merged' }));

/** Reads the second half after a cursor, which names all writers. */
export const manyCursor = readingCase(async (pattern, records) => {
  const half = createArchiveReader(pattern, { order: 'merged', limit: records / 2 });
  let found = 0;
  for await (const _ of half) found++;
  return found + (await count(pattern, { after: half.cursor }));
});

/** Follows: what exists, and then one more record. */
export const manyFollowed = readingCase(async (pattern, records) => {
  const follower = createArchiveReader(pattern, { follow: true });
  let found = 0;
  for await (const batch of follower.batches()) {
    found += batch.length;
    if (found === records) {
      const writer = createArchiveWriter({ directory: pattern, template: 'last.events' });
      writer.write({ payload: 'last' });
      await writer.close();
    }
    if (found > records) break;
  }
  return found - 1;
});

export const manyVerified = readingCase(async (pattern, records) => {
  const { archives, verdict } = await verifyArchives(pattern);
  if (verdict !== 'complete') throw new Error(`the series is ${verdict}`);
  const found = archives.reduce((sum, archive) => sum + archive.records, 0);
  // That of a follower before.
  return Math.min(found, records);
});

/** Reads a minute of all writers. */
export const manyTimed: BenchCase = async (setup) => {
  const { directory } = await makeManyArchives(setup);
  return {
    async run() {
      const from = FIRST_MS + 1000 * PER_ARCHIVE;
      const options = { from, to: from + 60_000 };
      let records = 0;
      const value = await peakMemory(async () => {
        records = await count(directory, options);
      });
      if (records > 60 * WRITERS) throw new Error(`found ${records} records`);
      return { records, bytes: 0, value };
    },
  };
};
