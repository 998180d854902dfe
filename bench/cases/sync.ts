import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { createArchiveWriter, type Receipt } from 'shoebox-archive';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { type BenchRecord, inputOf, loadInput, recordsOf } from '../inputs/input.js';

const IN_FLIGHT = 256;
const FULL_APPENDS = 50_000;
const FULL_SYNCS = 1000;

/** `sync: 'always'`, with 256 appends that wait for `synced` of their receipts. */
export const syncShoebox: BenchCase = async ({ directory, input: name, scale }) => {
  const { distinct } = await loadInput(name, 0);
  const input = inputOf(name, distinct, Math.ceil(FULL_APPENDS * scale));
  const target = join(directory, 'written');
  return {
    reset: () => emptyDirectory(target),
    async run() {
      const writer = createArchiveWriter({ directory: target, sync: 'always' });
      const source = recordsOf(input);
      await Promise.all(
        Array.from({ length: IN_FLIGHT }, () =>
          appendAll(source, (record) => writer.append(record)),
        ),
      );
      writer.end();
      await writer.close();
      return { records: input.count, bytes: input.bytes };
    },
  };
};

/** One `writeSync` and one `fdatasyncSync` for each record. */
export const syncEach: BenchCase = async ({ directory, input: name, scale }) => {
  const { distinct } = await loadInput(name, 0);
  const input = inputOf(name, distinct, Math.ceil(FULL_SYNCS * scale));
  const target = join(directory, 'written');
  return {
    reset: () => emptyDirectory(target),
    async run() {
      const file = openSync(join(target, 'records'), 'w');
      for (const { payload } of recordsOf(input)) {
        writeSync(file, Buffer.from(payload));
        fdatasyncSync(file);
      }
      closeSync(file);
      return { records: input.count, bytes: input.bytes };
    },
  };
};

/** One of many concurrent callers: appends its next record when the last one is synced. */
async function appendAll(
  source: Iterator<BenchRecord>,
  append: (record: BenchRecord) => Receipt,
): Promise<void> {
  for (let next = source.next(); !next.done; next = source.next()) {
    await append(next.value).synced;
  }
}
