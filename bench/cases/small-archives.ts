import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { register } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { createArchiveReader, rollByCount, SeekableGzip } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { inputOf, loadInput } from '../inputs/input.js';
import { unsyncedFiles } from '../unsynced-files.js';
import { writeSeries } from '../write-series.js';

const ARCHIVES = 10_000;
const ARCHIVE_RECORDS = 20;

/** Reads 10,000 compressed archives of 20 records each. */
export const readSmall = reading();

/** As `readSmall`, as if zlib-sync were not installed. */
export const readSmallWithout: BenchCase = (setup) => {
  register(
    `data:text/javascript,${encodeURIComponent(
      `export function resolve(name, context, next) {
        if (name === 'zlib-sync') throw new Error('hidden');
        return next(name, context);
      }`,
    )}`,
  );
  return reading()(setup);
};

function reading(): BenchCase {
  return async ({ directory, input: name, scale }) => {
    const records = ARCHIVES * scale * ARCHIVE_RECORDS;
    const { distinct } = await loadInput(name, 0);
    const input = inputOf(name, distinct, records);
    const plain = join(directory, 'plain');
    const source = join(directory, 'source');
    for (const made of [plain, source]) await mkdir(made);
    await writeSeries(plain, input, {
      ...{ roll: rollByCount(ARCHIVE_RECORDS), sync: 'no', files: unsyncedFiles },
    });
    for (const archive of await readdir(plain)) {
      const to = createWriteStream(join(source, `${archive}.gz`));
      await pipeline(createReadStream(join(plain, archive)), new SeekableGzip(), to);
    }
    return {
      async run() {
        let found = 0;
        for await (const batch of createArchiveReader(source).batches()) found += batch.length;
        if (found !== records) throw new Error(`read ${found} records of ${records}`);
        return { records, bytes: input.bytes };
      },
    };
  };
}
