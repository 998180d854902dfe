import { join } from 'node:path';
import { finished } from 'node:stream/promises';

import { createArchiveReader, type RollOption, rollByCount, rollBySize } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { inputOf, loadInput } from '../inputs/input.js';
import { unsyncedFiles } from '../unsynced-files.js';
import { writeSeries } from '../write-series.js';

/** Records of each archive in the cases with many archives. */
const ARCHIVE_RECORDS = 1000;

/** Writes a number of records, in archives of 100 MB. */
export const writeRecords = (records: number) => writing(records, rollBySize('100 MB'));

/** Reads the same number of records. */
export const readRecords = (records: number) => reading(records, rollBySize('100 MB'));

/** Writes a number of archives of 1,000 records each. */
export const writeArchives = (archives: number) =>
  writing(archives * ARCHIVE_RECORDS, rollByCount(ARCHIVE_RECORDS));

/** Reads these archives as one series. */
export const readArchives = (archives: number) =>
  reading(archives * ARCHIVE_RECORDS, rollByCount(ARCHIVE_RECORDS));

function writing(records: number, roll: RollOption): BenchCase {
  return async ({ directory, input: name }) => {
    const { distinct } = await loadInput(name, 0);
    const input = inputOf(name, distinct, records);
    const target = join(directory, 'written');
    return {
      reset: () => emptyDirectory(target),
      async run() {
        await writeSeries(target, input, { roll, sync: 'no', files: unsyncedFiles });
        return { records, bytes: input.bytes };
      },
    };
  };
}

function reading(records: number, roll: RollOption): BenchCase {
  return async ({ directory, input: name }) => {
    const { distinct } = await loadInput(name, 0);
    const input = inputOf(name, distinct, records);
    const source = join(directory, 'source');
    await emptyDirectory(source);
    await writeSeries(source, input, { roll, sync: 'no', files: unsyncedFiles });
    return {
      async run() {
        let found = 0;
        const reader = createArchiveReader(source);
        reader.on('data', ({ payload }) => {
          if (payload.length > 0) found++;
        });
        await finished(reader);
        if (found !== records) throw new Error(`read ${found} records of ${records}`);
        return { records, bytes: input.bytes };
      },
    };
  };
}
